// What becomes of the chosen trials of a study: trained fully, quantised, exported, run in the real runtime, bundled.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "experiments/evaluate.hpp"
#include "experiments/host.hpp"
#include "experiments/study_file.hpp"
#include "exporters/bundle.hpp"
#include "exporters/verify.hpp"
#include "predictors/device.hpp"
#include "search/front.hpp"

namespace paretoforge {

/// The trials to finish: the study's picks (at most finish.picks), then for each budget of finish.also the most
/// accurate complete trial within it.
std::vector<Pick> chosen_trials(const StudyFile& study, const Front& front, const std::vector<Trial>& trials);

/// A trial's network with its weights: trained fully as `finish:` says, or read from study_folder/models where that was
/// done before; they are kept there, and so is what a training reached that was cut off: it goes on. Where training quantises, it
/// does so with weights of `bits` ("8" or "4"; anything else: as the architecture says). Throws Interrupted once `stop` is
/// asked for.
Model trained_model(const StudyFile& study, const Trial& trial, const std::filesystem::path& study_folder, std::stop_token stop = {},
                    const std::string& bits = "");

struct FinishedModel {
  Pick pick;
  std::string name;                 ///< of its folder in the bundle: trial_41
  std::string calibration;          ///< the rule that was best
  Model model;                      ///< of the pruned network
  IntegerModel integer;
  /// On the test samples, in ONNX Runtime, by name: the main score in float and int8 first (accuracy_float_pct,
  /// accuracy_int8_pct; of a regression r2_float_pct, ...), of a regression those of rmse and mae too.
  Figures scores;
  Parity parity;
  Fusion fusion;
  Latency latency;                  ///< of the int8 model on this host
  std::optional<CostEstimate> predicted_latency;  ///< where the study has a predictor of the host
};

struct FinishOptions {
  std::size_t threads = 1;
  std::vector<std::string> formats = {"onnx"};
  QuantiseWish quantise = {};
  std::function<void(const std::string& what, std::size_t done, std::size_t of)> on_progress = nullptr;
  const std::atomic<bool>* stop = nullptr;
};

/// What finishing these trials depends on: a bundle that carries the same digest need not be made again.
std::string finish_digest(const StudyFile& study, const std::vector<Pick>& chosen);

/// Finishes trials side by side and writes the bundle to `bundle_folder`. Weights are kept in study_folder/models, so
/// what was trained is never trained again. Throws Interrupted once `stop` is set, OnnxRuntimeError where there is no
/// ONNX Runtime to prove the models in (the weights are kept then too), ConfigError where the bundle cannot be written.
std::vector<FinishedModel> finish_trials(const StudyFile& study, const std::vector<Pick>& chosen, const std::filesystem::path& study_folder,
                                         const std::filesystem::path& bundle_folder, const FinishOptions& options);

}  // namespace paretoforge
