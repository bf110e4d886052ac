// What is special about training on a GPU. Not public: includes LibTorch. Where this LibTorch was built without CUDA,
// gpu_absent.cpp stands for it, and no device is a GPU.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>

#include <functional>
#include <memory>
#include <optional>

namespace paretoforge {

/// As long as it lives, what this thread does on a GPU waits for nothing that other threads do there. Nothing on a CPU.
class OwnStream {
 public:
  explicit OwnStream(at::Device device);

 private:
  std::optional<c10::StreamGuard> guard_;
};

/// Work on a GPU that is recorded once and then repeated as a whole (a CUDA graph): the kernels of a small network take
/// less time than launching them one by one.
class RecordedWork {
 public:
  RecordedWork();
  ~RecordedWork();

  explicit operator bool() const { return graph_ != nullptr; }
  /// Notes what `work` does on the thread's OwnStream, without doing it (CUDA says: captures it): the same kernels on the
  /// same memory, so that tensors that go in or out are those of the recording. It must not wait for the GPU, and must
  /// have been done before (libraries set themselves up at their first call). Its error stands, and nothing is recorded
  /// then.
  void record(const std::function<void()>& work);
  /// Does what was recorded.
  void repeat();
  void forget();

 private:
  struct Graph;
  std::unique_ptr<Graph> graph_;
};

/// Bytes of the GPU that no program has taken.
double free_memory(at::Device gpu);

/// Whether the GPU multiplies bfloat16 (compute capability 8.0 and above).
bool multiplies_bfloat16(at::Device gpu);

}  // namespace paretoforge
