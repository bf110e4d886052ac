// Objectives taken after quantisation: their value against the reference interpreter and against what `export` prints, one
// training for two scores, bits as decisions, rungs, going on where a study was stopped, and what is refused.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "configs/table.hpp"
#include "experiments/study_file.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/reference.hpp"
#include "predictors/totals.hpp"
#include "program.hpp"
#include "space/model_file.hpp"
#include "space/random.hpp"

using namespace paretoforge;
using program::run;
using program::Scratch;
namespace fs = std::filesystem;

namespace {

bool missing() {
  if (OnnxRuntime::available()) return false;
  WARN("SKIPPED: needs ONNX Runtime");
  return true;
}

/// Small networks on Fashion-MNIST, whose weights have 8, 4 or 2 bits.
std::string study_text(const std::string& objectives, const std::string& search = "{algorithm: exhaustive, trials: 6, seed: 1}") {
  return "space:\n  input: [1, 28, 28]\n  bits: {weights: {choice: [8, 4, 2], name: bits}}\n  layers:\n"
         "    - conv: {out: {choice: [6, 8], name: width}, kernel: 3, stride: 3, act: relu}\n"
         "    - conv: {out: 12, kernel: 3, stride: 2, act: relu}\n"
         "    - pool: {kind: average, global: true}\n    - linear: {out: 10}\n"
         "objectives:\n  - {name: weight_bytes}\n" + objectives + "search: " + search + "\n";
}
const std::string train = "train: {data: fashion-mnist, images: 1000, validation: 500, epochs: 2, rate: 0.3}";
const std::string both = "  - {name: accuracy_pct, " + train + ", quantised: true}\n  - {name: float_accuracy_pct, train: accuracy_pct}\n";

/// A candidate of a study's space, with what it refers to.
struct Asked {
  Asked(const StudyFile& study, const Architecture& point) : architecture(point), graph(pruned(study.space->decode(point))) {}
  double value(const Objective& objective, std::stop_token stop = {}, std::uint32_t rung = 0) const {
    return objective.measure({architecture, graph, graph, 1, 7, stop, rung});
  }
  Architecture architecture;
  Graph graph;
};

/// What the reference interpreter gives, one row for each sample.
std::vector<float> reference_outputs(const IntegerModel& model, const LabelledSamples& samples) {
  IntegerInterpreter reference(model);
  const std::size_t size = samples.values.size() / samples.size();
  std::vector<float> outputs;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto output = reference.run(quantised_input(model, std::span(samples.values).subspan(i * size, size)));
    const auto real = dequantised(model.nodes[static_cast<std::size_t>(model.output)], output);
    outputs.insert(outputs.end(), real.begin(), real.end());
  }
  return outputs;
}

struct Refused {
  std::string objectives, why;
};

}  // namespace

TEST_CASE("a score after quantisation is that of the integer model, and the float one comes from the same training") {
  if (missing()) return;
  const Scratch scratch("score");
  const StudyFile study = StudyFile::load(scratch.write("study.yaml", study_text(both)));
  CHECK(study.training_objective == 1);
  for (const std::int32_t bits : {0, 1, 2}) {
    const Asked asked(study, {bits, 1});
    const double quantised_pct = asked.value(study.objectives[1]);
    // A training would end at once: the value is there already, and it is given away once.
    std::stop_source stopped;
    stopped.request_stop();
    const double float_pct = asked.value(study.objectives[2], stopped.get_token());
    CHECK_THROWS_AS(asked.value(study.objectives[2], stopped.get_token()), Interrupted);

    const std::vector<std::string> names{"accuracy_pct"};
    const ProxyTrained proxy = study.training->proxy(asked.graph, 7, {}, 0, {}, names);
    CHECK(proxy.scores[0] == float_pct);
    const LabelledSamples calibration = study.training->proxy_samples(proxy.model, 0, calibration_images);
    const LabelledSamples validation = study.training->validation_samples(proxy.model);
    CHECK(calibration.size() == calibration_images);
    REQUIRE(validation.size() == 500);
    const auto rounding = bits == 0 ? WeightRounding::nearest : WeightRounding::second_order;
    const auto outputs = reference_outputs(quantised(proxy.model, calibration.values, {.rounding = rounding}), validation);
    const double expected = study.training->score("accuracy_pct", outputs, validation);
    INFO(quantised_pct << " " << float_pct << " " << expected);
    // Where two outputs tie within a quantum ONNX Runtime may take the other: one sample of 500.
    CHECK(std::abs(quantised_pct - expected) <= 0.2 + 1e-9);
  }
}

