// The study loop: order, window, limits, identity, faults, stopping, replay; the same with one thread and with many.
#include "search/study.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "catch.hpp"
#include "search/trials_csv.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

std::unique_ptr<Searcher> searcher_for(const std::string& name, const Space& space,
                                       const std::vector<Objective>& objectives, std::uint64_t seed = 1) {
  return searcher_named(name, Config::make_scalar(name))
      .make({.space = space, .criteria = criteria(objectives), .seed = seed}, std::nullopt);
}

Study study_of(const Space& space, const std::vector<Objective>& objectives, std::uint64_t trials,
               const std::string& searcher = "nsga2") {
  return {.space = space,
          .objectives = objectives,
          .searcher = searcher_for(searcher, space, objectives),
          .budget = {.trials = trials}};
}

/// Everything of the trials but the seconds.
std::vector<Trial> timeless(std::vector<Trial> trials) {
  for (Trial& trial : trials) trial.seconds = 0;
  return trials;
}

/// The conflicting objectives with naps of random length, random faults and a limit.
std::vector<Objective> sleepy_objectives() {
  auto objectives = conflicting_objectives();
  objectives[0].limit = 14;
  objectives[1].measure = [inner = objectives[1].measure](const Candidate& candidate) {
    std::this_thread::sleep_for(std::chrono::microseconds(
        std::hash<std::thread::id>()(std::this_thread::get_id()) % 7 * 100 +
        static_cast<std::size_t>(std::chrono::steady_clock::now().time_since_epoch().count()) % 700));
    Random random(candidate.seed);
    if (random.chance(0.1)) throw std::runtime_error("unlucky");
    return inner(candidate) + random.uniform();
  };
  return objectives;
}

/// Passes on what it is asked and told, and writes it down.
class Witness final : public Searcher {
 public:
  Witness(std::unique_ptr<Searcher> inner, std::string* log) : inner_(std::move(inner)), log_(log) {}
  std::optional<Architecture> ask() override {
    auto proposal = inner_->ask();
    if (proposal) *log_ += 'a';
    return proposal;
  }
  void tell(const Trial& trial) override {
    *log_ += 't';
    inner_->tell(trial);
  }
  bool exhausted() const override { return inner_->exhausted(); }

 private:
  std::unique_ptr<Searcher> inner_;
  std::string* log_;
};

/// Proposes a fixed list.
class Scripted final : public Searcher {
 public:
  explicit Scripted(std::vector<Architecture> script, std::vector<Trial>* told = nullptr)
      : script_(std::move(script)), told_(told) {}
  std::optional<Architecture> ask() override {
    return next_ < script_.size() ? std::optional(script_[next_++]) : std::nullopt;
  }
  void tell(const Trial& trial) override {
    if (told_) told_->push_back(trial);
  }
  bool exhausted() const override { return next_ == script_.size(); }

 private:
  std::vector<Architecture> script_;
  std::size_t next_ = 0;
  std::vector<Trial>* told_;
};

const StudyRecord record{"f", "y"};

}  // namespace

TEST_CASE("a study ends with the trials asked for, numbered from 1 in order") {
  const Space space = chain_space(6, 4);
  const auto state = study_of(space, conflicting_objectives(), 50).run();
  CHECK(state.end == End::budget);
  CHECK(state.counted == 50);
  REQUIRE(state.trials.size() == 50);
  for (std::uint64_t n = 1; n <= 50; ++n) {
    CHECK(state.trials[n - 1].number == n);
    CHECK(state.trials[n - 1].state == TrialState::complete);
    CHECK(*state.trials[n - 1].values[0] == value_sum(state.trials[n - 1].architecture));
  }
  CHECK(study_of(space, conflicting_objectives(), 0).run().trials.empty());
  CHECK(study_of(space, conflicting_objectives(), 1).run().trials.size() == 1);
}

