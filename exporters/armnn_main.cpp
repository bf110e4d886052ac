// The program paretoforge_armnn: runs TFLite files in Arm NN's CpuRef backend. A program of its own, so that nothing
// else is linked with Arm NN.
//   paretoforge_armnn            runs the jobs of the current folder, see tflite_runner.cpp
//   paretoforge_armnn --version
#include <armnn/ArmNN.hpp>
#include <armnnTfLiteParser/ITfLiteParser.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using Bytes = std::vector<char>;

Bytes read(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

struct Tensor {
  armnn::BindingPointInfo binding;
  Bytes bytes;
  explicit Tensor(armnn::BindingPointInfo info) : binding(std::move(info)), bytes(binding.second.GetNumBytes()) {}
};

/// An input's form; releases of Arm NN since 22 want to be told that nobody writes to it.
template <class Info>
Info constant(Info info) {
  if constexpr (requires { info.SetConstant(true); }) info.SetConstant(true);
  return info;
}

void run(armnn::IRuntime& runtime, const std::string& name, std::size_t samples) {
  const Bytes model = read(name + ".tflite"), input = read(name + ".in");
  const auto parser = armnnTfLiteParser::ITfLiteParser::Create();
  armnn::INetworkPtr network = parser->CreateNetworkFromBinary({model.begin(), model.end()});
  std::vector<Tensor> inputs, outputs;
  for (const std::string& each : parser->GetSubgraphInputTensorNames(0)) inputs.emplace_back(parser->GetNetworkInputBindingInfo(0, each));
  for (const std::string& each : parser->GetSubgraphOutputTensorNames(0)) outputs.emplace_back(parser->GetNetworkOutputBindingInfo(0, each));
  armnn::IOptimizedNetworkPtr optimised = armnn::Optimize(*network, {armnn::Compute::CpuRef}, runtime.GetDeviceSpec());
  if (!optimised) throw std::runtime_error("Arm NN's CpuRef cannot run it");
  armnn::NetworkId id = 0;
  std::string message;
  if (runtime.LoadNetwork(id, std::move(optimised), message) != armnn::Status::Success) throw std::runtime_error(message);

  armnn::InputTensors given;
  armnn::OutputTensors taken;
  for (const Tensor& each : inputs) given.emplace_back(each.binding.first, armnn::ConstTensor(constant(each.binding.second), each.bytes.data()));
  for (Tensor& each : outputs) taken.emplace_back(each.binding.first, armnn::Tensor(each.binding.second, each.bytes.data()));
  std::ofstream results(name + ".out", std::ios::binary);
  std::size_t at = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    for (Tensor& each : inputs) {
      if (at + each.bytes.size() > input.size()) throw std::runtime_error("the model takes more than " + std::to_string(input.size()) + " bytes");
      std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(at), each.bytes.size(), each.bytes.begin());
      at += each.bytes.size();
    }
    if (runtime.EnqueueWorkload(id, given, taken) != armnn::Status::Success) throw std::runtime_error("Arm NN failed to run it");
    for (const Tensor& each : outputs) results.write(each.bytes.data(), static_cast<std::streamsize>(each.bytes.size()));
  }
  if (at != input.size()) throw std::runtime_error("the model takes " + std::to_string(at) + " bytes of " + std::to_string(input.size()));
  runtime.UnloadNetwork(id);
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::string(arguments[1]) == "--version") {
    std::cout << ARMNN_VERSION << '\n';
    return 0;
  }
  std::string name;
  try {
    armnn::IRuntime::CreationOptions options;
    options.m_DynamicBackendsPath = PARETOFORGE_ARMNN_BACKENDS;
    const armnn::IRuntimePtr runtime = armnn::IRuntime::Create(options);
    std::ifstream jobs("jobs.txt");
    for (std::size_t samples = 0; jobs >> name >> samples;) run(*runtime, name, samples);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "model " << name << ": " << error.what() << '\n';
    return 1;
  }
}
