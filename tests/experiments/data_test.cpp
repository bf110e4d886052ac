// Studies on files of one's own: found from the study, checked before the first trial, and the same when they go on.
#include <filesystem>

#include "catch.hpp"
#include "program.hpp"

using program::Scratch;

namespace {

namespace fs = std::filesystem;

/// Two numbers that tell which of two classes a row is of.
std::string table(int rows) {
  std::string text = "a,b,class\n";
  for (int i = 0; i < rows; ++i) text += std::to_string(i % 2 * 3 + i % 5) + "," + std::to_string(i % 7) + (i % 2 == 0 ? ",low\n" : ",high\n");
  return text;
}

constexpr const char* study = R"(
space:
  input: [2, 1]
  layers:
    - conv: {out: {choice: [4, 8, 12], name: width}, kernel: 1, act: relu}
    - pool: {kind: average, global: true}
    - linear: {out: 2}
objectives:
  - {name: macs}
  - {name: accuracy_pct, train: {data: {kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, label: class}, epochs: 2}}
search: {algorithm: random, seed: 1, trials: 2}
)";

program::Result search(const fs::path& file, const fs::path& out, int trials = 2) {
  return program::run("search " + file.string() + " --out " + out.string() + " --set search.trials=" + std::to_string(trials));
}

}  // namespace

TEST_CASE("a study goes on over the same data wherever it lies, and is refused over other data") {
  const Scratch scratch("own_data");
  fs::create_directories(scratch / "here");
  scratch.write("here/t.csv", table(60));
  const fs::path file = scratch.write("here/study.yaml", study), out = scratch / "out";
  const auto first = search(file, out);
  INFO(first.err);
  REQUIRE(first.code == 0);
  REQUIRE(program::read(out / "study.yaml").find((scratch / "here/t.csv").string()) != std::string::npos);

  // Written otherwise and in another folder, it is the same data.
  fs::rename(scratch / "here", scratch / "there");
  std::string same = table(60);
  same.insert(same.find('\n') + 1, "\"0\",0.0,low\n");
  same.erase(same.find("0,0,low\n", same.find("0.0")), 8);
  scratch.write("there/t.csv", same);
  const auto second = search(scratch / "there/study.yaml", out, 3);
  INFO(second.err);
  REQUIRE(second.code == 0);

  scratch.write("there/t.csv", table(61));
  const auto changed = search(scratch / "there/study.yaml", out, 3);
  REQUIRE(changed.code == 2);
  REQUIRE_THAT(changed.err, ContainsSubstring("what it reads has changed since: its data"));
  fs::remove(scratch / "there/t.csv");
  const auto gone = search(scratch / "there/study.yaml", out, 3);
  REQUIRE(gone.code == 2);
  REQUIRE_THAT(gone.err, ContainsSubstring("t.csv: no such file") && ContainsSubstring("study.yaml:10:"));
}

TEST_CASE("what of one's own data is wrong is said with its place, before anything is created") {
  const Scratch scratch("bad_data");
  const fs::path out = scratch / "out";
  const auto refused = [&](const std::string& csv, const std::string& from, const std::string& to) {
    scratch.write("t.csv", csv);
    std::string text = study;
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    const auto result = search(scratch.write("study.yaml", text), out);
    REQUIRE(result.code == 2);
    REQUIRE_FALSE(fs::exists(out));
    REQUIRE_THAT(result.err, ContainsSubstring("study.yaml:10"));
    return result.err;
  };
  REQUIRE_THAT(refused("a,b,class\n1,nan,low\n", "", ""), ContainsSubstring("t.csv:2: column 'b' must hold finite numbers"));
  REQUIRE_THAT(refused(table(60), "label: class", "label: clas"), ContainsSubstring("has no column 'clas'; did you mean 'class'?"));
  REQUIRE_THAT(refused(table(60), "kind: csv", "kind: cvs"), ContainsSubstring("did you mean 'csv'?"));
  REQUIRE_THAT(refused(table(60), "epochs: 2", "epochs: 2, class_weights: [1, 2, 3]"), ContainsSubstring("class_weights has 3 numbers"));
  REQUIRE_THAT(refused("a,class\n1,x\n2,y\n3,x\n4,y\n", "", ""), ContainsSubstring("take 2 channels"));
}

TEST_CASE("damaged files that are left out are told of") {
  const Scratch scratch("damaged_files");
  for (const char* word : {"low", "high"}) {
    fs::create_directories(scratch / (std::string("w/") + word));
    for (int i = 0; i < 20; ++i) {
      std::string wav("RIFF\0\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\xe8\3\0\0\xd0\7\0\0\2\0\x10\0data\4\0\0\0", 44);
      wav += std::string(1, static_cast<char>(i)) + (word[0] == 'l' ? '\1' : '\x40') + std::string(1, static_cast<char>(2 * i)) + (word[0] == 'l' ? '\2' : '\x30');
      if (i == 7 && word[0] == 'l') wav.pop_back();
      scratch.write(std::string("w/") + word + "/" + std::to_string(i) + ".wav", wav);
    }
  }
  std::string text = study;
  const std::string from = "{kind: csv, train: t.csv, test: {share: 0.2, seed: 1}, label: class}";
  text.replace(text.find(from), from.size(), "{kind: wav, folder: w, damaged: 0.1, test: {share: 0.2}, features: {kind: samples, sample_rate: 1000, length: 2ms}}");
  text.replace(text.find("[2, 1]"), 6, "[1, 2]");
  const auto result = search(scratch.write("study.yaml", text), scratch / "out");
  INFO(result.err);
  REQUIRE(result.code == 0);
  REQUIRE_THAT(result.err, ContainsSubstring("1 damaged file is left out, the first: ") && ContainsSubstring("low/7.wav: is truncated"));
}
