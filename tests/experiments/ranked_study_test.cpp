// Studies whose objective is the rank of a training beside zero-cost scores, with the real program.
#include <signal.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "configs/table.hpp"
#include "experiments/scoring.hpp"
#include "exporters/onnx_runtime.hpp"
#include "program.hpp"

using program::run;
using program::Scratch;
using namespace paretoforge;

namespace {

const std::string space = program::small_space;
const std::string short_training = "train: {data: fashion-mnist, epochs: 1, images: 256, validation: 200}";
const std::string reference_table = "reference/trials.csv";

std::string study(const std::string& ranked, const std::string& more = "") {
  return "space: space.yaml\nobjectives:\n  - {" + ranked + "}\n" + more + "search: {algorithm: random, trials: 6, seed: 3}\n";
}
std::string ranks(const std::string& which) { return "name: accuracy_rank, " + short_training + ", ranks: " + which; }

program::Result search(const Scratch& scratch, const std::string& text, const std::string& out, const std::string& options = "") {
  scratch.write("space.yaml", space);
  return run("search " + scratch.write("study.yaml", text).string() + " --out " + (scratch / out).string() + " " + options);
}

std::string timeless(const program::fs::path& table) { return program::without_seconds(program::read(table)); }

std::string error_of(const std::string& text) {
  const Scratch scratch("ranked");
  const auto result = search(scratch, text, "out");
  CHECK(result.code == 2);
  CHECK(!program::fs::exists(scratch / "out"));
  return result.err;
}

/// Values of the reference networks that could be trained.
std::vector<double> complete(const Table& reference, const std::string& column, double sign) {
  std::vector<double> values;
  for (std::size_t row = 0; row < reference.rows(); ++row)
    if (reference.cell(row, reference.column("state")) == "complete") values.push_back(sign * reference.number(row, reference.column(column)));
  return values;
}

/// The mean of where a trial's values stand among those of the reference, pairs of column names (trials, reference); of the
/// first the least is the best where it is an error.
double mean_rank(const Table& reference, const Table& trials, std::size_t row, const std::vector<std::pair<std::string, std::string>>& columns, bool error = false) {
  double sum = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const double sign = error && i == 0 ? -1 : 1;
    sum += rank_among(complete(reference, columns[i].second, sign))(sign * trials.number(row, trials.column(columns[i].first)));
  }
  return sum / static_cast<double>(columns.size());
}

}  // namespace

TEST_CASE("a ranked training is the mean of ranks among the reference networks") {
  const Scratch scratch("ranked");
  const auto result = search(scratch, study(ranks("{ensemble: [params, macs], reference: 12}"), "  - {name: accuracy_pct, train: accuracy_rank}\n  - {name: params}\n  - {name: macs}\n"), "out");
  INFO(result.err);
  REQUIRE(result.code == 0);
  const Table reference = Table::load(scratch / "out" / reference_table), trials = Table::load(scratch / "out/trials.csv");
  CHECK(reference.columns() == std::vector<std::string>{"trial", "state", "width", "stride", "params", "macs", "accuracy_pct", "params_score", "macs_score", "seconds", "message"});
  CHECK(reference.rows() == 12);
  REQUIRE(trials.rows() == 6);
  for (std::size_t row = 0; row < trials.rows(); ++row)
    CHECK(trials.number(row, trials.column("accuracy_rank")) == mean_rank(reference, trials, row, {{"accuracy_pct", "accuracy_pct"}, {"params", "params_score"}, {"macs", "macs_score"}}));
}

TEST_CASE("where less is better the least has the greatest rank") {
  const Scratch scratch("ranked");
  std::string table = "x,y\n";
  for (int i = 0; i < 200; ++i) table += std::to_string(i % 20) + "," + std::to_string(i % 20 * 3 + i % 7) + "\n";
  scratch.write("t.csv", table);
  const std::string text =
      "space:\n  input: [1, 1, 1]\n  layers:\n    - linear: {out: {choice: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], name: width}, act: relu}\n    - linear: {out: 1}\n"
      "objectives:\n  - {name: rmse_rank, train: {data: {kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, target: y}, epochs: 2, validation: 40}, ranks: {ensemble: [params], reference: 10}}\n"
      "  - {name: rmse, train: rmse_rank}\n  - {name: params}\nsearch: {algorithm: random, trials: 8, seed: 3}\n";
  const auto result = search(scratch, text, "out");
  INFO(result.err);
  REQUIRE(result.code == 0);
  const Table reference = Table::load(scratch / "out" / reference_table), trials = Table::load(scratch / "out/trials.csv");
  for (std::size_t row = 0; row < trials.rows(); ++row)
    CHECK(trials.number(row, trials.column("rmse_rank")) == mean_rank(reference, trials, row, {{"rmse", "rmse"}, {"params", "params_score"}}, true));
}

TEST_CASE("reference networks keep the limits of cheap objectives and are others than the first trials") {
  const Scratch scratch("ranked");
  const auto result = search(scratch, study(ranks("{ensemble: [params], reference: 10, seed: 3}"), "  - {name: params, limit: 150}\n"), "out");  // ten of fourteen
  INFO(result.err);
  REQUIRE(result.code == 0);
  const Table reference = Table::load(scratch / "out" / reference_table), trials = Table::load(scratch / "out/trials.csv");
  const std::vector<double> params = complete(reference, "params", 1);
  CHECK(params.size() == 10);
  CHECK(*std::max_element(params.begin(), params.end()) <= 150);
  const auto point = [](const Table& of) { return of.cell(0, of.column("width")) + " " + of.cell(0, of.column("stride")); };
  CHECK(point(reference) != point(trials));
}

