// Studies by zero-cost scores, with the real program: found, checked, repeated, finished by training.
#include "catch.hpp"
#include "experiments/report_study.hpp"
#include "experiments/study_file.hpp"
#include "program.hpp"

using program::run;
using program::Scratch;
using namespace paretoforge;

namespace {

const std::string space =
    "input: [1, 28, 28]\nlayers:\n"
    "  - conv: {out: {choice: [2, 3, 4, 5, 6, 7, 8], name: width}, kernel: 3, stride: {choice: [3, 4], name: stride}, act: relu}\n"
    "  - pool: {kind: average, global: true}\n"
    "  - linear: {out: 10}\n";

std::string study(const std::string& score, const std::string& more = "") {
  return "space: space.yaml\nobjectives:\n  - {name: macs}\n  - {name: quality, score: " + score + "}\n" + more +
         "search: {algorithm: nsga2, trials: 12, seed: 3}\n";
}

std::string error_of(const std::string& text) {
  const Scratch scratch("score");
  scratch.write("space.yaml", space);
  const auto result = run("search " + scratch.write("study.yaml", text).string() + " --out " + (scratch / "out").string());
  CHECK(result.code == 2);
  CHECK(!program::fs::exists(scratch / "out"));
  return result.err;
}

bool contains(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a score is an expensive objective to be maximised, and other than by default where its user says so") {
  const Scratch scratch("score");
  scratch.write("space.yaml", space);
  const StudyFile usual = StudyFile::load(scratch.write("study.yaml", study("synflow")));
  REQUIRE(usual.objectives.size() == 2);
  CHECK(usual.objectives[1].goal == Goal::maximize);
  CHECK(usual.objectives[1].expensive);
  CHECK(usual.scores == std::vector<std::uint64_t>{1});
  const StudyFile cheap = StudyFile::load(
      scratch.write("cheap.yaml", study("synflow, expensive: false, goal: minimize")));
  CHECK(cheap.objectives[1].goal == Goal::minimize);
  CHECK(!cheap.objectives[1].expensive);
}

TEST_CASE("a study by scores gives the same trials with one thread and with two, and ranks what it trained") {
  const Scratch scratch("score");
  scratch.write("space.yaml", space);
  const std::string file = scratch.write("study.yaml", study("{kind: naswot, data: fashion-mnist, batch: 16}",
                                                             "  - {name: accuracy_pct, train: {data: fashion-mnist, epochs: 1, images: 256, validation: 200}}\n"))
                               .string();
  for (const std::string threads : {"1", "2"}) {
    const auto result = run("search " + file + " --threads " + threads + " --out " + (scratch / threads).string());
    INFO(result.err);
    REQUIRE(result.code == 0);
  }
  const std::string trials = program::read(scratch / "1/trials.csv");
  CHECK(program::without_seconds(trials) == program::without_seconds(program::read(scratch / "2/trials.csv")));
  CHECK(contains(trials, ",quality,"));
  const ReportStudy report = read_report_study(scratch / "1");
  REQUIRE(report.estimates.size() == 1);
  CHECK(report.estimates[0].name == "quality");
  CHECK(report.estimates[0].of == "accuracy_pct");
  CHECK(contains(program::read(scratch / "1/report.html"), "Of the cheap estimates quality ranks accuracy_pct best"));
}

TEST_CASE("where scores alone are searched, finish trains the picks") {
  const Scratch scratch("score");
  scratch.write("space.yaml", space);
  const std::string text = study("synflow") +
                           "finish: {picks: 1, also: [{macs: 100000}], train: {data: fashion-mnist, epochs: 1, images: 2000}, formats: [onnx]}\n";
  const auto result = run("search " + scratch.write("study.yaml", text).string() + " --out " + (scratch / "out").string());
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(contains(program::read(scratch / "out/models.json"), "accuracy_int8_pct"));
  CHECK(run("search " + (scratch / "study.yaml").string() + " --out " + (scratch / "out").string()).code == 0);
}

TEST_CASE("wrong scores of a study are found before its first trial") {
  CHECK(contains(error_of(study("{kind: naswt, data: fashion-mnist}")), "did you mean 'naswot'?"));
  CHECK(contains(error_of(study("{kind: naswt, data: fashion-mnist}")), "study.yaml:4"));
  CHECK(contains(error_of(study("{kind: naswot}")), "'naswot' looks at images"));
  CHECK(contains(error_of(study("{kind: naswot, data: fashion-mnist, batches: 3}")), "batches"));
  CHECK(contains(error_of(study("{kind: naswot, data: fashion-mnist, batch: 70000}")), "60000"));
  CHECK(contains(error_of(study("{kind: naswot, data: {name: fashion-mnist, path: nowhere}}")), "nowhere"));
  CHECK(contains(error_of(study("synflow, table: {file: a.csv}")), "measured in one way"));
  CHECK(contains(error_of(study("synflow") + "finish: {picks: 1}\n"), "say what to train on"));
}

TEST_CASE("networks that a score's images do not fit are found before the first trial") {
  const Scratch scratch("score");
  std::string coloured = space;
  coloured.replace(coloured.find("[1,"), 3, "[3,");
  scratch.write("space.yaml", coloured);
  const auto result = run("search " + scratch.write("study.yaml", study("{kind: snip, data: fashion-mnist}")).string() + " --out " + (scratch / "out").string());
  CHECK(result.code == 2);
  CHECK(contains(result.err, "takes images of 3 channels"));
}

TEST_CASE("scores are listed") {
  const auto result = run("list scores");
  CHECK(result.code == 0);
  for (const char* name : {"synflow", "naswot", "jacob_cov", "grad_norm", "snip", "grasp", "fisher", "zen", "params", "macs"})
    CHECK(contains(result.out, name));
}
