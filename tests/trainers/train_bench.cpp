// Benchmark, not a test: images trained on per CPU-second of one thread, at batch 128.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"

using namespace paretoforge;

namespace {

/// Random pixels: what is measured does not depend on what is learnt.
std::shared_ptr<const Dataset> noise(const Shape& shape, std::size_t count) {
  auto data = std::make_shared<Dataset>();
  data->name = "noise";
  data->shape = shape;
  data->classes.resize(10);
  Random random(1);
  for (Images* part : {&data->train, &data->test}) {
    part->shape = shape;
    for (std::size_t i = 0; i < count; ++i) {
      part->labels.push_back(static_cast<std::uint8_t>(random.below(10)));
      for (std::int64_t p = 0; p < shape.elements(); ++p)
        part->pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
    }
  }
  return data;
}

double images_per_cpu_second(const Graph& graph, std::size_t images) {
  TrainSettings settings;
  settings.device = "cpu";
  settings.budget.batch = 128;
  settings.budget.validation = 0;
  const auto trainer = make_trainer(noise(graph.shape(0), images), settings);
  settings.budget.epochs = 1;
  trainer->train(graph, settings.budget);  // LibTorch and oneDNN set themselves up
  settings.budget.epochs = 4;
  const auto result = trainer->train(graph, settings.budget);
  return static_cast<double>(result.steps) * settings.budget.batch / result.cpu_seconds;
}

void print(const char* name, const Graph& graph, std::size_t images, double target) {
  std::int64_t total = 0;
  for (NodeId id = 1; id < graph.size(); ++id) total += params(graph.op(id), graph.shape(graph.inputs(id)[0]));
  std::printf("%-28s %8lld parameters %9.0f images per CPU-second (target %.0f)\n", name, static_cast<long long>(total),
              images_per_cpu_second(graph, images), target);
  std::fflush(stdout);
}

}  // namespace

int main() {
  tune_process();
  // In a thread of its own, as in a study.
  std::thread([] {
    print("ResNet8, 32x32x3", nets::resnet8(), 1280, 1100);
    print("depthwise 50k, 28x28", nets::depthwise50k(), 2560, 2900);
    print("depthwise 8-16-32, 28x28", nets::depthwise_8_16_32(), 6400, 13000);
  }).join();
}