TEST_CASE("a quantised score is ranked among quantised ones, and what else is asked of trials is not asked of the reference") {
  if (!OnnxRuntime::available()) {
    WARN("SKIPPED: needs ONNX Runtime");
    return;
  }
  const Scratch scratch("ranked");
  // No network fits one byte: all trials fail by it, no reference network does.
  const std::string text = study("name: int8_accuracy_rank, " + short_training + ", quantised: true, ranks: {ensemble: [macs], reference: 10}",
                                 "  - {name: fitted_weight_bytes, train: int8_accuracy_rank, quantised: {weight_bits: mixed, weight_bytes: 1}}\n");
  const auto result = search(scratch, text, "out");
  CHECK_THAT(result.err, ContainsSubstring("6 of 6 trials failed"));
  CHECK(complete(Table::load(scratch / "out" / reference_table), "accuracy_pct", 1).size() == 10);
}

TEST_CASE("ranked trainings are the same with any number of threads, stopped or not") {
  const Scratch scratch("ranked");
  const std::string text = study("name: accuracy_rank, train: {data: fashion-mnist, epochs: 3, images: 3000, validation: 200}, ranks: {ensemble: [naswot, params], batch: 8, reference: 12, seed: 5}");
  REQUIRE(search(scratch, text, "1", "--threads 1").code == 0);

  program::Running stopped("search " + (scratch / "study.yaml").string() + " --threads 2 --out " + (scratch / "2").string());
  REQUIRE(program::Running::wait_for(scratch / "2/reference/study.db"));
  CHECK(stopped.stop(SIGTERM) == 143);
  const std::string before = program::read(scratch / "2" / reference_table);
  CHECK(std::count(before.begin(), before.end(), '\n') < 13);
  const auto result = search(scratch, text, "2", "--threads 2");
  INFO(result.err);
  REQUIRE(result.code == 0);
  CHECK(program::read(scratch / "2" / reference_table).starts_with(before));  // seconds too: what was trained is not trained again
  CHECK(timeless(scratch / "2" / reference_table) == timeless(scratch / "1" / reference_table));
  CHECK(timeless(scratch / "2/trials.csv") == timeless(scratch / "1/trials.csv"));
}

TEST_CASE("where nearly all reference networks fail, the study says why and ends") {
  const Scratch scratch("ranked");
  const auto failing = search(scratch, study("name: accuracy_rank, train: {data: fashion-mnist, epochs: 1, images: 256, validation: 200, memory_limit: 1KiB}, ranks: {ensemble: [params], reference: 10}"), "out");
  CHECK(failing.code == 1);
  CHECK_THAT(failing.err, ContainsSubstring("reference: 10 of 10 trials failed; the first, #1: "));
  CHECK_THAT(failing.err, ContainsSubstring("0 of 10 reference networks could be trained; see reference/trials.csv"));
  const auto narrow = search(scratch, study(ranks("[params]"), "  - {name: params, limit: 2}\n"), "narrow");
  CHECK(narrow.code == 1);
  CHECK_THAT(narrow.err, ContainsSubstring("no more of those drawn keep the limits"));
}

TEST_CASE("wrong ranks of a study are found before anything is trained") {
  CHECK_THAT(error_of(study(ranks("[parms]"))), ContainsSubstring("did you mean 'params'?"));
  CHECK_THAT(error_of(study(ranks("[params, params]"))), ContainsSubstring("stands twice"));
  CHECK_THAT(error_of(study(ranks("[]"))), ContainsSubstring("names no score"));
  CHECK_THAT(error_of(study(ranks("{ensemble: [params], data: fashion-mnist}"))), ContainsSubstring("data"));
  CHECK_THAT(error_of(study(ranks("{ensemble: [params, macs], reference: 9}"))), ContainsSubstring("10"));
  CHECK_THAT(error_of(study(ranks("{ensemble: [naswot], batch: 70000}"))), ContainsSubstring("60000"));
  CHECK_THAT(error_of(study("name: accuracy_rank, score: synflow, ranks: [params]")), ContainsSubstring("'ranks' needs 'train'"));
  CHECK_THAT(error_of(study("name: macs, ranks: [params]")), ContainsSubstring("'ranks' needs 'train'"));
  CHECK_THAT(error_of(study("name: accuracy_pct, " + short_training + ", ranks: [params]")), ContainsSubstring("accuracy_rank"));
  CHECK_THAT(error_of(study("name: rmse_rank, " + short_training + ", ranks: [params]")), ContainsSubstring("accuracy_rank"));
  CHECK_THAT(error_of(study(ranks("[params]") + ", goal: minimize")), ContainsSubstring("the greater it is"));
  CHECK_THAT(error_of(study("name: accuracy_rank, train: {data: fashion-mnist, epochs: 3, rungs: [{epochs: 1}]}, ranks: [params]")), ContainsSubstring("leave 'rungs' out"));
  CHECK_THAT(error_of(study("name: accuracy_rank, train: {data: fashion-mnist, validation: 0}, ranks: [params]")), ContainsSubstring("validation"));
  CHECK_THAT(error_of(study(ranks("[params]"), "  - {name: f1_rank, train: accuracy_rank, ranks: [macs]}\n")), ContainsSubstring("one objective of ranks"));
}

TEST_CASE("a space too small for ranks is refused") {
  const Scratch scratch("ranked");
  scratch.write("few.yaml", "input: [1, 28, 28]\nlayers:\n  - conv: {out: {choice: [2, 3], name: width}, kernel: 3, stride: 4, act: relu}\n  - pool: {kind: average, global: true}\n  - linear: {out: 10}\n");
  const auto result = search(scratch, "space: few.yaml\nobjectives:\n  - {" + ranks("[params]") + "}\nsearch: {algorithm: random, trials: 2}\n", "out");
  CHECK(result.code == 2);
  CHECK_THAT(result.err, ContainsSubstring("this space has 2"));
}
