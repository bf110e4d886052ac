// The plan of an integer model as C: which steps there are, what lies over what. An output may lie over the input that
// it is computed from where it never overtakes it.
#include <algorithm>

#include "exporters/c_layout_internal.hpp"
#include "exporters/c_plan_internal.hpp"

namespace paretoforge::internal {
namespace {

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

bool is_layer(const IntegerNode& node) { return !node.kernel.empty(); }

/// The greatest distance by which outputs, written in order, get ahead of the inputs that are still needed: rows of
/// `out` and `in` bytes, row i needs the inputs from i * stride - pad on.
std::int64_t lead(std::int64_t rows, std::int64_t out, std::int64_t in, std::int64_t stride, std::int64_t pad, std::int64_t ahead) {
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < rows; ++i)
    most = std::max(most, std::min(i + 1 + ahead, rows) * out - std::max<std::int64_t>(0, i * stride - pad) * in);
  return most;
}

struct Windows {
  Extent kernel, stride;
  std::int32_t top, left, groups;
};

std::int64_t window_lead(const Windows& w, const Shape& in, const Shape& out, bool depthwise) {
  const bool point = w.kernel == Extent{} && w.stride == Extent{} && w.top == 0 && w.left == 0 && in.width == out.width;
  // Up to four pixels are read and then written together, which may straddle rows; with groups the first outputs of the
  // four are written before the last inputs are read. Where a pixel is one place, up to eight are written channel by
  // channel.
  const bool mixed = w.groups > 1 && !depthwise;
  const std::int64_t ahead = mixed ? (std::int64_t{out.width} + 2) / out.width : 0;
  if (point) return lead(std::int64_t{out.height} * out.width, out.channels, in.channels, 1, 0, 7);
  if (in.height == 1 && out.height == 1) return lead(out.width, out.channels, in.channels, w.stride.width, w.left, mixed ? 3 : 0);
  return lead(out.height, std::int64_t{out.width} * out.channels, std::int64_t{in.width} * in.channels, w.stride.height, w.top, ahead);
}

class Planner {
 public:
  explicit Planner(const IntegerModel& model) : model_(model), needed_(model.nodes.size()), fused_(model.nodes.size(), -1) {
    plan_.places.assign(model.nodes.size(), place_none);
  }

  CPlan run() {
    mark_needed();
    fuse_adds();
    list_steps();
    place_values();
    find_overlaps();
    pack_with_scratch();
    return std::move(plan_);
  }

 private:
  const IntegerNode& node(std::int32_t n) const { return model_.nodes[size_of(n)]; }

  void mark_needed() {
    needed_[size_of(model_.output)] = 1;
    for (std::size_t n = model_.nodes.size(); n-- > 0;)
      if (needed_[n] && !std::holds_alternative<Zero>(model_.nodes[n].op))
        for (const std::int32_t from : model_.nodes[n].inputs) needed_[size_of(from)] = 1;
  }

  /// A Flatten that moves nothing.
  bool is_view(std::int32_t n) const {
    if (!std::holds_alternative<Flatten>(node(n).op)) return false;
    const Shape& shape = node(node(n).inputs[0]).shape;
    return shape.channels == 1 || shape.height * shape.width == 1;
  }
  /// The node that makes the bytes of this one's value.
  std::int32_t root(std::int32_t n) const {
    while (is_view(n)) n = node(n).inputs[0];
    return n;
  }

  int readers(std::int32_t n) const {
    int count = 0;
    for (std::size_t m = 0; m < model_.nodes.size(); ++m)
      if (needed_[m]) count += static_cast<int>(std::count(model_.nodes[m].inputs.begin(), model_.nodes[m].inputs.end(), n));
    return count;
  }

