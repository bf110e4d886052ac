// What the trainers share, free of LibTorch. Not public.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "trainers/trainer.hpp"

namespace paretoforge {

/// What fake quantisation observed of the activations.
struct ObservedRanges {
  std::vector<Range> ranges;  ///< one per node of the graph; zero for nodes whose value the integer form does not hold
  std::int64_t batches = 0;   ///< seen; 0: there are no ranges yet
};

/// Throws TrainingError where the network does not take images of so many channels.
void check_fit(const Graph& graph, const Shape& images);

/// Throws TrainingError where the network has another number of outputs than the data has classes or targets, as `what` says.
void check_outputs(const Graph& graph, std::size_t count, const std::string& what);

/// Fills in the scores over classes. `logits` has a row of equally many outputs for each label, more than any label.
void add_scores(Evaluation& evaluation, std::span<const float> logits, std::span<const Label> labels);

/// What each class counts in the loss, by the recipe and the labels that are trained on; empty where all count the same.
/// Throws TrainingError where there are not as many weights as classes.
std::vector<float> class_weights(const TrainRecipe& recipe, std::span<const Label> labels, std::size_t classes);

/// The images of each client: equally many each, one more for the first ones where they do not come out even. What
/// classes a client has more of is drawn from a Dirichlet distribution around the classes' shares of all (Hsu, Qi,
/// Brown, 2019); a class that has run out is left out. Every position is of one client.
std::vector<std::vector<std::uint32_t>> client_images(std::span<const Label> labels, std::size_t classes,
                                                      const Federation& federation, std::uint64_t seed);

std::unique_ptr<Trainer> make_federated(std::shared_ptr<const Dataset> data, const TrainSettings& settings);
std::unique_ptr<Trainer> make_supervised(std::shared_ptr<const Dataset> data, const TrainSettings& settings);

}  // namespace paretoforge
