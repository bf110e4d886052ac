// What trainings are tested on: bright squares, and a network that can tell where they are.
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

#include "configs/temporary_folder.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge::squares {

/// Bright squares on noise, in the corner that the label says: two layers can tell.
inline Images images(std::size_t count, std::uint64_t seed) {
  Images made{.shape = {1, 12, 12}, .pixels = {}, .labels = {}};
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<int>(random.below(4));
    made.labels.push_back(static_cast<std::uint8_t>(label));
    for (int y = 0; y < 12; ++y)
      for (int x = 0; x < 12; ++x)
        made.pixels.push_back(static_cast<std::uint8_t>(random.below(90) + (y / 6 * 2 + x / 6 == label ? 100 : 0)));
  }
  return made;
}

inline std::shared_ptr<const Dataset> data() {
  static const auto made = std::make_shared<const Dataset>(
      Dataset{"squares", {1, 12, 12}, {"0", "1", "2", "3"}, images(600, 1), images(200, 2)});
  return made;
}

/// Any classifier of these squares must look at where things are.
inline Graph small_net() {
  Graph graph({1, 12, 12});
  NodeId x = nets::conv_norm_relu(graph, 0, 8, 3, 2);
  x = nets::separable(graph, x, 12, 2);
  graph.add(Linear{.out = 4}, graph.add(Flatten{}, x));
  return graph;
}

inline TrainSettings settings() {
  TrainSettings s;
  s.device = "cpu";
  s.budget = {.epochs = 4, .images = 0, .validation = 100, .resolution = 0, .batch = 50, .test = true};
  s.recipe.augment = {.crop = 0, .shift = 1, .flip = false};
  return s;
}

inline TrainResult train(const Graph& graph, const TrainSettings& s, std::stop_token stop = {}) {
  return make_trainer(data(), s)->train(graph, s.budget, stop);
}

inline bool same_weights(const Model& a, const Model& b) {
  for (std::size_t i = 0; i < a.weights.size(); ++i) {
    const auto &x = a.weights[i], &y = b.weights[i];
    if (x.kernel != y.kernel || x.bias != y.bias || x.gamma != y.gamma || x.beta != y.beta || x.mean != y.mean ||
        x.variance != y.variance)
      return false;
  }
  return a.weights.size() == b.weights.size();
}

inline std::string training_error(const Graph& graph, const TrainSettings& s) {
  try {
    train(graph, s);
  } catch (const TrainingError& error) {
    return error.what();
  }
  return "";
}

inline bool same_result(const TrainResult& a, const TrainResult& b) {
  return same_weights(a.model, b.model) && a.train_loss == b.train_loss && a.validation.loss == b.validation.loss &&
         a.test.accuracy_pct == b.test.accuracy_pct;
}

/// A file in a folder of its own that is gone when the test ends.
class CheckpointFile {
 public:
  std::filesystem::path path() const { return folder_.path() / "training"; }

 private:
  TemporaryFolder folder_;
};

}  // namespace paretoforge::squares
