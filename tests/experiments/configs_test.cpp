// Everything under configs is loaded as a user would load it.
#include "catch.hpp"
#include "data.hpp"
#include "experiments/study_file.hpp"
#include "exporters/onnx_runtime.hpp"
#include "predictors/device.hpp"

using namespace paretoforge;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> yaml_files(const std::string& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(PARETOFORGE_SOURCE_DIR "/configs/" + folder)) return files;
  for (const auto& entry : fs::directory_iterator(PARETOFORGE_SOURCE_DIR "/configs/" + folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  return files;
}

}  // namespace

TEST_CASE("every space is loaded, counted and sampled") {
  const auto files = yaml_files("spaces");
  REQUIRE(files.size() >= 7);
  for (const fs::path& file : files) {
    const Space space = Space::load(file);
    Random random(1);
    REQUIRE(space.size().approximate > 1);
    for (int i = 0; i < 50; ++i) REQUIRE(space.decode(space.sample(random)).size() > 1);
  }
}

TEST_CASE("every architecture has no choice left") {
  for (const fs::path& file : yaml_files("architectures")) REQUIRE(Space::load(file).decisions().empty());
}

TEST_CASE("every device is loaded") {
  for (const fs::path& file : yaml_files("devices")) REQUIRE_FALSE(Device::load(file).name.empty());
}

TEST_CASE("every study is loaded, as far as this build goes") {
  const auto files = yaml_files("studies");
  REQUIRE_FALSE(files.empty());
  for (const fs::path& file : files) {
    const StudyFile outline = StudyFile::outline(file);
    REQUIRE(outline.objectives.size() >= 2);
#ifdef PARETOFORGE_WITH_TORCH
    if (file.stem() == "mixed_bits" && !OnnxRuntime::available()) continue;
    if (file.stem() == "spoken_digits" && !shared_data("fsdd/fsdd_index.csv")) continue;
    if (file.stem() == "resnet8" && !shared_data("cifar10/test_batch.bin.xz")) continue;
    const StudyFile study = StudyFile::load(file);
    REQUIRE(study.space.has_value());
    REQUIRE(study.fingerprint.size() == 64);
#endif
  }
}
