// Zero-cost scores of a graph: the network as initialised and its batch as tensors, then the score.
#include <c10/core/GradMode.h>

#include <cmath>
#include <numeric>

#include "space/random.hpp"
#include "trainers/session_internal.hpp"
#include "trainers/trainer_internal.hpp"
#include "trainers/zero_cost_internal.hpp"
#include "trainers/zero_cost_run_internal.hpp"

namespace paretoforge {
namespace {

/// What is drawn from a score's seed.
enum : std::uint64_t { weights_stream, noise_stream, moved_stream };

void fill_normal(const at::Tensor& tensor, std::uint64_t seed) {
  c10::NoGradGuard guard;
  Random random(seed);
  auto values = at::empty({tensor.numel()}, at::kFloat);
  for (std::int64_t i = 0; i < values.numel(); ++i) values.data_ptr<float>()[i] = static_cast<float>(random.normal());
  tensor.copy_(values.view(tensor.sizes()));
}

at::Tensor noise(const Shape& shape, const ScoreBatch& batch, std::uint64_t stream) {
  const auto tensor = image_tensor(batch.size, shape);
  fill_normal(tensor, derived_seed(batch.seed, stream));
  return tensor;
}

at::Tensor image_batch(const Shape& shape, const ScoreBatch& batch) {
  const Images images = resized(batch.images, shape.height, shape.width);
  std::vector<std::uint32_t> positions(images.size());
  std::iota(positions.begin(), positions.end(), 0u);
  const auto tensor = image_tensor(images.size(), images.shape);
  BatchMaker(images, batch.input).plain(positions, tensor.data_ptr<float>());
  return tensor;
}

/// Labels, or targets in units of their deviation.
at::Tensor answers_of(const ScoreBatch& batch) {
  const auto count = static_cast<std::int64_t>(batch.images.size());
  const auto& [mean, deviation] = batch.targets;
  if (mean.empty()) {
    auto labels = at::empty({count}, at::kLong);
    std::copy(batch.images.labels.begin(), batch.images.labels.end(), labels.data_ptr<std::int64_t>());
    return labels;
  }
  auto targets = at::empty({count, static_cast<std::int64_t>(mean.size())}, at::kFloat);
  for (std::size_t i = 0; i < batch.images.targets.size(); ++i) {
    const std::size_t target = i % mean.size();
    targets.data_ptr<float>()[i] = (batch.images.targets[i] - mean[target]) / deviation[target];
  }
  return targets;
}

/// What LibTorch throws says why this network cannot be scored.
template <class Work>
double scored(const Graph& graph, Work&& work) {
  try {
    const ThreadSettings settings;
    const double score = work(pruned(graph));
    if (!std::isfinite(score)) throw TrainingError("the score is not finite");
    return score;
  } catch (const c10::Error& error) {
    throw TrainingError(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    throw TrainingError("out of memory");
  }
}

template <class Score>
double on_images(const Graph& written, const ScoreBatch& batch, Score&& score, bool twice_differentiable = false) {
  return scored(written, [&](const Graph& graph) {
    if (batch.images.size() == 0) throw TrainingError("this score needs images");
    check_fit(graph, batch.images.shape);
    check_outputs(graph, batch.outputs, batch.targets.mean.empty() ? "classes" : "targets");
    TorchNetwork network(graph);
    if (twice_differentiable) network.set_twice_differentiable();
    network.initialise(derived_seed(batch.seed, weights_stream));
    return score(ScoreRun{graph, network, image_batch(graph.shape(0), batch), answers_of(batch)});
  });
}

}  // namespace

double score_naswot(const Graph& graph, const ScoreBatch& batch) { return on_images(graph, batch, naswot_of); }
double score_jacob_cov(const Graph& graph, const ScoreBatch& batch) { return on_images(graph, batch, jacob_cov_of); }
double score_grad_norm(const Graph& graph, const ScoreBatch& batch) { return on_images(graph, batch, grad_norm_of); }
double score_snip(const Graph& graph, const ScoreBatch& batch) { return on_images(graph, batch, snip_of); }
double score_grasp(const Graph& graph, const ScoreBatch& batch) { return on_images(graph, batch, grasp_of, true); }
double score_fisher(const Graph& graph, const ScoreBatch& batch) { return on_images(graph, batch, fisher_of); }

double score_synflow(const Graph& written, const ScoreBatch& batch) {
  return scored(written, [&](const Graph& graph) {
    check_fit(graph, graph.shape(0));
    // The product over all layers leaves the range of floats, not that of doubles; its logarithm is what can be modelled.
    TorchNetwork network(graph, at::kCPU, at::kDouble);
    network.initialise(derived_seed(batch.seed, weights_stream));
    network.parameters().abs_();
    const Shape& shape = graph.shape(0);
    const auto ones = at::ones({1, shape.channels, shape.height, shape.width}, at::kDouble);
    return std::log1p(synflow_sum({graph, network, ones, {}}));
  });
}

double score_zen(const Graph& written, const ScoreBatch& batch) {
  return scored(written, [&](const Graph& graph) {
    check_fit(graph, graph.shape(0));
    TorchNetwork network(graph);
    network.initialise(derived_seed(batch.seed, weights_stream));  // the norms
    fill_normal(network.parameters().narrow(0, 0, network.decayed()), derived_seed(batch.seed, weights_stream));
    const Shape& shape = graph.shape(0);
    constexpr double step = 0.01;  // the paper's
    return zen_of({graph, network, noise(shape, batch, noise_stream), {}}, noise(shape, batch, moved_stream), step);
  });
}

}  // namespace paretoforge
