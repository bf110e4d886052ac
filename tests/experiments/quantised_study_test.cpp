// A study whose networks are trained quantised, with the real program: exported by the ranges that training gave.
#include <algorithm>

#include "catch.hpp"
#include "program.hpp"

using program::run;
using program::Scratch;

namespace {

const std::string study =
    "space:\n  input: [1, 28, 28]\n  layers:\n"
    "    - conv: {out: {choice: [4, 6]}, kernel: 3, stride: 3, act: relu}\n"
    "    - pool: {kind: average, global: true}\n"
    "    - linear: {out: 10}\n"
    "objectives: [{name: macs}, {name: quality, score: synflow}]\n"
    "search: {algorithm: random, trials: 2, seed: 3}\n"
    "finish: {picks: 1, train: {data: fashion-mnist, epochs: 2, images: 2000, quantise: {from: 0.5}}, formats: [onnx]}\n";

std::size_t kept(const program::fs::path& models, const std::string& part) {
  const program::fs::directory_iterator files(models);
  return static_cast<std::size_t>(std::count_if(begin(files), end(files), [&](const auto& file) { return file.path().string().find(part) != std::string::npos; }));
}

bool contains(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("networks trained quantised are exported by their ranges, and trained anew where other bits are asked for") {
  const Scratch scratch("quantised");
  const std::string out = (scratch / "out").string();
  const auto result = run("search " + scratch.write("study.yaml", study).string() + " --out " + out);
  INFO(result.err);
  REQUIRE(result.code == 0);
  const auto calibration = [&](const char* bundle) {
    const std::string text = program::read(scratch / "out" / bundle / "manifest.json");
    const std::size_t begin = text.find("\"calibration\"");
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  CHECK(kept(scratch / "out/models", "_int4") == 0);
  const auto narrow = run("export " + out + " --trials front --bits 4 --out " + (scratch / "out/narrow").string());
  INFO(narrow.err);
  REQUIRE(narrow.code == 0);
  CHECK(contains(calibration("narrow"), "trained"));
  for (const auto& model : program::fs::directory_iterator(scratch / "out/narrow")) {
    if (!model.is_directory()) continue;
    const std::string architecture = program::read(model.path() / "architecture.yaml");
    CHECK(contains(architecture, "weights: 4"));
    const auto costs = run("describe " + (model.path() / "architecture.yaml").string() + " --json").out;
    const std::size_t begin = costs.find("\"weight_bytes\"");
    CHECK(contains(program::read(scratch / "out/narrow/manifest.json"), costs.substr(begin, costs.find_first_of(",\n}", begin) - begin)));
  }
  CHECK(kept(scratch / "out/models", "_int4") > 0);
  const auto again = run("export " + out + " --trials front --calibration mse --out " + (scratch / "out/again").string());
  REQUIRE(again.code == 0);
  CHECK(contains(calibration("again"), "mse"));
  CHECK(run("verify " + (scratch / "out/narrow").string()).code == 0);
}

TEST_CASE("what is wrong with quantise: is said before the first trial") {
  const Scratch scratch("quantised");
  std::string wrong = study;
  wrong.replace(wrong.find("{from: 0.5}"), 11, "{from: 1.5}");
  const auto result = run("search " + scratch.write("study.yaml", wrong).string() + " --out " + (scratch / "out").string());
  CHECK(result.code == 2);
  CHECK(contains(result.err, "study.yaml:9"));
  CHECK(contains(result.err, "from 0 to 1"));
}
