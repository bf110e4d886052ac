// A study's objective on a known device.
#include "catch.hpp"
#include "experiments/study_file.hpp"
#include "predictors/device.hpp"
#include "program.hpp"

using namespace paretoforge;

TEST_CASE("an objective on a device that was fitted in the study's space hears the decisions, not the graph alone") {
  const std::string configs = PARETOFORGE_SOURCE_DIR "/configs", file = configs + "/devices/1080ti_1.yaml";
  const program::Scratch scratch("study_device");
  const std::string name = "1080ti_1_latency_ms";
  const StudyFile study = StudyFile::load(scratch.write(
      "study.yaml", "space: " + configs + "/spaces/nasbench201.yaml\nobjectives: [{name: macs}, {name: " + name +
                        ", device: " + file + "}]\nsearch: {trials: 10}\n"));
  const Device device = Device::load(file);
  const FittedMetric& metric = device.metric(name);
  Random random(1);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const Architecture point = study.space->sample(random);
    const Graph written = study.space->decode(point), graph = pruned(written);
    const double measured = study.objectives[1].measure({point, graph, written, 1, 1, {}});
    CHECK(measured == metric.predict(written, *study.space, point).value);
    differs = differs || measured != metric.predict(written).value;
  }
  CHECK(differs);
}
