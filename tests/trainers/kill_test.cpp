// A training process that is killed, and one that gets no memory: real processes, this program itself run again.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "catch.hpp"
#include "configs/temporary_folder.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"

using namespace paretoforge;

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

Images rings(std::size_t count, std::uint64_t seed) {
  Images images{.shape = {1, 12, 12}, .pixels = {}, .labels = {}};
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    images.labels.push_back(static_cast<Label>(random.below(4)));
    for (int p = 0; p < 144; ++p)
      images.pixels.push_back(static_cast<std::uint8_t>(random.below(140) + (p % 12 / 3 == images.labels.back() ? 60 : 0)));
  }
  return images;
}

Graph net(int width) {
  Graph graph({1, 12, 12});
  nets::classifier(graph, nets::separable(graph, nets::conv_norm_relu(graph, 0, width, 3, 1), 12, 2), 4);
  return graph;
}

TrainSettings settings() {
  TrainSettings s;
  s.device = "cpu";
  s.budget = {.epochs = 80, .images = 0, .validation = 60, .resolution = 0, .batch = 32, .test = true};
  s.recipe.optimizer = OptimizerKind::adamw;
  s.recipe.rate = 0.003;
  s.recipe.clip_norm = 1;
  s.recipe.ema = 0.99;
  s.recipe.early_stop = {.patience = 1000, .score = "loss"};
  s.recipe.augment = {.crop = 0, .shift = 1, .flip = true};
  return s;
}

TrainResult train(int width, const TrainSettings& s) {
  const auto data = std::make_shared<const Dataset>(Dataset{"rings", {1, 12, 12}, {"0", "1", "2", "3"}, rings(380, 1), rings(60, 2)});
  return make_trainer(data, s)->train(net(width), s.budget);
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// This program, one hidden test of it alone, in a folder.
class Child {
 public:
  Child(const char* test, const fs::path& folder) : child_(fork()) {
    if (child_ != 0) return;
    ::setenv("PARETOFORGE_TEST_FOLDER", folder.c_str(), 1);
    if (freopen("/dev/null", "w", stdout) == nullptr) _exit(99);
    execl("/proc/self/exe", "test_trainers", test, nullptr);
    _exit(99);
  }
  /// 0 where its test passed; minus the signal that ended it.
  int wait() const {
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int kill() const {
    ::kill(child_, SIGKILL);
    return wait();
  }

 private:
  pid_t child_;
};

fs::path given_folder() {
  const char* folder = std::getenv("PARETOFORGE_TEST_FOLDER");
  return folder ? folder : "";
}

void append(std::string& bytes, const std::vector<float>& numbers) {
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
}

}  // namespace

TEST_CASE("child: a training that is kept", "[.child]") {
  const fs::path folder = given_folder();
  if (folder.empty()) return;
  auto s = settings();
  s.budget.checkpoint = folder / "checkpoint";
  std::ofstream(folder / "begun").put('1');
  const auto result = train(8, s);
  std::string bytes;
  for (const Weights& w : result.model.weights)
    for (const auto* part : {&w.kernel, &w.bias, &w.gamma, &w.beta, &w.mean, &w.variance}) append(bytes, *part);
  append(bytes, {static_cast<float>(result.validation.loss), static_cast<float>(result.best_epoch)});
  std::ofstream(folder / "weights", std::ios::binary) << bytes;
}

TEST_CASE("A training killed at twenty random moments has the weights of one that never was, bit for bit") {
  const TemporaryFolder whole, killed;
  const auto begin = Clock::now();
  REQUIRE(Child("child: a training that is kept", whole.path()).wait() == 0);
  const auto uninterrupted = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
  Random random(std::random_device{}());
  int kills = 0;
  while (kills < 20 && !fs::exists(killed.path() / "weights")) {
    fs::remove(killed.path() / "begun");
    const Child child("child: a training that is kept", killed.path());
    for (int i = 0; i < 60000 && !fs::exists(killed.path() / "begun"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    REQUIRE(fs::exists(killed.path() / "begun"));
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(static_cast<std::uint64_t>(uninterrupted) / 15)));
    kills += child.kill() == -SIGKILL;
  }
  REQUIRE(Child("child: a training that is kept", killed.path()).wait() == 0);
  INFO("killed " << kills << " times");
  CHECK(kills >= 5);  // all twenty, but where this machine went much faster than at first
  const std::string weights = read(whole.path() / "weights");
  CHECK(weights.size() > 1000);
  CHECK((read(killed.path() / "weights") == weights));
}

TEST_CASE("child: a training without the memory that it needs", "[.child]") {
  if (given_folder().empty()) return;
  auto s = settings();
  s.budget.epochs = 1, s.budget.batch = 320;
  train(4, s);  // all libraries are in memory now
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  statm >> pages;
  const rlim_t limit = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20);
  const rlimit soft{limit, RLIM_INFINITY};
  REQUIRE(setrlimit(RLIMIT_AS, &soft) == 0);
  CHECK_THROWS_AS(train(1024, s), OutOfMemory);
  CHECK(train(4, s).steps == 1);  // what was taken is given back
}

TEST_CASE("Memory that the system does not give is an error of its own kind, and the process goes on") {
  const TemporaryFolder folder;
  CHECK(Child("child: a training without the memory that it needs", folder.path()).wait() == 0);
}
