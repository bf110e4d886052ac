// Loss functions. Not public: includes LibTorch.
#pragma once

#include <ATen/core/Tensor.h>

#include "trainers/trainer.hpp"

namespace paretoforge {

/// The mean cross entropy of outputs [batch, classes] and labels [batch], each sample with its label's weight where
/// `weights` [classes] is defined, `smoothing` of a label spread over all classes (Szegedy, Vanhoucke, Ioffe, Shlens,
/// Wojna, "Rethinking the Inception architecture", 2016): LibTorch's, but never one that waits for a GPU.
at::Tensor cross_entropy(const at::Tensor& outputs, const at::Tensor& labels, const at::Tensor& weights,
                         double smoothing);

/// Of outputs and targets [batch, targets].
at::Tensor regression_loss(const at::Tensor& outputs, const at::Tensor& targets, RegressionLoss kind);

}  // namespace paretoforge
