// A Graph executed by LibTorch: parameters, forward in training and evaluation, weights in and out. Not public:
// includes LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "space/model.hpp"

namespace paretoforge {

/// What a norm reads: x [batch, channels, height, width], gamma and beta [channels], and where a residual is added
/// before the clamp, `other` of x's shape; else undefined. CPU; all double, or all float, or gamma and beta float and
/// x and `other` bfloat16 (over a batch).
struct NormInputs {
  at::Tensor x, gamma, beta, other;
  at::Tensor* again = nullptr;  ///< where not null, over a batch: set to the result as a second reader gets it, see norm_clamp
};
/// gamma * (x - mean) / sqrt(variance + epsilon) + beta (+ other), then clamped; over the batch, with autograd, and the
/// running statistics moved on. Two readers whose gradients come apart, one to the result and one to `again`, save autograd a
/// pass over memory to add them.
at::Tensor norm_clamp(const NormInputs& in, const at::Tensor& running_mean, const at::Tensor& running_variance,
                      double low, double high);
/// The same with the running statistics; no autograd.
at::Tensor norm_clamp_fixed(const NormInputs& in, const at::Tensor& mean, const at::Tensor& variance, double low,
                            double high);

inline constexpr double norm_momentum = 0.1;  ///< weight of a new batch in the running statistics

/// All tensors are [batch, channels, height, width] and channels-last in memory; vectors have height = width = 1.
class TorchNetwork {
 public:
  /// linear: no norms, and activations that are not bounded hand their input on; with autograd, for synflow.
  enum class Mode { training, evaluation, linear };

  struct Layer {
    at::Tensor kernel, bias, gamma, beta, mean, variance;  ///< undefined where the op has none
    at::Tensor divisor;                                    ///< of a pool, see average_divisor
  };

  /// Parameters are undefined until initialise or load.
  explicit TorchNetwork(const Graph& graph, at::Device device = at::kCPU, at::ScalarType type = at::kFloat);

  /// He normal weights (He et al., 2015; fan-in), zero biases, norms at identity.
  void initialise(std::uint64_t seed);
  void load(const std::vector<Weights>& weights);
  std::vector<Weights> weights() const;

  /// Sees the value of each node that leads to the output when it has been computed; not of norms and sums that are
  /// fused with what is behind them.
  using Watch = std::function<void(NodeId, const at::Tensor&)>;

  /// The outputs [batch, elements], those before a final softmax. Autograd unless in evaluation, or the thread is in a
  /// NoGradGuard.
  at::Tensor logits(const at::Tensor& images, Mode mode, const Watch& watch = {}) const;

  const Layer& layer(NodeId id) const { return layers_[static_cast<std::size_t>(id)]; }
  /// The weights of convolutions and linear layers in the order of their nodes, leaves of autograd.
  std::vector<at::Tensor> kernels() const;

  /// All trained numbers in one vector, those with weight decay first, and where backward adds their gradients.
  const at::Tensor& parameters() const { return parameters_; }
  const at::Tensor& gradients() const { return gradients_; }
  std::int64_t decayed() const { return decayed_; }
  /// The running statistics of all norms in one vector.
  const at::Tensor& statistics() const { return statistics_; }
  bool trainable() const { return parameters_.numel() > 0; }

  /// What training multiplies and keeps between layers in: float, or bfloat16, where weights, sums, statistics, the last
  /// linear layer and the outputs stay float (Kalamkar et al., "A study of BFLOAT16 for deep learning training", 2019).
  void train_in(at::ScalarType type) { training_type_ = type; }

  /// For comparison: norms, activations and convolutions as LibTorch's own ops.
  void set_fused(bool fused) { fused_ = fused, plan(); }
  /// For products with a Hessian: only ops whose gradients have gradients. Slower.
  void set_twice_differentiable() { set_fused(false), twice_ = true; }

 private:
  /// How a node's value is computed.
  struct Step {
    std::vector<NodeId> in;  ///< whose values are read
    NodeId norm = -1;        ///< done here too: [activation of] [sum of] this norm of in[0] [and in[1]]
  };

  void allocate(at::TensorOptions options);
  void plan();
  void count_readers();
  void fuse(NodeId id);
  at::Tensor run(NodeId id, const std::vector<at::Tensor>& in, std::int64_t batch, Mode mode, at::Tensor* again) const;
  at::Tensor multiplied(NodeId id, const Conv& op, const at::Tensor& x, Mode mode) const;
  at::Tensor run_norm(NodeId norm, const std::vector<at::Tensor>& in, double high, Mode mode, at::Tensor* again = nullptr) const;

  Graph graph_;
  NodeId target_;                      ///< whose value is asked for
  std::vector<Layer> layers_;          ///< one per node
  std::vector<Step> steps_;            ///< one per node
  std::vector<std::int32_t> readers_;  ///< per node how many needed steps read it; 0 where it is not needed
  at::Tensor parameters_, gradients_, statistics_;
  std::int64_t decayed_ = 0;
  bool fused_ = true;
  at::ScalarType training_type_;
  bool twice_ = false;  ///< see set_twice_differentiable
};

}  // namespace paretoforge
