// Running networks over images, and the settings of thread and process under which they run well.
#include <ATen/Parallel.h>
#include <malloc.h>

#include "trainers/session_internal.hpp"
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <cmath>

#include "trainers/gpu_internal.hpp"
#include "trainers/quantised_network_internal.hpp"
#include "trainers/torchscript.hpp"
#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t evaluation_batch = 128;

/// All images, of the size that a network takes.
ImageView whole(const Images& images, const Shape& input) { return {images, every_position(images), input.height, input.width}; }

}  // namespace

at::Tensor image_tensor(std::size_t count, const Shape& shape, bool pinned) {
  // Allocated channels-last: a tensor of one channel made so by .contiguous would keep its strides, and the whole
  // network would run in the slower layout.
  const auto options = at::TensorOptions().dtype(at::kFloat).device(at::kCPU).pinned_memory(pinned);
  return at::empty({static_cast<std::int64_t>(count), shape.channels, shape.height, shape.width}, options,
                   at::MemoryFormat::ChannelsLast);
}

at::Device device_named(const std::string& name) {
  if (name == "cuda" && !at::hasCUDA())
    throw ConfigError("error: device cuda: this LibTorch (" + libtorch_version() + ") sees no GPU\n   = it needs an NVIDIA GPU with its driver, and a LibTorch that was built with CUDA (those of pytorch.org; Debian's is not)");
  return name != "cpu" && at::hasCUDA() ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
}

void check_precision(Precision precision, at::Device device) {
  if (precision == Precision::float32) return;
  if (device.is_cuda()) {
    if (precision == Precision::float16 || multiplies_bfloat16(device)) return;
    throw ConfigError("error: precision bfloat16: this GPU does not multiply it (compute capability 8.0); float16 it does");
  }
  if (precision == Precision::float16) throw ConfigError("error: precision float16: for GPUs; a processor may have bfloat16");
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512bf16")) return;  // AMX comes with it
#endif
  throw ConfigError("error: precision bfloat16: this processor does not multiply it (AVX512-BF16, AMX)");
}

at::ScalarType type_of(Precision precision) {
  return precision == Precision::float32 ? at::kFloat : precision == Precision::bfloat16 ? at::kBFloat16 : at::kHalf;
}

std::optional<double> gpu_memory(const TrainSettings& settings) {
  const at::Device device = device_named(settings.device);
  return device.is_cuda() ? std::optional(free_memory(device)) : std::nullopt;
}

std::vector<float> run_logits(const std::function<at::Tensor(const at::Tensor&)>& outputs, at::Device device, const ImageView& images,
                              const Normalisation& normalisation, const std::stop_token& stop) {
  const BatchMaker maker(images.images(), normalisation);
  std::vector<float> result;
  for (std::size_t begin = 0; begin < images.size(); begin += evaluation_batch) {
    if (stop.stop_requested()) throw TrainingInterrupted();
    std::vector<std::uint32_t> batch;
    for (std::size_t i = begin; i < std::min(begin + evaluation_batch, images.size()); ++i) batch.push_back(images.position(i));
    const auto input = image_tensor(batch.size(), images.images().shape);
    maker.plain(batch, input.data_ptr<float>());
    const auto output = outputs(input.to(device)).to(at::kCPU).contiguous();
    result.insert(result.end(), output.data_ptr<float>(), output.data_ptr<float>() + output.numel());
  }
  return result;
}

std::vector<float> logits(const Model& model, const Images& images, std::stop_token stop) {
  check_fit(model.graph, images.shape);
  const ThreadSettings settings;
  TorchNetwork network(model.graph);
  network.load(model.weights);
  const auto outputs = [&](const at::Tensor& batch) { return network.logits(batch, TorchNetwork::Mode::evaluation); };
  return run_logits(outputs, at::kCPU, whole(images, model.graph.shape(0)), model.input, stop);
}

std::vector<float> quantised_logits(const Model& model, const Images& images, std::stop_token stop) {
  check_fit(model.graph, images.shape);
  if (model.ranges.size() != static_cast<std::size_t>(model.graph.size())) throw TrainingError("the model was not trained quantised: it has no ranges");
  const ThreadSettings settings;
  TorchNetwork network(model.graph);
  network.load(model.weights);
  QuantisedNetwork quantised(model.graph, network, 1);
  quantised.load({model.ranges, 1});
  const auto outputs = [&](const at::Tensor& batch) { return quantised.logits(batch, QuantisedNetwork::Mode::evaluation); };
  return run_logits(outputs, at::kCPU, whole(images, model.graph.shape(0)), model.input, stop);
}

Evaluation evaluate(const Model& model, const Images& images, std::stop_token stop) {
  if (images.size() == 0) return {};
  const std::vector<float> outputs = logits(model, images, stop);
  return images.targets.empty() ? evaluation_of(outputs, images.labels) : evaluation_of(outputs, images.targets, model.output);
}

// The floating point unit's control word belongs to the thread, not to LibTorch: what was there is put back.
ThreadSettings::ThreadSettings() {
#if defined(__SSE__)
  control_ = _mm_getcsr();
#endif
  at::set_num_threads(1);
  at::globalContext().setFlushDenormal(true);
}

ThreadSettings::~ThreadSettings() {
#if defined(__SSE__)
  _mm_setcsr(control_);
#endif
}

void tune_process() {
  // A step allocates and frees the same tens of megabytes; kept, they are never faulted in again.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc takes
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  at::set_num_threads(1);
}

}  // namespace paretoforge
