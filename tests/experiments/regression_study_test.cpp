// A study of a regression as its user runs it: from YAML to a verified bundle, and what is refused.
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "configs/table.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/verify.hpp"
#include "program.hpp"
#include "search/store_lock.hpp"
#include "space/random.hpp"

using namespace paretoforge;
using program::run;
using program::Scratch;

namespace {

/// A surface over two coordinates, far from zero and in steps that a unit of its own has.
std::string table(std::size_t count) {
  Random random(4);
  std::string text = "x,y,height_m,slope\n";
  for (std::size_t i = 0; i < count; ++i) {
    const double x = random.uniform(-1, 1), y = random.uniform(-1, 1);
    text += std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(1500 + 40 * std::sin(2 * x) * y) + "," + std::to_string(x * x + y) + "\n";
  }
  return text;
}

std::string printed(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", double{value});
  return text;
}

const std::string finish = "finish: {picks: 2, train: {epochs: 40}, formats: [onnx, c, tflite, torchscript, onnx_int4]}\n";

std::string study(const std::string& objective, const std::string& more = "", const std::string& target = "height_m", int outputs = 1, const std::string& last = "") {
  return "name: surface\nspace:\n  input: [2, 1, 1]\n  layers:\n"
         "    - linear: {out: {choice: [8, 16, 24], name: first}, act: relu}\n    - linear: {out: {choice: [8, 16], name: second}, act: relu}\n"
         "    - linear: {out: " + std::to_string(outputs) + "}\n" + last +
         "objectives:\n  - {name: macs}\n  - {" + objective + ", train: {data: {kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, target: " + target +
         ", features: [x, y]}, epochs: 20, batch: 16, validation: 60, rate: 0.1" + more + "}}\nsearch: {algorithm: exhaustive, trials: 6, seed: 1}\n";
}

}  // namespace

TEST_CASE("a regression goes from YAML to a bundle whose files give the same numbers") {
  if (!OnnxRuntime::available()) {
    WARN("SKIPPED: needs ONNX Runtime");
    return;
  }
  const Scratch scratch("surface");
  scratch.write("t.csv", table(500));
  const std::string file = scratch.write("study.yaml", study("name: rmse") + finish).string(), out = (scratch / "out").string();
  const auto searched = run("search " + file + " --out " + out);
  INFO(searched.out << searched.err);
  REQUIRE(searched.code == 0);
  const Table trials = Table::load(scratch / "out/trials.csv");
  CHECK(trials.rows() == 6);
  for (const double rmse : trials.numbers("rmse")) CHECK(rmse < 40);

  const auto models = nlohmann::json::parse(program::read(scratch / "out/models.json"));
  REQUIRE(models.size() == 2);
  for (const auto& model : models) {
    CHECK(model["r2_float_pct"].get<double>() > 90);
    CHECK(model["r2_float_pct"].get<double>() - model["r2_int8_pct"].get<double>() < 2);
    CHECK(model["rmse_float"].get<double>() < model["rmse_int8"].get<double>() + 0.5);
    CHECK(model["parity_agreement_pct"] == 100);
  }
  const std::string name = models[0]["name"], card = program::read(scratch / "out/bundle" / name / "card.md");
  CHECK_THAT(card, ContainsSubstring("| targets | height_m |"));
  CHECK_THAT(card, ContainsSubstring("Output 0: y stands for 1"));
  for (const char* figure : {"rmse_float", "rmse_int8", "mae_float", "mae_int8"}) CHECK_THAT(card, ContainsSubstring(figure));
  CHECK_THAT(searched.out, ContainsSubstring("R2 int8"));
  const auto manifest = nlohmann::json::parse(program::read(scratch / "out/bundle/manifest.json"));
  CHECK(manifest["models"][0]["targets"]["mean"].size() == 1);
  CHECK(manifest["models"][0]["normalisation"]["deviation"].size() == 2);
  // To the last bit: a mean far from zero with fewer digits is another network.
  CHECK_THAT(card, ContainsSubstring(printed(manifest["models"][0]["targets"]["mean"][0].get<float>())));

  {
    const StoreLock held(out);  // as a search has it
    const auto beside = run("export " + out + " --out " + (scratch / "beside").string());
    CHECK(beside.code == 2);
    CHECK_THAT(beside.err, ContainsSubstring("in use by another process"));
  }
  const auto verified = run("verify " + (scratch / "out/bundle").string());
  INFO(verified.out << verified.err);
  CHECK(verified.code == 0);
  const auto reported = run("report " + out + " --out " + (scratch / "page.html").string());
  CHECK(reported.code == 0);
  const std::string page = program::read(scratch / "page.html");
  CHECK_THAT(page, ContainsSubstring(" R2"));  // lost, or not, by becoming int8
  CHECK_THAT(page, ContainsSubstring("gave the same numbers"));
  CHECK_THAT(page, !ContainsSubstring("chose the same class"));
}

