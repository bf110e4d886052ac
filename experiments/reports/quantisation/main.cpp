// quantisation_benchmark STUDY: the accuracy of a study's trained networks in float and after quantisation in every way
// there is, as a table. Runs on test images, in ONNX Runtime; what is chosen is chosen on training images.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "configs/config.hpp"
#include "experiments/evaluate.hpp"
#include "experiments/finish.hpp"
#include "experiments/study_run.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_writer.hpp"
#include "predictors/totals.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

struct Way {
  std::string name;
  int bits;
  QuantiseOptions options;
};

std::vector<Way> ways() {
  std::vector<Way> all;
  const auto both = {WeightRounding::nearest, WeightRounding::second_order};
  for (const int bits : {8, 4}) {
    const std::string width = "int" + std::to_string(bits) + " ";
    for (const WeightRounding rounding : both)
      for (const auto& [rule, name] : range_rules())
        all.push_back({width + (rounding == WeightRounding::nearest ? "nearest, " : "second order, ") + std::string(name), bits,
                       {.calibration = {.rule = rule}, .rounding = rounding}});
    all.push_back({width + "nearest, mse, bias as it is", bits, {.correct_bias = false}});
    all.push_back({width + "nearest, mse, not equalised", bits, {.equalise = false}});
    all.push_back({width + "nearest, mse, neither", bits, {.equalise = false, .correct_bias = false}});
    all.push_back({width + "second order, mse, not equalised", bits, {.equalise = false, .rounding = WeightRounding::second_order}});
  }
  return all;
}

struct Network {
  std::string name;
  Model model;
};

/// The trials of these numbers, or those that the study itself finishes.
std::vector<Trial> trials(const StudyFile& study, const Store& store, const std::vector<std::uint64_t>& numbers) {
  std::vector<Trial> result;
  if (numbers.empty())
    for (const Pick& pick : chosen_trials(study, Front(criteria(study.objectives), store.told()), store.told())) result.push_back(pick.trial);
  for (const std::uint64_t number : numbers)
    for (const Trial& trial : store.told())
      if (trial.number == number) result.push_back(trial);
  return result;
}

std::vector<Network> networks(const StudyFile& study, const fs::path& folder, const std::vector<std::uint64_t>& numbers) {
  std::vector<Network> result;
  for (const Trial& trial : trials(study, Store::read(folder), numbers))
    result.push_back({"trial_" + std::to_string(trial.number), trained_model(study, trial, folder)});
  return result;
}

double accuracy(const StudyFile& study, const IntegerModel& model, const LabelledSamples& samples) {
  return onnx_score(*study.training, qdq_onnx(model, {.batch = evaluation_batch}), samples);
}

double accuracy(const StudyFile& study, const Model& model, const LabelledSamples& samples) {
  return onnx_score(*study.training, float_onnx(model, {.batch = evaluation_batch}), samples);
}

/// Accuracy and bytes of weights (biases included) as `export --bits` chooses them.
std::string chosen_text(const StudyFile& study, const Network& network, const LabelledSamples& test, const std::string& bits) {
  const Quantised found = quantised_best(network.model, *study.training, {.calibration = {}, .bits = bits});
  char text[96];
  std::snprintf(text, sizeof text, "%.2f, %lld B", accuracy(study, found.integer, test),
                static_cast<long long>(totals(found.model.graph).weight_bytes));
  return text;
}

/// What of a `train:` section differs in fine-tuning: a lower rate, falling, no warming up; and what was asked for.
Config tuning(const std::string& wanted) {
  const Config asked = Config::parse("tune: " + wanted, "--tune").at("tune");
  Config section = Config::parse("train: {epochs: 1, rate: 0.005, schedule: cosine, quantise: {from: 0, freeze: 0.9}}", "--tune").at("train");
  for (const auto& [key, value] : asked.entries()) section = section.with_entry(key, value);
  return section;
}

