// The same trials whatever the threads, the kills and the signals, with real training: LibTorch, the store, the whole program.
#include <chrono>
#include <random>
#include <thread>

#include "catch.hpp"
#include "program.hpp"
#include "space/random.hpp"

using program::run;
using program::Scratch;

namespace {

/// A synthetic data set in the IDX form of Fashion-MNIST: bright bars whose place is the class, so that it is learnt in
/// a moment and reading it takes no time.
void write_bars(const Scratch& scratch) {
  const auto big_endian = [](std::uint32_t n) {
    return std::string{static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
  };
  paretoforge::Random random(1);
  for (const auto& [part, count] : {std::pair{"train", 600u}, std::pair{"t10k", 100u}}) {
    std::string images = big_endian(0x803) + big_endian(count) + big_endian(28) + big_endian(28), labels = big_endian(0x801) + big_endian(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t label = i % 10;
      labels += static_cast<char>(label);
      for (std::uint32_t p = 0; p < 784; ++p)
        images += static_cast<char>(p % 28 / 3 == label ? 150 + random.below(100) : random.below(100));
    }
    scratch.write(part + std::string("-images-idx3-ubyte"), images);
    scratch.write(part + std::string("-labels-idx1-ubyte"), labels);
  }
}

std::string write_study(const Scratch& scratch, int trials) {
  write_bars(scratch);
  return scratch
      .write("study.yaml",
             "space: " PARETOFORGE_SOURCE_DIR "/configs/spaces/tiny_image.yaml\n"
             "objectives:\n"
             "  - {name: peak_activation_bytes, limit: 40KiB}\n"
             "  - {name: weight_bytes, limit: 20KiB}\n"
             "  - {name: accuracy_pct, train: {data: {name: fashion-mnist, path: .}, images: 300, validation: 100, epochs: 1, batch: 16}}\n"
             "search: {algorithm: nsga2, trials: " + std::to_string(trials) + ", population: 8, seed: 3}\n")
      .string();
}

/// The program at work on a study.
struct Searching : program::Running {
  Searching(const std::string& study, const std::string& out) : Running("search " + study + " --threads 2 --out " + out), folder(out) {}

  /// Until it has opened its study: from then on it holds the lock and minds signals.
  void wait_until_open() const { REQUIRE(wait_for(folder + "/study.yaml")); }

  std::string folder;
};

void sleep_ms(std::uint64_t milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

}  // namespace

TEST_CASE("one thread, two threads, and twenty kills at random moments give the same trials") {
  const Scratch scratch("kills");
  const std::string study = write_study(scratch, 60);
  const auto trials = [&](const std::string& folder) { return program::without_seconds(program::read(scratch / (folder + "/trials.csv"))); };
  REQUIRE(run("search " + study + " --threads 1 --out " + (scratch / "one").string()).code == 0);
  REQUIRE(run("search " + study + " --threads 2 --out " + (scratch / "two").string()).code == 0);
  REQUIRE(trials("one") == trials("two"));
  REQUIRE_THAT(trials("one"), ContainsSubstring("complete"));

  paretoforge::Random random(std::random_device{}());
  int killed = 0;
  for (int i = 0; i < 20; ++i) {
    Searching searching(study, (scratch / "killed").string());
    sleep_ms(100 + random.below(500));
    killed += searching.stop(SIGKILL) == -SIGKILL;
  }
  REQUIRE(killed >= 5);  // the last may have come after the end
  REQUIRE(run("search " + study + " --out " + (scratch / "killed").string()).code == 0);
  REQUIRE(trials("killed") == trials("one"));
  REQUIRE(program::without_seconds(program::read(scratch / "killed/front.csv")) == program::without_seconds(program::read(scratch / "one/front.csv")));
}

TEST_CASE("signals in mid-training stop the study at once, with everything saved and the way to go on") {
  const Scratch scratch("signals");
  const std::string study = write_study(scratch, 150);
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const std::string out = (scratch / std::to_string(code)).string();
    Searching searching(study, out);
    searching.wait_until_open();
    sleep_ms(500);
    REQUIRE(searching.stop(signal) == code);
    const std::string before = program::read(out + "/trials.csv");
    REQUIRE(run("search " + study + " --out " + out).code == 0);
    REQUIRE(program::without_seconds(program::read(out + "/trials.csv")).starts_with(program::without_seconds(before)));
  }
}

TEST_CASE("a training whose state is damaged begins anew, and the study says so") {
  const Scratch scratch("damaged_checkpoint");
  std::string rows = "a,b,class\n";
  for (int i = 0; i < 200; ++i) rows += std::to_string(i % 2 * 3 + i % 5) + "," + std::to_string(i % 7) + (i % 2 == 0 ? ",low\n" : ",high\n");
  scratch.write("t.csv", rows);
  const std::string study = scratch.write("study.yaml",
      "space:\n  input: [2, 1]\n  layers:\n    - conv: {out: {choice: [4, 8], name: width}, kernel: 1, act: relu}\n"
      "    - pool: {kind: average, global: true}\n    - linear: {out: 2}\n"
      "objectives:\n  - {name: macs}\n  - {name: accuracy_pct, train: {data: {kind: csv, train: t.csv, test: {share: 0.2}, label: class}, epochs: 3000}}\n"
      "search: {algorithm: random, trials: 1}\n").string();
  const std::string out = (scratch / "out").string(), state = out + "/checkpoints/1.training";
  Searching searching(study, out);
  REQUIRE(searching.wait_for(state));
  REQUIRE(searching.stop(SIGINT) == 130);
  std::string bytes = program::read(state);
  REQUIRE(bytes.size() > 100);
  bytes[bytes.size() / 2] ^= 1;
  scratch.write("out/checkpoints/1.training", bytes);
  const auto again = run("search " + study + " --out " + out);
  CHECK(again.code == 0);
  CHECK_THAT(again.err, ContainsSubstring("1.training is damaged; trained from the beginning"));
}

TEST_CASE("a second process on a running study is refused") {
  const Scratch scratch("second");
  const std::string study = write_study(scratch, 400), out = (scratch / "out").string();
  Searching first(study, out);
  first.wait_until_open();
  const auto second = run("search " + study + " --out " + out);
  first.stop(SIGINT);
  REQUIRE(second.code == 2);
  REQUIRE_THAT(second.err, ContainsSubstring("another process"));
}

TEST_CASE("damaged data is refused before the first trial") {
  const Scratch scratch("damaged");
  const std::string study = write_study(scratch, 30);
  const std::string labels = program::read(scratch / "train-labels-idx1-ubyte");
  const auto refused = [&] {
    const auto result = run("search " + study + " --out " + (scratch / "out").string());
    REQUIRE(result.code == 2);
    REQUIRE_FALSE(std::filesystem::exists(scratch / "out"));
    return result.err;
  };
  scratch.write("train-labels-idx1-ubyte", labels.substr(0, 100));
  REQUIRE_THAT(refused(), ContainsSubstring("train-labels-idx1-ubyte"));
  std::string wrong = labels;
  wrong[50] = 10;
  scratch.write("train-labels-idx1-ubyte", wrong);
  REQUIRE_THAT(refused(), ContainsSubstring("label"));
  std::filesystem::remove(scratch / "train-labels-idx1-ubyte");
  REQUIRE_THAT(refused(), ContainsSubstring("train-labels-idx1-ubyte"));
}
