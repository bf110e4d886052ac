// Promotion rules in closed form, and studies with rungs: what is measured, told, kept, counted.
#include "search/fidelity.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "catch.hpp"
#include "search/study.hpp"
#include "spaces.hpp"

using namespace paretoforge;
using Scheduler = FidelitySettings::Scheduler;

namespace {

Criterion error_with(std::vector<double> rungs) {
  return {.name = "error", .expensive = true, .rungs = std::move(rungs)};
}

Trial pruned_trial(std::uint64_t number, std::uint32_t rung, double value) {
  return {.number = number, .state = TrialState::pruned, .values = {value}, .rung = rung};
}

/// Runs a scheduler by itself: trial n of `trials` gives values[n - 1] at every rung; the trials measured at each rung.
std::vector<std::vector<std::uint64_t>> measured(Promotions& promotions, std::uint32_t full,
                                                 const std::vector<double>& values) {
  std::vector<std::vector<std::uint64_t>> rungs(full + 1);
  std::uint64_t begun = 0;
  const auto measure = [&](Promotions::Job job) {
    if (job.trial == 0) job.trial = ++begun;
    promotions.begin(job);
    rungs[job.rung].push_back(job.trial);
    Trial trial = pruned_trial(job.trial, job.rung, values[job.trial - 1]);
    if (job.rung == full) trial.state = TrialState::complete;
    promotions.tell(trial);
  };
  while (true) {
    const auto job = promotions.next();
    REQUIRE(job);
    if (job->trial == 0 && begun == values.size()) break;
    measure(*job);
  }
  promotions.close();
  while (const auto job = promotions.next()) measure(*job);
  return rungs;
}

using Rungs = std::vector<std::vector<std::uint64_t>>;

/// The conflicting objectives of spaces.hpp, the expensive one with two rungs whose readings are low and noisy.
std::vector<Objective> laddered_objectives() {
  auto objectives = conflicting_objectives();
  objectives[1].rungs = {1.0 / 9, 1.0 / 3};
  objectives[1].measure = [inner = objectives[1].measure](const Candidate& candidate) {
    Random random(derived_seed(candidate.seed, candidate.rung));
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(500)));
    if (random.chance(0.05)) throw std::runtime_error("unlucky");
    return inner(candidate) - (2 - candidate.rung) + random.uniform();
  };
  return objectives;
}

Study study_of(const std::vector<Objective>& objectives, std::uint64_t trials, Scheduler scheduler,
               const std::string& searcher = "nsga2") {
  const Space space = cell_space();
  return {.space = space,
          .objectives = objectives,
          .searcher = searcher_named(searcher, Config::make_scalar(searcher))
                          .make({.space = space, .criteria = criteria(objectives), .seed = 1}, std::nullopt),
          .budget = {.trials = trials},
          .fidelity = {.scheduler = scheduler}};
}

std::vector<Trial> timeless(std::vector<Trial> trials) {
  for (Trial& trial : trials) trial.seconds = 0;
  return trials;
}

const std::vector<Scheduler> schedulers{Scheduler::asha, Scheduler::successive_halving, Scheduler::hyperband};

}  // namespace

TEST_CASE("successive halving: of 9 trials 3 and then 1 go on") {
  const std::vector<Criterion> criteria{error_with({1.0 / 9, 1.0 / 3})};
  Promotions promotions(criteria, {.scheduler = Scheduler::successive_halving});
  CHECK(measured(promotions, 2, {9, 1, 8, 2, 7, 3, 6, 4, 5}) == Rungs{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {2, 4, 6}, {2}});
}

TEST_CASE("ASHA: a trial goes on as soon as it is among the best third of its rung") {
  const std::vector<Criterion> criteria{error_with({1.0 / 9, 1.0 / 3})};
  Promotions promotions(criteria, {.scheduler = Scheduler::asha});
  // After three trials the best of them goes on; after six the best two; trial 8, the best of all, after nine.
  CHECK(measured(promotions, 2, {5, 4, 6, 7, 3, 9, 8, 1, 2}) == Rungs{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {2, 5, 8, 9}, {8}});
}

