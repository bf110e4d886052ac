// The real ONNX Runtime: each table entry used, files that fit and files that do not.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "networks.hpp"
#include "runtime.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

TEST_CASE("ONNX Runtime says its version and where it was found") {
  if (runtime_missing()) return;
  CHECK(OnnxRuntime::version().find('.') != std::string::npos);
  CHECK(!OnnxRuntime::library().empty());
}

TEST_CASE("a session tells its tensors, runs, and saves what it optimised") {
  if (runtime_missing()) return;
  Graph graph({2, 5, 4});
  graph.add(act(ActivationKind::relu), NodeId{0});
  const std::string bytes = float_onnx(random_model(graph, 1));
  const auto saved = std::filesystem::temp_directory_path() / "paretoforge_runtime_test.onnx";
  OnnxSession session = OnnxSession::from_bytes(bytes, {.threads = 2, .optimise = true, .save_optimised = saved});
  CHECK(std::filesystem::file_size(saved) > 0);
  REQUIRE(session.inputs().size() == 1);
  REQUIRE(session.outputs().size() == 1);
  CHECK(session.inputs()[0].name == "input");
  CHECK(session.inputs()[0].dims == std::vector<std::int64_t>{1, 2, 5, 4});
  CHECK(session.outputs()[0].name == "output");
  CHECK(session.outputs()[0].elements == 40);
  std::vector<float> values(40);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 20.0f;
  const std::vector<float> result = session.run(values);
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(result[i] == std::max(values[i], 0.0f));

  OnnxSession from_file(saved, {.optimise = false});
  CHECK(from_file.run(values) == result);
  std::filesystem::remove(saved);
}

TEST_CASE("a session refuses what is no model and what does not fit") {
  if (runtime_missing()) return;
  CHECK_THROWS_AS(OnnxSession::from_bytes(""), OnnxRuntimeError);
  CHECK_THROWS_AS(OnnxSession::from_bytes("not a model"), OnnxRuntimeError);
  CHECK_THROWS_AS(OnnxSession("there is no such file.onnx"), OnnxRuntimeError);
  const std::string bytes = float_onnx(random_model(seven_convs(4), 1));
  CHECK_THROWS_AS(OnnxSession::from_bytes(bytes.substr(0, bytes.size() / 2)), OnnxRuntimeError);
  CHECK_THROWS_AS(OnnxSession::from_bytes(bytes, {.threads = 0}), OnnxRuntimeError);
  OnnxSession session = OnnxSession::from_bytes(bytes);
  CHECK_THROWS_AS(session.run(std::vector<float>(3)), OnnxRuntimeError);
}

TEST_CASE("ONNX Runtime computes what the float interpreter computes, on every op") {
  if (runtime_missing()) return;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Graph graph = random_graph(seed);
    const Model model = random_model(graph, seed);
    const std::string bytes = float_onnx(model);
    check_onnx(bytes);
    const std::vector<float> image = random_images(graph.shape(0), 1, seed);
    const std::vector<float> expected = run_float(model, image);
    const std::vector<float> found = OnnxSession::from_bytes(bytes).run(image);
    REQUIRE(found.size() == expected.size());
    float size = 1;
    for (const float value : expected) size = std::max(size, std::abs(value));
    for (std::size_t i = 0; i < found.size(); ++i) {
      INFO("seed " << seed << " output " << i << " of " << found.size());
      CHECK(found[i] == Approx(expected[i]).margin(1e-4 * double{size}));
    }
  }
}

TEST_CASE("a file of batch 3 does to three samples what a file of batch 1 does to each") {
  if (runtime_missing()) return;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Graph graph = random_graph(seed);
    const Model model = random_model(graph, seed);
    const std::vector<float> images = random_images(graph.shape(0), 3, seed);
    OnnxSession one = OnnxSession::from_bytes(float_onnx(model));
    OnnxSession three = OnnxSession::from_bytes(float_onnx(model, {.batch = 3}));
    const std::vector<float> together = three.run(images);
    const std::size_t size = images.size() / 3, width = together.size() / 3;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::vector<float> alone = one.run(std::span(images).subspan(i * size, size));
      REQUIRE(alone.size() == width);
      for (std::size_t k = 0; k < width; ++k) CHECK(together[i * width + k] == Approx(alone[k]).margin(1e-3));
    }
  }
}
