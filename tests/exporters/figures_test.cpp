// Figures, not tests: run by hand with `test_exporters "[figures]"` on a quiet machine.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/reference.hpp"
#include "networks.hpp"
#include "space/space.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

/// Median milliseconds of `repeats` calls.
double milliseconds(int repeats, const auto& call) {
  std::vector<double> times;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[static_cast<std::size_t>(repeats / 2)];
}

/// Seconds of the processor that one call takes on this thread, whatever else runs.
double cpu_seconds(const auto& call) {
  const auto now = [] {
    std::timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  call();
  return now() - start;
}

std::int64_t total_macs(const Graph& graph) {
  std::int64_t sum = 0;
  for (NodeId id = 1; id < graph.size(); ++id)
    sum += macs(graph.op(id), graph.shape(graph.inputs(id)[0]), graph.shape(id));
  return sum;
}

}  // namespace

TEST_CASE("figures: interpreters, and int8 against float in ONNX Runtime", "[.][figures]") {
  for (const int width : {16, 32, 64}) {
    const Graph graph = seven_convs(width);
    const Model model = folded(random_model(graph, 1));
    const std::vector<float> images = random_images(graph.shape(0), 8, 1), image(images.begin(), images.begin() + 3072);
    const IntegerModel integer = quantised(model, calibrate(model, images));
    const double giga_macs = static_cast<double>(total_macs(graph)) * 1e-9;
    std::cout << "7 convs, width " << width << ": " << giga_macs * 1e3 << " MMAC\n";
    FloatInterpreter real(model);
    IntegerInterpreter reference(integer);
    const auto input = quantised_input(integer, image);
    std::cout << "  float interpreter " << giga_macs / milliseconds(5, [&] { real.run(image); }) * 1e3
              << " GMAC/s, integer " << giga_macs / milliseconds(5, [&] { reference.run(input); }) * 1e3 << " GMAC/s\n";
    if (!OnnxRuntime::available()) continue;
    for (const bool optimise : {true, false}) {
      OnnxSession f = OnnxSession::from_bytes(float_onnx(model), {.optimise = optimise});
      OnnxSession q = OnnxSession::from_bytes(qdq_onnx(integer), {.optimise = optimise});
      const double float_ms = milliseconds(50, [&] { f.run(); }), int8_ms = milliseconds(50, [&] { q.run(); });
      std::cout << "  ONNX Runtime " << (optimise ? "optimised" : "as written") << ": float " << float_ms
                << " ms, int8 " << int8_ms << " ms, " << float_ms / int8_ms << " times\n";
    }
  }
}

TEST_CASE("figures: seconds of the processor for a score after quantisation", "[.][figures]") {
  for (const std::string name : {"tiny_image", "mobile"}) {
    const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
    Random random(3);
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const Graph graph = pruned(space.decode(space.sample(random)));
      const Model model = random_model(graph, seed), narrow = with_weight_bits(model, weighted_layers(graph), 4);
      const std::vector<float> calibration = random_images(graph.shape(0), 384, seed), images = random_images(graph.shape(0), 100, seed);
      std::optional<IntegerModel> integer;
      std::cout << name << ", " << static_cast<double>(total_macs(graph)) * 1e-6 << " MMAC: quantised in "
                << cpu_seconds([&] { integer = quantised(model, calibration); }) << " s, four bits in "
                << cpu_seconds([&] { quantised(narrow, calibration, {.rounding = WeightRounding::second_order}); }) << " s; 5,000 samples in the reference "
                << 50 * cpu_seconds([&] {
                     IntegerInterpreter reference(*integer);
                     const auto size = images.size() / 100;
                     for (std::size_t i = 0; i < 100; ++i) reference.run(quantised_input(*integer, std::span(images).subspan(i * size, size)));
                   }) << " s";
      if (OnnxRuntime::available()) {
        OnnxSession session = OnnxSession::from_bytes(qdq_onnx(*integer, {.batch = 100}));
        std::cout << ", in ONNX Runtime " << 50 * cpu_seconds([&] { session.run(images); }) << " s";
      }
      std::cout << std::endl;
    }
  }
}
