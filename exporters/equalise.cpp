// Equalisation of channels between layers.
#include "exporters/equalise.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

namespace paretoforge {
namespace {

/// A channel that is quieter than the loudest by more than this is not raised further: it hardly matters.
constexpr double greatest_factor = 1024;

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

/// Ops for which op(f * x) = f * op(x), channel by channel, for every f > 0.
bool passes_factors(const Op& op) {
  if (const auto* activation = std::get_if<Activation>(&op)) return activation->kind == ActivationKind::relu;
  return std::holds_alternative<Pool>(op) || std::holds_alternative<GlobalPool>(op);
}

struct Equaliser {
  Model model;
  const Calibration& calibration;
  std::vector<std::vector<NodeId>> readers;

  bool depthwise(NodeId id) const {
    const auto* conv = std::get_if<Conv>(&model.graph.op(id));
    return conv && is_depthwise(*conv, model.graph.shape(model.graph.inputs(id)[0]));
  }

  /// Adds the layers that `id` reaches; false where it also reaches anything else.
  bool collect(NodeId id, std::vector<NodeId>& layers) const {
    if (id == model.graph.output()) return false;
    for (const NodeId reader : readers[size_of(id)]) {
      const Op& op = model.graph.op(reader);
      if (has_weights(op))
        layers.push_back(reader);
      else if (!passes_factors(op) || !collect(reader, layers))
        return false;
    }
    return true;
  }

  /// The last node before any other layer or pool: where the layer's values are stored.
  NodeId stored(NodeId id) const {
    const auto& next = readers[size_of(id)];
    const bool relu = next.size() == 1 && std::holds_alternative<Activation>(model.graph.op(next[0]));
    return relu ? next[0] : id;
  }

  /// Calls `visit(row, channel, weight)` for each weight of a layer: its output and input channel.
  template <class Visit>
  void for_weights(NodeId layer, Visit visit) {
    auto& kernel = model.weights[size_of(layer)].kernel;
    const auto out = size_of(model.graph.shape(layer).channels);
    const auto* conv = std::get_if<Conv>(&model.graph.op(layer));
    const std::size_t taps = conv ? size_of(conv->kernel.height * conv->kernel.width) : 1;
    const std::size_t depth = kernel.size() / out / taps, width = out / (conv ? size_of(conv->groups) : 1);
    for (std::size_t i = 0; i < kernel.size(); ++i) {
      const std::size_t row = i / (depth * taps);
      visit(row, row / width * depth + i / taps % depth, kernel[i]);
    }
  }

  /// For each input channel the greatest share that one of its weights has of the greatest in that weight's row.
  std::vector<double> weight_shares(const std::vector<NodeId>& layers, std::size_t channels) {
    std::vector<double> shares(channels, 0.0);
    for (const NodeId layer : layers) {
      std::vector<double> rows(size_of(model.graph.shape(layer).channels), 0.0);
      for_weights(layer, [&](std::size_t row, std::size_t, float weight) {
        rows[row] = std::max(rows[row], std::abs(double{weight}));
      });
      for_weights(layer, [&](std::size_t row, std::size_t channel, float weight) {
        if (rows[row] > 0) shares[channel] = std::max(shares[channel], std::abs(double{weight}) / rows[row]);
      });
    }
    return shares;
  }

  std::vector<double> factors(NodeId layer, const std::vector<NodeId>& next) {
    const std::vector<float>& peaks = calibration.peaks[size_of(stored(layer))];
    const double loudest = double{*std::max_element(peaks.begin(), peaks.end())};
    const bool each_alone = std::all_of(next.begin(), next.end(), [&](NodeId id) { return depthwise(id); });
    const std::vector<double> shares = weight_shares(next, peaks.size());
    std::vector<double> result(peaks.size(), 1.0);
    for (std::size_t c = 0; c < peaks.size(); ++c) {
      const double wish = each_alone ? loudest / double{peaks[c]} : std::sqrt(shares[c] * loudest / double{peaks[c]});
      if (peaks[c] > 0 && wish > 0) result[c] = std::clamp(wish, 1 / greatest_factor, greatest_factor);
    }
    return result;
  }

  void equalise(NodeId layer) {
    std::vector<NodeId> next;
    if (!collect(layer, next) || next.empty()) return;
    const std::vector<double> factor = factors(layer, next);
    for_weights(
        layer, [&](std::size_t row, std::size_t, float& weight) { weight = static_cast<float>(weight * factor[row]); });
    auto& bias = model.weights[size_of(layer)].bias;
    for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = static_cast<float>(bias[c] * factor[c]);
    for (const NodeId reader : next)
      for_weights(reader, [&](std::size_t, std::size_t channel, float& weight) {
        weight = static_cast<float>(weight / factor[channel]);
      });
  }
};

}  // namespace

Model equalised(const Model& folded, const Calibration& calibration) {
  if (calibration.peaks.size() != static_cast<std::size_t>(folded.graph.size()))
    throw std::invalid_argument("a calibration of another network");
  Equaliser equaliser{folded, calibration, consumers(folded.graph)};
  for (NodeId id = 0; id < folded.graph.size(); ++id)
    if (has_weights(folded.graph.op(id))) equaliser.equalise(id);
  return std::move(equaliser.model);
}

}  // namespace paretoforge
