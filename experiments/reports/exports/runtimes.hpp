// One network in the runtimes that exported files are for, against the reference interpreter.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge {

/// A network as it is exported, and samples (channels × height × width, normalised) that go through it.
struct ExportedNetwork {
  Model model;
  IntegerModel integer;
  std::vector<float> images;
};

struct Agreement {
  std::size_t samples = 0;
  std::size_t agreeing = 0;  ///< samples of the same class, ties counting; in C: with the same bytes
  double quanta = 0;         ///< the greatest difference of an output, in steps of its scale, before a softmax (in C: after it);
                             ///< of TorchScript, which is float: over the greatest output
  double layer_quanta = 0;   ///< the same of every layer alone; 0 where BenchRuntime::layers is false
};

struct BenchRuntime {
  std::string name;     ///< "onnxruntime"
  std::string title;    ///< "ONNX Runtime 1.30.0"
  std::string missing;  ///< how to install it; empty where it is here
  std::function<Agreement(const ExportedNetwork&)> run;
  bool layers = true;   ///< whether layers are run alone, too
};
/// ONNX Runtime, LiteRT, Arm NN, the C form on this machine and on an emulated Cortex-M4, LibTorch.
std::vector<BenchRuntime> bench_runtimes();

/// Writes the network in every format that needs no LibTorch, and runs the ONNX forms of other widths in ONNX Runtime.
/// Throws where one is not what it should be.
void write_all_formats(const ExportedNetwork& network);

}  // namespace paretoforge