TEST_CASE("scores of mixed bits and of 16-bit activations are those of the files, and the bytes those of the layers' bits") {
  if (missing()) return;
  const Scratch scratch("mixed");
  const std::string rungs = "train: {data: fashion-mnist, images: 1500, validation: 500, epochs: 2, rate: 0.3, rungs: [{epochs: 1, width: 0.5}]}";
  const std::string mixed = "quantised: {weight_bits: mixed, calibration: min_max}";
  const StudyFile study = StudyFile::load(scratch.write("study.yaml", study_text("  - {name: accuracy_pct, " + rungs + ", " + mixed + "}\n" +
      "  - {name: mixed_weight_bytes, train: accuracy_pct, " + mixed + "}\n  - {name: wide_accuracy_pct, train: accuracy_pct, quantised: {activation_bits: 16}}\n")));
  CHECK(study.training_objective == 1);
  CHECK(study.objectives[2].goal == Goal::minimize);
  const Asked asked(study, {0, 1});
  for (const std::uint32_t rung : {0u, 1u}) {
    const std::vector<std::string> names{"accuracy_pct"};
    const ProxyTrained proxy = study.training->proxy(asked.graph, 7, {}, rung, {}, names);
    const LabelledSamples seen = study.training->proxy_samples(proxy.model, rung, calibration_images + choosing_images), validation = study.training->validation_samples(proxy.model);
    const LabelledSamples calibration = study.training->proxy_samples(proxy.model, rung, calibration_images), choosing = choosing_part(seen);
    CHECK(choosing.size() == 1500 - calibration_images);
    const Quantised found = quantised_once(proxy.model, *study.training, calibration, {.calibration = RangeRule::min_max, .bits = "mixed"}, choosing);
    CHECK(std::abs(asked.value(study.objectives[1], {}, rung) - study.training->score("accuracy_pct", reference_outputs(found.integer, validation), validation)) <= 0.2 + 1e-9);
    Graph whole = asked.graph;
    std::size_t narrow = 0;
    for (NodeId id = 0; id < whole.size(); ++id)
      if (has_weights(whole.op(id))) {
        whole.set_weight_bits(id, weight_bits(found.model.graph.op(id)));
        narrow += weight_bits(whole.op(id)) == 4;
      }
    CHECK(narrow <= 1);  // the first and the last of three layers keep eight
    CHECK(asked.value(study.objectives[2], {}, rung) == static_cast<double>(totals(whole).weight_bytes));
    const Quantised usual = quantised_once(proxy.model, *study.training, calibration);
    const auto wide = onnx_outputs(int16_onnx(usual.integer, {.batch = evaluation_batch}), evaluation_batch, validation);
    CHECK(asked.value(study.objectives[3], {}, rung) == study.training->score("accuracy_pct", wide, validation));
  }
}

TEST_CASE("a study with bits as decisions goes on where it was stopped, and its bits tell in its scores") {
  if (missing()) return;
  const Scratch scratch("bits");
  const std::string study = scratch.write("study.yaml", study_text(both)).string();
  const auto searched = [&](const std::string& out, const std::string& more) {
    const auto result = run("search " + study + " --out " + (scratch / out).string() + more);
    INFO(result.err);
    REQUIRE(result.code == 0);
    return program::without_seconds(program::read(scratch / out / "trials.csv"));
  };
  const std::string whole = searched("whole", " --threads 2");
  searched("parts", " --set search.trials=2");
  CHECK(searched("parts", " --threads 1") == whole);
  const Table table = Table::load(scratch / "whole/trials.csv");
  REQUIRE(table.rows() == 6);
  double lost_at_two_bits = 0, lost_at_eight = 0;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double lost = table.number(row, table.column("float_accuracy_pct")) - table.number(row, table.column("accuracy_pct"));
    const std::string bits = table.cell(row, table.column("bits"));
    if (bits == "2") lost_at_two_bits += std::abs(lost);
    if (bits == "8") lost_at_eight += std::abs(lost);
  }
  INFO(whole);
  CHECK(lost_at_two_bits > lost_at_eight);
  CHECK(run("report " + (scratch / "whole").string()).code == 0);
  CHECK(run("front " + (scratch / "whole").string() + " --format json").out.find("float_accuracy_pct") != std::string::npos);
  // Quantised otherwise, it is another study.
  const auto other = run("search " + study + " --out " + (scratch / "whole").string() + " --set 'objectives.1.quantised={calibration: min_max}'");
  CHECK(other.code == 2);
}

