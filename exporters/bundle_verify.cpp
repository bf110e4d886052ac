// Verifying a bundle: sums first, then every model in its real runtime.
#include <algorithm>
#include <cmath>

#include "configs/config.hpp"
#include "exporters/bundle.hpp"
#include "exporters/bundle_internal.hpp"
#include "exporters/c_runner.hpp"
#include "exporters/onnx_forms.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/sha256_internal.hpp"
#include "exporters/tflite_runner.hpp"
#include "exporters/tflite_writer.hpp"

namespace paretoforge {

using namespace internal;

namespace {

namespace fs = std::filesystem;

/// A file's name may lead nowhere but into its own folder.
void check_name(const std::string& name, const fs::path& folder) {
  if (name.empty() || name.find("..") != std::string::npos || name.front() == '/')
    throw ConfigError("error: " + (folder / manifest_name).string() + " names a file outside its folder: '" + name +
                      "'");
}

void check_sums(const Json& model, const fs::path& folder) {
  for (const auto& [name, entry] : model.at("files").items()) {
    check_name(name, folder);
    const fs::path path = folder / name;
    if (!fs::is_regular_file(path)) throw ConfigError("error: " + path.string() + " is missing from the bundle");
    if (sha256(read_file(path)) != entry.at("sha256").get<std::string>())
      throw ConfigError("error: " + path.string() + " is not what was exported: its bytes have changed");
  }
}

std::vector<float> sample(const IntegerNode& node, const std::string& bytes, std::size_t offset) {
  const auto* first = reinterpret_cast<const std::int8_t*>(bytes.data()) + offset;
  return dequantised(node, {first, static_cast<std::size_t>(node.shape.elements())});
}

/// What golden.bin holds: the int8 inputs of all samples, then the outputs that are expected.
struct Golden {
  IntegerNode input, output;
  std::size_t samples, in, out;
  std::string bytes;
  bool regression;