TEST_CASE("threads and finishing order change nothing, for every searcher") {
  for (const SearcherKind& kind : searchers()) {
    std::vector<Trial> first;
    for (const unsigned threads : {1u, 2u, 5u}) {
      Study study = study_of(cell_space(), sleepy_objectives(), affordable(kind, 120), std::string(kind.name));
      study.threads = threads;
      const auto state = study.run();
      if (threads == 1) first = timeless(state.trials);
      INFO(kind.name << " with " << threads << " threads");
      REQUIRE(timeless(state.trials) == first);
    }
  }
}

TEST_CASE("as many trials run side by side as there are threads, and no more") {
  std::mutex mutex;
  int running = 0, most = 0;
  Objective meeting;
  meeting.name = "meeting";
  meeting.measure = [&](const Candidate&) {
    const auto locked = [&](const auto& work) {
      std::lock_guard lock(mutex);
      return work();
    };
    locked([&] { most = std::max(most, ++running); });
    // The first four wait for each other: fewer threads would never meet.
    for (int i = 0; i < 20000 && locked([&] { return most < 4; }); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    locked([&] { --running; });
    return 1.0;
  };
  Study study = study_of(chain_space(6, 4), {meeting}, 40, "random");
  study.threads = 4;
  study.run();
  CHECK(most == 4);
}

TEST_CASE("the searcher is asked at most the window ahead, and asks and tells come in one order") {
  const Space space = chain_space(6, 4);
  for (const unsigned window : {1u, 3u, 40u}) {
    std::string first;
    for (const unsigned threads : {1u, 3u}) {
      std::string log;
      Study study = study_of(space, sleepy_objectives(), 60, "random");
      study.searcher = std::make_unique<Witness>(std::move(study.searcher), &log);
      study.window = window;
      study.threads = threads;
      study.run();
      int ahead = 0;
      for (const char step : log) {
        ahead += step == 'a' ? 1 : -1;
        REQUIRE((0 <= ahead && ahead <= static_cast<int>(window)));
      }
      if (threads == 1) first = log;
      CHECK(log == first);
    }
  }
}

TEST_CASE("a larger budget goes on: the shorter study is the beginning of the longer") {
  const auto objectives = sleepy_objectives();
  const auto shorter = study_of(cell_space(), objectives, 40).run(),
             longer = study_of(cell_space(), objectives, 90).run();
  const auto longer_trials = timeless(longer.trials), shorter_trials = timeless(shorter.trials);
  REQUIRE(longer_trials.size() > shorter_trials.size());
  CHECK(std::equal(shorter_trials.begin(), shorter_trials.end(), longer_trials.begin()));
}

TEST_CASE("no more trials begin than the budget can take") {
  std::atomic<int> begun = 0;
  auto objectives = conflicting_objectives();
  objectives[1].measure = [&](const Candidate&) { return static_cast<double>(++begun); };
  Study study = study_of(chain_space(6, 4), objectives, 10, "random");
  study.threads = 4;
  study.window = 30;
  CHECK(study.run().trials.size() == 10);
  CHECK(begun == 10);
}

TEST_CASE("cheap objectives come first, and beyond a limit nothing else is measured") {
  std::vector<std::string> order;
  const auto objective = [&](const std::string& name, bool expensive, double value, std::optional<double> limit = {}) {
    return Objective{{.name = name, .limit = limit, .expensive = expensive},
                     [&order, name, value](const Candidate&) { return order.push_back(name), value; }};
  };
  const Space space = chain_space(1, 1);
  auto state =
      study_of(space, {objective("slow", true, 1, 0.5), objective("quick", false, 2, 2), objective("slower", true, 3)},
               1, "random")
          .run();
  CHECK(order == std::vector<std::string>{"quick", "slow", "slower"});
  CHECK(state.trials.at(0).state == TrialState::complete);
  CHECK_FALSE(state.front.any_fits());

  order.clear();
  state = study_of(space, {objective("slow", true, 1), objective("quick", false, 3, 2), objective("late", false, 1)}, 1,
                   "random")
              .run();
  CHECK(order == std::vector<std::string>{"quick"});
  CHECK(state.end == End::exhausted);
  CHECK(state.counted == 0);
  CHECK(state.trials.at(0).state == TrialState::infeasible);
  CHECK(state.trials.at(0).values == std::vector<std::optional<double>>{std::nullopt, 3.0, std::nullopt});
  CHECK(state.trials.at(0).message == "quick is 3, over its limit 2");
}

TEST_CASE("NaN, infinity and exceptions are failed trials, never the end of a study") {
  const Space space = chain_space(1, 5);
  const Objective odd{{.name = "odd"}, [](const Candidate& c) -> double {
                        switch (c.architecture[0]) {
                          case 0:
                            return std::numeric_limits<double>::quiet_NaN();
                          case 1:
                            return -std::numeric_limits<double>::infinity();
                          case 2:
                            throw std::runtime_error("no such kernel");
                          case 3:
                            throw 5;
                          default:
                            return 1;
                        }
                      }};
  const auto state = study_of(space, {odd}, 100, "random").run();
  CHECK(state.end == End::exhausted);
  CHECK(state.counted == 1);
  std::set<std::string> messages;
  for (const Trial& trial : state.trials) messages.insert(trial.message);
  CHECK(messages == std::set<std::string>{"", "an exception without a message", "no such kernel", "odd is infinite",
                                          "odd is not a number"});
  CHECK(state.front.members().size() == 1);
}

TEST_CASE("a point without a network is a failed trial with the layer's message") {
  const Space space(
      Config::parse("input: [4, 1, 1]\nlayers:\n  - linear: {out: 3}\n  - conv: {out: 4, kernel: {choice: [1, 3], "
                    "name: k}, groups: {choice: [1, 2], name: g}}\n",
                    "odd.yaml"));
  const auto state = study_of(space, conflicting_objectives(), 10, "random").run();
  REQUIRE(state.trials.size() == 4);
  int failed = 0;
  for (const Trial& trial : state.trials) failed += trial.state == TrialState::failed && !trial.message.empty();
  CHECK(failed == 2);
}

TEST_CASE("a known network is told at once, at no cost and without a number") {
  const Space space = cell_space();
  // Three points that are one network (no path at all), one of another, and the first again by decisions.
  const Architecture none{0, 0, 0, 0, 0, 0}, dead{2, 0, 0, 0, 0, 0}, dead_too{0, 3, 0, 0, 0, 0},
      other{0, 0, 0, 3, 0, 0};
  std::vector<Trial> told;
  std::atomic<int> measured = 0;
  auto objectives = conflicting_objectives();
  objectives[1].measure = [&](const Candidate&) { return static_cast<double>(++measured); };
  Study study{.space = space,
              .objectives = objectives,
              .searcher = std::make_unique<Scripted>(std::vector{none, dead, other, dead_too, none}, &told)};
  SECTION("by network") {
    const auto state = study.run();
    CHECK(state.end == End::exhausted);
    CHECK(state.proposals == 5);
    CHECK(state.repeats == 3);
    CHECK(measured == 2);
    REQUIRE(told.size() == 5);
    std::vector<std::uint64_t> numbers;
    for (const Trial& trial : told) numbers.push_back(trial.number);
    CHECK(numbers == std::vector<std::uint64_t>{1, 1, 2, 1, 1});
    CHECK(told[1].architecture == dead);
    CHECK(told[1].values == told[0].values);
    CHECK(state.trials.size() == 2);
  }
  SECTION("by decisions") {
    study.identity = Identity::decisions;
    const auto state = study.run();
    CHECK(state.repeats == 1);
    CHECK(measured == 4);
  }
}

TEST_CASE("of NAS-Bench-201's 15,625 cells each of the 6,334 networks is measured once") {
  const Objective size{{.name = "size"}, [](const Candidate& c) { return static_cast<double>(c.graph.size()); }};
  Study study = study_of(cell_space(), {size}, 20000, "random");
  const auto state = study.run();
  CHECK(state.end == End::exhausted);
  CHECK(state.proposals == 15625);
  CHECK(state.trials.size() == 6334);
}

TEST_CASE("a study where nothing keeps the limits ends after 100 times as many proposals as trials") {
  auto objectives = conflicting_objectives();
  objectives[0].limit = -1;
  const auto state = study_of(chain_space(12, 6), objectives, 3).run();
  CHECK(state.end == End::proposals);
  CHECK(state.proposals == 300);
  CHECK(state.trials.size() == 300);
  CHECK(state.front.nearest_miss());
}

TEST_CASE("a budget in seconds begins nothing after its end") {
  auto objectives = conflicting_objectives();
  Study study = study_of(chain_space(12, 6), objectives, 1000000);
  study.budget.seconds = 0.05;
  const auto state = study.run();
  CHECK(state.end == End::time);

  // What waits for a thread when the time is up waits in vain: one thread, one measurement that takes longer.
  std::atomic<int> measured = 0;
  objectives.back().measure = [&](const Candidate&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(800));
    return ++measured;
  };
  Study slow = study_of(chain_space(12, 6), objectives, 1000000);
  slow.budget.seconds = 0.05, slow.threads = 1, slow.window = 8;
  const auto stopped = slow.run();
  CHECK(stopped.end == End::time);
  CHECK(measured <= 1);  // none where another program had the processor until the time was up
  CHECK(stopped.trials.size() == static_cast<std::size_t>(measured));
}

