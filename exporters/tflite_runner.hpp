// Real runtimes of TFLite files, each in a process of its own: nothing of them is linked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace paretoforge {

/// A runtime is there and refuses a model, or ends without a result; the message holds what it said.
class TfliteRuntimeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A model, and what is to go through it.
struct TfliteJob {
  std::string model;                ///< serialised; all inputs and outputs int8
  std::size_t samples = 0;
  std::vector<std::int8_t> inputs;  ///< sample after sample, each the model's inputs in their order
};

/// LiteRT is npm's WebAssembly build (XNNPACK inside) under node: looked for in the folder that PARETOFORGE_LITERT
/// names (that of the package), else in node_modules of the source tree, next to the program (../share/paretoforge)
/// and in the current folder. Arm NN is the program paretoforge_armnn, built where Debian's Arm NN is: looked for as
/// PARETOFORGE_ARMNN names it, else next to the program and where it was built; backend CpuRef.
struct TfliteRuntime {
  std::string_view name;     ///< "litert", "armnn"
  std::string_view title;    ///< "LiteRT", "Arm NN"
  std::string_view install;  ///< the command that installs it
  bool int4;                 ///< runs weights of 4 bits, two to a byte
  /// The command that runs a folder of jobs; nothing where the runtime is not there.
  std::optional<std::vector<std::string>> (*command)();
};
std::span<const TfliteRuntime> tflite_runtimes();

bool available(const TfliteRuntime& runtime);
/// "2.5.3", asked for once per process; throws TfliteRuntimeError where there is none.
std::string version(const TfliteRuntime& runtime);

/// Runs all jobs in one process: of every job the outputs, sample after sample, each the model's outputs in their
/// order. Throws TfliteRuntimeError; what a runtime prints is in its message only.
std::vector<std::vector<std::int8_t>> run_tflite(const TfliteRuntime& runtime, std::span<const TfliteJob> jobs);

}  // namespace paretoforge
