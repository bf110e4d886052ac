// Operators that exporters write out as several, put together again.
#include <algorithm>
#include <cmath>

#include "predictors/onnx_step_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

class Joiner {
 public:
  explicit Joiner(Model& model) : model_(model) {
    for (std::size_t i = 0; i < model.steps.size(); ++i) {
      for (const std::string& name : model.steps[i].in)
        if (!name.empty()) readers_[name].push_back(i);
      for (const std::string& name : model.steps[i].out) maker_[name] = i;
    }
    for (const std::string& name : model.outputs) readers_[name].push_back(outside);
  }

  void run() {
    for (Step& step : model_.steps) turn_weights(step);
    for (std::size_t i = 0; i < model_.steps.size(); ++i) {
      Step& step = model_.steps[i];
      if (step.gone || step.out.empty() || step.in.empty()) continue;
      if (step.type == "ReduceMean") join_layer_norm(step);
      if (step.type == "Erf") join_gelu(step);
      if (step.type == "Sigmoid") join_gate(step, "Swish");
      if (step.type == "HardSigmoid" && is_sixth(step)) join_gate(step, "HardSwish");
      if (step.type == "Clip") join_hard_swish(step);
      if (step.type == "Transpose") join_shuffle(step);
      if (step.type == "MatMul") join_bias(step);
    }
  }

 private:
  static constexpr std::size_t outside = SIZE_MAX;

  /// The number of a constant of one element, whatever its rank.
  std::optional<double> scalar(const std::string& name) const {
    const auto found = model_.constants.find(name);
    if (found == model_.constants.end() || !found->second.numbers || found->second.numbers->size() != 1)
      return std::nullopt;
    return found->second.numbers->front();
  }
  bool is_scalar(const std::string& name, double wanted) const {
    const auto number = scalar(name);
    return number && std::abs(*number - wanted) <= 1e-3 * std::abs(wanted);
  }
  const Value* constant(const std::string& name) const {
    const auto found = model_.constants.find(name);
    return found == model_.constants.end() ? nullptr : &found->second;
  }
  /// The only step that reads a tensor, and of that type; else nullptr.
  Step* reader(const std::string& name, std::string_view type) {
    const auto found = readers_.find(name);
    if (found == readers_.end() || found->second.size() != 1 || found->second[0] == outside) return nullptr;
    Step& step = model_.steps[found->second[0]];
    return !step.gone && step.type == type && !step.out.empty() ? &step : nullptr;
  }
  Step* maker(const std::string& name, std::string_view type) {
    const auto found = maker_.find(name);
    if (found == maker_.end()) return nullptr;
    Step& step = model_.steps[found->second];
    return !step.gone && step.type == type && !step.in.empty() ? &step : nullptr;
  }
  static std::string other(const Step& step, const std::string& name) {
    if (step.in.size() != 2) return {};
    return step.in[0] == name ? step.in[1] : step.in[1] == name ? step.in[0] : std::string();
  }

  /// Weights that are only turned before their product, as behind DequantizeLinear, are weights.
  void turn_weights(Step& step) {
    const Value* weights = step.type == "Transpose" && step.has_input(0) ? constant(step.in[0]) : nullptr;
    if (weights == nullptr || weights->rank() != 2 || step.out.empty()) return;
    if (const auto order = step.integers("perm"); order && *order != Dims{1, 0}) return;
    Value turned = *weights;
    std::swap(turned.dims[0], turned.dims[1]);
    turned.numbers.reset();
    model_.constants[step.out[0]] = std::move(turned);
    step.gone = true;
  }

