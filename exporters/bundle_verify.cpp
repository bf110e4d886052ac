// Verifying a bundle: sums first, then every model in its real runtime.
#include <algorithm>
#include <cmath>

#include "configs/config.hpp"
#include "exporters/bundle.hpp"
#include "exporters/bundle_internal.hpp"
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

BundleCheck check_model(const Json& model, const fs::path& folder) {
  const Json& golden = model.at("golden");
  const IntegerNode input = tensor_from(golden.at("input")), output = tensor_from(golden.at("output"));
  BundleCheck check{model.at("name"), golden.at("samples"), 0, 0, 0};
  const auto in = static_cast<std::size_t>(input.shape.elements()),
             out = static_cast<std::size_t>(output.shape.elements());
  const std::string bytes = read_file(folder / "golden.bin");
  if (in < 1 || out < 1 || bytes.size() != check.samples * (in + out))
    throw ConfigError("error: " + (folder / "golden.bin").string() + " has another size than the manifest says");
  OnnxSession session(folder / "model.onnx"), float_session(folder / "model_float.onnx");
  for (const OnnxSession* each : {&session, &float_session})
    if (each->outputs().size() != 1 || each->outputs()[0].elements != out)
      throw ConfigError("error: the models in " + folder.string() + " do not have the output that the manifest says");
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < check.samples; ++i) {
    const std::vector<float> image = sample(input, bytes, i * in);
    const std::vector<float> expected = sample(output, bytes, check.samples * in + i * out);
    const std::vector<float> found = session.run(image), real = float_session.run(image);
    if (same_class(found, expected)) ++check.agreeing;
    for (std::size_t k = 0; k < out; ++k) {
      check.greatest_quanta =
          std::max(check.greatest_quanta,
                   std::round(std::abs(double{found[k]} - double{expected[k]}) / double{output.output.scale}));
      difference += std::pow(double{found[k]} - double{real[k]}, 2);
      size += std::pow(double{real[k]}, 2);
    }
  }
  if (size > 0) check.float_difference = std::sqrt(difference / size);
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

bool passed(const BundleCheck& check) { return check.agreeing + check.samples / 1000 >= check.samples; }

}  // namespace paretoforge
