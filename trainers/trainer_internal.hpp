// What the trainers share, free of LibTorch. Not public.
#pragma once

#include <cstdint>
#include <memory>

#include "trainers/trainer.hpp"

namespace paretoforge {

/// The same layers for images of this height and width (0: as they are); weights fit both.
/// Throws TrainingError where they do not: a linear layer over a flattened image.
Graph at_resolution(const Graph& graph, std::int32_t resolution);

/// Throws TrainingError where the network does not take images of so many channels.
void check_fit(const Graph& graph, const Shape& images);

std::unique_ptr<Trainer> make_supervised(std::shared_ptr<const Dataset> data, const TrainSettings& settings);

}  // namespace paretoforge