TEST_CASE("brackets of Hyperband as in the paper's table: a full budget of 81, eta 3") {
  using Sizes = std::vector<std::uint64_t>;
  CHECK(hyperband_sizes(4, 4, 3) == Sizes{81, 27, 9, 3, 1});
  CHECK(hyperband_sizes(4, 3, 3) == Sizes{34, 11, 3, 1});
  CHECK(hyperband_sizes(4, 2, 3) == Sizes{15, 5, 1});
  CHECK(hyperband_sizes(4, 1, 3) == Sizes{8, 2});
  CHECK(hyperband_sizes(4, 0, 3) == Sizes{5});

  const std::vector<Criterion> criteria{error_with({1. / 81, 3. / 81, 9. / 81, 27. / 81})};
  Promotions promotions(criteria, {.scheduler = Scheduler::hyperband});
  std::vector<double> values(81 + 34 + 15 + 8 + 5);
  Random random(2);
  for (double& value : values) value = random.uniform();
  const Rungs rungs = measured(promotions, 4, values);
  CHECK(rungs[0].size() == 81);
  CHECK(rungs[1].size() == 27 + 34);
  CHECK(rungs[2].size() == 9 + 11 + 15);
  CHECK(rungs[3].size() == 3 + 3 + 5 + 8);
  CHECK(rungs[4].size() == 1 + 1 + 1 + 2 + 5);
}

TEST_CASE("when no more trials come each rung sends on at least one, and a bracket ends with what it has") {
  const std::vector<Criterion> criteria{error_with({1.0 / 9, 1.0 / 3})};
  for (const Scheduler scheduler : schedulers) {
    Promotions none(criteria, {.scheduler = scheduler}), one(criteria, {.scheduler = scheduler});
    CHECK(measured(none, 2, {}) == Rungs{{}, {}, {}});
    CHECK(measured(one, 2, {1}) == Rungs{{1}, {1}, {1}});
  }
  Promotions halving(criteria, {.scheduler = Scheduler::successive_halving});
  CHECK(measured(halving, 2, {9, 1, 8, 2, 7, 3, 6}) == Rungs{{1, 2, 3, 4, 5, 6, 7}, {2, 4}, {2}});
}

TEST_CASE("of equals the earlier goes on, and failed trials keep their place but never go on") {
  const std::vector<Criterion> criteria{error_with({1.0 / 9, 1.0 / 3})};
  Promotions equal(criteria, {.scheduler = Scheduler::successive_halving});
  CHECK(measured(equal, 2, std::vector<double>(9, 0.5)) == Rungs{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3}, {1}});

  Promotions failing(criteria, {.scheduler = Scheduler::successive_halving});
  for (std::uint64_t n = 1; n <= 9; ++n) {
    failing.begin({n, 0});
    Trial trial = pruned_trial(n, 0, static_cast<double>(n));
    if (n <= 7) trial = {.number = n, .state = TrialState::failed, .values = {std::nullopt}};
    failing.tell(trial);
  }
  std::vector<std::uint64_t> promoted;
  while (failing.next()->trial != 0) {
    promoted.push_back(failing.next()->trial);
    failing.begin(*failing.next());
  }
  CHECK(promoted == std::vector<std::uint64_t>{8, 9});
}

TEST_CASE("with two objectives whole layers go on, the last one as its ranking has it") {
  const std::vector<Criterion> criteria{{.name = "latency"}, error_with({0.5})};
  Promotions promotions(criteria, {.scheduler = Scheduler::successive_halving, .eta = 6});
  const std::vector<std::vector<double>> points{{3, 3}, {0, 4}, {1, 2.5}, {2, 1.5}, {4, 0}, {5, 5}};
  for (std::uint64_t n = 1; n <= 6; ++n) {
    promotions.begin({n, 0});
    promotions.tell({.number = n, .state = TrialState::pruned, .values = {points[n - 1][0], points[n - 1][1]}});
  }
  CHECK(promotions.next()->trial == 2);  // one of six: the end that is least in the first objective
}

