// Training on a GPU. Where LibTorch sees none, nothing here is tested, and each case says so.
#include <ATen/ATen.h>

#include <cmath>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "squares.hpp"
#include "trainers/gpu_internal.hpp"
#include "trainers/session_internal.hpp"

using namespace paretoforge;
using namespace paretoforge::squares;

namespace {

bool no_gpu() {
  if (at::hasCUDA()) return false;
  WARN("skipped: LibTorch sees no GPU");
  return true;
}

TrainSettings gpu_settings(Precision precision = Precision::float32) {
  TrainSettings s = settings();
  s.device = "cuda";
  s.recipe.precision = precision;
  return s;
}

constexpr Precision precisions[] = {Precision::float32, Precision::bfloat16, Precision::float16};

/// Convolutions multiply all bits of a float as long as it lives; a GPU rounds them to ten else (TF32).
class WholeFloats {
 public:
  WholeFloats() { at::globalContext().setAllowTF32CuDNN(false); }
  ~WholeFloats() { at::globalContext().setAllowTF32CuDNN(true); }
};

double largest_difference(const Model& a, const Model& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.weights.size(); ++i)
    for (std::size_t k = 0; k < a.weights[i].kernel.size(); ++k)
      largest = std::max(largest, std::abs(double{a.weights[i].kernel[k]} - b.weights[i].kernel[k]));
  return largest;
}

}  // namespace

TEST_CASE("a GPU that is not there is refused by name", "[gpu]") {
  if (at::hasCUDA()) return;
  CHECK_THROWS_WITH(train(small_net(), gpu_settings()), ContainsSubstring("sees no GPU"));
  TrainSettings s = settings();
  s.recipe.precision = Precision::float16;
  CHECK_THROWS_WITH(train(small_net(), s), ContainsSubstring("float16: for GPUs"));
}

TEST_CASE("GPU: a few steps move the weights as they do on the CPU", "[gpu]") {
  if (no_gpu()) return;
  const WholeFloats whole;
  TrainSettings s = settings();
  s.budget.epochs = 1;
  const auto cpu = train(small_net(), s);
  s.device = "cuda";
  const auto gpu = train(small_net(), s);
  CHECK(cpu.train_loss == Approx(gpu.train_loss).epsilon(1e-4));
  CHECK(largest_difference(cpu.model, gpu.model) < 1e-3);
}

TEST_CASE("GPU: steps that are recorded do what steps that are launched do, to the bit", "[gpu]") {
  if (no_gpu()) return;
  for (const Precision precision : precisions) {
    INFO(static_cast<int>(precision));
    auto s = gpu_settings(precision);
    SECTION("plain") {}
    SECTION("mixed samples, class weights, smoothing, clipping, averaged weights") {
      s.recipe.augment.mixup = 0.4;
      s.recipe.class_weights = {1, 2, 1, 0.5};
      s.recipe.label_smoothing = 0.1;
      s.recipe.clip_norm = 1;
      s.recipe.ema = 0.9;
    }
    SECTION("AdamW") { s.recipe.optimizer = OptimizerKind::adamw, s.recipe.rate = 0.01; }
    const auto recorded = train(small_net(), s);
    CHECK(recorded.note == "");  // recorded indeed
    CHECK(recorded.test.accuracy_pct > 90);
    s.recorded = false;
    CHECK(same_result(recorded, train(small_net(), s)));
  }
}

TEST_CASE("GPU: same seed, same bits, and a training that goes on is one that never stopped", "[gpu]") {
  if (no_gpu()) return;
  for (const Precision precision : precisions) {
    INFO(static_cast<int>(precision));
    auto s = gpu_settings(precision);
    const auto whole = train(small_net(), s);
    CHECK(same_result(whole, train(small_net(), s)));
    const CheckpointFile file;
    s.budget.checkpoint = file.path();
    for (const int until : {1, 3, 0}) {
      s.budget.until = until;
      const auto part = train(small_net(), s);
      if (until == 0) CHECK(same_result(part, whole));
    }
  }
}