TEST_CASE("scores after quantisation have rungs, also of another resolution and width, and finish: says how to quantise") {
  if (missing()) return;
  const Scratch scratch("rungs");
  const std::string rungs = "train: {data: fashion-mnist, images: 500, validation: 200, epochs: 2, resolution: 28, rungs: [{resolution: 14, width: 0.5}, {epochs: 1}]}";
  const std::string text = study_text("  - {name: quantised_f1_pct, " + rungs + ", quantised: true}\n", "{algorithm: random, trials: 6, seed: 1, fidelity: {eta: 2}}") +
                           "finish: {picks: 1, weight_bits: 4, calibration: percentile}\n";
  const std::string file = scratch.write("study.yaml", text).string();
  const StudyFile study = StudyFile::load(file);
  const Asked asked(study, {0, 0});
  const std::vector<std::string> names{"quantised_f1_pct", "f1_pct", "accuracy_pct"};
  for (const std::uint32_t rung : {0u, 1u, 2u}) {
    const ProxyTrained proxy = study.training->proxy(asked.graph, 7, {}, rung, {}, names);
    CHECK(proxy.model.graph.shape(0).width == (rung == 0 ? 14 : 28));
    CHECK(proxy.scores[0] == proxy.scores[1]);
    CHECK(proxy.scores[0] != proxy.scores[2]);
    const Quantised integer = quantised_once(proxy.model, *study.training, study.training->proxy_samples(proxy.model, rung, calibration_images),
                                             {.calibration = RangeRule::percentile, .bits = "4"});
    CHECK(integer.calibration == "percentile");
    const LabelledSamples validation = study.training->validation_samples(proxy.model);
    const double expected = study.training->score("f1_pct", reference_outputs(integer.integer, validation), validation);
    const double f1 = asked.value(study.objectives[1], {}, rung);
    INFO(rung << ": " << f1 << " " << expected);
    CHECK(std::abs(f1 - expected) <= 1);  // one sample of 200 that ties within a quantum is about half a point of F1
  }
  const auto result = run("search " + file + " --out " + (scratch / "out").string() + " --set finish.picks=0");
  INFO(result.err);
  CHECK(result.code == 0);
}

TEST_CASE("for the same weights and ranges an objective after quantisation is what export prints") {
  if (missing()) return;
  const Scratch scratch("export");
  Random random(5);
  for (const auto& [name, rows] : {std::pair{"train.csv", 400}, std::pair{"held.csv", 333}}) {
    std::ofstream csv(scratch / name);
    csv << "a,b,class\n";
    for (int i = 0; i < rows; ++i) csv << i % 3 + random.normal() << ',' << (i % 3) * (i % 3) + random.normal() << ',' << "xyz"[i % 3] << '\n';
  }
  // Test and validation samples are the same, and a model trained quantised brings its ranges.
  const std::string text =
      "space:\n  input: [2, 1]\n  layers:\n    - conv: {out: {choice: [4, 8]}, kernel: 1, act: relu}\n    - pool: {kind: average, global: true}\n    - linear: {out: 3}\n"
      "objectives:\n  - {name: macs}\n  - {name: accuracy_pct, train: {data: {kind: csv, train: train.csv, test: held.csv, validation: held.csv, label: class}, epochs: 5, batch: 16, quantise: true}, quantised: true}\n"
      "search: {algorithm: random, trials: 1, seed: 1}\n";
  const std::string out = (scratch / "out").string();
  REQUIRE(run("search " + scratch.write("study.yaml", text).string() + " --out " + out).code == 0);
  REQUIRE(run("export " + out + " --trials 1 --out " + (scratch / "first").string()).code == 0);
  const StudyFile study = StudyFile::load(scratch / "out/study.yaml");
  const Table trials = Table::load(scratch / "out/trials.csv");
  const std::vector<Architecture> points = {{0}, {1}};
  const Asked asked(study, study.space->decode(points[0]).shape(1).channels == std::stoi(trials.cell(0, 2)) ? points[0] : points[1]);
  const std::vector<std::string> names{"accuracy_pct"};
  const ProxyTrained proxy = study.training->proxy(asked.graph, 7, {}, 0, {}, names);
  REQUIRE_FALSE(proxy.model.ranges.empty());
  const double value = asked.value(study.objectives[1]);
  for (const auto& file : fs::directory_iterator(scratch / "out/models")) save_model(file.path(), proxy.model);
  REQUIRE(run("export " + out + " --trials 1 --out " + (scratch / "second").string()).code == 0);
  const auto manifest = nlohmann::json::parse(program::read(scratch / "second/manifest.json"));
  CHECK(manifest.dump().find("\"calibration\":\"trained\"") != std::string::npos);
  const double printed = manifest["models"][0]["figures"]["accuracy_int8_pct"];
  CHECK(printed == value);
  CHECK(manifest["models"][0]["facts"]["classes"] == "x, y, z");
  CHECK(value > 50);
  CHECK(value < 100);
  CHECK(std::abs(proxy.scores[0] - value) < 0.5);  // the training's own score is that of integers, too
}