/// The float model trained on: in float, and quantised with weights of 8 and of 4 bits. Each is quantised by the ranges that it
/// was trained to.
void print_tuned(const StudyFile& study, const std::vector<Network>& all, const std::vector<LabelledSamples>& test, const Config& train) {
  const auto row = [&](const std::string& name, const Config& changes, int bits) {
    std::printf("| %s |", name.c_str());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Model& model = all[i].model;
      const Model start = with_weight_bits(model, weighted_layers(model.graph), bits);
      const Model tuned = study.training->fine_tuned(start, changes, study.search->seed);
      std::printf(" %.2f |", tuned.ranges.empty() ? accuracy(study, tuned, test[i])
                                                  : accuracy(study, quantised(tuned), test[i]));
      std::fflush(stdout);
    }
    std::printf("\n");
  };
  row("float, trained on", train.with_entry("quantise", Config::make_scalar("false")), 8);
  row("int8 trained quantised", train, 8);
  row("int4 trained quantised", train, 4);
}

struct Wanted {
  bool on_training = false, brief = false;
  std::vector<std::uint64_t> numbers;
  std::optional<std::string> tune;
};

int run(const fs::path& folder, const Wanted& wanted) {
  const auto& [on_training, brief, numbers, tune] = wanted;
  const std::optional<Config> tune_train = tune ? std::optional(tuning(*tune)) : std::nullopt;
  const StudyFile study = StudyFile::load(folder / "study.yaml");
  const std::vector<Network> all = networks(study, folder, numbers);
  std::vector<LabelledSamples> calibration, test;
  std::printf("| way |");
  for (const Network& network : all) {
    calibration.push_back(study.training->training_samples(network.model, calibration_images));
    test.push_back(on_training ? choosing_samples(network.model, *study.training) : study.training->test_samples(network.model, SIZE_MAX));
    std::printf(" %s |", network.name.c_str());
  }
  std::printf("\n|---|");
  for (std::size_t i = 0; i < all.size(); ++i) std::printf("---|");
  std::printf("\n| float |");
  for (std::size_t i = 0; i < all.size(); ++i)
    std::printf(" %.2f |", accuracy(study, all[i].model, test[i]));
  std::printf("\n");
  for (const std::string bits : {"8", "4", "mixed"}) {
    std::printf("| export --bits %s |", bits.c_str());
    for (std::size_t i = 0; i < all.size(); ++i) std::printf(" %s |", chosen_text(study, all[i], test[i], bits).c_str());
    std::printf("\n");
  }
  if (tune_train) print_tuned(study, all, test, *tune_train);
  for (const Way& way : brief ? std::vector<Way>{} : ways()) {
    std::printf("| %s |", way.name.c_str());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Model& model = all[i].model;
      const IntegerModel integer = quantised(with_weight_bits(model, weighted_layers(model.graph), way.bits), calibration[i].values, way.options);
      std::printf(" %.2f |", accuracy(study, integer, test[i]));
      std::fflush(stdout);
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace paretoforge

int main(int argc, char** argv) try {
  CLI::App app("Accuracy after quantisation, way by way");
  std::string folder;
  paretoforge::Wanted wanted;
  app.add_option("study", folder, "Folder of a study whose networks are trained")->required();
  app.add_flag("--on-training", wanted.on_training, "On training images that calibration does not see, for choosing settings");
  app.add_option("--trials", wanted.numbers, "Numbers of trials, in place of those that the study finishes")->delimiter(',');
  app.add_option("--tune", wanted.tune,
                 "Quantisation-aware training that begins from the float weights: what its train: section says in place of\n"
                 "{epochs: 1, rate: 0.005, schedule: cosine, quantise: {from: 0, freeze: 0.9}}, such as \"{ema: 0.99}\"");
  app.add_flag("--brief", wanted.brief, "Only what export makes, and what --tune asks for");
  CLI11_PARSE(app, argc, argv);
  return paretoforge::run(folder, wanted);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