  /// An Add is done behind the later of its terms where that is a layer whose value nothing else reads.
  void fuse_adds() {
    for (std::size_t n = 0; n < model_.nodes.size(); ++n) {
      if (!needed_[n] || !std::holds_alternative<Add>(model_.nodes[n].op)) continue;
      const auto& inputs = model_.nodes[n].inputs;
      const std::int32_t late = std::max(inputs[0], inputs[1]);
      if (inputs[0] == inputs[1] || !is_layer(node(late)) || readers(late) != 1) continue;
      if (node(late).low == -128 && node(late).high == 127) fused_[size_of(late)] = static_cast<std::int32_t>(n);
    }
  }

  void list_steps() {
    std::vector<char> done(model_.nodes.size());
    for (std::int32_t n = 1; size_of(n) < model_.nodes.size(); ++n) {
      if (!needed_[size_of(n)] || done[size_of(n)] || is_view(n)) continue;
      CStep step{.node = n, .layer = n};
      if (const std::int32_t sum = fused_[size_of(n)]; sum >= 0) {
        step.node = sum;
        step.other = std::min(node(sum).inputs[0], node(sum).inputs[1]);
        done[size_of(sum)] = 1;
      }
      plan_.steps.push_back(step);
    }
  }

  std::vector<std::int32_t> inputs_of(const CStep& step) const {
    if (std::holds_alternative<Zero>(node(step.layer).op)) return {};
    std::vector<std::int32_t> inputs = node(step.layer).inputs;
    if (step.other >= 0) inputs.push_back(step.other);
    for (std::int32_t& input : inputs) input = root(input);
    return inputs;
  }

  std::int32_t last_use(std::int32_t value) const {
    std::int32_t last = -1;
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const auto inputs = inputs_of(plan_.steps[s]);
      if (std::find(inputs.begin(), inputs.end(), value) != inputs.end()) last = static_cast<std::int32_t>(s);
    }
    return last;
  }

