// A LibTorch without CUDA: it sees no GPU, so none of this is reached.
#include <stdexcept>

#include "trainers/gpu_internal.hpp"

namespace paretoforge {

struct RecordedWork::Graph {};

RecordedWork::RecordedWork() = default;
RecordedWork::~RecordedWork() = default;
void RecordedWork::forget() { graph_.reset(); }
void RecordedWork::record(const std::function<void()>&) { throw std::logic_error("nothing is recorded without a GPU"); }
void RecordedWork::repeat() { throw std::logic_error("nothing is recorded without a GPU"); }
double free_memory(at::Device) { return 0; }
bool multiplies_bfloat16(at::Device) { return false; }

}  // namespace paretoforge