TEST_CASE("a stop request ends the study, and the study goes on with the same trials") {
  const Space space = cell_space();
  const auto objectives = sleepy_objectives();
  const auto whole = timeless(study_of(space, objectives, 80).run().trials);
  const TemporaryFolder folder;
  std::uint64_t replayed = 0;
  for (std::size_t stop_at = 7;; stop_at += 11) {
    std::atomic<bool> stop = false;
    Store store = Store::open(folder.path(), record);
    Study study = study_of(space, objectives, 80);
    study.threads = 2;
    study.store = &store;
    study.stop = &stop;
    study.on_told = [&](const StudyState& state, bool) { stop = state.trials.size() >= stop_at; };
    const auto state = study.run();
    CHECK(state.replayed >= replayed);
    replayed = state.replayed;
    if (state.end == End::stopped) {
      CHECK(state.trials.size() == stop_at);
      continue;
    }
    CHECK(state.end == End::budget);
    CHECK(timeless(state.trials) == whole);
    CHECK(timeless(store.told()) == whole);
    CHECK(replayed > 60);
    break;
  }
}

TEST_CASE("a stop request reaches a measurement that runs") {
  std::atomic<bool> stop = false;
  const Objective endless{{.name = "endless", .expensive = true}, [&](const Candidate& c) -> double {
                            stop = true;
                            while (!c.stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                            throw Interrupted();
                          }};
  Study study = study_of(chain_space(6, 4), {endless}, 10);
  study.stop = &stop;
  const auto state = study.run();
  CHECK(state.end == End::stopped);
  CHECK(state.trials.empty());
}

TEST_CASE("a measurement that interrupts itself stops the study rather than leave it waiting") {
  auto objectives = conflicting_objectives();
  objectives[1].measure = [](const Candidate& c) -> double { return c.number < 5 ? 1 : throw Interrupted(); };
  const TemporaryFolder folder;
  Store store = Store::open(folder.path(), record);
  Study study = study_of(chain_space(6, 4), objectives, 10);
  study.store = &store;
  CHECK(study.run().end == End::stopped);
  CHECK(store.told().size() == 4);
}

TEST_CASE("a fault of the infrastructure stops the study with everything saved and is never told") {
  const Space space = chain_space(6, 4);
  const TemporaryFolder folder;
  std::atomic<bool> plugged = false;
  auto objectives = conflicting_objectives();
  objectives[1].measure = [&plugged, inner = objectives[1].measure](const Candidate& c) {
    if (c.number == 20 && !plugged) throw InfrastructureFault("the board is unplugged");
    return inner(c);
  };
  {
    Store store = Store::open(folder.path(), record);
    Study study = study_of(space, objectives, 40);
    study.store = &store;
    CHECK_THROWS_AS(study.run(), InfrastructureFault);
    CHECK(store.told().size() == 19);
  }
  plugged = true;
  Store store = Store::open(folder.path(), record);
  Study study = study_of(space, objectives, 40);
  study.store = &store;
  const auto state = study.run();
  CHECK(state.replayed >= 19);
  CHECK(timeless(state.trials) == timeless(study_of(space, conflicting_objectives(), 40).run().trials));
}

TEST_CASE("a finished study is replayed without measuring, and a larger budget measures only what is new") {
  const Space space = cell_space();
  const TemporaryFolder folder;
  std::atomic<int> measured = 0;
  auto objectives = conflicting_objectives();
  objectives[1].measure = [&measured, inner = objectives[1].measure](const Candidate& c) {
    return ++measured, inner(c);
  };
  const auto run_with = [&](std::uint64_t trials) {
    Store store = Store::open(folder.path(), record);
    Study study = study_of(space, objectives, trials);
    study.store = &store;
    return timeless(study.run().trials);
  };
  const auto first = run_with(30);
  CHECK(measured == 30);
  CHECK(run_with(30) == first);
  CHECK(measured == 30);
  const auto longer = run_with(70);
  CHECK(measured == 70);
  CHECK(longer == timeless(study_of(space, conflicting_objectives(), 70).run().trials));
}

TEST_CASE("a store whose log is another searcher's is refused") {
  const Space space = cell_space();
  const TemporaryFolder folder;
  const auto objectives = conflicting_objectives();
  Store store = Store::open(folder.path(), record);
  Study first = study_of(space, objectives, 20);
  first.store = &store;
  first.run();
  Study second{.space = space,
               .objectives = objectives,
               .searcher = searcher_for("nsga2", space, objectives, 2),
               .budget = {.trials = 20},
               .store = &store};
  CHECK_THROWS_AS(second.run(), StoreError);
}

TEST_CASE("each trial has a seed of its own that no other study seed shares") {
  std::set<std::uint64_t> seeds;
  std::mutex mutex;
  const Objective any{{.name = "any"}, [&](const Candidate& c) {
                        std::lock_guard lock(mutex);
                        seeds.insert(c.seed);
                        return 1.0;
                      }};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Study study = study_of(chain_space(6, 4), {any}, 50);
    study.seed = seed;
    study.run();
  }
  CHECK(seeds.size() == 150);
}