TEST_CASE("scores of a regression: several of one training, and after quantisation") {
  if (!OnnxRuntime::available()) {
    WARN("SKIPPED: needs ONNX Runtime");
    return;
  }
  const Scratch scratch("scores");
  scratch.write("t.csv", table(300));
  std::string text = study("name: r2_pct", ", rungs: [{epochs: 4}]", "[height_m, slope]", 2);
  text.insert(text.find("search:"), "  - {name: int8_r2_pct, train: r2_pct, quantised: true}\n  - {name: mae, train: r2_pct}\n");
  const auto searched = run("search " + scratch.write("study.yaml", text).string() + " --out " + (scratch / "out").string());
  INFO(searched.err);
  REQUIRE(searched.code == 0);
  const Table trials = Table::load(scratch / "out/trials.csv");
  std::size_t complete = 0;
  for (std::size_t row = 0; row < trials.rows(); ++row) {
    if (trials.cell(row, trials.column("state")) != "complete") continue;
    ++complete;
    CHECK(std::abs(trials.number(row, trials.column("r2_pct")) - trials.number(row, trials.column("int8_r2_pct"))) < 5);
    CHECK(trials.number(row, trials.column("mae")) > 0);
  }
  CHECK(complete > 0);
}

TEST_CASE("what does not fit a regression is refused before the first trial") {
  const Scratch scratch("refused");
  scratch.write("t.csv", table(100));
  const auto refused = [&](const std::string& text, const std::string& why) {
    const auto result = run("search " + scratch.write("study.yaml", text).string() + " --out " + (scratch / "out").string());
    INFO(result.err);
    CHECK(result.code == 2);
    CHECK_THAT(result.err, ContainsSubstring(why));
  };
  refused(study("name: f1_pct"), "'f1_pct' is no score of what these networks are trained on");
  refused(study("name: rmse, goal: maximize"), "'rmse' is better the less it is");
  refused(study("name: r2_pct, goal: minimize"), "this score of a training is better the greater it is");
  refused(study("name: rmse", ", extrapolate: 5"), "the curve of a regression is not extrapolated");
  refused(study("name: rmse_watt"), "this name speaks of 'rmse' and does not end with the name of a score");
  refused(study("name: Val_Loss"), "this name speaks of 'loss'");
  std::string one = study("name: rmse");
  one.replace(one.find("validation: 60"), 14, "validation: 1");
  refused(one, "is the same in the 1 samples of csv data that are held back");
  refused(study("name: rmse", "", "height_m", 3), "the space's networks give 3x1x1, and csv data has 1 targets");
  refused(study("name: rmse", "", "height_m", 1, "    - softmax\n"), "end in a softmax");
  refused(study("name: rmse", ", label_smoothing: 0.1"), "label_smoothing");
}

TEST_CASE("the same answer is the same class, or of a regression the same numbers within four steps") {
  const std::vector<float> a{1, 2}, b{1.9f, 2}, c{2.5f, 2};
  CHECK(same_answer(a, b, 0));
  CHECK_FALSE(same_answer(a, c, 0));
  CHECK(same_answer(a, c, 0.5));       // three steps
  CHECK_FALSE(same_answer(a, c, 0.3));  // five
  CHECK(same_answer(std::vector<float>{-5}, std::vector<float>{-1}, 1));
  CHECK_FALSE(same_answer(std::vector<float>{-5}, std::vector<float>{0}, 1));
  CHECK_FALSE(same_answer(std::vector<float>{NAN}, std::vector<float>{0}, 1));
}
