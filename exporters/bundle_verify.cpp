// Verifying a bundle: sums first, then every model in its real runtime.
#include <algorithm>
#include <cmath>

#include "configs/config.hpp"
#include "exporters/bundle.hpp"
#include "exporters/bundle_internal.hpp"
#include "exporters/c_runner.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/sha256_internal.hpp"

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
};

Golden read_golden(const Json& json, const fs::path& folder) {
  Golden golden{tensor_from(json.at("input")), tensor_from(json.at("output")), json.at("samples"), 0, 0, read_file(folder / "golden.bin")};
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
    if (same_class(found, expected)) ++check.agreeing;
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

void check_c_files(const Golden& golden, const fs::path& folder, BundleCheck& check) {
  const auto compiler = host_c_compiler();
  if (!compiler) {
    check.skipped.push_back("compiling and running " + check.model + "/c/model.c: there is no C compiler\n   = apt-get install gcc");
    return;
  }
  const auto* bytes = reinterpret_cast<const std::int8_t*>(golden.bytes.data());
  const std::size_t inputs = golden.samples * golden.in;
  const CJob job{check.model, c_source_from(read_file(folder / "c/model.h"), read_file(folder / "c/model.c"), check.model), golden.in, golden.out, {bytes, bytes + inputs}};
  check.c_samples = golden.samples;
  check.c_equal = equal_samples(job, {bytes + inputs, golden.samples * golden.out}, *compiler);
}

BundleCheck check_model(const Json& model, const fs::path& folder) {
  BundleCheck check;
  check.model = model.at("name");
  const Golden golden = read_golden(model.at("golden"), folder);
  if (model.at("files").contains("model.onnx")) check_onnx_files(golden, folder, check);
  if (model.at("files").contains("c/model.c") && golden.samples > 0) check_c_files(golden, folder, check);
  return check;
}

}  // namespace

std::vector<BundleCheck> verify_bundle(const fs::path& folder) try {
  const Json manifest = read_manifest(folder);
  for (const Json& model : manifest.at("models")) {
    check_name(model.at("name"), folder);
    check_sums(model, folder / model.at("name").get<std::string>());
  }
  std::vector<BundleCheck> checks;
  for (const Json& model : manifest.at("models"))
    checks.push_back(check_model(model, folder / model.at("name").get<std::string>()));
  return checks;
} catch (const Json::exception& error) {
  throw ConfigError("error: " + (folder / manifest_name).string() + " is damaged: " + error.what());
}

bool passed(const BundleCheck& check) { return check.agreeing + check.samples / 1000 >= check.samples && check.c_equal == check.c_samples; }

}  // namespace paretoforge