TEST_CASE("rungs are refused where they are no ladder") {
  const auto refused = [](const std::vector<Criterion>& criteria) {
    CHECK_THROWS_AS(full_rung(criteria), std::invalid_argument);
  };
  refused({error_with({0.5, 0.2})});
  refused({error_with({0})});
  refused({error_with({1})});
  refused({error_with({0.2}), error_with({0.2, 0.4})});
  refused({{.name = "cheap", .rungs = {0.5}}});
  CHECK(full_rung(std::vector<Criterion>{{.name = "cheap"}, error_with({0.1, 0.5})}) == 2);
}

TEST_CASE("a study with rungs: every trial begins low, a few end at the full budget, seconds and readings add up") {
  for (const Scheduler scheduler : schedulers) {
    const auto state = study_of(laddered_objectives(), 60, scheduler).run();
    CHECK(state.end == End::budget);
    CHECK(state.counted == 60);
    REQUIRE(state.trials.size() == 60);
    std::size_t complete = 0;
    for (const Trial& trial : state.trials) {
      complete += trial.state == TrialState::complete;
      if (trial.state == TrialState::complete) CHECK(trial.rung == 2);
      if (trial.state == TrialState::pruned) {
        CHECK(trial.rung < 2);
        REQUIRE(!trial.readings.empty());
        CHECK(trial.readings.back().rung == trial.rung);
        CHECK(trial.values[1] == trial.readings.back().value);
      }
      for (std::size_t i = 1; i < trial.readings.size(); ++i)
        CHECK(trial.readings[i].rung == trial.readings[i - 1].rung + 1);
    }
    CHECK((4 <= complete && complete <= 30));
    for (const Trial& member : state.front.members()) CHECK(member.state == TrialState::complete);
    CHECK(!state.front.members().empty());
  }
}

TEST_CASE("with rungs, threads change nothing, for every scheduler and searcher") {
  for (std::size_t turn = 0; turn < schedulers.size(); ++turn)
    for (const SearcherKind& kind : searchers()) {
      if (kind.name == "auto") continue;  // takes long; has a test of its own
      // Searchers that ask a model share the schedulers among them.
      const Scheduler scheduler = schedulers[turn];
      const auto row = static_cast<std::size_t>(&kind - searchers().data());
      if (kind.modelled && row % schedulers.size() != turn) continue;
      std::vector<Trial> first;
      for (const unsigned threads : {1u, 4u}) {
        Study study = study_of(laddered_objectives(), 40, scheduler, std::string(kind.name));
        study.threads = threads;
        const auto trials = timeless(study.run().trials);
        if (threads == 1) first = trials;
        INFO(kind.name);
        REQUIRE(trials == first);
      }
    }
}

TEST_CASE("auto says what goes on: threads, kills between runs and larger budgets change nothing") {
  const Space space = chain_space(5, 4);
  const auto objectives = laddered_objectives();
  const auto study = [&](std::uint64_t trials, unsigned threads, Store* store) {
    return Study{.space = space,
                 .objectives = objectives,
                 .searcher = searcher_named("auto", Config::make_scalar("auto"))
                                 .make({.space = space,
                                        .criteria = criteria(objectives),
                                        .seed = 1,
                                        .cheap = cheap_values(space, objectives)},
                                       std::nullopt),
                 .budget = {.trials = trials},
                 .store = store,
                 .threads = threads,
                 .fidelity = {.scheduler = Scheduler::searcher}};
  };
  const auto state = study(70, 1, nullptr).run();
  const auto expected = timeless(state.trials);
  REQUIRE(expected.size() == 70);
  const auto at_rung = [&](std::uint32_t rung) {
    return std::count_if(expected.begin(), expected.end(), [&](const Trial& trial) { return trial.rung >= rung; });
  };
  CHECK(at_rung(1) > 5);  // more than those that go on before there is a model
  CHECK(at_rung(2) > 3);
  CHECK(at_rung(1) < 70);
  CHECK(timeless(study(70, 4, nullptr).run().trials) == expected);
  const TemporaryFolder folder;
  for (const std::uint64_t trials : {20u, 45u, 70u}) {
    Store store = Store::open(folder.path(), {"f", "y"});
    const auto resumed = timeless(study(trials, 2, &store).run().trials);
    for (std::size_t i = 0; i < resumed.size(); ++i)
      if (resumed[i].rung <= expected[i].rung && trials == 70) REQUIRE(resumed[i] == expected[i]);
  }
}

