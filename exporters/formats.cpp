// The table of formats.
#include "exporters/formats.hpp"

#include <array>
#include <stdexcept>

#include "configs/config.hpp"
#include "exporters/c_writer.hpp"
#include "exporters/float_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/tflite_writer.hpp"

namespace paretoforge {
namespace {

std::vector<ExportedFile> write_onnx(const ExportSource& source) {
  std::vector<ExportedFile> files{{"model.onnx", qdq_onnx(source.integer, source.labels)},
                                  {"model_float.onnx", float_onnx(source.model, source.labels)}};
  for (const ExportedFile& file : files) check_onnx(file.bytes);
  return files;
}

std::vector<ExportedFile> write_int4(const ExportSource& source) {
  return {{"model_int4.onnx", int4_onnx(source.integer, source.labels)}};
}
std::vector<ExportedFile> write_int16(const ExportSource& source) {
  return {{"model_int16.onnx", int16_onnx(source.integer, source.labels)}};
}
std::vector<ExportedFile> write_dynamic(const ExportSource& source) { return {{"model_dynamic.onnx", dynamic_onnx(source.model, source.labels)}}; }
std::vector<ExportedFile> write_float16(const ExportSource& source) {
  return {{"model_float16.onnx", float16_onnx(source.model, source.labels)}};
}

std::vector<ExportedFile> write_c(const ExportSource& source) {
  CSource code = c_source(source.integer, source.labels.name);
  return {{"c/model.h", std::move(code.header)}, {"c/model.c", std::move(code.source)}};
}

std::vector<ExportedFile> write_tflite(const ExportSource& source) { return {{std::string(tflite_file), tflite_model(source.integer, source.labels)}}; }
std::vector<ExportedFile> write_packed_tflite(const ExportSource& source) {
  return {{std::string(packed_tflite_file), tflite_model(source.integer, source.labels, TfliteWeights::packed)}};
}

std::vector<ExportedFile> write_torchscript(const ExportSource& source) {
  if (source.torchscript == nullptr)
    throw ConfigError("error: this build has no LibTorch and cannot write TorchScript\n   = configure with -DPARETOFORGE_TORCH=ON");
  return {{"model.pt", source.torchscript->write(source.model, source.labels)}};
}

std::string lacks_linear(const Graph& graph) {
  for (NodeId id = 0; id < graph.size(); ++id)
    if (std::holds_alternative<Linear>(graph.op(id))) return "";
  return "the network has no linear layer, and quantising these as it runs is all that the format does";
}

std::string refused_by_tflite(const Graph& graph, NodeId id) {
  return graph.inputs(id).empty() ? "" : tflite_refusal(graph.op(id), graph.shape(graph.inputs(id)[0]), graph.shape(id));
}

}  // namespace

std::span<const Format> formats() {
  static constexpr std::array table{
      Format{"onnx", "ONNX, quantised (model.onnx, QDQ) and in float (model_float.onnx)", write_onnx},
      Format{"tflite", "TFLite, int8 (model.tflite)", write_tflite, refused_by_tflite},
      Format{"tflite_int4", "TFLite, int8 with weights of 4 bits packed (model_int4.tflite), not for Arm NN; see --bits", write_packed_tflite, refused_by_tflite, true},
      Format{"torchscript", "TorchScript in float, for LibTorch and PyTorch (model.pt)", write_torchscript},
      Format{"onnx_int4", "ONNX, int8 with weights of 4 bits packed (model_int4.onnx, opset 21); see --bits", write_int4, nullptr, true},
      Format{"onnx_int16", "ONNX, 16-bit activations and int8 weights (model_int16.onnx, opset 21)", write_int16},
      Format{"onnx_float16", "ONNX in float16 (model_float16.onnx)", write_float16},
      Format{"onnx_dynamic", "ONNX in float, linear layers quantised as it runs (model_dynamic.onnx), weights of 8 bits or fewer", write_dynamic, nullptr, false, lacks_linear},
      Format{"c", "C99 for microcontrollers and all else (c/model.c, c/model.h), int8", write_c},
  };
  return table;
}

const Format& find_format(std::string_view name) {
  std::vector<std::string> names;
  std::string list;
  for (const Format& format : formats()) {
    if (format.name == name) return format;
    names.emplace_back(format.name);
    list += (list.empty() ? "" : ", ") + names.back();
  }
  const std::string near = nearest_name(name, names);
  throw ConfigError("error: no export format '" + std::string(name) + "'; there is: " + list +
                    (near.empty() ? "" : "\n   = did you mean '" + near + "'?"));
}

void check_exportable(const Graph& graph, std::span<const std::string> formats) {
  const auto refuse = [&](NodeId id, const std::string& why) {
    throw std::invalid_argument("cannot export " + graph.name(id) + ": " + why);
  };
  const auto check_bits = [&](NodeId id, int bits) {
    if (bits < 1 || bits > 8) refuse(id, "weights of " + std::to_string(bits) + " bits; 1 to 8 are what there is");
  };
  refuse_imported(graph);
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (graph.node(id).activation_bits != 8)
      refuse(id, "activations of " + std::to_string(graph.node(id).activation_bits) + " bits; int8 is what there is");
    if (has_weights(graph.op(id))) check_bits(id, weight_bits(graph.op(id)));
  }
  for (const std::string& name : formats) {
    const Format& format = find_format(name);
    if (const std::string why = format.lacking == nullptr ? "" : format.lacking(graph); !why.empty()) throw std::invalid_argument("cannot export as " + name + ": " + why);
    for (NodeId id = 0; format.refusal != nullptr && id < graph.size(); ++id)
      if (const std::string why = format.refusal(graph, id); !why.empty()) refuse(id, std::string(op_name(graph.op(id))) + " in " + name + ": " + why);
  }
}

}  // namespace paretoforge