TEST_CASE("GPU: trainings side by side are each what they are alone", "[gpu]") {
  if (no_gpu()) return;
  auto s = gpu_settings();
  const auto trainer = make_trainer(data(), s);
  std::vector<TrainResult> alone(6), beside(6);
  const auto run = [&](std::vector<TrainResult>& results, std::size_t i) {
    TrainBudget budget = s.budget;
    budget.seed = i;
    results[i] = trainer->train(small_net(), budget);
  };
  for (std::size_t i = 0; i < alone.size(); ++i) run(alone, i);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < beside.size(); ++i) threads.emplace_back([&, i] { run(beside, i); });
  }
  for (std::size_t i = 0; i < alone.size(); ++i) CHECK(same_result(alone[i], beside[i]));
}

TEST_CASE("GPU: float16 trains on where gradients overflow", "[gpu]") {
  if (no_gpu()) return;
  auto s = gpu_settings(Precision::float16);
  s.recipe.class_weights = {1e5, 1e5, 1e5, 1e5};  // a mean: the loss stays, and with a label's weight alone
  const auto even = train(small_net(), s);
  CHECK(std::isfinite(even.train_loss));
  CHECK(even.test.accuracy_pct > 90);
}

TEST_CASE("GPU: a network trained quantised scores what its integers do", "[gpu]") {
  if (no_gpu()) return;
  for (const int bits : {8, 4}) {
    Graph graph = small_net();
    for (NodeId id = 1; id < graph.size(); ++id)
      if (has_weights(graph.op(id))) graph.set_weight_bits(id, bits);
    auto s = gpu_settings();
    s.recipe.quantise = FakeQuantisation{.from = 0.5, .freeze = 0.75, .momentum = 0.05};
    const auto result = train(graph, s);
    CHECK(result.test.accuracy_pct > 90);
    const Evaluation integers = evaluation_of(quantised_logits(result.model, data()->test), data()->test.labels);
    CHECK(result.test.accuracy_pct == integers.accuracy_pct);
    CHECK(result.test.loss == integers.loss);
  }
}

TEST_CASE("GPU: federated averaging, batches of many sizes", "[gpu]") {
  if (no_gpu()) return;
  auto s = gpu_settings();
  s.trainer = "federated";
  s.recipe.federation.clients = 8;
  s.budget.epochs = 12;
  s.budget.batch = 32;
  const auto recorded = train(small_net(), s);
  CHECK(recorded.note == "");
  s.recorded = false;
  CHECK(same_result(recorded, train(small_net(), s)));
}

TEST_CASE("GPU: after a recording that broke, the GPU is of use and others can be made", "[gpu]") {
  if (no_gpu()) return;
  const at::Device gpu(at::kCUDA, 0);
  const OwnStream stream(gpu);
  at::Tensor sum = at::zeros({1000}, at::TensorOptions(gpu));
  {
    RecordedWork broken;
    CHECK_THROWS_AS(broken.record([&] {
      const at::Tensor part = sum + 1;
      static_cast<void>(part.sum().item<float>());  // waits for the GPU
    }),
                    c10::Error);
    CHECK_FALSE(broken);
  }
  for (int i = 1; i <= 100; ++i) static_cast<void>(at::ones({i * 1000}, at::TensorOptions(gpu)).sum());
  RecordedWork good;
  good.record([&] { sum.add_(at::ones({1000}, at::TensorOptions(gpu))); });
  for (int i = 0; i < 3; ++i) good.repeat();
  CHECK(sum.sum().item<float>() == 3000);
}

TEST_CASE("GPU: memory that runs out is an error of its own, and the GPU is of use afterwards", "[gpu]") {
  if (no_gpu()) return;
  CHECK(gpu_memory(gpu_settings()).value() > 1e8);
  Graph wide({1, 12, 12});
  NodeId x = nets::conv_norm_relu(wide, 0, 200'000, 3, 1);
  x = nets::conv_norm_relu(wide, x, 100'000, 1, 1);
  wide.add(Linear{.out = 4}, wide.add(GlobalPool{}, x));
  CHECK_THROWS_AS(train(wide, gpu_settings()), OutOfMemory);
  CHECK(train(small_net(), gpu_settings()).test.accuracy_pct > 90);
}