  /// For same_answer, of outputs in steps of `scale`.
  double step(double scale) const { return regression ? scale : 0; }
};

Golden read_golden(const Json& model, const fs::path& folder) {
  const Json& json = model.at("golden");
  Golden golden{tensor_from(json.at("input")), tensor_from(json.at("output")), json.at("samples"), 0, 0, read_file(folder / "golden.bin"), model.contains("targets")};
  golden.in = static_cast<std::size_t>(golden.input.shape.elements());
  golden.out = static_cast<std::size_t>(golden.output.shape.elements());
  if (golden.in < 1 || golden.out < 1 || golden.bytes.size() != golden.samples * (golden.in + golden.out))
    throw ConfigError("error: " + (folder / "golden.bin").string() + " has another size than the manifest says");
  return golden;
}

void check_onnx_files(const Golden& golden, const fs::path& folder, BundleCheck& check) {
  OnnxSession session(folder / "model.onnx"), float_session(folder / "model_float.onnx");
  for (const OnnxSession* each : {&session, &float_session})
    if (each->outputs().size() != 1 || each->outputs()[0].elements != golden.out)
      throw ConfigError("error: the models in " + folder.string() + " do not have the output that the manifest says");
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < golden.samples; ++i) {
    const std::vector<float> image = sample(golden.input, golden.bytes, i * golden.in);
    const std::vector<float> expected = sample(golden.output, golden.bytes, golden.samples * golden.in + i * golden.out);
    const std::vector<float> found = session.run(image), real = float_session.run(image);
    if (same_answer(found, expected, golden.step(double{golden.output.output.scale}))) ++check.agreeing;
    for (std::size_t k = 0; k < golden.out; ++k) {
      check.greatest_quanta =
          std::max(check.greatest_quanta,
                   std::round(std::abs(double{found[k]} - double{expected[k]}) / double{golden.output.output.scale}));
      difference += std::pow(double{found[k]} - double{real[k]}, 2);
      size += std::pow(double{real[k]}, 2);
    }
  }
  check.samples = golden.samples;
  if (size > 0) check.float_difference = std::sqrt(difference / size);
}

std::string skipped_c(const std::string& file) { return "compiling and running " + file + ": there is no C compiler\n   = apt-get install gcc"; }
/// Why a file is not run in a runtime of TFLite; empty where it is.
std::string skipped_run(const std::string& file, const TfliteRuntime& runtime) {
  if (file.ends_with(packed_tflite_file) && !runtime.int4)
    return "running " + file + " in " + std::string(runtime.title) + ", which has no weights of 4 bits\n   = --formats tflite is the same network with a byte for each";
  if (available(runtime)) return "";
  return "running " + file + " in " + std::string(runtime.title) + ", which is not installed\n   = " + std::string(runtime.install);
}

/// Between two processors the last bits of floats may differ.
constexpr double form_slack = 0.01;

void check_forms(const Json& model, const Golden& golden, const fs::path& folder, BundleCheck& check) {
  std::vector<GoldenSample> samples;
  for (std::size_t i = 0; i < golden.samples; ++i)
    samples.push_back({sample(golden.input, golden.bytes, i * golden.in), sample(golden.output, golden.bytes, golden.samples * golden.in + i * golden.out), golden.step(double{golden.output.output.scale})});
  for (const auto& [name, entry] : model.at("files").items()) {
    if (!is_onnx_form(name) || samples.empty()) continue;
    const Json* measured = model.contains("parity_forms") && model["parity_forms"].contains(name) ? &model["parity_forms"][name] : nullptr;
    const double allowed = form_slack + (measured != nullptr ? measured->at("difference").get<double>() : 1);
    check.forms.push_back(check_onnx_form(name, read_file(folder / name), samples, allowed));
  }
}

void check_c_files(const Golden& golden, const fs::path& folder, BundleCheck& check) {
  const auto compiler = host_c_compiler();
  if (!compiler) {
    check.skipped.push_back(skipped_c(check.model + "/c/model.c"));
    return;
  }
  const auto* bytes = reinterpret_cast<const std::int8_t*>(golden.bytes.data());
  const std::size_t inputs = golden.samples * golden.in;
  const CJob job{check.model, c_source_from(read_file(folder / "c/model.h"), read_file(folder / "c/model.c"), check.model), golden.in, golden.out, {bytes, bytes + inputs}};
  check.c_samples = golden.samples;
  check.c_equal = equal_samples(job, {bytes + inputs, golden.samples * golden.out}, *compiler);
}

/// A file's int8 outputs for all samples, beside what is expected.
RuntimeCheck compared(const std::string& runtime, const Golden& golden, std::span<const std::int8_t> found) {
  const auto* expected = reinterpret_cast<const std::int8_t*>(golden.bytes.data()) + golden.samples * golden.in;
  RuntimeCheck result{runtime, golden.samples, 0, 0};
  for (std::size_t i = 0; i < golden.samples; ++i, found = found.subspan(golden.out), expected += golden.out) {
    const std::vector<float> a(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(golden.out)), b(expected, expected + golden.out);
    if (same_answer(a, b, golden.step(1))) ++result.agreeing;
    for (std::size_t k = 0; k < golden.out; ++k) result.greatest_quanta = std::max(result.greatest_quanta, std::abs(double{a[k]} - double{b[k]}));
  }
  return result;
}

void check_tflite_file(const Golden& golden, const fs::path& folder, std::string_view file, BundleCheck& check) {
  const auto* bytes = reinterpret_cast<const std::int8_t*>(golden.bytes.data());
  const TfliteJob job{read_file(folder / file), golden.samples, {bytes, bytes + golden.samples * golden.in}};
  for (const TfliteRuntime& runtime : tflite_runtimes()) {
    if (std::string skipped = skipped_run(check.model + "/" + std::string(file), runtime); !skipped.empty()) {
      check.skipped.push_back(std::move(skipped));
      continue;
    }
    const std::vector<std::int8_t> found = run_tflite(runtime, {&job, 1})[0];
    if (found.size() != golden.samples * golden.out) throw ConfigError("error: " + (folder / file).string() + " does not have the output that the manifest says");
    check.tflite.push_back(compared(std::string(runtime.title) + ' ' + version(runtime) + (file == packed_tflite_file ? " int4" : ""), golden, found));
  }
}

void check_torchscript_file(const Golden& golden, const fs::path& folder, const TorchScript* torchscript, BundleCheck& check) {
  if (torchscript == nullptr) {
    check.skipped.push_back("running " + check.model + "/model.pt: this build has no LibTorch\n   = configure with -DPARETOFORGE_TORCH=ON");
    return;
  }
  std::vector<float> inputs;
  for (std::size_t i = 0; i < golden.samples; ++i) {
    const std::vector<float> image = sample(golden.input, golden.bytes, i * golden.in);
    inputs.insert(inputs.end(), image.begin(), image.end());
  }
  check.torch_samples = golden.samples;
  check.torch_difference = float_difference(torchscript->run(read_file(folder / "model.pt"), golden.input.shape, inputs), floats_from(read_file(folder / "golden_float.bin")));
}

BundleCheck check_model(const Json& model, const fs::path& folder, const TorchScript* torchscript) {
  BundleCheck check;
  check.model = model.at("name");
  const Golden golden = read_golden(model, folder);
  if (model.at("files").contains("model.onnx")) check_onnx_files(golden, folder, check);
  check_forms(model, golden, folder, check);
  if (model.at("files").contains("c/model.c") && golden.samples > 0) check_c_files(golden, folder, check);
  for (const std::string_view file : {tflite_file, packed_tflite_file})
    if (model.at("files").contains(std::string(file)) && golden.samples > 0) check_tflite_file(golden, folder, file, check);
  if (model.at("files").contains("model.pt") && golden.samples > 0) check_torchscript_file(golden, folder, torchscript, check);
  return check;
}

}  // namespace

