// CUDA graphs and the memory of a GPU. The only file that needs CUDA's headers, which come with a LibTorch that has it.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#include <torch/version.h>

#include <mutex>

#include "trainers/gpu_internal.hpp"

namespace paretoforge {

struct RecordedWork::Graph {
  at::cuda::CUDAGraph graph;
};

RecordedWork::RecordedWork() = default;
RecordedWork::~RecordedWork() = default;
void RecordedWork::forget() { graph_.reset(); }

void RecordedWork::record(const std::function<void()>& work) {
  static std::mutex one_at_a_time;  // LibTorch's default generator takes part in one recording
  const std::lock_guard lock(one_at_a_time);
  auto begun = std::make_unique<Graph>();
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)
  begun->graph.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);  // other trainings may allocate meanwhile
#else
  begun->graph.capture_begin();
#endif
  try {
    work();
  } catch (...) {
    try {
      begun->graph.capture_end();  // the stream is of use again
    } catch (const c10::Error&) {  // what the recording broke on is the error to tell
    }
    throw;
  }
  begun->graph.capture_end();
  graph_ = std::move(begun);
}

void RecordedWork::repeat() { graph_->graph.replay(); }

double free_memory(at::Device gpu) {
  const c10::cuda::CUDAGuard guard(gpu);
  std::size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  return static_cast<double>(free);
}

bool multiplies_bfloat16(at::Device gpu) {
  int major = 0;
  C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, gpu.index()));
  return major >= 8;
}

}  // namespace paretoforge
