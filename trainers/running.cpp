// Networks ready to run: on the device, in the type asked for, and waited for.
#include "trainers/running.hpp"

#include <torch/cuda.h>

#include <memory>

#include "space/random.hpp"
#include "trainers/session_internal.hpp"

namespace paretoforge {
namespace {

at::ScalarType type_named(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "float16") return at::kHalf;
  if (name == "bfloat16") return at::kBFloat16;
  throw std::invalid_argument("no type '" + name + "'");
}

/// What LibTorch's errors say, without the many lines of where.
template <class Work>
void saying_why(Work&& work) {
  try {
    work();
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    throw RunError(what.substr(0, what.find('\n')));
  }
}

class ReadyNetwork {
 public:
  ReadyNetwork(const Model& model, at::Device device, const RunSettings& settings)
      : device_(device), network_(model.graph, device, type_named(settings.type)) {
    if (settings.type != "float32") network_.set_fused(false);  // our own loops are for float and double
    network_.load(model.weights);
    at::Tensor input = image_tensor(static_cast<std::size_t>(settings.batch), model.graph.shape(0));
    Random random(settings.seed);
    for (std::int64_t i = 0; i < input.numel(); ++i) input.data_ptr<float>()[i] = static_cast<float>(random.normal());
    input_ = input.to(device, type_named(settings.type));
  }

  void run() {
    output_ = network_.logits(input_, TorchNetwork::Mode::evaluation);
    if (device_.is_cuda()) torch::cuda::synchronize(device_.index());  // kernels are only queued until here
  }

 private:
  at::Device device_;
  TorchNetwork network_;
  at::Tensor input_, output_;
};

}  // namespace

void require_device(const std::string& device) { device_named(device); }

std::function<void()> ready_to_run(const Model& model, const RunSettings& settings) {
  if (settings.device != "cpu" && settings.device != "cuda") throw std::invalid_argument("no device '" + settings.device + "'");
  const at::Device device = device_named(settings.device);
  std::shared_ptr<ReadyNetwork> network;
  saying_why([&] {
    network = std::make_shared<ReadyNetwork>(model, device, settings);
    network->run();
  });
  return [network] { saying_why([&] { network->run(); }); };
}

}  // namespace paretoforge
