// Networks made ready for timing, on the CPU: the same path that a GPU takes.
#include "trainers/running.hpp"

#include <limits>

#include "catch.hpp"
#include "nets.hpp"

using namespace paretoforge;

TEST_CASE("a network that is ready runs as often as it is called") {
  const Model model = random_model(nets::resnet8(), 1);
  for (const char* type : {"float32", "bfloat16"}) {
    INFO(type);
    const auto run = ready_to_run(model, {"cpu", type, 2, 1});
    CHECK_NOTHROW(run());
    CHECK_NOTHROW(run());
  }
  CHECK_THROWS_AS(ready_to_run(model, {"tpu", "float32", 1, 1}), std::invalid_argument);
  CHECK_THROWS_AS(ready_to_run(model, {"cpu", "int8", 1, 1}), std::invalid_argument);
}

TEST_CASE("a network that cannot be run says why in one line") {
  Graph graph({1, 1024, 1024});
  nets::classifier(graph, 0, 2);
  try {  // 8 PiB of input, more than a process can address
    ready_to_run(random_model(graph, 1), {"cpu", "float32", std::numeric_limits<std::int32_t>::max(), 1});
    FAIL("no error");
  } catch (const RunError& error) {
    CHECK_THAT(error.what(), ContainsSubstring("allocate"));
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
  }
}
