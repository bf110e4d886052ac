// describe: the layers of a network with their shapes, and its exact totals.
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/command_internal.hpp"
#include "experiments/files.hpp"
#include "experiments/network_file.hpp"
#include "predictors/onnx.hpp"
#include "predictors/totals.hpp"
#include "space/table_points.hpp"

namespace paretoforge {
namespace {

constexpr int draws_for_a_network = 64;

struct DescribeOptions {
  std::string file, choices, table, out;
  int bits = 0;
  bool json = false;

  TotalsOptions totals_options() const {
    TotalsOptions options;
    if (bits != 0) options.weight_bits = options.activation_bits = bits;
    return options;
  }
};

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
  return digits;
}

std::string padded(std::string text, std::size_t width) {
  return text.size() < width ? text + std::string(width - text.size(), ' ') : text;
}

nlohmann::ordered_json layers_json(const Graph& graph) {
  auto layers = nlohmann::ordered_json::array();
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Shape& shape = graph.shape(id);
    nlohmann::ordered_json layer = {{"name", graph.name(id)}, {"op", op_name(graph.op(id))}};
    layer["inputs"] = nlohmann::ordered_json::array();
    for (const NodeId input : graph.inputs(id)) layer["inputs"].push_back(graph.name(input));
    layer["shape"] = {shape.channels, shape.height, shape.width};
    const Shape in = id == 0 ? shape : graph.shape(graph.inputs(id)[0]);
    layer["macs"] = macs(graph.op(id), in, shape);
    layer["params"] = params(graph.op(id), in);
    layers.push_back(std::move(layer));
  }
  return layers;
}

int describe_json(const Network& network, const Totals& sums) {
  nlohmann::ordered_json out = {{"schema", "paretoforge.describe/1"}, {"name", network.name}, {"points", network.points}};
  out["choices"] = nlohmann::ordered_json::object();
  for (const auto& [decision, label] : network.choices) out["choices"][decision] = label;
  for (const TotalKind& kind : total_kinds()) out[std::string(kind.name)] = out["totals"][std::string(kind.name)] = sums.*kind.value;
  out["exact"] = sums.exact();
  out["peak_activation_bytes_low"] = sums.peak_activation_bytes_low;
  out["layers"] = layers_json(network.graph);
  std::cout << out.dump(2) << '\n';
  return exit_done;
}

int describe_text(const Network& network, const Totals& sums) {
  const Graph& graph = network.graph;
  if (!network.choices.empty()) {
    std::cout << "space " << network.name << ": " << network.points << " points, " << network.choices.size() << " decisions\n";
    for (const auto& [decision, label] : network.choices)
      std::cout << "  " << decision << " = " << (label.empty() ? "(inactive)" : label) << '\n';
    std::cout << '\n';
  }
  std::size_t widest = 5;
  for (NodeId id = 0; id < graph.size(); ++id) widest = std::max(widest, graph.name(id).size());
  std::cout << padded("layer", widest + 2) << padded("shape", 14) << padded("macs", 14) << "params\n";
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Shape in = id == 0 ? graph.shape(id) : graph.shape(graph.inputs(id)[0]);
    std::cout << padded(graph.name(id), widest + 2) << padded(to_string(graph.shape(id)), 14)
              << padded(grouped(macs(graph.op(id), in, graph.shape(id))), 14) << grouped(params(graph.op(id), in)) << '\n';
  }
  std::cout << '\n';
  for (const TotalKind& kind : total_kinds()) std::cout << padded(std::string(kind.name), 24) << grouped(sums.*kind.value) << '\n';
  if (!sums.exact())
    std::cout << "the peak is not exact: too many orders to try; no order needs less than " << grouped(sums.peak_activation_bytes_low) << '\n';
  return exit_done;
}

int describe_table(const Space& space, const DescribeOptions& options) {
  require_writable(options.out, {options.table});
  const Table table = Table::load(options.table);
  std::string csv;
  for (const TotalKind& kind : total_kinds()) csv += (csv.empty() ? "" : ",") + std::string(kind.name);
  csv += '\n';
  const std::vector<Architecture> points = points_of(space, table);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Totals sums = totals(network_of_row(space, points[i], table, i), options.totals_options());
    std::string row;
    for (const TotalKind& kind : total_kinds()) row += (row.empty() ? "" : ",") + std::to_string(sums.*kind.value);
    csv += row + '\n';
  }
  write_file(options.out, csv);
  return exit_done;
}

/// The point chosen; where nothing was and the first alternatives do not fit together, one drawn that does.
std::pair<Architecture, Graph> first_network(const Space& space, const DescribeOptions& options) {
  const Architecture chosen = chosen_point(space, options.choices);
  if (!options.choices.empty() || space.decisions().empty()) return {chosen, space.decode(chosen)};
  std::optional<ConfigError> refused;
  Random random(1);
  Architecture point = chosen;
  for (int draw = 0; draw <= draws_for_a_network; ++draw, point = space.sample(random)) {
    try {
      Graph graph = space.decode(point);
      if (refused)
        std::cerr << "the first alternatives make no network, so this is a point that was drawn\n" << refused->what() << '\n';
      return {point, std::move(graph)};
    } catch (const ConfigError& error) {
      if (!refused) refused = error;
    }
  }
  throw ConfigError(std::string(refused->what()) + "\n   = nor is any of " + std::to_string(draws_for_a_network) + " points drawn from the space a network; --choose NAME=VALUE names one");
}

Network described(const DescribeOptions& options) {
  if (is_onnx_name(options.file)) return load_network(options.file, options.choices);
  const Space space = load_space(options.file);
  auto [point, graph] = first_network(space, options);
  return network_of(space, point, std::move(graph));
}

int describe(const DescribeOptions& options) {
  if (!options.table.empty()) return describe_table(load_space(options.file), options);
  const Network network = described(options);
  const Totals sums = totals(network.graph, options.totals_options());
  return options.json ? describe_json(network, sums) : describe_text(network, sums);
}

}  // namespace

void add_describe(CLI::App& app, Run& run) {
  auto options = std::make_shared<DescribeOptions>();
  CLI::App* command = app.add_subcommand("describe", "Layers with shapes, and exact totals, of an architecture, a point of a space or an ONNX model");
  command->add_option("file", options->file, "Architecture or space (YAML), or an ONNX model")->required();
  command->add_option("--choose", options->choices, "NAME=VALUE,...: decisions of a space; the rest take their first alternative. A value with a comma is quoted as in CSV");
  command->add_option("--bits", options->bits, "Bits of weights and activations, in place of the document's own")->check(CLI::Range(1, 32));
  command->add_flag("--json", options->json, "Print one JSON object");
  auto* out = command->add_option("--out", options->out, "CSV to write: the totals, one row per row of --table");
  auto* table = command->add_option("--table", options->table, "CSV with one column per decision")->needs(out);
  out->needs(table);
  command->callback([options, &run] { run = [options] { return describe(*options); }; });
}

}  // namespace paretoforge
