#include "experiments/exported_architecture.hpp"

#include "exporters/mixed_precision.hpp"

namespace paretoforge {
namespace {

/// The value without what single layers say of their weights' bits.
Config without_weight_bits(const Config& value) {
  if (value.is_list()) {
    std::vector<Config> items;
    for (const Config& item : value.items()) items.push_back(without_weight_bits(item));
    return Config::make_list(std::move(items));
  }
  if (!value.is_map()) return value;
  std::vector<Config::Entry> entries;
  for (const auto& [key, inner] : value.entries())
    if (key != "weight_bits") entries.emplace_back(key, without_weight_bits(inner));
  return Config::make_map(std::move(entries));
}

}  // namespace

std::string bits_text(const Graph& graph) {
  std::string text;
  for (const NodeId layer : weighted_layers(graph)) text += (text.empty() ? "" : " ") + std::to_string(weight_bits(graph.op(layer)));
  return text;
}

std::string exported_architecture(const Config& architecture, const Graph& exported, const std::string& bits) {
  if (bits.empty()) return architecture.yaml();
  if (bits == "mixed")
    return "# Exported with weights of these bits, layer by layer in the order they run: " + bits_text(exported) + "\n" + architecture.yaml();
  const Config plain = without_weight_bits(architecture);
  const Config widths = plain.find("bits").value_or(Config::make_map({})).with_entry("weights", Config::make_scalar(bits));
  if (plain.has("bits")) return plain.with_entry("bits", widths).yaml();
  std::vector<Config::Entry> entries;
  for (const Config::Entry& entry : plain.entries()) {  // before the layers, where documents have it
    if (entry.first == "layers") entries.emplace_back("bits", widths);
    entries.push_back(entry);
  }
  return Config::make_map(std::move(entries)).yaml();
}

}  // namespace paretoforge
