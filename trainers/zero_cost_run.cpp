// Zero-cost scores of a network that has its weights.
//   synflow    Tanaka, Kunin, Yamins and Ganguli, NeurIPS 2020
//   naswot     Mellor, Turner, Storkey and Crowley, "Neural architecture search without training", ICML 2021
//   jacob_cov  the same authors' earlier form, arXiv:2006.04647v1
//   snip       Lee, Ajanthan and Torr, ICLR 2019
//   grasp      Wang, Zhang and Grosse, ICLR 2020
//   fisher     Turner, Crowley, O'Boyle, Storkey and Gray, "BlockSwap", ICLR 2020
//   zen        Lin et al., "Zen-NAS", ICCV 2021
// Summed over a network, and grad_norm: Abdelfattah et al., ICLR 2021.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "trainers/zero_cost_internal.hpp"
#include "trainers/zero_cost_run_internal.hpp"

namespace paretoforge {
namespace {

using Mode = TorchNetwork::Mode;
using Tensors = std::vector<at::Tensor>;

/// Gradients with respect to these; undefined where there is none.
Tensors gradients(const at::Tensor& of, const Tensors& with_respect_to, bool create_graph = false) {
  if (!of.requires_grad() || with_respect_to.empty()) return Tensors(with_respect_to.size());
  return torch::autograd::grad({of}, with_respect_to, {}, create_graph, create_graph, /*allow_unused=*/true);
}

at::Tensor loss(const ScoreRun& run, const TorchNetwork::Watch& watch = {}) {
  const at::Tensor outputs = run.network.logits(run.images, Mode::training, watch);
  return run.answers.is_floating_point() ? at::mse_loss(outputs, run.answers) : at::cross_entropy_loss(outputs, run.answers);
}

/// The sum of f(weights, their gradients) over layers.
template <class F>
double layer_sum(const Tensors& kernels, const Tensors& gradients, F&& f) {
  double sum = 0;
  for (std::size_t i = 0; i < kernels.size(); ++i)
    if (gradients[i].defined()) sum += f(kernels[i].detach(), gradients[i].detach()).template item<double>();
  return sum;
}

at::Tensor saliency(const at::Tensor& w, const at::Tensor& g) { return (w * g).abs().sum(at::kDouble); }

/// The values of a unit at which its activation bends, where that can be told from what comes out of it.
float bend(ActivationKind kind) {
  return kind == ActivationKind::sigmoid || kind == ActivationKind::hard_sigmoid ? 0.5f : 0.0f;
}

/// The last node of the way to the output whose value is more than one pixel; the output where there is none.
NodeId last_image(const Graph& graph) {
  for (NodeId id = graph.output(); id > 0; id = graph.inputs(id)[0]) {
    if (graph.shape(id).height * graph.shape(id).width > 1) return id;
    if (graph.inputs(id).empty()) break;
  }
  return graph.output();
}

/// ln, of nothing too: what is less than any change that could be seen counts as that.
double log_of(double value) { return std::log(std::max(value, 1e-30)); }

}  // namespace

double synflow_sum(const ScoreRun& run) {
  const Tensors kernels = run.network.kernels();
  return layer_sum(kernels, gradients(run.network.logits(run.images, Mode::linear).sum(), kernels), saliency);
}

double naswot_of(const ScoreRun& run) {
  const c10::NoGradGuard guard;
  PatternKernel kernel(static_cast<std::size_t>(run.images.size(0)));
  run.network.logits(run.images, Mode::training, [&](NodeId id, const at::Tensor& value) {
    const auto* activation = std::get_if<Activation>(&run.graph.op(id));
    if (activation == nullptr) return;
    const auto plain = value.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
    kernel.add({plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel())}, bend(activation->kind));
  });
  return kernel.log_determinant();
}

double jacob_cov_of(const ScoreRun& run) {
  ScoreRun own = run;
  own.images = run.images.detach().clone().requires_grad_(true);
  const auto found = gradients(run.network.logits(own.images, Mode::training).sum(), {own.images})[0];
  const auto plain = (found.defined() ? found : at::zeros_like(run.images)).to(at::kFloat).contiguous();
  return jacobian_score({plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel())},
                        static_cast<std::size_t>(plain.size(0)));
}

double grad_norm_of(const ScoreRun& run) {
  const Tensors kernels = run.network.kernels();
  return layer_sum(kernels, gradients(loss(run), kernels),
                   [](const at::Tensor&, const at::Tensor& g) { return g.norm(2, at::kDouble); });
}

double snip_of(const ScoreRun& run) {
  const Tensors kernels = run.network.kernels();
  return layer_sum(kernels, gradients(loss(run), kernels), saliency);
}

double grasp_of(const ScoreRun& run) {
  const Tensors kernels = run.network.kernels();
  const Tensors first = gradients(loss(run), kernels, true);
  at::Tensor product;  // g . constant g, whose gradient is H g
  for (const auto& g : first)
    if (g.defined()) product = product.defined() ? product + (g * g.detach()).sum() : (g * g.detach()).sum();
  if (!product.defined()) return 0;
  return layer_sum(kernels, gradients(product, kernels),
                   [](const at::Tensor& w, const at::Tensor& hg) { return -(w * hg).sum(at::kDouble); });
}

double fisher_of(const ScoreRun& run) {
  Tensors outputs;
  const auto total = loss(run, [&](NodeId id, const at::Tensor& value) {
    const Op& op = run.graph.op(id);
    if (has_weights(op)) outputs.push_back(value);
  });
  return layer_sum(outputs, gradients(total, outputs), [](const at::Tensor& a, const at::Tensor& g) {
    return (a * g).sum({2, 3}).pow(2).mean(0).sum(at::kDouble) / 2;
  });
}

double zen_of(const ScoreRun& run, const at::Tensor& noise, double step) {
  const c10::NoGradGuard guard;
  const NodeId seen = last_image(run.graph);
  const auto readers = consumers(run.graph);
  at::Tensor values = run.images;
  double deviations = 0;
  const auto before_norms = [&](NodeId id, const at::Tensor& value) {
    if (id == seen) values = value;
    for (const NodeId reader : readers[static_cast<std::size_t>(id)])
      if (std::holds_alternative<BatchNorm>(run.graph.op(reader)))
        deviations += 0.5 * log_of(value.var({0, 2, 3}, false).mean(at::kDouble).item<double>());
  };
  run.network.logits(run.images, Mode::training, before_norms);
  at::Tensor moved = run.images + step * noise;
  run.network.logits(moved, Mode::training, [&](NodeId id, const at::Tensor& value) {
    if (id == seen) moved = value;
  });
  return log_of((values - moved).abs().sum({1, 2, 3}).mean(at::kDouble).item<double>()) + deviations;
}

}  // namespace paretoforge
