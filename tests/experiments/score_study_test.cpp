// Studies by zero-cost scores, with the real program: found, checked, repeated, finished by training.
#include "catch.hpp"
#include "experiments/report_study.hpp"
#include "experiments/study_file.hpp"
#include "program.hpp"

using program::run;
using program::Scratch;
using namespace paretoforge;

namespace {

const std::string space = program::small_space;

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

TEST_CASE("an ensemble of ranks is an objective: the same with any number of threads, stopped or not") {
  const Scratch scratch("score");
  scratch.write("space.yaml", space);
  const std::string file = scratch.write("study.yaml", study("{ensemble: [synflow, naswot, params], data: fashion-mnist, batch: 8, reference: 12}")).string();
  for (const std::string threads : {"1", "2"}) {
    const auto result = run("search " + file + " --threads " + threads + " --out " + (scratch / threads).string());
    INFO(result.err);
    REQUIRE(result.code == 0);
  }
  const auto begun = run("search " + file + " --set search.trials=5 --out " + (scratch / "3").string());
  INFO(begun.err);
  REQUIRE(begun.code == 0);
  REQUIRE(run("search " + file + " --out " + (scratch / "3").string()).code == 0);
  const std::string trials = program::without_seconds(program::read(scratch / "1/trials.csv"));
  CHECK(trials == program::without_seconds(program::read(scratch / "2/trials.csv")));
  CHECK(trials == program::without_seconds(program::read(scratch / "3/trials.csv")));
}

TEST_CASE("estimators are listed with what they cost") {
  const auto result = run("list estimators");
  CHECK(result.code == 0);
  for (const char* name : {"full_training", "fewer_epochs", "low_fidelity", "ranked_training", "extrapolation", "zero_cost", "rank_ensemble", "benchmark", "cost: "})
    CHECK(contains(result.out, name));
}

TEST_CASE("a study that extrapolates goes on from its rung, and its report ranks what was foretold") {
  const Scratch scratch("score");
  scratch.write("space.yaml", space);
  const std::string train = "{data: fashion-mnist, epochs: 4, images: 256, validation: 200, batch: 32, ";
  const auto study_of = [&](const std::string& rest, const std::string& more = "") {
    return "space: space.yaml\nobjectives:\n  - {name: accuracy_pct, train: " + train + rest + "}}\n" +
           "search: {algorithm: random, trials: 8, seed: 3" + more + "}\n";
  };
  const std::string ladder = scratch.write("ladder.yaml", study_of("rungs: [{extrapolate: 2}]", ", fidelity: {eta: 2}")).string();
  const auto result = run("search " + ladder + " --out " + (scratch / "ladder").string());
  INFO(result.err);
  REQUIRE(result.code == 0);
  const ReportStudy report = read_report_study(scratch / "ladder");
  // What goes on from a rung ends where a full training would have ended, whatever was foretold there.
  const auto whole = run("search " + scratch.write("whole.yaml", study_of("test: false")).string() + " --out " + (scratch / "whole").string());
  REQUIRE(whole.code == 0);
  const ReportStudy full = read_report_study(scratch / "whole");
  std::size_t promoted = 0;
  for (const Trial& trial : report.trials)
    for (const Trial& other : full.trials)
      if (trial.number == other.number && trial.state == TrialState::complete) {
        CHECK(trial.values == other.values);
        CHECK(trial.readings.at(0).value != *trial.values[0]);
        ++promoted;
      }
  CHECK(promoted > 0);
  const auto only = run("search " + scratch.write("only.yaml", study_of("extrapolate: 2")).string() + " --out " + (scratch / "only").string());
  INFO(only.err);
  REQUIRE(only.code == 0);
  for (const Trial& trial : read_report_study(scratch / "only").trials)
    for (const Trial& other : report.trials)
      if (trial.number == other.number) CHECK(*trial.values.at(0) == other.readings.at(0).value);
}

TEST_CASE("extrapolation where there is nothing to foretell is refused before the first trial") {
  const auto refused = [](const std::string& train) {
    return error_of("space: space.yaml\nobjectives:\n  - {name: accuracy_pct, train: " + train + "}\nsearch: {trials: 2}\n");
  };
  CHECK(contains(refused("{data: fashion-mnist, epochs: 4, extrapolate: 4}"), "before its 4 epochs are over"));
  CHECK(contains(refused("{data: fashion-mnist, epochs: 4, extrapolate: 1}"), "extrapolate"));
  CHECK(contains(refused("{data: fashion-mnist, epochs: 4, validation: 0, extrapolate: 2}"), "no sample is left"));
  CHECK(contains(refused("{data: fashion-mnist, epochs: 4, rungs: [{extrapolate: 3, share: 0.5}]}"), "stands alone"));
  CHECK(contains(refused("{data: fashion-mnist, epochs: 4}\nfinish: {train: {extrapolate: 2}}"), "extrapolate"));
}

TEST_CASE("scores are listed") {
  const auto result = run("list scores");
  CHECK(result.code == 0);
  for (const char* name : {"synflow", "naswot", "jacob_cov", "grad_norm", "snip", "grasp", "fisher", "zen", "params", "macs"})
    CHECK(contains(result.out, name));
}
