// Writing a bundle.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <stdexcept>

#include "configs/config.hpp"
#include "configs/table.hpp"
#include "exporters/bundle.hpp"
#include "exporters/bundle_internal.hpp"
#include "exporters/c_runner.hpp"
#include "exporters/float_model.hpp"
#include "exporters/formats.hpp"
#include "exporters/onnx_forms.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/reference.hpp"
#include "exporters/sha256_internal.hpp"
#include "exporters/tflite_verify.hpp"

namespace paretoforge {

using namespace internal;

namespace {

namespace fs = std::filesystem;

const IntegerNode& output_of(const IntegerModel& model) { return model.nodes[static_cast<std::size_t>(model.output)]; }

bool is_name(const std::string& name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

bool contains(const std::vector<std::string>& names, std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); }

void check(const Bundle& bundle) {
  if (bundle.models.empty()) throw ConfigError("error: a bundle needs at least one model");
  for (const std::string& name : bundle.formats) find_format(name);
  std::set<std::string> names;
  for (const BundleModel& model : bundle.models) {
    if (!is_name(model.name))
      throw ConfigError("error: a model's name must be lower-case letters, digits and underscores, not '" + model.name +
                        "'");
    if (!names.insert(model.name).second)
      throw ConfigError("error: two models of the bundle are called '" + model.name + "'");
    check_exportable(model.model.graph, bundle.formats);
    for (const auto& [key, value] : model.figures)
      if (!std::isfinite(value)) throw std::invalid_argument(model.name + ": the figure " + key + " is not finite");
    if (model.golden.size() % static_cast<std::size_t>(model.integer.nodes[0].shape.elements()) != 0)
      throw std::invalid_argument(model.name + ": golden samples must be whole");
  }
}

/// A file in the folder that is not one of the bundle there; empty where there is none.
fs::path foreign_file(const Json& manifest, const fs::path& folder) {
  std::set<fs::path> own{manifest_name};
  for (const Json& model : manifest.value("models", Json::array())) {
    const Json files = model.value("files", Json::object());
    for (const auto& [file, about] : files.items()) own.insert(fs::path(model.value("name", "")) / file);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (const fs::path file = entry.path().lexically_relative(folder); !entry.is_directory() && !own.contains(file)) return file;
  return {};
}

/// Refuses a folder that holds anything but an earlier bundle of this study: all of it will be replaced.
void check_folder(const Bundle& bundle, const fs::path& folder) {
  std::error_code none;
  if (!fs::exists(folder, none)) return;
  if (!fs::is_directory(folder)) throw ConfigError("error: " + folder.string() + " is not a folder");
  if (fs::is_empty(folder)) return;
  if (!fs::exists(folder / manifest_name))
    throw ConfigError("error: " + folder.string() +
                      " holds other files; nothing was written\n   = name another folder with --out");
  const Json manifest = read_manifest(folder);
  if (manifest.value("study", "") != bundle.study)
    throw ConfigError("error: " + folder.string() +
                      " holds a bundle of another study; nothing was written\n   = name another folder with --out");
  if (const fs::path file = foreign_file(manifest, folder); !file.empty())
    throw ConfigError("error: " + folder.string() + " holds " + file.string() +
                      ", which is not of the bundle there and would go with it; nothing was written\n   = move it away, or name another folder with --out");
}

std::string golden_bytes(const BundleModel& model) {
  IntegerInterpreter interpreter(model.integer);
  const auto size = static_cast<std::size_t>(model.integer.nodes[0].shape.elements());
  std::string inputs, outputs;
  for (std::size_t i = 0; i < model.golden.size(); i += size) {
    const auto input = quantised_input(model.integer, std::span(model.golden).subspan(i, size));
    const auto output = interpreter.run(input);
    inputs.append(input.begin(), input.end());
    outputs.append(output.begin(), output.end());
  }
  return inputs + outputs;
}

/// The golden inputs as the integer model sees them, in real numbers: each channels × height × width.
std::vector<float> real_inputs(const BundleModel& model) {
  const IntegerNode& input = model.integer.nodes[0];
  const auto size = static_cast<std::size_t>(input.shape.elements());
  std::vector<float> inputs;
  for (std::size_t i = 0; i < model.golden.size(); i += size) {
    const auto real = dequantised(input, quantised_input(model.integer, std::span(model.golden).subspan(i, size)));
    inputs.insert(inputs.end(), real.begin(), real.end());
  }
  return inputs;
}

std::vector<float> float_outputs(const BundleModel& model, std::span<const float> inputs) {
  FloatInterpreter interpreter(model.model);
  const auto size = static_cast<std::size_t>(model.integer.nodes[0].shape.elements());
  std::vector<float> outputs;
  for (std::size_t i = 0; i < inputs.size(); i += size) {
    const auto output = interpreter.run(inputs.subspan(i, size));
    outputs.insert(outputs.end(), output.begin(), output.end());
  }
  return outputs;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);  // a float, to the last bit
  return text;
}

std::string card(const Bundle& bundle, const BundleModel& model, const std::vector<ExportedFile>& files) {
  const IntegerNode &input = model.integer.nodes[0], &output = output_of(model.integer);
  std::string text = "# " + model.name + "\n\n" +
                     (bundle.searched ? "Found by the study `" + bundle.study + "`." : "One architecture by itself; no study found it.") +
                     "\n\n| | |\n|---|---|\n";
  for (const auto& [key, value] : model.facts) text += "| " + key + " | " + value + " |\n";
  for (const auto& [key, value] : model.figures) text += "| " + key + " | " + number_text(value) + " |\n";
  text += "| input | " + to_string(input.shape) + ", float, normalised as below |\n";
  text += "| output | " + to_string(output.shape) + " |\n\n";
  text += "Quantised to int8: weights per output channel, activations per tensor; input scale " +
          number(double{input.output.scale}) + ", zero point " + std::to_string(input.output.zero_point) + ".\n";
  const Normalisation& norm = model.model.input;
  for (std::size_t c = 0; c < norm.mean.size(); ++c)
    text += "Channel " + std::to_string(c) + ": x (a pixel as 0..1, else a value as it is) enters as (x - " +
            number(double{norm.mean[c]}) + ") / " + number(double{norm.deviation[c]}) + ".\n";
  const Normalisation& units = model.model.output;
  for (std::size_t t = 0; t < units.mean.size(); ++t)
    text += "Output " + std::to_string(t) + ": y stands for " + number(double{units.mean[t]}) + " + " + number(double{units.deviation[t]}) + " * y in the target's own unit.\n";
  text += "\nFiles:\n";
  for (const ExportedFile& file : files) {
    text += "- `" + file.name + "`, " + std::to_string(file.bytes.size()) + " bytes\n";
    if (file.name == "c/model.h")
      text += "  (at run time " + std::to_string(c_source_from(file.bytes, "", model.name).arena_bytes) + " bytes of arena, " + std::to_string(input.shape.elements()) + " of input, " +
              std::to_string(output.shape.elements()) + " of output, less than 1024 of stack)\n";
  }
  return text;
}

Json parity_json(const BundleModel& model, const std::string& onnx) {
  const Parity outputs = compare_outputs(model.integer, onnx, model.golden);
  double layer_quanta = 0;
  for (const LayerParity& layer : compare_layers(model.integer, model.golden))
    layer_quanta = std::max(layer_quanta, layer.greatest_quanta);
  const Fusion fusion = inspect_fusion(model.integer, onnx);
  return {{"runtime", "onnxruntime " + OnnxRuntime::version()},
          {"samples", outputs.images},
          {"agreement", outputs.agreement()},
          {"output_quanta", outputs.greatest_quanta},
          {"layer_quanta", layer_quanta},
          {"layers", fusion.layers},
          {"integer_layers", fusion.integer_layers},
          {"float_ops", fusion.float_ops}};
}

Json form_json(const BundleModel& model, const ExportedFile& file) {
  const OnnxFormCheck check = proven_onnx_form(file.name, file.bytes, model.model, model.integer, model.golden);
  return {{"samples", check.samples}, {"agreeing", check.agreeing}, {"difference", check.difference}};
}

/// The C form on this machine: its bytes are the reference's, or the model is not exported.
Json c_parity_json(const BundleModel& model, const CCompiler& compiler, const std::string& golden) {
  const CJob job = c_job(model.integer, model.name, model.golden);
  const auto* expected = reinterpret_cast<const std::int8_t*>(golden.data()) + job.inputs.size();
  const std::size_t samples = job.inputs.size() / job.input, equal = equal_samples(job, {expected, samples * job.output}, compiler);
  if (equal != samples)
    throw std::runtime_error(model.name + ": the exported C, compiled by " + compiler.program + ", gives other bytes than the reference for " + std::to_string(samples - equal) + " of " +
                             std::to_string(samples) + " samples");
  return {{"samples", samples}, {"equal", equal}, {"arena_bytes", job.code.arena_bytes}};
}

/// In each runtime of TFLite that is here and reads such files, by its name.
Json tflite_parity_json(const BundleModel& model, const std::string& file, TfliteWeights weights) {
  Json json = Json::object();
  for (const TfliteRuntime& runtime : tflite_runtimes()) {
    if (!available(runtime) || (weights == TfliteWeights::packed && !runtime.int4)) continue;
    const TfliteParity parity = compare_tflite(runtime, std::vector<TfliteCase>{{model.integer, file, model.golden, weights}})[0];
    json[std::string(runtime.name)] = {{"version", version(runtime)},
                                       {"samples", parity.outputs.images},
                                       {"agreement", parity.outputs.agreement()},
                                       {"output_quanta", parity.outputs.greatest_quanta},
                                       {"layer_quanta", parity.layer_quanta()}};
  }
  return json;
}

/// `expected`: what the float model gives for the golden inputs.
Json torchscript_parity_json(const BundleModel& model, const TorchScript& torchscript, const std::string& archive, std::span<const float> expected) {
  const std::vector<float> inputs = real_inputs(model);
  const double difference = float_difference(torchscript.run(archive, model.integer.nodes[0].shape, inputs), expected);
  if (!(difference <= greatest_float_difference))
    throw std::runtime_error(model.name + ": the TorchScript archive gives other numbers than the model: " + number(difference) + " of the greatest apart");
  return {{"runtime", "libtorch " + torchscript.version}, {"samples", inputs.size() / static_cast<std::size_t>(model.integer.nodes[0].shape.elements())}, {"difference", difference}};
}

template <class Value>
Json object(const std::vector<std::pair<std::string, Value>>& entries) {
  Json json = Json::object();
  for (const auto& [key, value] : entries) json[key] = value;
  return json;
}

Json write_model(const Bundle& bundle, const BundleModel& model, const fs::path& folder) {
  OnnxOptions labels{model.name, {{"study", bundle.study}}, 1};
  labels.metadata.insert(labels.metadata.end(), model.facts.begin(), model.facts.end());
  std::vector<ExportedFile> files;
  for (const std::string& format : bundle.formats)
    for (ExportedFile& file : find_format(format).write({model.model, model.integer, labels, bundle.torchscript}))
      files.push_back(std::move(file));
  const std::size_t exported = files.size();
  files.push_back({"architecture.yaml", model.architecture});
  const std::string golden = golden_bytes(model);
  files.push_back({"golden.bin", golden});
  std::vector<float> float_golden;
  if (contains(bundle.formats, "torchscript")) {
    float_golden = float_outputs(model, real_inputs(model));
    files.push_back({"golden_float.bin", float_bytes(float_golden)});
  }
  files.push_back(
      {"card.md", card(bundle, model, {files.begin(), files.begin() + static_cast<std::ptrdiff_t>(exported)})});

  Json json{{"name", model.name}, {"facts", object(model.facts)}, {"figures", object(model.figures)}};
  json["normalisation"] = {{"mean", model.integer.input.mean}, {"deviation", model.integer.input.deviation}};
  if (model.integer.regression()) json["targets"] = {{"mean", model.integer.targets.mean}, {"deviation", model.integer.targets.deviation}};
  const auto size = static_cast<std::size_t>(model.integer.nodes[0].shape.elements());
  json["golden"] = {{"samples", model.golden.size() / size},
                    {"input", tensor_json(model.integer.nodes[0])},
                    {"output", tensor_json(output_of(model.integer))}};
  fs::create_directories(folder / model.name);
  for (const ExportedFile& file : files) {
    fs::create_directories((folder / model.name / file.name).parent_path());
    write_file(folder / model.name / file.name, file.bytes);
    json["files"][file.name] = {{"bytes", file.bytes.size()}, {"sha256", sha256(file.bytes)}};
    if (file.name == "model.onnx" && OnnxRuntime::available() && !model.golden.empty())
      json["parity"] = parity_json(model, file.bytes);
    if (file.name == tflite_file && !model.golden.empty()) json["parity_tflite"] = tflite_parity_json(model, file.bytes, TfliteWeights::bytes);
    if (file.name == packed_tflite_file && !model.golden.empty()) json["parity_tflite_int4"] = tflite_parity_json(model, file.bytes, TfliteWeights::packed);
    if (file.name == "model.pt" && !model.golden.empty()) json["parity_torchscript"] = torchscript_parity_json(model, *bundle.torchscript, file.bytes, float_golden);
    if (is_onnx_form(file.name) && OnnxRuntime::available() && !model.golden.empty())
      json["parity_forms"][file.name] = form_json(model, file);
    if (const auto compiler = host_c_compiler(); file.name == "c/model.c" && compiler && !model.golden.empty())
      json["parity_c"] = c_parity_json(model, *compiler, golden);
  }
  return json;
}

/// A folder made beside its final place; what is in it when this goes, is gone.
class Staging {
 public:
  explicit Staging(const fs::path& place)
      : place_(place),
        folder_(place.parent_path() / ("." + place.filename().string() + "." + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  const fs::path& folder() const { return folder_; }

  /// Changes places with what is there, in one step where the file system can; what was there then goes with this.
  void take_place() {
    if (!fs::exists(place_)) return fs::rename(folder_, place_);
    if (renameat2(AT_FDCWD, folder_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) == 0) return;
    fs::remove_all(place_);
    fs::rename(folder_, place_);
  }

 private:
  fs::path place_, folder_;
};

}  // namespace

void write_bundle(const Bundle& bundle, const fs::path& folder) try {
  check(bundle);
  fs::path place = fs::absolute(folder).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  check_folder(bundle, place);
  Staging staging(place);
  Json manifest{{"kind", "paretoforge-bundle"},
                {"schema", bundle_schema},
                {"study", bundle.study},
                {"facts", object(bundle.facts)},
                {"models", Json::array()}};
  for (const BundleModel& model : bundle.models)
    manifest["models"].push_back(write_model(bundle, model, staging.folder()));
  write_file(staging.folder() / manifest_name, manifest.dump(2) + "\n");
  staging.take_place();
} catch (const fs::filesystem_error& error) {
  refuse_to_write(error.path1(), error.code());
}

}  // namespace paretoforge
