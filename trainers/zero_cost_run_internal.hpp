// Zero-cost scores as functions of a network that has its weights. Not public: includes LibTorch.
#pragma once

#include <ATen/ATen.h>

#include "trainers/network_internal.hpp"

namespace paretoforge {

/// A network with a batch: images [batch, channels, height, width]; labels [batch], whole numbers, or targets
/// [batch, outputs], floats.
struct ScoreRun {
  const Graph& graph;
  const TorchNetwork& network;
  at::Tensor images, answers;
};

// The sums run over the kernels of convolutions and linear layers; w a weight, L the mean cross-entropy, of targets the
// mean squared error.
double synflow_sum(const ScoreRun& run);  ///< sum |w dR/dw|, R the sum of the outputs; of weights >= 0 in Mode::linear
double naswot_of(const ScoreRun& run);
double jacob_cov_of(const ScoreRun& run);
double grad_norm_of(const ScoreRun& run);  ///< sum over layers of the length of dL/dw
double snip_of(const ScoreRun& run);       ///< sum |w dL/dw|
double grasp_of(const ScoreRun& run);      ///< -sum w (H g), g = dL/dw, H the Hessian of L; of a network that is
                                           ///< twice differentiable
double fisher_of(const ScoreRun& run);     ///< sum over channels of mean over images of (sum over pixels a dL/da)^2 / 2
/// ln of the mean over samples of sum |f(x) - f(x + step * noise)|, f the last values that are images, plus ln of the
/// deviation before each norm. noise: as images.
double zen_of(const ScoreRun& run, const at::Tensor& noise, double step);

}  // namespace paretoforge