TEST_CASE("trials.csv has one column per decision and per objective, empty where there is nothing") {
  const Space space = conditional_space();
  const std::vector<Criterion> two{{.name = "a"}, {.name = "b,c"}};
  const Architecture shallow = space.from_choices({{"depth", "1"}, {"width_0", "4"}});
  const std::vector<Trial> trials{{.number = 1, .architecture = shallow, .values = {0.1, 2.0}, .seconds = 1.23456},
                                  {.number = 2,
                                   .architecture = shallow,
                                   .state = TrialState::failed,
                                   .values = {1e300, std::nullopt},
                                   .message = "no, \"never\""}};
  CHECK(trials_csv(space, two, trials) ==
        "trial,state,depth,width_0,width_1,width_2,a,\"b,c\",seconds,message\n"
        "1,complete,1,4,,,0.1,2,1.235,\n"
        "2,failed,1,4,,,1e+300,,0,\"no, \"\"never\"\"\"\n");
  const TemporaryFolder folder;
  replace_file(folder.path() / "a.csv", "old");
  replace_file(folder.path() / "a.csv", "new\n");
  CHECK(std::filesystem::file_size(folder.path() / "a.csv") == 4);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "a.csv.new"));
  CHECK_THROWS_AS(replace_file(folder.path() / "none" / "a.csv", ""), StoreError);
}
