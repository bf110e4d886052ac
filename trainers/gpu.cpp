// CUDA graphs and the memory of a GPU. The only file that needs CUDA's headers, which come with a LibTorch that has it.
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime_api.h>

#include <mutex>

#include "trainers/gpu_internal.hpp"

namespace paretoforge {

struct RecordedWork::Graph {
  at::cuda::CUDAGraph graph;
};

namespace {

/// Ends a capture that broke, on the thread's stream and in LibTorch's allocator: a CUDAGraph does neither by itself.
void abandon(c10::MempoolId_t pool) {
  const c10::cuda::CUDAStream stream = c10::cuda::getCurrentCUDAStream();
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  if (cudaStreamIsCapturing(stream, &status) == cudaSuccess && status != cudaStreamCaptureStatusNone) {
    cudaGraph_t begun = nullptr;
    static_cast<void>(cudaStreamEndCapture(stream, &begun));  // says that the recording broke
    if (begun != nullptr) static_cast<void>(cudaGraphDestroy(begun));
  }
  static_cast<void>(cudaGetLastError());
  for (const auto end :
       {c10::cuda::CUDACachingAllocator::endAllocateToPool, c10::cuda::CUDACachingAllocator::releasePool})
    try {
      end(stream.device_index(), pool);
    } catch (const c10::Error&) {  // the capture had come to that by itself
    }
}

}  // namespace

RecordedWork::RecordedWork() = default;
RecordedWork::~RecordedWork() = default;
void RecordedWork::forget() { graph_.reset(); }

void RecordedWork::record(const std::function<void()>& work) {
  static std::mutex one_at_a_time;  // LibTorch's default generator takes part in one recording
  const std::lock_guard lock(one_at_a_time);
  auto begun = std::make_unique<Graph>();
  const c10::MempoolId_t pool = at::cuda::graph_pool_handle();
  try {
    begun->graph.capture_begin(pool, cudaStreamCaptureModeThreadLocal);  // other trainings may allocate meanwhile
    work();
    begun->graph.capture_end();
  } catch (...) {
    abandon(pool);
    static_cast<void>(begun.release());  // never destroyed: LibTorch's allocators may hold filters that refer to it
    throw;
  }
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
