// A training between two steps, on disk: what it takes to go on to the last bit. Not public.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/model.hpp"
#include "trainers/trainer_internal.hpp"

namespace paretoforge {

/// Numbers that every step moves on, such as a velocity, and how many steps did.
struct StepState {
  std::int64_t steps = 0;
  std::vector<std::vector<float>> values;
};

/// The best epoch of a training so far.
struct BestState {
  double score = 0;
  StepState weights;  ///< its steps are the epoch; empty where none is kept
};

/// What the loss is multiplied by so that gradients fit float16, and how many steps it has done so.
struct LossScale {
  double value = 65536;
  std::int64_t steps = 0;
};

struct Checkpoint {
  std::uint64_t key = 0;                     ///< of the training it belongs to: see checkpoint_key
  std::int64_t step = 0;                     ///< steps done
  double loss_sum = 0;                       ///< over the steps done of the epoch that runs
  double seconds = 0;                        ///< on the clock so far
  std::array<std::uint64_t, 4> random = {};  ///< state of the order's and the augmentation's Random
  std::vector<std::uint32_t> order;          ///< of the images in this epoch
  StepState optimizer;                       ///< velocity, or the means of gradient and squared gradient
  StepState average;                         ///< of weights and running statistics; empty where none is kept
  BestState best;                            ///< empty where training goes on to its last epoch
  std::vector<Weights> weights;              ///< one per node, running statistics included
  std::vector<Evaluation> curve;             ///< so far, where the budget asks for one
  ObservedRanges observed;                   ///< empty where nothing is quantised
  LossScale loss_scale;                      ///< of float16 alone
};

/// Equal for trainings that go through the same steps: trainer, network, data, recipe and budget, but for where they
/// end and what they may cost.
std::uint64_t checkpoint_key(std::string_view trainer, const Graph& graph, const Dataset& data, const TrainRecipe& recipe,
                             const TrainBudget& budget);

/// Replaces the file in one step: written beside, on disk, renamed. Throws CheckpointError.
void save_checkpoint(const std::filesystem::path& file, const Checkpoint& checkpoint);

/// What was kept for the training with this key. Nothing where there is no file, or one that is damaged or another
/// training's: then `why` says so.
std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& file, std::uint64_t key, std::string& why);

}  // namespace paretoforge