TEST_CASE("mixed bits within a budget of bytes: as few layers are narrowed as make the weights fit") {
  if (missing()) return;
  const Scratch scratch("budget");
  const auto with_budget = [&](const std::string& bytes) {
    return study_text("  - {name: accuracy_pct, " + train + ", quantised: {weight_bits: mixed, weight_bytes: " + bytes + "}}\n  - {name: mixed_weight_bytes, train: accuracy_pct, quantised: {weight_bits: mixed, weight_bytes: " +
                      bytes + "}}\n  - {name: macs}\n");
  };
  // 6 x 9, 12 x 6 x 9 and 10 x 12 weights; the second alone may be narrowed. Biases of 28 channels.
  const double wide = 54 + 648 + 120 + 28 * 4, narrow = wide - 324;
  for (const auto& [bytes, taken] : {std::pair{std::string("1KiB"), wide}, {"900", narrow}, {"610", narrow}}) {
    INFO(bytes);
    const StudyFile study = StudyFile::load(scratch.write("study.yaml", with_budget(bytes)));
    const Asked asked(study, {0, 0});
    CHECK(asked.value(study.objectives[1]) > 20);
    CHECK(asked.value(study.objectives[2]) == taken);
  }
  const StudyFile study = StudyFile::load(scratch.write("study.yaml", with_budget("600")));
  CHECK_THROWS_WITH(Asked(study, {0, 0}).value(study.objectives[1]), ContainsSubstring("take 610 bytes") && ContainsSubstring("may take 600"));
}

TEST_CASE("bits that no integer has fail a trial before it is trained") {
  if (missing()) return;
  const Scratch scratch("bits");
  std::string text = study_text("  - {name: accuracy_pct, " + train + ", quantised: true}\n");
  text.replace(text.find("[8, 4, 2]"), 9, "[8, 1, 16]");
  const StudyFile study = StudyFile::load(scratch.write("study.yaml", text));
  std::stop_source stopped;
  stopped.request_stop();  // a training would end at once
  CHECK_THROWS_WITH(Asked(study, {2, 0}).value(study.objectives[1], stopped.get_token()), ContainsSubstring("weights of 16 bits; 1 to 8"));
  CHECK_THROWS_AS(Asked(study, {1, 0}).value(study.objectives[1], stopped.get_token()), Interrupted);
}

TEST_CASE("peak activation bytes are those of the activations that scores are taken with") {
  if (missing()) return;
  const Scratch scratch("peak");
  const auto peaks = [&](const std::string& objectives) {
    const StudyFile study = StudyFile::load(scratch.write("study.yaml", study_text("  - {name: peak_activation_bytes}\n" + objectives)));
    const Asked asked(study, {0, 1});
    return std::pair{asked.value(study.objectives[1]), study.fingerprint};
  };
  const std::string scored = "  - {name: accuracy_pct, " + train + ", quantised: ", again = "  - {name: other_accuracy_pct, train: accuracy_pct, quantised: ";
  const double narrow = peaks(scored + "true}\n").first;
  CHECK(narrow > 0);
  CHECK(peaks(scored + "{activation_bits: 16}}\n").first == 2 * narrow);
  CHECK(peaks(scored + "{activation_bits: 16}}\n" + again + "true}\n").first == narrow);
  CHECK(peaks(scored + "false}\n" + again + "{activation_bits: 16}}\n").first == 2 * narrow);
  // Its own word counts, and weights by theirs.
  const StudyFile study = StudyFile::load(scratch.write("own.yaml", "space: {input: [1, 8, 8], layers: [{conv: {out: 4, kernel: 3}}, {linear: {out: 2}}]}\nobjectives:\n"
      "  - {name: peak_activation_bytes, quantised: {activation_bits: 16}}\n  - {name: weight_bytes, quantised: {weight_bits: 4}}\nsearch: {trials: 1}\n"));
  const Asked asked(study, {});
  CHECK(asked.value(study.objectives[0]) == 2 * (64 + 4 * 64));
  CHECK(asked.value(study.objectives[1]) == 18 + 4 * 4 + 256 + 2 * 4);
}

