// What predicting costs: totals, features and one estimate per network, a fit, and loading a device. Prints them. One
// thread's figures are its processor time, so that others on the machine hardly count.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "predictors/features.hpp"
#include "predictors/fit.hpp"
#include "predictors/totals.hpp"

using namespace paretoforge;

namespace {

double wall_microseconds() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double thread_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e6 * static_cast<double>(now.tv_sec) + 1e-3 * static_cast<double>(now.tv_nsec);
}

/// Microseconds that `work(i)` takes, mean over i = 0 .. repeats - 1; the best of three rounds.
template <class Work>
double microseconds(std::size_t repeats, const Work& work, double (*clock)() = thread_microseconds) {
  double best = 1e300;
  for (int round = 0; round < 3; ++round) {
    const double begin = clock();
    for (std::size_t i = 0; i < repeats; ++i) work(i);
    best = std::min(best, (clock() - begin) / static_cast<double>(repeats));
  }
  return best;
}

Space shipped(const std::string& name) {
  return Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
}

void bench_space(const std::string& name) {
  constexpr std::size_t networks = 1000;
  const Space space = shipped(name);
  Random random(1);
  std::vector<Architecture> points;
  std::vector<Graph> graphs;
  Samples samples;
  double nodes = 0, sink = 0;
  for (std::size_t i = 0; i < networks; ++i) {
    points.push_back(space.sample(random));
    graphs.push_back(space.decode(points.back()));
    nodes += graphs.back().size();
    if (i < 200)  // a device that takes a nanosecond a MAC and a microsecond a node
      samples.add(graph_features(graphs.back()),
                  static_cast<double>(totals(graphs.back()).macs) * 1e-6 + 1e-3 * graphs.back().size());
  }
  const FittedMetric metric = fit_metric(samples, "latency_ms", "auto", 1);
  const double both =
      microseconds(networks, [&](std::size_t i) { sink += static_cast<double>(totals(space.decode(points[i])).macs); });
  const double features = microseconds(networks, [&](std::size_t i) { sink += graph_features(graphs[i])[0]; });
  const double predict = microseconds(networks, [&](std::size_t i) { sink += metric.predict(graphs[i]).value; });
  std::printf("%-16s %6.0f nodes   decode and totals %6.1f us   features %6.1f us   predict %6.1f us%s\n", name.c_str(),
              nodes / networks, both, features, predict, sink < 0 ? "?" : "");
}

/// Ten thousand networks, decoded before, predicted on two threads.
void bench_many(const std::string& name) {
  constexpr std::size_t networks = 10'000;
  const Space space = shipped(name);
  Random random(1);
  std::vector<Graph> graphs;
  Samples samples;
  for (std::size_t i = 0; i < networks; ++i) {
    graphs.push_back(space.decode(space.sample(random)));
    if (i < 200)
      samples.add(graph_features(graphs.back()),
                  static_cast<double>(totals(graphs.back()).macs) * 1e-6 + 1e-3 * graphs.back().size());
  }
  const FittedMetric metric = fit_metric(samples, "latency_ms", "auto", 1);
  double sums[2] = {0, 0};
  const double all = microseconds(1, [&](std::size_t) {
    const auto half = [&](std::size_t from) {
      double sum = 0;
      for (std::size_t i = from; i < networks; i += 2) sum += metric.predict(graphs[i]).value;
      sums[from] = sum;
    };
    std::thread other(half, 1);
    half(0);
    other.join();
  }, wall_microseconds);
  std::printf("%-16s %zu networks on two threads: %.0f ms%s\n", name.c_str(), networks, all / 1e3,
              sums[0] + sums[1] < 0 ? "?" : "");
}

/// Fits the column on `train` rows and scores it on the others; then writes the device and loads it again.
void bench_fit(const std::string& file, const std::string& space_name, const std::string& column, std::size_t train) {
  const char* folder = std::getenv("PARETOFORGE_DATA");
  if (folder == nullptr || !std::filesystem::exists(std::filesystem::path(folder) / file)) {
    std::printf("%s: not at hand (PARETOFORGE_DATA)\n", file.c_str());
    return;
  }
  const Table table = Table::load(std::filesystem::path(folder) / file);
  FitOptions options;
  options.train = train;
  const double begin = thread_microseconds();
  const FitResult result = fit(table, shipped(space_name), column, options);
  const double spent = 1e-6 * (thread_microseconds() - begin);
  const FitScores& s = result.scores;
  Device device{"bench", "", {}, {result.metric}};
  const auto path = std::filesystem::temp_directory_path() / "paretoforge_predictors_bench.yaml";
  device.save(path);
  const double load = microseconds(10, [&](std::size_t) { (void)Device::load(path); });
  std::printf(
      "%-22s %4zu rows: Spearman %.3f, within 10 %% %5.1f %%, coverage %4.1f %%, width %4.1f %%; fitted, and %zu others "
      "scored, in %.2f s; device %.0f KB, loads in %.1f ms\n",
      column.c_str(), train, s.spearman, s.within_10_pct, s.coverage_90_pct, s.width_90_pct, s.test_rows, spent,
      static_cast<double>(std::filesystem::file_size(path)) / 1e3, load / 1e3);
  std::filesystem::remove(path);
}

}  // namespace

int main() {
  bench_many("nasbench201");
  for (const char* name : {"nasbench201", "fbnet", "ofa_mobilenetv3", "mobile", "tiny_image"}) bench_space(name);
  bench_fit("nasbench201/latency_by_device.csv", "nasbench201", "1080ti_1_latency_ms", 900);
  bench_fit("nasbench201/latency_by_device.csv", "nasbench201", "silver_4114_latency_ms", 900);
  for (const char* column : {"latency_ms", "energy_mj"})
    for (const std::size_t train : {50u, 200u, 900u})
      bench_fit("raspberry_pi_5/pi5_litert_cifar100.csv", "nasbench201", column, train);
  for (const char* column : {"1080ti_1_latency_ms", "gold_6240_latency_ms", "pixel3_latency_ms"})
    bench_fit("fbnet/latency_by_device.csv", "fbnet", column, 200);
  bench_fit("nrf5340/measurements.csv", "nasbench201", "latency_ms", 80);
}
