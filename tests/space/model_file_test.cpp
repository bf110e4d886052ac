// Weights come back bit for bit, and never for another network or from a damaged file.
#include <unistd.h>

#include <fstream>

#include "catch.hpp"
#include "space/model_file.hpp"

using namespace paretoforge;

namespace {

Graph network(std::int32_t channels) {
  Graph graph({2, 6, 6});
  graph.add(BatchNorm{}, graph.add(Conv{channels, {3, 3}, {}, {}, {}, 1, true, 8}, NodeId{0}));
  return graph;
}

std::filesystem::path scratch(const std::string& name) {
  return std::filesystem::temp_directory_path() / ("paretoforge_" + std::to_string(getpid()) + "_" + name);
}

}  // namespace

TEST_CASE("a saved model reads back bit for bit") {
  const auto path = scratch("whole");
  Model model = random_model(network(5), 3);
  model.ranges = {{-1, 2}, {0, 3.5f}, {-0.0f, 1e-30f}};
  model.input = {{0.25f, 0.5f}, {1, 2}};
  save_model(path, model);
  const Model back = load_model(path, network(5));
  REQUIRE(back.weights[1].kernel == model.weights[1].kernel);
  REQUIRE(back.weights[2].variance == model.weights[2].variance);
  REQUIRE(back.ranges[1].high == 3.5f);
  REQUIRE(back.input.deviation == model.input.deviation);
  REQUIRE_THROWS_WITH(load_model(path, network(6)), ContainsSubstring("another network"));
  std::filesystem::remove(path);
}

TEST_CASE("every changed or missing byte of a model file is found") {
  const auto path = scratch("damaged");
  save_model(path, random_model(network(2), 3));
  std::ifstream file(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    std::ofstream(path, std::ios::binary) << changed;
    REQUIRE_THROWS_AS(load_model(path, network(2)), std::runtime_error);
    std::ofstream(path, std::ios::binary) << whole.substr(0, i);
    REQUIRE_THROWS_AS(load_model(path, network(2)), std::runtime_error);
  }
  std::filesystem::remove(path);
  REQUIRE_THROWS_AS(load_model(path, network(2)), std::runtime_error);
}
