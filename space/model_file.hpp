// Trained weights on disk, so that what took minutes to train is never trained twice.
#pragma once

#include <filesystem>

#include "space/model.hpp"

namespace paretoforge {

/// Writes the weights, ranges and normalisation of a model (not its graph, of which a hash is kept): little-endian
/// binary with a checksum, written beside and renamed. Throws std::runtime_error.
void save_model(const std::filesystem::path& path, const Model& model);

/// Reads them back for the network they were saved from. Throws std::runtime_error where the file is missing,
/// damaged, of another version or of another network.
Model load_model(const std::filesystem::path& path, const Graph& graph);

}  // namespace paretoforge
