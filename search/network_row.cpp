// Decisions, refined counts of layers and costs, side by side.
#include "search/network_row.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "predictors/features.hpp"

namespace paretoforge {

namespace {

using Colour = std::uint64_t;

Colour mix(Colour a, Colour b) {
  Colour z = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 29)) * 0x94d049bb133111ebu;
  return z ^ (z >> 32);
}

Colour mixed(Colour colour, std::initializer_list<std::int64_t> values) {
  for (const std::int64_t value : values) colour = mix(colour, static_cast<Colour>(value));
  return colour;
}

/// What kind of layer a node is, whatever its width.
Colour kind_of(const Graph& graph, NodeId id) {
  const Op& op = graph.op(id);
  const Colour colour = mix(0, op.index());
  if (const auto* conv = std::get_if<Conv>(&op)) {
    const std::int32_t in = graph.shape(graph.inputs(id)[0]).channels;
    return mixed(colour, {conv->kernel.height, conv->kernel.width, conv->stride.height, conv->stride.width,
                          conv->dilation.height, conv->dilation.width,
                          conv->groups == 1    ? 0
                          : conv->groups == in ? 1
                                               : 2,
                          conv->weight_bits});
  }
  if (const auto* pool = std::get_if<Pool>(&op))
    return mixed(colour, {static_cast<int>(pool->kind), pool->kernel.height, pool->kernel.width, pool->stride.height,
                          pool->stride.width});
  if (const auto* linear = std::get_if<Linear>(&op)) return mixed(colour, {linear->weight_bits});
  if (const auto* pool = std::get_if<GlobalPool>(&op)) return mixed(colour, {static_cast<int>(pool->kind)});
  return colour;
}

/// A layer, seen through the norms and activations on the way to it.
struct Source {
  NodeId layer;
  Colour way = 0;
};

std::vector<Source> sources(const Graph& network) {
  std::vector<Source> all;
  for (NodeId id = 0; id < network.size(); ++id) {
    const auto* activation = std::get_if<Activation>(&network.op(id));
    const bool passes = activation != nullptr || std::holds_alternative<BatchNorm>(network.op(id)) ||
                        std::holds_alternative<Flatten>(network.op(id));
    if (!passes) {
      all.push_back({id});
      continue;
    }
    const Source& before = all[static_cast<std::size_t>(network.inputs(id)[0])];
    all.push_back(
        {before.layer, mixed(before.way, {static_cast<std::int64_t>(network.op(id).index()),
                                          activation != nullptr ? static_cast<std::int64_t>(activation->kind) : -1})});
  }
  return all;
}

/// Each layer's colour, mixed with those it reads; only a sum does not care about their order.
std::vector<Colour> refined(const Graph& network, const std::vector<Source>& source,
                            const std::vector<Colour>& colour) {
  std::vector<Colour> result = colour, read;
  for (NodeId id = 0; id < network.size(); ++id) {
    const auto at = static_cast<std::size_t>(id);
    if (source[at].layer != id) continue;
    read.clear();
    for (const NodeId input : network.inputs(id)) {
      const Source& from = source[static_cast<std::size_t>(input)];
      read.push_back(mix(from.way, colour[static_cast<std::size_t>(from.layer)]));
    }
    if (std::holds_alternative<Add>(network.op(id))) std::sort(read.begin(), read.end());
    for (const Colour c : read) result[at] = mix(result[at], c);
  }
  return result;
}

}  // namespace

std::vector<double> layer_counts(const Graph& network) {
  const std::vector<Source> source = sources(network);
  std::vector<Colour> colour(source.size());
  for (NodeId id = 0; id < network.size(); ++id)
    if (source[static_cast<std::size_t>(id)].layer == id) colour[static_cast<std::size_t>(id)] = kind_of(network, id);
  std::vector<double> counts(layer_count_levels * layer_count_buckets, 0.0);
  for (std::size_t level = 0; level < layer_count_levels; ++level) {
    if (level > 0) colour = refined(network, source, colour);
    for (std::size_t i = 0; i < colour.size(); ++i)
      if (source[i].layer == static_cast<NodeId>(i))
        ++counts[level * layer_count_buckets + static_cast<std::size_t>(mix(colour[i], level) % layer_count_buckets)];
  }
  return counts;
}

std::optional<std::vector<double>> NetworkRow::of(const Space& space, const Architecture& point) {
  const std::vector<float> code = space.encode(point);
  std::vector<double> row(code.begin(), code.end());
  try {
    // Pruned: dead branches tell isomorphic networks apart, and no measurement of quality sees them.
    const Graph network = pruned(space.decode(point));
    for (const double count : layer_counts(network)) row.push_back(std::log1p(count));
    for (const double feature : graph_features(network)) row.push_back(std::log1p(feature));
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return row;
}

std::vector<KernelBlock> NetworkRow::blocks(const Space& space) {
  const std::size_t decisions = space.encoding_width(), counts = decisions + layer_count_levels * layer_count_buckets;
  return {{0, decisions}, {decisions, counts}, {counts, counts + feature_list().size()}};
}

RowScaling::RowScaling(std::span<const std::vector<double>> sample, std::span<const KernelBlock> blocks) {
  std::map<std::vector<double>, bool> seen;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const std::size_t begin = columns_.size();
    for (std::size_t column = blocks[b].begin; column < blocks[b].end; ++column) {
      double mean = 0, square = 0;
      for (const auto& row : sample) mean += row[column] / static_cast<double>(sample.size());
      for (const auto& row : sample) square += std::pow(row[column] - mean, 2) / static_cast<double>(sample.size());
      const double deviation = std::sqrt(square);
      if (!(deviation > 1e-9)) continue;
      std::vector<double> standard;
      for (const auto& row : sample) standard.push_back(std::round((row[column] - mean) / deviation * 1e6));
      // Decisions keep every column and their own scale: a distance counts those that differ.
      if (b > 0 && !seen.emplace(std::move(standard), true).second) continue;
      columns_.push_back(column);
      centre_.push_back(b == 0 ? 0 : mean);
      scale_.push_back(b == 0 ? 1 : deviation);
    }
    if (columns_.size() > begin) kept_blocks_.push_back({begin, columns_.size()});
  }
  if (!kept_blocks_.empty()) return;
  // Nothing varies: one column of nothing, so that there is a row to look at.
  columns_ = {0}, centre_ = {0}, scale_ = {1}, kept_blocks_ = {{0, 1}};
}

std::vector<double> RowScaling::operator()(std::span<const double> row) const {
  std::vector<double> scaled(columns_.size());
  // Beyond what the sample showed a column may run far out: held at ten deviations.
  for (std::size_t i = 0; i < columns_.size(); ++i)
    scaled[i] = columns_[i] < row.size() ? std::clamp((row[columns_[i]] - centre_[i]) / scale_[i], -10.0, 10.0) : 0;
  return scaled;
}

}  // namespace paretoforge