  void place_values() {
    plan_.places[0] = place_input;
    const std::int32_t result = root(model_.output);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const CStep& step = plan_.steps[s];
      const auto now = static_cast<std::int32_t>(s);
      std::int32_t& place = plan_.places[size_of(step.node)];
      if (step.node == result) {
        place = place_output;
      } else if (const std::int32_t over = written_over(step, now); over >= 0) {
        place = over;
        plan_.buffers[size_of(over)].last = last_use(step.node);
      } else {
        place = static_cast<std::int32_t>(plan_.buffers.size());
        plan_.buffers.push_back({.bytes = node(step.node).shape.elements(), .first = now, .last = last_use(step.node)});
      }
    }
    for (std::int32_t n = 0; size_of(n) < model_.nodes.size(); ++n)
      if (is_view(n)) plan_.places[size_of(n)] = plan_.places[size_of(root(n))];
  }

  /// The buffer of an Add's other term, where the sum takes its place.
  std::int32_t written_over(const CStep& step, std::int32_t now) const {
    if (step.other < 0) return -1;
    const std::int32_t other = root(step.other), place = plan_.places[size_of(other)];
    const bool read_as_well = root(node(step.layer).inputs[0]) == other;
    return place >= 0 && !read_as_well && last_use(other) == now && plan_.buffers[size_of(place)].last == now ? place : -1;
  }

  void find_overlaps() {
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      const CStep& step = plan_.steps[s];
      const std::int32_t out = plan_.places[size_of(step.node)];
      if (out < 0 || plan_.buffers[size_of(out)].first != static_cast<std::int32_t>(s)) continue;
      const auto inputs = inputs_of(step);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::int32_t in = plan_.places[size_of(inputs[i])];
        if (in < 0 || in == out || plan_.buffers[size_of(in)].last != static_cast<std::int32_t>(s)) continue;
        std::int64_t most = -1;
        bool known = true;
        for (std::size_t k = 0; k < inputs.size(); ++k) {
          if (plan_.places[size_of(inputs[k])] != in) continue;
          const std::int64_t distance = lead_over(step, k);
          known = known && distance >= 0;
          most = std::max(most, distance);
        }
        if (known) overlaps_.push_back({out, in, most});
      }
    }
  }

  /// How far the output of a step gets ahead of input number k; -1 where it must not lie over it.
  std::int64_t lead_over(const CStep& step, std::size_t k) const {
    const IntegerNode& layer = node(step.layer);
    const Shape &in = node(layer.inputs[0]).shape, &out = layer.shape;
    if (is_layer(layer)) {
      if (k == layer.inputs.size()) return 0;  // the other term of an Add
      if (std::holds_alternative<Linear>(layer.op)) return -1;
      const Conv& conv = std::get<Conv>(layer.op);
      return window_lead({conv.kernel, conv.stride, conv.pad.top, conv.pad.left, conv.groups}, in, out, is_depthwise(model_, layer));
    }
    if (const auto* pool = std::get_if<Pool>(&layer.op))
      return window_lead({pool->kernel, pool->stride, pool->pad.top, pool->pad.left, 1}, in, out, false);
    if (std::holds_alternative<ChannelShuffle>(layer.op)) return out.channels;
    if (std::holds_alternative<Multiply>(layer.op)) return node(layer.inputs[k]).shape == out ? 0 : -1;
    const bool each_alone = std::holds_alternative<Activation>(layer.op) || std::holds_alternative<Add>(layer.op) || std::holds_alternative<Softmax>(layer.op);
    return each_alone ? 0 : -1;
  }

  std::int64_t scratch_bytes(const CStep& step) const {
    const IntegerNode& layer = node(step.layer);
    if (!is_layer(layer)) return 0;
    const std::int64_t channels = layer.shape.channels, sum = step.other >= 0 ? 1 : 0;
    if (std::holds_alternative<Linear>(layer.op)) return sum * channels;
    const Conv conv = as_conv(layer.op);
    const std::int64_t taps = std::int64_t{conv.kernel.height} * conv.kernel.width;
    if (is_depthwise(model_, layer)) return 8 * taps + (1 + sum) * channels;
    const std::int64_t depth = node(layer.inputs[0]).shape.channels / conv.groups, row = (taps * depth + 3) / 4 * 4;
    return (depth % 4 != 0 ? 5 : 4) * row + 4 * sum * channels;
  }

  /// Middling scratch lies on the stack only where it would make the arena larger.
  void pack_with_scratch() {
    for (CStep& step : plan_.steps) step.scratch_bytes = scratch_bytes(step);
    const bool nibbles = std::any_of(plan_.steps.begin(), plan_.steps.end(), [&](const CStep& step) { return packs(node(step.layer)) && !is_depthwise(model_, node(step.layer)); });
    const CPlan small = packed(modest_stack_scratch), large = packed(nibbles ? most_stack_scratch_packed : most_stack_scratch);
    plan_ = small.arena_bytes > large.arena_bytes ? large : small;
  }

  CPlan packed(std::int64_t most_on_stack) const {
    CPlan plan = plan_;
    for (std::size_t s = 0; s < plan.steps.size(); ++s) {
      CStep& step = plan.steps[s];
      if (step.scratch_bytes <= most_on_stack) {
        plan.stack_bytes = std::max(plan.stack_bytes, step.scratch_bytes);
        continue;
      }
      step.scratch = static_cast<std::int32_t>(plan.buffers.size());
      const auto now = static_cast<std::int32_t>(s);
      plan.buffers.push_back({.bytes = step.scratch_bytes, .alignment = 8, .first = now, .last = now});
    }
    plan.arena_bytes = pack(plan.buffers, overlaps_);
    return plan;
  }

  const IntegerModel& model_;
  std::vector<char> needed_;
  std::vector<std::int32_t> fused_;  ///< the Add that is done behind a layer, or -1
  std::vector<COverlap> overlaps_;
  CPlan plan_;
};

}  // namespace

bool is_depthwise(const IntegerModel& model, const IntegerNode& node) {
  const auto* conv = std::get_if<Conv>(&node.op);
  return conv && conv->groups == conv->out && paretoforge::is_depthwise(*conv, model.nodes[size_of(node.inputs[0])].shape);
}

CPlan c_plan(const IntegerModel& model) { return Planner(model).run(); }

}  // namespace paretoforge::internal
