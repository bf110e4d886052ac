// TorchScript: a trained network as LibTorch and PyTorch load it without any of our code.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "space/model.hpp"

namespace paretoforge {

struct TorchScriptOptions {
  std::string name = "network";                                    ///< of the module's class
  std::vector<std::pair<std::string, std::string>> metadata = {};  ///< extra file `metadata.json` of the archive
};

/// The float model as a TorchScript archive (torch.jit.load, torch::jit::load), in evaluation mode: forward(x) takes
/// float [batch, channels, height, width], any batch, normalised, and gives [batch, channels] where the output has one
/// row and column, else [batch, channels, height, width]. Batch norms stay, and weights are parameters named as
/// PyTorch's layers name theirs (conv_3.weight, norm_4.running_mean), so that training can go on.
/// Same model, same options, same bytes, with one version of LibTorch. Throws std::invalid_argument where weights are
/// missing or of another size, or for an op of imported models alone.
std::string torchscript(const Model& model, const TorchScriptOptions& options = {});

/// Runs samples (channels × height × width each, one after another) through such an archive, in LibTorch, one batch, on
/// the CPU; the outputs one after another. Throws std::runtime_error with LibTorch's reason where the archive cannot be
/// loaded or run; std::invalid_argument where the samples are not whole.
std::vector<float> run_torchscript(const std::string& archive, const Shape& input, std::span<const float> samples);

/// "1.13.0"
std::string libtorch_version();

}  // namespace paretoforge
