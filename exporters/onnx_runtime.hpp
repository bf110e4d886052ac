// The real ONNX Runtime, loaded when it is first needed: nothing of it is there when this is compiled.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace paretoforge {

/// ONNX Runtime is not there, or it refuses a model; the message says what it said, or how to install it.
class OnnxRuntimeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Looked for in this order: the library that PARETOFORGE_ONNXRUNTIME names (and then nothing else); npm's
/// onnxruntime-node in a node_modules folder of the source tree, next to the program (../share/paretoforge) and in
/// the current folder; libonnxruntime.so.1 where the system's loader finds it. Loaded once per process.
class OnnxRuntime {
 public:
  static bool available();
  /// "1.30.0"; throws OnnxRuntimeError where there is none.
  static std::string version();
  /// The library that was loaded; throws OnnxRuntimeError where there is none.
  static std::filesystem::path library();
};

struct OnnxSessionOptions {
  int threads = 1;                            ///< within one op, at least 1
  bool optimise = true;                       ///< graph optimisations: without them int8 models run in float
  std::filesystem::path save_optimised = {};  ///< where the optimised graph goes as ONNX; empty: nowhere
  /// PREFIX_DATE.json is written as the session ends: what each node took, in microseconds; empty: no profile.
  std::filesystem::path profile = {};
};

/// One input or output of a session; a dimension left open in the file is taken as 1.
struct OnnxTensor {
  std::string name;
  std::vector<std::int64_t> dims;
  std::size_t elements = 1;
};

/// A loaded model with its tensors allocated; all of them are float. Not for two threads at once.
class OnnxSession {
 public:
  explicit OnnxSession(const std::filesystem::path& path, const OnnxSessionOptions& options = {});
  /// From memory: a serialised ONNX model.
  static OnnxSession from_bytes(std::string_view model, const OnnxSessionOptions& options = {});
  ~OnnxSession();
  OnnxSession(OnnxSession&&) noexcept;

  const std::vector<OnnxTensor>& inputs() const;
  const std::vector<OnnxTensor>& outputs() const;
  /// The memory of an input (write before `run`) and of an output (read after it).
  std::span<float> input(std::size_t i = 0);
  std::span<const float> output(std::size_t i = 0) const;

  /// Runs the model on what its inputs hold; no allocation of ours, so that it can be timed.
  void run();
  /// Copies `values` to the only input, runs, and copies the first output.
  std::vector<float> run(std::span<const float> values);

 private:
  struct State;
  explicit OnnxSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace paretoforge