std::vector<std::string> skipped_runs(std::span<const std::string> formats) {
  const auto has = [&](std::string_view format) { return std::find(formats.begin(), formats.end(), format) != formats.end(); };
  std::vector<std::string> skipped;
  if (has("onnx") && !OnnxRuntime::available())
    skipped.emplace_back("running model.onnx in ONNX Runtime, which is not installed\n   = npm install --ignore-scripts onnxruntime-node@1.30.0");
  if (has("c") && !host_c_compiler()) skipped.push_back(skipped_c("c/model.c"));
  for (const auto& [format, file] : {std::pair{"tflite", tflite_file}, {"tflite_int4", packed_tflite_file}})
    for (const TfliteRuntime& runtime : tflite_runtimes())
      if (std::string why = has(format) ? skipped_run(std::string(file), runtime) : ""; !why.empty()) skipped.push_back(std::move(why));
  return skipped;
}

std::vector<BundleCheck> verify_bundle(const fs::path& folder, const TorchScript* torchscript) try {
  const Json manifest = read_manifest(folder);
  for (const Json& model : manifest.at("models")) {
    check_name(model.at("name"), folder);
    check_sums(model, folder / model.at("name").get<std::string>());
  }
  std::vector<BundleCheck> checks;
  for (const Json& model : manifest.at("models"))
    checks.push_back(check_model(model, folder / model.at("name").get<std::string>(), torchscript));
  return checks;
} catch (const Json::exception& error) {
  throw ConfigError("error: " + (folder / manifest_name).string() + " is damaged: " + error.what());
}

bool passed(const BundleCheck& check) {
  const auto agrees = [](const auto& run) { return run.agreeing + run.samples / 1000 >= run.samples; };
  return agrees(check) && check.c_equal == check.c_samples && check.torch_difference <= greatest_float_difference && std::all_of(check.tflite.begin(), check.tflite.end(), agrees) &&
         std::all_of(check.forms.begin(), check.forms.end(), [](const OnnxFormCheck& form) { return passed(form); });
}

}  // namespace paretoforge
