#include "experiments/reports/exports/runtimes.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "experiments/training.hpp"
#include "exporters/c_runner.hpp"
#include "exporters/float_model.hpp"
#include "exporters/formats.hpp"
#include "exporters/mcu_runner.hpp"
#include "exporters/onnx_forms.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/reference.hpp"
#include "exporters/tflite_verify.hpp"
#include "exporters/tflite_writer.hpp"
#include "exporters/verify.hpp"

namespace paretoforge {
namespace {

double greatest(const std::vector<LayerParity>& layers) {
  double quanta = 0;
  for (const LayerParity& layer : layers) quanta = std::max(quanta, layer.greatest_quanta);
  return quanta;
}

Agreement in_onnx_runtime(const ExportedNetwork& network) {
  const Parity parity = compare_outputs(network.integer, qdq_onnx(network.integer), network.images);
  return {parity.images, parity.agreeing, parity.greatest_quanta, greatest(compare_layers(network.integer, network.images))};
}

/// The greatest difference of any output from the float network's, over the greatest of its outputs.
Agreement in_torchscript(const ExportedNetwork& network) {
  const TorchScript& torch = *torchscript_format();
  const Shape input = network.model.graph.shape(0);
  const std::vector<float> given = torch.run(torch.write(network.model, {}), input, network.images);
  FloatInterpreter reference(network.model);
  const auto size = static_cast<std::size_t>(input.elements());
  Agreement found;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < network.images.size(); i += size) {
    const std::vector<float> expected = reference.run(std::span(network.images).subspan(i, size));
    const auto output = std::span(given).subspan(begin, expected.size());
    begin += expected.size();
    ++found.samples;
    found.agreeing += same_class(output, expected);
    double greatest = 0, difference = 0;
    for (std::size_t o = 0; o < expected.size(); ++o) {
      greatest = std::max(greatest, std::abs(double{expected[o]}));
      difference = std::max(difference, std::abs(double{output[o]} - double{expected[o]}));
    }
    found.quanta = std::max(found.quanta, greatest > 0 ? difference / greatest : difference);
  }
  return found;
}

Agreement in_tflite(const TfliteRuntime& runtime, const ExportedNetwork& network) {
  const std::vector<TfliteCase> cases{{network.integer, tflite_model(network.integer), network.images}};
  const TfliteParity parity = compare_tflite(runtime, cases)[0];
  return {parity.outputs.images, parity.outputs.agreeing, parity.outputs.greatest_quanta, parity.layer_quanta()};
}

/// Samples whose bytes are the reference's.
Agreement of_bytes(const ExportedNetwork& network, const CJob& job, const std::vector<std::int8_t>& outputs) {
  IntegerInterpreter reference(network.integer);
  Agreement found;
  for (std::size_t i = 0; i * job.input < job.inputs.size(); ++i) {
    const auto expected = reference.run(std::span(job.inputs).subspan(i * job.input, job.input));
    const auto given = std::span(outputs).subspan(i * job.output, job.output);
    ++found.samples;
    found.agreeing += std::equal(expected.begin(), expected.end(), given.begin(), given.end());
    for (std::size_t o = 0; o < expected.size(); ++o) found.quanta = std::max<double>(found.quanta, std::abs(expected[o] - given[o]));
  }
  return found;
}

Agreement in_c(const ExportedNetwork& network) {
  const CJob job = c_job(network.integer, "network", network.images);
  return of_bytes(network, job, run_c({&job, 1}, *host_c_compiler())[0]);
}

Agreement on_m4(const ExportedNetwork& network) {
  const CJob job = c_job(network.integer, "network", network.images);
  return of_bytes(network, job, run_on_mcu({&job, 1}, find_mcu_core("cortex_m4"))[0].outputs);
}

}  // namespace

std::vector<BenchRuntime> bench_runtimes() {
  std::vector<BenchRuntime> all;
  const bool onnx = OnnxRuntime::available(), compiler = host_c_compiler().has_value();
  all.push_back({"onnxruntime", onnx ? "ONNX Runtime " + OnnxRuntime::version() : "ONNX Runtime", onnx ? "" : "npm install --ignore-scripts onnxruntime-node@1.30.0", in_onnx_runtime, true});
  for (const TfliteRuntime& runtime : tflite_runtimes()) {
    const bool here = available(runtime);
    all.push_back({std::string(runtime.name), std::string(runtime.title) + (here ? " " + version(runtime) : ""), here ? "" : std::string(runtime.install),
                   [&runtime](const ExportedNetwork& network) { return in_tflite(runtime, network); }, true});
  }
  all.push_back({"c", "C on this machine", compiler ? "" : "apt-get install gcc", in_c, false});
  all.push_back({"cortex_m4", "C on QEMU's Cortex-M4, arm-none-eabi-gcc " + mcu_compiler_version(), missing_for_mcu(), on_m4, false});
  const TorchScript* torch = torchscript_format();
  all.push_back({"torchscript", torch ? "TorchScript, LibTorch " + torch->version : "TorchScript", torch ? "" : "cmake --preset release, with LibTorch (apt-get install libtorch-dev)", in_torchscript, false});
  return all;
}

void write_all_formats(const ExportedNetwork& network) {
  for (const Format& format : formats()) {
    if (format.name == "torchscript") continue;
    for (const ExportedFile& file : format.write({network.model, network.integer, {}}))
      if (is_onnx_form(file.name) && OnnxRuntime::available()) proven_onnx_form(file.name, file.bytes, network.model, network.integer, network.images);
  }
}

}  // namespace paretoforge