TEST_CASE("only a searcher that can is left to say what goes on") {
  const auto read = [](const std::string& text) { return SearchSettings::read(Config::parse(text, "study.yaml")); };
  CHECK(read("{trials: 9, fidelity: {scheduler: searcher}}").fidelity.scheduler == Scheduler::searcher);
  CHECK(read("{trials: 9}").fidelity.scheduler == Scheduler::searcher);
  CHECK(read("{trials: 9, fidelity: {scheduler: hyperband}}").fidelity.scheduler == Scheduler::hyperband);
  CHECK(read("{trials: 9, algorithm: random}").fidelity.scheduler == Scheduler::asha);
  CHECK(read("{trials: 9, fidelity: {eta: 4, ranking: hypervolume}}").fidelity.eta == 4);
  CHECK_THROWS_AS(read("{trials: 9, algorithm: random, fidelity: {scheduler: searcher}}"), ConfigError);
  CHECK_THROWS_AS(read("{trials: 9, fidelity: {scheduler: median}}"), ConfigError);
  CHECK_THROWS_AS(read("{trials: 9, fidelity: {eta: 1}}"), ConfigError);
  CHECK_THROWS_AS(read("{trials: 9, fidelity: {etas: 3}}"), ConfigError);
}

TEST_CASE("budgets of 0 and 1, and none of a study's trials measured") {
  for (const Scheduler scheduler : schedulers) {
    CHECK(study_of(laddered_objectives(), 0, scheduler).run().trials.empty());
    auto objectives = laddered_objectives();
    objectives[1].measure = [](const Candidate&) { return 1.0; };
    const auto one = study_of(objectives, 1, scheduler).run();
    REQUIRE(one.trials.size() == 1);
    CHECK(one.trials[0].state == TrialState::complete);
    objectives[1].measure = [](const Candidate&) -> double { throw std::runtime_error("always"); };
    const auto failed = study_of(objectives, 20, scheduler).run();
    CHECK(failed.trials.size() == 20);
    CHECK(failed.end == End::budget);
  }
}

TEST_CASE("with rungs a larger budget goes on as if it had been the first, and measures nothing twice") {
  for (const Scheduler scheduler : schedulers) {
    const auto expected = timeless(study_of(laddered_objectives(), 70, scheduler).run().trials);
    const TemporaryFolder folder;
    std::set<std::pair<std::uint64_t, std::uint32_t>> seen;
    bool twice = false;
    std::mutex mutex;
    auto objectives = laddered_objectives();
    objectives[1].measure = [&, inner = objectives[1].measure](const Candidate& candidate) {
      const std::lock_guard lock(mutex);
      twice |= !seen.emplace(candidate.number, candidate.rung).second;
      return inner(candidate);
    };
    std::vector<Trial> trials;
    for (const std::uint64_t budget : {20u, 33u, 70u}) {
      Store store = Store::open(folder.path(), {"f", "y"});
      Study study = study_of(objectives, budget, scheduler);
      study.store = &store;
      trials = timeless(study.run().trials);
    }
    CHECK(!twice);
    REQUIRE(trials.size() == expected.size());
    for (std::size_t i = 0; i < trials.size(); ++i) {
      // Where a smaller budget measured more of a trial than this one would have, that is shown.
      if (trials[i].rung > expected[i].rung) continue;
      REQUIRE(trials[i] == expected[i]);
    }
    const auto stored = timeless(Store::read(folder.path()).told());
    CHECK(std::vector<Trial>(stored.begin(), stored.begin() + 70) == trials);
  }
}