TEST_CASE("what is wrong with quantised: is said before the first trial, at its place") {
  if (missing()) return;
  const Scratch scratch("wrong");
  const std::string sections = "train: {data: fashion-mnist, images: 500, validation: 200, epochs: 4";
  const std::vector<Refused> all{
      {"  - {name: macs, quantised: true}\n", "needs 'train'"},
      {"  - {name: a, " + sections + "}, quantised: {bits: 4}}\n", "calibration, weight_bits, weight_bytes, activation_bits"},
      {"  - {name: a, " + sections + "}, quantised: {activation_bits: 12}}\n", "8 or 16"},
      {"  - {name: a, " + sections + "}}\n  - {name: mixed_weight_bytes, train: a}\n", "only once they are quantised"},
      {"  - {name: mixed_weight_bytes, " + sections + "}, quantised: {weight_bits: mixed}}\n", "comes before it"},
      {"  - {name: peak_activation_bytes, quantised: {activation_bits: 12}}\n", "8 or 16"},
      {"  - {name: params, quantised: {weight_bits: mixed}}\n", "whole number"},
      {"  - {name: params, quantised: {calibration: mse}}\n", "weight_bits, activation_bits"},
      {"  - {name: a, " + sections + "}, quantised: {weight_bytes: 4KiB}}\n", "only with  weight_bits: mixed"},
      {"  - {name: a, " + sections + "}, quantised: {weight_bits: mixed, weight_bytes: 4ms}}\n", "KiB"},
      {"  - {name: a, " + sections + "}, quantised: {weight_bits: 3}}\n", "there is: 8, 4, mixed"},
      {"  - {name: a, " + sections + "}, quantised: {calibration: best}}\n", "min_max"},
      {"  - {name: a, " + sections + "}, quantised: [8]}\n", "true, false, or a map"},
      {"  - {name: a, " + sections + "}, quantised: maybe}\n", "true or false"},
      {"  - {name: a, " + sections + ", extrapolate: 2}, quantised: true}\n", "extrapolated"},
      {"  - {name: a, " + sections + ", rungs: [{extrapolate: 2}]}, quantised: true}\n", "extrapolated"},
      {"  - {name: a, " + sections + ", quantise: true}, quantised: {weight_bits: 4}}\n", "bits: {weights: 4}"},
      {"  - {name: a, " + sections + ", quantise: true}, quantised: {weight_bits: mixed}}\n", "{choice: [4, 8], name: bits}"},
      {"  - {name: a, train: b}\n", "no objective before this one is called 'b'"},
      {"  - {name: a, " + sections + "}}\n  - {name: b, train: {data: fashion-mnist, epochs: 1}}\n", "train: a"},
      {"  - {name: a, " + sections + "}}\n  - {name: b, train: weight_bytes}\n", "called 'weight_bytes' and trains"},
  };
  for (const Refused& refused : all) {
    const std::string file = scratch.write("study.yaml", study_text(refused.objectives)).string();
    INFO(refused.objectives);
    CHECK_THROWS_WITH(StudyFile::load(file), ContainsSubstring(refused.why) && ContainsSubstring("study.yaml:1"));
  }
  const auto absent = run("search " + scratch.write("study.yaml", study_text(both)).string() + " --out " + (scratch / "out").string(), "PARETOFORGE_ONNXRUNTIME=/nowhere");
  CHECK(absent.code == 2);
  CHECK(absent.err.find("npm install") != std::string::npos);
  CHECK_FALSE(fs::exists(scratch / "out"));
}
