// A network with fake quantisation: the integer model as float tensors, with gradients. Not public: includes LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "space/fold.hpp"
#include "space/integer_steps.hpp"
#include "trainers/network_internal.hpp"
#include "trainers/trainer_internal.hpp"

namespace paretoforge {

/// Runs the parameters of a TorchNetwork as the integer model would: batch norms folded, weights symmetric per output
/// channel, activations int8, ReLU as a clamp, pools and concatenations by the same rules (space/integer_steps.hpp).
/// In `frozen` and `evaluation` the values are those of the exporters' reference interpreter, rounding rule `single`, to
/// the last integer, as long as no sum of products leaves 2^24 (beyond, a sum is rounded to a float on its way, which may
/// move its result by one quantum where that lies next to a tie).
class QuantisedNetwork {
 public:
  enum class Mode {
    observing,   ///< with autograd; norms over the batch, ranges of activations observed; weights quantised before norms
    frozen,      ///< with autograd; the integer model itself: ranges and running statistics stay
    evaluation,  ///< the same without autograd
  };

  /// `network` is of this graph and outlives this. Ranges follow the least and the greatest value of each batch: first
  /// their mean, then a moving average in which a new batch has weight `momentum`. Throws std::invalid_argument naming the
  /// node where a layer has weights of other than 1 to 8 bits, or activations of other than 8.
  QuantisedNetwork(const Graph& graph, const TorchNetwork& network, double momentum);

  /// Sees the quanta of each step, as they are computed.
  using Watch = std::function<void(const IntegerStep&, const at::Tensor& quanta)>;

  /// The outputs [batch, elements] as real numbers, those before a final softmax. In other modes than observing there must
  /// be ranges.
  at::Tensor logits(const at::Tensor& images, Mode mode, const Watch& watch = {});

  /// How training goes on from here; none: in float, by the TorchNetwork.
  void set_training(std::optional<Mode> mode) { training_ = mode; }
  /// The outputs as set_training says; where there are no ranges yet, they are observed.
  at::Tensor training_logits(const at::Tensor& images) {
    if (!training_) return network_.logits(images, TorchNetwork::Mode::training);
    return logits(images, ready() ? *training_ : Mode::observing);
  }

  /// Weights have changed: `logits` in evaluation computes their integers once, not for every batch.
  void forget_weights() { prepared_.clear(); }

  const ObservedRanges& observed() const { return observed_; }
  void load(ObservedRanges observed) { observed_ = std::move(observed), prepared_.clear(); }
  bool ready() const { return observed_.batches > 0; }

 private:
  struct Value {
    at::Tensor quanta;
    Quantisation quantisation;
  };
  /// A step as integers, for the ranges and weights there are.
  struct Prepared {
    Quantisation output;
    Clip clip;
    at::Tensor kernel, bias;   ///< quanta; undefined where the op has none
    at::Tensor kernel_scales;  ///< [out]
    at::Tensor factor;         ///< of a layer's sums, [out]
  };

  const Op& op(const IntegerStep& step) const { return folding_.graph.op(step.node); }
  const FoldedNode& origin(NodeId folded) const { return folding_.nodes[static_cast<std::size_t>(folded)]; }
  at::Tensor constant(const std::vector<float>& values) const;
  at::Tensor kernel_tensor(const IntegerStep& step, const std::vector<float>& quanta) const;

  void prepare();
  void prepare_layer(const IntegerStep& step, const Weights& weights, const Quantisation& input, Prepared& to) const;
  Value run(std::size_t step, const std::vector<Value>& in, Mode mode);

  Value observed_value(std::size_t step, const std::vector<Value>& in);
  at::Tensor real_value(const IntegerStep& step, const std::vector<Value>& in);
  at::Tensor real_layer(const IntegerStep& step, const Value& in);
  at::Tensor real_norm(const IntegerStep& step, const at::Tensor& x);
  void observe(NodeId node, const at::Tensor& real);
  void close_batch();

  at::Tensor exact_value(const IntegerStep& step, const Prepared& plan, const std::vector<Value>& in) const;
  at::Tensor exact_layer(const IntegerStep& step, const Prepared& plan, const at::Tensor& in, double low, double high) const;
  at::Tensor fixed_value(const IntegerStep& step, const Value& in, const Quantisation& output) const;

  Graph graph_;
  const TorchNetwork& network_;
  double momentum_;
  Folding folding_;
  std::vector<IntegerStep> steps_;
  std::size_t target_ = 0;             ///< the step whose value is asked for
  std::vector<std::size_t> last_use_;  ///< per step: the last step that reads it
  std::optional<Mode> training_;
  ObservedRanges observed_;
  std::vector<Range> seen_;            ///< in the batch that runs
  std::vector<bool> met_;              ///< whether there is something in seen_
  std::vector<Prepared> prepared_;     ///< empty: to be computed
};

}  // namespace paretoforge
