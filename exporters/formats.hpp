// The file formats a trained network can be exported to.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/integer_model.hpp"
#include "exporters/onnx_writer.hpp"

namespace paretoforge {

/// A file of an exported model: its name inside the model's folder, and its bytes.
struct ExportedFile {
  std::string name;
  std::string bytes;
};

/// What LibTorch does for the format torchscript. Nothing here links it: who does hands it in.
struct TorchScript {
  std::string version;  ///< of LibTorch
  /// A model as an archive, and whole samples (channels × height × width) through one: the outputs one after another.
  std::string (*write)(const Model& model, const OnnxOptions& labels);
  std::vector<float> (*run)(const std::string& archive, const Shape& input, std::span<const float> samples);
};

/// What an exporter writes from.
struct ExportSource {
  const Model& model;           ///< float, as trained
  const IntegerModel& integer;  ///< made from it
  OnnxOptions labels;           ///< name and metadata
  const TorchScript* torchscript = nullptr;
};

struct Format {
  std::string_view name, summary;
  std::vector<ExportedFile> (*write)(const ExportSource&);
  /// Why the format cannot hold a node; empty where it can. Null where it holds whatever the integer model does.
  std::string (*refusal)(const Graph& graph, NodeId id) = nullptr;
  bool packs_int4 = false;  ///< is there to store weights of 4 bits two to a byte
  /// What a graph lacks to be worth a file of this format; empty where it has it. Null where nothing is needed.
  std::string (*lacking)(const Graph& graph) = nullptr;
};

/// All formats; a new one is a row in formats.cpp.
std::span<const Format> formats();
/// Throws ConfigError for a name that is none, with those that are.
const Format& find_format(std::string_view name);
/// Throws std::invalid_argument naming the first node that the integer model or one of these formats cannot hold, and
/// the format, before any work is done.
void check_exportable(const Graph& graph, std::span<const std::string> formats = {});

}  // namespace paretoforge