  /// `last` becomes the joined operator; `parts` vanish.
  onnx::NodeProto& replace(Step& last, const std::string& type, std::vector<std::string> inputs,
                           const std::vector<Step*>& parts) {
    for (Step* part : parts) part->gone = part != &last;
    last.type = type;
    last.in = std::move(inputs);
    last.proto = &model_.made.emplace_back();
    model_.made.back().set_op_type(type);
    return model_.made.back();
  }
  static void set(onnx::NodeProto& node, const std::string& key, std::int64_t number) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(key);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(number);
  }

  /// d = x - mean(x); d / sqrt(mean(d^2) + epsilon), then scale and shift (Ba et al. 2016).
  void join_layer_norm(Step& mean) {
    const std::string x = mean.in[0];
    Step* difference = reader(mean.out[0], "Sub");
    if (difference == nullptr || difference->in.size() != 2 || difference->in[0] != x) return;
    const std::string d = difference->out[0];
    const auto readers = readers_.find(d);
    if (readers == readers_.end()) return;
    Step *square = nullptr, *quotient = nullptr;
    for (const std::size_t i : readers->second) {
      if (i == outside) return;
      Step& step = model_.steps[i];
      const bool squares = (step.type == "Pow" && step.in.size() == 2 && is_scalar(step.in[1], 2)) ||
                           (step.type == "Mul" && step.in.size() == 2 && step.in[0] == step.in[1]);
      (squares ? square : quotient) = &step;
    }
    if (square == nullptr || quotient == nullptr || square->out.empty() || quotient->out.empty()) return;
    Step* variance = reader(square->out[0], "ReduceMean");
    Step* sum = variance == nullptr ? nullptr : reader(variance->out[0], "Add");
    Step* root = sum == nullptr || !scalar(other(*sum, variance->out[0])) ? nullptr : reader(sum->out[0], "Sqrt");
    if (root == nullptr || quotient->type != "Div" || quotient->in.size() != 2 || quotient->in[0] != d ||
        quotient->in[1] != root->out[0])
      return;
    finish_layer_norm(x, {&mean, difference, square, variance, sum, root, quotient}, reduced_axes(mean));
  }

  std::int64_t reduced_axes(const Step& mean) const {
    if (const auto axes = mean.integers("axes"); axes && !axes->empty())
      return *std::min_element(axes->begin(), axes->end());
    if (mean.has_input(1))
      if (const Value* axes = constant(mean.in[1]); axes != nullptr && axes->numbers && !axes->numbers->empty())
        return static_cast<std::int64_t>(*std::min_element(axes->numbers->begin(), axes->numbers->end()));
    return -1;
  }

  void finish_layer_norm(const std::string& x, std::vector<Step*> parts, std::int64_t axis) {
    std::vector<std::string> inputs{x};
    Step* last = parts.back();
    if (Step* scale = reader(last->out[0], "Mul");
        scale != nullptr && constant(other(*scale, last->out[0])) != nullptr) {
      inputs.push_back(other(*scale, last->out[0]));
      parts.push_back(last = scale);
      if (Step* shift = reader(last->out[0], "Add");
          shift != nullptr && constant(other(*shift, last->out[0])) != nullptr) {
        inputs.push_back(other(*shift, last->out[0]));
        parts.push_back(last = shift);
      }
    }
    set(replace(*last, "LayerNormalization", std::move(inputs), parts), "axis", axis);
  }

  /// x (1 + erf(x / sqrt 2)) / 2, the factors in any order.
  void join_gelu(Step& erf) {
    Step* inner = maker(erf.in[0], "Div");
    if (inner == nullptr) inner = maker(erf.in[0], "Mul");
    if (inner == nullptr || inner->in.size() != 2) return;
    const bool second = scalar(inner->in[1]).has_value();
    const std::string x = inner->in[second ? 0 : 1];
    if (!scalar(inner->in[second ? 1 : 0]) || readers_[inner->out[0]].size() != 1) return;
    Step* sum = reader(erf.out[0], "Add");
    if (sum == nullptr || !is_scalar(other(*sum, erf.out[0]), 1)) return;
    std::vector<Step*> parts{inner, &erf, sum};
    bool gated = false, halved = false;
    for (Step* next = reader(sum->out[0], "Mul"); next != nullptr && !(gated && halved);
         next = reader(next->out[0], "Mul")) {
      const std::string factor = other(*next, parts.back()->out[0]);
      Step* half = maker(factor, "Mul");
      if (half != nullptr && is_scalar(other(*half, x), 0.5) && readers_[factor].size() == 1) {
        parts.insert(parts.begin(), half);
        gated = halved = true;
      } else if (factor == x && !gated) {
        gated = true;
      } else if (is_scalar(factor, 0.5) && !halved) {
        halved = true;
      } else {
        break;
      }
      parts.push_back(next);
    }
    if (gated && halved) replace(*parts.back(), "Gelu", {x}, parts);
  }

  /// x f(x) for a gate f.
  void join_gate(Step& gate, const std::string& type) {
    const std::string x = gate.in[0];
    Step* product = reader(gate.out[0], "Mul");
    if (product != nullptr && other(*product, gate.out[0]) == x) replace(*product, type, {x}, {&gate, product});
  }
  static bool is_sixth(const Step& step) {
    return std::abs(step.number("alpha", 0.2) - 1.0 / 6) < 1e-3 && std::abs(step.number("beta", 0.5) - 0.5) < 1e-3;
  }

  bool clips_to_six(const Step& clip) const {
    const bool inputs = clip.has_input(1) && clip.has_input(2);
    if (inputs) return is_scalar(clip.in[2], 6) && scalar(clip.in[1]) == 0;
    return clip.number("min", -1) == 0 && clip.number("max", 0) == 6;
  }

  /// x clip(x + 3, 0, 6) / 6, divided before or after the product; without the product a hard sigmoid.
  void join_hard_swish(Step& clip) {
    Step* sum = maker(clip.in[0], "Add");
    if (sum == nullptr || sum->in.size() != 2 || !clips_to_six(clip) || readers_[clip.in[0]].size() != 1) return;
    const bool second = is_scalar(sum->in[1], 3);
    if (!second && !is_scalar(sum->in[0], 3)) return;
    const std::string x = sum->in[second ? 0 : 1];
    std::vector<Step*> parts{sum, &clip};
    bool gated = false, divided = false;
    while (!(gated && divided)) {
      const std::string& at = parts.back()->out[0];
      Step* next = reader(at, "Mul");
      if (next == nullptr) next = reader(at, "Div");
      if (next == nullptr) break;
      const std::string factor = other(*next, at);
      const bool sixth = is_scalar(factor, next->type == "Div" ? 6 : 1.0 / 6);
      if (sixth && !divided) {
        divided = true;
      } else if (next->type == "Mul" && factor == x && !gated) {
        gated = true;
      } else {
        break;
      }
      parts.push_back(next);
    }
    if (divided) replace(*parts.back(), gated ? "HardSwish" : "~HardSigmoid", {x}, parts);
  }

  /// [1, C, ...] as [1, groups, C / groups, ...], two dimensions swapped, and back (Zhang et al. 2018).
  void join_shuffle(Step& swap) {
    const auto order = swap.integers("perm");
    Step* split = maker(swap.in[0], "Reshape");
    Step* merge = reader(swap.out[0], "Reshape");
    if (!order || order->size() < 4 || split == nullptr || merge == nullptr || split->in.size() != 2 ||
        readers_[swap.in[0]].size() != 1)
      return;
    for (std::size_t i = 0; i < order->size(); ++i)
      if ((*order)[i] != static_cast<std::int64_t>(i == 1 ? 2 : i == 2 ? 1 : i)) return;
    const Value* shape = constant(split->in[1]);
    const Value* back = constant(merge->in.size() == 2 ? merge->in[1] : "");
    if (shape == nullptr || !shape->numbers || shape->numbers->size() != order->size() || back == nullptr ||
        back->elements() != shape->elements() - 1)
      return;
    const auto groups = static_cast<std::int64_t>((*shape->numbers)[1]);
    set(replace(*merge, "~ChannelShuffle", {split->in[0]}, {split, &swap, merge}), "groups", groups);
  }

  /// A product with constant weights and the constant vector added to it.
  void join_bias(Step& product) {
    const Value* weights = product.in.size() == 2 ? constant(product.in[1]) : nullptr;
    Step* sum = reader(product.out[0], "Add");
    if (weights == nullptr || weights->rank() != 2 || sum == nullptr) return;
    const std::string name = other(*sum, product.out[0]);
    const Value* bias = constant(name);
    if (bias == nullptr || bias->elements() != weights->dims[1] || bias->rank() < 1 ||
        bias->dims.back() != weights->dims[1])
      return;
    replace(*sum, "~BiasedMatMul", {product.in[0], product.in[1], name}, {&product, sum});
  }

  Model& model_;
  std::map<std::string, std::vector<std::size_t>> readers_;
  std::map<std::string, std::size_t> maker_;
};

}  // namespace

void join_patterns(Model& model) {
  Joiner(model).run();
  std::erase_if(model.steps, [](const Step& step) { return step.gone; });
}

}  // namespace paretoforge::onnx_in
