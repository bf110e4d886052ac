// The C face agrees with the C++ one, from many threads at once.
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "onnx_maker.hpp"
#include "predictors/device.hpp"
#include "predictors/paretoforge_cost.h"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

const std::string configs = std::string(PARETOFORGE_SOURCE_DIR) + "/configs/";
const std::string device_file = configs + "devices/nrf5340.yaml",
                  network_file = configs + "architectures/mlperf_tiny_resnet8.yaml";

std::string small_onnx() {
  test::OnnxMaker m(17);
  m.input("x", {1, 3, 32, 32});
  m.weight("w", {16, 3, 3, 3});
  m.node("Conv", {"x", "w"}, "c");
  m.node("Fold", {"c"}, "y", {}, "com.acme");
  m.output("y");
  return m.bytes();
}

}  // namespace

TEST_CASE("the C face predicts what the C++ one does") {
  paretoforge_device* device = paretoforge_device_load(device_file.c_str());
  paretoforge_model* model = paretoforge_model_load(network_file.c_str());
  REQUIRE(device != nullptr);
  REQUIRE(model != nullptr);
  paretoforge_cost cost;
  REQUIRE(paretoforge_predict(device, model, "latency_ms", &cost) == 0);
  const CostEstimate expected = Device::load(device_file).predict("latency_ms", Space::load(network_file).decode({}));
  CHECK(cost.value == expected.value);
  CHECK(cost.low == expected.low);
  CHECK(cost.high == expected.high);
  CHECK(cost.extrapolates == expected.extrapolates.size());
  paretoforge_model_free(model);

  const std::string bytes = small_onnx();
  model = paretoforge_model_read_onnx(bytes.data(), bytes.size());
  REQUIRE(model != nullptr);
  REQUIRE(paretoforge_predict(device, model, "latency_ms", &cost) == 0);
  CHECK(cost.extrapolates > 0);
  CHECK_THAT(std::string(cost.reasons), ContainsSubstring("com.acme.Fold"));
  std::int64_t macs = 0;
  REQUIRE(paretoforge_model_total(model, "macs", &macs) == 0);
  CHECK(macs == 30 * 30 * 16 * 27);
  paretoforge_model_free(model);
  paretoforge_device_free(device);
}

TEST_CASE("a space is refused where one network is wanted") {
  CHECK(paretoforge_model_load((configs + "spaces/nasbench201.yaml").c_str()) == nullptr);
  CHECK_THAT(std::string(paretoforge_error()), ContainsSubstring("15625 networks"));
}

TEST_CASE("NULL, damage and names that there are not leave a message and nothing else") {
  paretoforge_device* device = paretoforge_device_load(device_file.c_str());
  paretoforge_model* model = paretoforge_model_load(network_file.c_str());
  REQUIRE((device != nullptr && model != nullptr));
  paretoforge_cost cost;
  std::int64_t total = -7;
  const auto said = [](bool failed, const char* what) {
    INFO(what);
    CHECK(failed);
    CHECK(std::string(paretoforge_error()).starts_with("error: "));
    CHECK_THAT(std::string(paretoforge_error()), ContainsSubstring(what));
  };
  said(paretoforge_device_load(nullptr) == nullptr, "path is NULL");
  said(paretoforge_device_read(nullptr, 5) == nullptr, "text is NULL");
  said(paretoforge_device_read("format: 9\n", 10) == nullptr, "'format' 9");
  said(paretoforge_device_read("format: 1\nname: [", 17) == nullptr, "device:2");
  said(paretoforge_model_load(nullptr) == nullptr, "path is NULL");
  said(paretoforge_model_load("no_such.onnx") == nullptr, "no such file");
  said(paretoforge_model_read_onnx(nullptr, 5) == nullptr, "bytes is NULL");
  said(paretoforge_model_read_onnx("abc", 3) == nullptr, "truncated");
  said(paretoforge_model_read_yaml(nullptr, 5) == nullptr, "text is NULL");
  said(paretoforge_predict(nullptr, model, "latency_ms", &cost) == -1, "device is NULL");
  said(paretoforge_predict(device, nullptr, "latency_ms", &cost) == -1, "model is NULL");
  said(paretoforge_predict(device, model, nullptr, &cost) == -1, "metric is NULL");
  said(paretoforge_predict(device, model, "latency_ms", nullptr) == -1, "cost is NULL");
  said(paretoforge_predict(device, model, "speed", &cost) == -1, "it has latency_ms, energy_mj");
  said(paretoforge_model_total(nullptr, "macs", &total) == -1, "model is NULL");
  said(paretoforge_model_total(model, nullptr, &total) == -1, "name is NULL");
  said(paretoforge_model_total(model, "macs", nullptr) == -1, "total is NULL");
  said(paretoforge_model_total(model, "flops", &total) == -1, "there are macs, params");
  CHECK(total == -7);
  CHECK(paretoforge_device_name(nullptr) == nullptr);
  CHECK(paretoforge_device_metrics(nullptr) == 0);
  CHECK(paretoforge_device_metric(device, 99) == nullptr);
  CHECK(paretoforge_device_unit(nullptr, 0) == nullptr);
  paretoforge_device_free(nullptr), paretoforge_model_free(nullptr);
  paretoforge_model_free(model), paretoforge_device_free(device);
}

TEST_CASE("threads load, predict and fail side by side, each with its own message") {
  const std::string bytes = small_onnx();
  paretoforge_device* shared = paretoforge_device_load(device_file.c_str());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const std::string missing = "missing_" + std::to_string(t) + ".yaml";
      for (int i = 0; i < 10; ++i) {
        paretoforge_device* own = paretoforge_device_load(device_file.c_str());
        paretoforge_model* model = paretoforge_model_read_onnx(bytes.data(), bytes.size());
        paretoforge_cost a, b;
        if (paretoforge_predict(shared, model, "latency_ms", &a) != 0 ||
            paretoforge_predict(own, model, "latency_ms", &b) != 0 || std::memcmp(&a, &b, sizeof a) != 0)
          ++wrong;
        if (paretoforge_device_load(missing.c_str()) != nullptr ||
            std::strstr(paretoforge_error(), missing.c_str()) == nullptr)
          ++wrong;
        paretoforge_model_free(model);
        paretoforge_device_free(own);
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  paretoforge_device_free(shared);
}
