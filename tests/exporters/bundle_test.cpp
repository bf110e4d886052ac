// Bundles: written, read back, refused; and the sums that guard them.
#include "exporters/bundle.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "catch.hpp"
#include "configs/config.hpp"
#include "environment.hpp"
#include "exporters/c_runner.hpp"
#include "exporters/float_model.hpp"
#include "exporters/formats.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/sha256_internal.hpp"
#include "exporters/tflite_runner.hpp"
#include "networks.hpp"
#include "runtime.hpp"

using namespace paretoforge;
using namespace paretoforge::test;
namespace fs = std::filesystem;

namespace {

/// A folder that is gone when the test is.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("paretoforge_bundle_" + std::to_string(getpid()));
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
};

BundleModel bundle_model(const std::string& name, std::uint64_t seed) {
  const Graph graph = seven_convs(4);
  const Model model = random_model(graph, seed);
  const Model plain = folded(model);
  const std::vector<float> images = random_images(graph.shape(0), 8, seed);
  return {name,
          "input: [3, 32, 32]\n",
          model,
          quantised(plain, calibrate(plain, images)),
          images,
          {{"trial", "7"}},
          {{"accuracy_pct", 91.25}}};
}

Bundle bundle() { return {"test", {{"seed", "1"}}, {bundle_model("first", 1), bundle_model("second", 2)}}; }

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string error_of(const auto& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("SHA-256 of the standard's examples") {
  CHECK(internal::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(internal::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(internal::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(internal::sha256(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a bundle is written, verified, and written again byte for byte") {
  if (runtime_missing()) return;
  const Folder folder;
  write_bundle(bundle(), folder.path / "out");
  for (const char* file : {"manifest.json", "first/model.onnx", "first/model_float.onnx", "first/architecture.yaml",
                           "first/card.md", "first/golden.bin", "second/model.onnx"})
    CHECK(fs::file_size(folder.path / "out" / file) > 0);
  const std::vector<BundleCheck> checks = verify_bundle(folder.path / "out");
  REQUIRE(checks.size() == 2);
  for (const BundleCheck& check : checks) {
    CHECK(check.samples == 8);
    CHECK(check.greatest_quanta <= 1);
    CHECK(check.float_difference < 0.2);
    CHECK(passed(check));
  }
  write_bundle(bundle(), folder.path / "again");
  for (const auto& entry : fs::recursive_directory_iterator(folder.path / "out"))
    if (entry.is_regular_file())
      CHECK(read(entry.path()) == read(folder.path / "again" / fs::relative(entry.path(), folder.path / "out")));
}

TEST_CASE("a bundle replaces an earlier one of its study, whole") {
  const Folder folder;
  write_bundle(bundle(), folder.path / "out");
  Bundle smaller = bundle();
  smaller.models.pop_back();
  write_bundle(smaller, folder.path / "out");
  CHECK(fs::exists(folder.path / "out/first"));
  CHECK(!fs::exists(folder.path / "out/second"));
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("a bundle overwrites nothing else") {
  const Folder folder;
  std::ofstream(folder.path / "diary.txt") << "mine";
  CHECK(error_of([&] { write_bundle(bundle(), folder.path); }).find("holds other files") != std::string::npos);
  CHECK(read(folder.path / "diary.txt") == "mine");
  CHECK(error_of([&] { write_bundle(bundle(), folder.path / "diary.txt"); }).find("is not a folder") !=
        std::string::npos);
  Bundle other = bundle();
  other.study = "another";
  write_bundle(bundle(), folder.path / "out");
  const std::string before = read(folder.path / "out/manifest.json");
  CHECK(error_of([&] { write_bundle(other, folder.path / "out"); }).find("another study") != std::string::npos);
  CHECK(read(folder.path / "out/manifest.json") == before);
  // Files of the user's among those of the bundle, which would go with it.
  fs::create_directories(folder.path / "out/first/notes");
  std::ofstream(folder.path / "out/first/notes/board.csv") << "measured";
  CHECK(error_of([&] { write_bundle(bundle(), folder.path / "out"); }).find("out holds first/notes/board.csv, which is not of the bundle there") != std::string::npos);
  CHECK(read(folder.path / "out/first/notes/board.csv") == "measured");
  CHECK(read(folder.path / "out/manifest.json") == before);
  fs::remove_all(folder.path / "out/first/notes");
  write_bundle(bundle(), folder.path / "out");
}

TEST_CASE("verification names the file whose bytes changed, or that is gone") {
  const Folder folder;
  write_bundle(bundle(), folder.path / "out");
  const auto message = [&] { return error_of([&] { verify_bundle(folder.path / "out"); }); };
  std::fstream file(folder.path / "out/second/model.onnx", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file.put('\x55');
  file.close();
  CHECK(message().find("second/model.onnx") != std::string::npos);
  fs::remove(folder.path / "out/first/golden.bin");
  CHECK(message().find("first/golden.bin is missing") != std::string::npos);
  std::ofstream(folder.path / "out/manifest.json") << "{\"kind\": \"paretoforge-bundle\", \"schema\": 1}";
  CHECK(message().find("is damaged") != std::string::npos);
  std::ofstream(folder.path / "out/manifest.json") << "not json";
  CHECK(message().find("is not the manifest") != std::string::npos);
  fs::remove(folder.path / "out/manifest.json");
  CHECK(message().find("is no bundle") != std::string::npos);
}

TEST_CASE("a manifest cannot lead verification out of its folder") {
  const Folder folder;
  write_bundle(bundle(), folder.path / "out");
  std::string manifest = read(folder.path / "out/manifest.json");
  manifest.replace(manifest.find("card.md"), 7, "../../x");
  std::ofstream(folder.path / "out/manifest.json") << manifest;
  CHECK(error_of([&] { verify_bundle(folder.path / "out"); }).find("outside its folder") != std::string::npos);
}

TEST_CASE("names and formats that are none are refused before anything is written") {
  const Folder folder;
  for (const char* name : {"", "Upper", "1st", "a/b", "..", "a b"}) {
    Bundle wrong = bundle();
    wrong.models[0].name = name;
    CHECK(error_of([&] { write_bundle(wrong, folder.path / "out"); }).find("name") != std::string::npos);
  }
  Bundle twice = bundle();
  twice.models[1].name = "first";
  CHECK(error_of([&] { write_bundle(twice, folder.path / "out"); }).find("two models") != std::string::npos);
  Bundle wrong = bundle();
  wrong.formats = {"onxn"};
  const std::string message = error_of([&] { write_bundle(wrong, folder.path / "out"); });
  CHECK(message.find("there is: onnx") != std::string::npos);
  CHECK(message.find("did you mean 'onnx'") != std::string::npos);
  CHECK(!fs::exists(folder.path / "out"));
  CHECK_THROWS_AS(find_format("tflight"), ConfigError);
}

TEST_CASE("a node that no format can hold is named before any work") {
  Graph graph({2, 4, 4});
  graph.add(conv_of(3, 3), NodeId{0});
  graph.set_activation_bits(1, 16);
  CHECK_THROWS_WITH(check_exportable(graph),
                    ContainsSubstring("conv_1") && ContainsSubstring("16 bits"));
}

TEST_CASE("the C form is in a bundle, is compiled and run again, and a changed byte of it is named") {
  if (!host_c_compiler()) {
    std::cout << "SKIPPED: needs a C compiler\n";
    return;
  }
  const Folder folder;
  Bundle written = bundle();
  written.formats = {"c"};
  write_bundle(written, folder.path / "out");
  const std::string header = read(folder.path / "out/first/c/model.h");
  CHECK(header.find("\nvoid first_run(const int8_t *input, int8_t *output, void *arena);") != std::string::npos);
  CHECK(header.find("#define FIRST_INPUT_SIZE 3072 ") != std::string::npos);
  CHECK(read(folder.path / "out/manifest.json").find("\"parity_c\"") != std::string::npos);
  for (const BundleCheck& check : verify_bundle(folder.path / "out")) {
    CHECK(check.c_samples == 8);
    CHECK(check.c_equal == 8);
    CHECK(passed(check));
  }
  std::ofstream(folder.path / "out/second/c/model.c", std::ios::app) << " ";
  CHECK(error_of([&] { verify_bundle(folder.path / "out"); }).find("second/c/model.c is not what was exported") != std::string::npos);
}

TEST_CASE("the TFLite form is in a bundle, is run again where there are runtimes, and a changed byte of it is named") {
  const Folder folder;
  Bundle written = bundle();
  written.formats = {"tflite"};
  write_bundle(written, folder.path / "out");
  const std::string manifest = read(folder.path / "out/manifest.json");
  CHECK(manifest.find("\"parity_tflite\"") != std::string::npos);
  for (const TfliteRuntime& runtime : tflite_runtimes()) {
    const bool told = manifest.find('"' + std::string(runtime.name) + "\": {") != std::string::npos;
    CHECK(told == available(runtime));
  }
  for (const BundleCheck& check : verify_bundle(folder.path / "out")) {
    CHECK(check.tflite.size() + check.skipped.size() == tflite_runtimes().size());
    for (const RuntimeCheck& run : check.tflite) {
      INFO(run.runtime);
      CHECK(run.samples == 8);
      CHECK(run.agreeing == 8);
      CHECK(run.greatest_quanta <= 3);
    }
    CHECK(passed(check));
  }
  std::ofstream(folder.path / "out/second/model.tflite", std::ios::app) << " ";
  CHECK(error_of([&] { verify_bundle(folder.path / "out"); }).find("second/model.tflite is not what was exported") != std::string::npos);
}

TEST_CASE("a TFLite file of packed weights is run by the runtimes that read it; of the other it is said why not") {
  const Folder folder;
  Bundle written = bundle();
  written.formats = {"tflite_int4"};
  write_bundle(written, folder.path / "out");
  const std::string manifest = read(folder.path / "out/manifest.json");
  CHECK(manifest.find("\"parity_tflite_int4\"") != std::string::npos);
  CHECK(manifest.find("\"armnn\"") == std::string::npos);
  for (const BundleCheck& check : verify_bundle(folder.path / "out")) {
    CHECK(check.tflite.size() + check.skipped.size() == 2);
    CHECK(check.skipped.back().find(check.model + "/model_int4.tflite in Arm NN, which has no weights of 4 bits") != std::string::npos);
    for (const RuntimeCheck& run : check.tflite) CHECK((run.runtime.ends_with(" int4") && run.agreeing == 8));
    CHECK(passed(check));
  }
  CHECK(skipped_runs(std::vector<std::string>{"tflite_int4"}).back().find("which has no weights of 4 bits") != std::string::npos);
}

TEST_CASE("a runtime that is not there is named with the command that installs it") {
  const Folder folder;
  const Environment no_litert("PARETOFORGE_LITERT", "/nowhere"), no_armnn("PARETOFORGE_ARMNN", "/nowhere");
  const std::vector<std::string> skipped = skipped_runs(std::vector<std::string>{"tflite"});
  REQUIRE(skipped.size() == 2);
  CHECK(skipped[0].find("LiteRT, which is not installed") != std::string::npos);
  CHECK(skipped[0].find("@litertjs/core@2.5.3") != std::string::npos);
  CHECK(skipped[1].find("Arm NN, which is not installed") != std::string::npos);
  CHECK(skipped[1].find("apt-get install libarmnn-dev") != std::string::npos);
  Bundle written = bundle();
  written.formats = {"tflite"};
  write_bundle(written, folder.path / "out");
  for (const BundleCheck& check : verify_bundle(folder.path / "out")) {
    CHECK(check.tflite.empty());
    REQUIRE(check.skipped.size() == 2);
    CHECK(check.skipped[0].find(check.model + "/model.tflite in LiteRT") != std::string::npos);
    CHECK(passed(check));
  }
}

TEST_CASE("a TFLite file that another class comes out of does not pass") {
  BundleCheck check;
  check.tflite = {{"LiteRT", 16, 16, 0}, {"Arm NN", 16, 15, 1}};
  CHECK(!passed(check));
  check.tflite[1].agreeing = 16;
  CHECK(passed(check));
}