TEST_CASE("searchers that learn from trials learn from readings and promotions") {
  // One objective, least where all decisions are 2; readings are higher and noisy, and three of four trials are pruned.
  const Space space = chain_space(8, 5);
  Objective error{error_with({1.0 / 9, 1.0 / 3}), [](const Candidate& candidate) {
                    double sum = 0;
                    for (const auto level : candidate.architecture) sum += (level - 2) * (level - 2);
                    Random random(derived_seed(candidate.seed, candidate.rung));
                    return candidate.rung == 2 ? sum : sum + 10 * (2 - candidate.rung) + 2 * random.uniform();
                  }};
  const auto mean_best = [&](const std::string& name) {
    double sum = 0;
    for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
      Study study{
          .space = space,
          .objectives = {error},
          .searcher = searcher_named(name, Config::make_scalar(name))
                          .make({.space = space, .criteria = criteria(std::vector{error}), .seed = seed}, std::nullopt),
          .budget = {.trials = 200},
          .fidelity = {.scheduler = Scheduler::asha}};
      sum += study.run().front.members().front().values[0].value() / 4;
    }
    return sum;
  };
  const double random = mean_best("random");
  for (const std::string name : {"local_search", "regularized_evolution", "nsga2", "nsga3", "moead", "smsemoa",
                                 "agemoea2", "reinforce", "motpe", "forest_evolution"}) {
    INFO(name);
    CHECK(mean_best(name) <= random / 2);
  }
}

TEST_CASE("a limit and a soft limit that no reading keeps turn nothing away") {
  // Readings say 20 and more where a full budget says 0 to 4: the limit is 3, and what readings rank is the same.
  const Space space = chain_space(4, 4);
  const auto found = [&](std::optional<double> limit, std::optional<double> soft, const std::string& name) {
    Objective error{error_with({0.1}), [](const Candidate& candidate) {
                      double sum = 0;
                      for (const auto level : candidate.architecture) sum += level != 2;
                      return candidate.rung == 1 ? sum : sum + 20;
                    }};
    error.limit = limit, error.soft_limit = soft;
    Study study{
        .space = space,
        .objectives = {error},
        .searcher = searcher_named(name, Config::make_scalar(name))
                        .make({.space = space, .criteria = criteria(std::vector{error}), .seed = 3}, std::nullopt),
        .budget = {.trials = 60},
        .fidelity = {.scheduler = name == "auto" ? Scheduler::searcher : Scheduler::asha}};
    return study.run().front.members().front().values[0].value();
  };
  for (const std::string name : {"auto", "nsga2", "local_search", "motpe", "forest_evolution"}) {
    INFO(name);
    CHECK(found(3, std::nullopt, name) <= 2);
    CHECK(found(std::nullopt, 3, name) <= 2);
  }
}

TEST_CASE("left to the searcher, one in eta of a rung has gone on when no more come") {
  Promotions promotions(std::vector{error_with({0.1})}, {.scheduler = Scheduler::searcher});
  std::vector<double> values;
  for (int i = 0; i < 10; ++i) values.push_back(10 - i);
  CHECK(measured(promotions, 1, values)[1] == std::vector<std::uint64_t>{10, 9, 8});

  Promotions most(std::vector{error_with({0.1})}, {.scheduler = Scheduler::searcher});
  for (std::uint64_t n = 1; n <= 9; ++n) most.begin({n, 0}), most.tell(pruned_trial(n, 0, static_cast<double>(n)));
  for (const std::uint64_t n : {9u, 8u}) most.begin({n, 1});  // what the searcher chose counts
  most.close();
  REQUIRE(most.next());
  CHECK(most.next()->trial == 1);
  most.begin(*most.next());
  CHECK_FALSE(most.next());
}

TEST_CASE("every trial is settled once it can go no further") {
  std::multiset<std::uint64_t> settled;
  Study study = study_of(laddered_objectives(), 30, Scheduler::asha);
  study.on_settled = [&](std::uint64_t number) { settled.insert(number); };
  study.run();
  for (std::uint64_t n = 1; n <= 30; ++n) CHECK(settled.count(n) == 1);
}
