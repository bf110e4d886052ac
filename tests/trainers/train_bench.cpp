// Benchmark, not a test: images trained on per CPU-second of one thread, at batch 128, in float32 and in bfloat16; or per
// second on a GPU.
// experiments/reports/training/run.sh sets it beside a Python loop.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

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

TrainSettings settings_of(Precision precision) {
  TrainSettings settings;
  settings.recipe.precision = precision;
  settings.device = "cpu";
  settings.budget.batch = 128;
  settings.budget.validation = 0;
  settings.budget.epochs = 1;
  return settings;
}

double images_per_cpu_second(const Graph& graph, std::size_t images, Precision precision) {
  TrainSettings settings = settings_of(precision);
  const auto trainer = make_trainer(noise(graph.shape(0), images), settings);
  trainer->train(graph, settings.budget);  // LibTorch and oneDNN set themselves up
  settings.budget.epochs = 4;
  const auto result = trainer->train(graph, settings.budget);
  return static_cast<double>(result.steps) * settings.budget.batch / result.cpu_seconds;
}

/// Seconds on the wall until each of `threads` threads has done the same.
template <class Work>
double seconds_of(int threads, const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < threads; ++i) all.emplace_back(work);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// How many times as much two threads get done as one; median of five, by turns.
template <class Work>
double gain_of_two(const Work& work) {
  std::vector<double> gains;
  for (int round = 0; round < 5; ++round) gains.push_back(2 * seconds_of(1, work) / seconds_of(2, work));
  std::nth_element(gains.begin(), gains.begin() + 2, gains.end());
  return gains[2];
}

double gain_of_two_trainings(const Graph& graph, std::size_t images) {
  TrainSettings settings = settings_of(Precision::float32);
  const auto trainer = make_trainer(noise(graph.shape(0), images), settings);
  trainer->train(graph, settings.budget);
  settings.budget.epochs = 4;
  return gain_of_two([&] { trainer->train(graph, settings.budget); });
}

std::atomic<double> result;  ///< of what is computed for its time alone

void multiply_and_add() {
  double sum = 0;
  for (int i = 0; i < 200'000'000; ++i) sum = sum * 0.999 + 1;
  result = sum;
}

/// An array added to another, 16 MB each as two layers' values are, again and again.
void walk_through_memory() {
  std::vector<float> from(std::size_t{4} << 20, 1), to(from.size(), 2);
  for (int pass = 0; pass < 100; ++pass)
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = 0.5f * to[i] + from[i];
  result = to[to.size() / 2];
}

/// Images per second on the wall of `trials` trainings side by side on the GPU, the first ones (which set up LibTorch
/// and record a step) not counted.
double images_per_second(const Graph& graph, std::size_t images, Precision precision, bool recorded, int trials) {
  TrainSettings settings = settings_of(precision);
  settings.device = "cuda";
  settings.recorded = recorded;
  const auto trainer = make_trainer(noise(graph.shape(0), images), settings);
  const auto seconds = [&](std::int32_t epochs) {
    settings.budget.epochs = epochs;
    return seconds_of(trials, [&] { trainer->train(graph, settings.budget); });
  };
  seconds(1);
  const double few = seconds(1), many = seconds(11);
  const std::size_t steps = images / static_cast<std::size_t>(settings.budget.batch);
  return static_cast<double>(10 * trials) * static_cast<double>(steps) * settings.budget.batch / (many - few);
}

struct Row {
  std::string_view name;
  Graph (*make)();
  std::size_t images;  ///< an epoch, as many as take about two seconds
};
constexpr Row rows[] = {{"resnet8", nets::resnet8, 1280},
                        {"depthwise_50k", nets::depthwise50k, 2560},
                        {"depthwise_8_16_32", nets::depthwise_8_16_32, 6400},
                        {"mbconv_5x5", nets::mbconv_5x5, 1280}};

void print_speed(const Row& row) {
  for (const Precision precision : {Precision::float32, Precision::bfloat16}) try {
      std::printf(" %.0f", images_per_cpu_second(row.make(), row.images, precision));
    } catch (const ConfigError&) {
      std::printf(" -");  // this processor does not multiply bfloat16
    }
}

void print_gain(const Row& row) { std::printf(" %.2f", gain_of_two_trainings(row.make(), row.images)); }

/// Float32 launched one kernel at a time, then recorded: float32, bfloat16, float16; float32 of 2, 4, 8 side by side.
void print_gpu(const Row& row) {
  const auto print = [&](Precision precision, bool recorded, int trials) {
    std::printf(" %.0f", images_per_second(row.make(), 4 * row.images, precision, recorded, trials));
    std::fflush(stdout);
  };
  print(Precision::float32, false, 1);
  for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::float16}) print(precision, true, 1);
  for (const int trials : {2, 4, 8}) print(Precision::float32, true, trials);
}

void print_rows(std::span<char* const> names, void (*print)(const Row&)) {
  for (const Row& row : rows) {
    if (!names.empty() && std::find(names.begin(), names.end(), row.name) == names.end()) continue;
    std::printf("%s", std::string(row.name).c_str());
    print(row);
    std::printf("\n");
    std::fflush(stdout);
  }
}

}  // namespace

/// Arguments: names of networks, none for all. --two before them: how many times as much two trainings side by side get
/// done as one. --gpu: on a GPU.
int main(int count, char** arguments) {
  tune_process();
  std::span<char* const> names(arguments + 1, static_cast<std::size_t>(count - 1));
  auto* print = print_speed;
  for (const auto& [flag, chosen] : {std::pair("--two", &print_gain), std::pair("--gpu", &print_gpu)})
    if (!names.empty() && names[0] == std::string_view(flag)) print = chosen;
  if (print != print_speed) names = names.subspan(1);
  if (!names.empty() && names[0] == std::string_view("--two-loops")) {  // what this machine has to give at most
    std::printf("arithmetic %.2f, memory %.2f\n", gain_of_two(multiply_and_add), gain_of_two(walk_through_memory));
    return 0;
  }
  // In a thread of its own, as in a study.
  std::thread([&] { print_rows(names, print); }).join();
}
