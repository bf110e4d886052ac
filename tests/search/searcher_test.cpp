// The conformance suite: what every searcher of the table keeps, on ordinary and on ugly problems; and settings.
#include "search/searcher.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "catch.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

using Verdict = std::function<Trial(std::uint64_t, const Architecture&)>;

Trial complete(std::uint64_t number, const Architecture& point) {
  return {.number = number,
          .architecture = point,
          .values = {value_sum(point), -static_cast<double>(point.empty() ? 0 : point[0])}};
}

SearchProblem problem_on(const Space& space, std::uint64_t seed = 1) {
  return {.space = space, .criteria = {{.name = "a", .limit = 1e9}, {.name = "b", .expensive = true}}, .seed = seed};
}

/// Six objectives of which each rewards other decisions.
Trial six_sided(std::uint64_t number, const Architecture& point) {
  Trial trial{.number = number, .architecture = point};
  for (std::size_t k = 0; k < 6; ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < point.size(); ++i) sum += (i % 6 == k ? -2.0 : 1.0) * point[i];
    trial.values.push_back(sum);
  }
  return trial;
}

/// Asks up to `window` ahead and tells in order, until exhausted or `most` proposals.
std::vector<Architecture> proposals(const SearcherKind& kind, const SearchProblem& problem, std::size_t most,
                                    const Verdict& verdict = complete, std::size_t window = 8) {
  const auto searcher = kind.make(problem, std::nullopt);
  std::vector<Architecture> all;
  std::size_t told = 0;
  while (told < most) {
    auto proposal = all.size() - told < window && all.size() < most ? searcher->ask() : std::nullopt;
    if (proposal) {
      all.push_back(std::move(*proposal));
    } else if (told < all.size()) {
      searcher->tell(verdict(told + 1, all[told]));
      ++told;
    } else {
      REQUIRE(searcher->exhausted());
      break;
    }
  }
  return all;
}

void check_distinct_and_valid(const Space& space, const std::vector<Architecture>& all) {
  REQUIRE(std::set<Architecture>(all.begin(), all.end()).size() == all.size());
  for (const Architecture& point : all) REQUIRE(space.is_canonical(point));
}

}  // namespace

TEST_CASE("every searcher visits a small space exactly once and then says that it is exhausted") {
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    for (const Space& space : {chain_space(3, 4), conditional_space(), chain_space(1, 5), chain_space(1, 1)}) {
      const auto all = proposals(kind, problem_on(space), 10000);
      check_distinct_and_valid(space, all);
      CHECK(all.size() == space.size().exact.value());
    }
  }
}

TEST_CASE("every searcher works on large spaces, 500 decisions included, and never repeats a point") {
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    for (const Space& space : {chain_space(500, 2), chain_space(20, 30)}) {
      const auto count = affordable(kind, 300);
      const auto all = proposals(kind, problem_on(space), count);
      check_distinct_and_valid(space, all);
      CHECK(all.size() == count);
    }
  }
}

TEST_CASE("every searcher works with one objective and with six") {
  const Space space = chain_space(6, 8);
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    auto problem = problem_on(space);
    problem.criteria = {{.name = "alone", .expensive = true}};
    const auto one = proposals(kind, problem, 60, [](auto n, const auto& p) {
      return Trial{.number = n, .architecture = p, .values = {value_sum(p)}};
    });
    check_distinct_and_valid(space, one);
    problem.criteria.clear();
    for (int k = 0; k < 6; ++k) problem.criteria.push_back({.name = std::to_string(k), .expensive = true});
    const auto six = proposals(kind, problem, 60, six_sided);
    check_distinct_and_valid(space, six);
    CHECK(one.size() + six.size() == 120);
  }
}

TEST_CASE("every searcher works with levels in the hundreds, and with decisions of both kinds and conditions") {
  for (const SearcherKind& kind : searchers())
    for (const Space& space : {chain_space(3, 1001), Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/mobile.yaml"),
                               Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/ofa_mobilenetv3.yaml")}) {
      INFO(kind.name << " on " << space.name());
      const auto all = proposals(kind, problem_on(space), 60);
      check_distinct_and_valid(space, all);
      CHECK(all.size() == 60);
    }
}

TEST_CASE("every searcher takes a window of one and one larger than the space") {
  const Space space = chain_space(3, 4);
  for (const SearcherKind& kind : searchers())
    for (const std::size_t window : {1, 1000}) {
      INFO(kind.name);
      const auto all = proposals(kind, problem_on(space), 1000, complete, window);
      check_distinct_and_valid(space, all);
      CHECK(all.size() == 64);
    }
}

TEST_CASE("every searcher that has a population takes one greater than the space, and one of two") {
  for (const SearcherKind& kind : searchers()) {
    if (std::find(kind.options.begin(), kind.options.end(), "population") == kind.options.end()) continue;
    for (const std::string population : {"2", "1000"}) {
      INFO(kind.name << " with a population of " << population);
      const auto options = Config::parse("population: " + population, "test");
      const Space space = chain_space(3, 4);
      const auto searcher = kind.make(problem_on(space), options);
      std::set<Architecture> seen;
      while (const auto point = searcher->ask()) {
        seen.insert(*point);
        searcher->tell(complete(seen.size(), *point));
      }
      CHECK(searcher->exhausted());
      CHECK(seen.size() == 64);
    }
  }
}

TEST_CASE("asks that give nothing change nothing, for every searcher: a resumed study does not repeat them") {
  const Space space = chain_space(8, 6);
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    const auto patient = kind.make(problem_on(space), std::nullopt), eager = kind.make(problem_on(space), std::nullopt);
    std::vector<Architecture> asked;
    for (std::uint64_t told = 0; told < 60; ++told) {
      while (auto proposal = patient->ask()) {
        REQUIRE(eager->ask() == proposal);
        asked.push_back(std::move(*proposal));
        if (asked.size() - told == 8) break;
      }
      if (asked.size() - told < 8)
        for (int i = 0; i < 3; ++i) REQUIRE_FALSE(eager->ask());
      REQUIRE(told < asked.size());
      for (const auto& searcher : {patient.get(), eager.get()}) searcher->tell(complete(told + 1, asked[told]));
    }
  }
}

TEST_CASE("every searcher proposes the same with the same seed and other things with another") {
  const Space space = chain_space(12, 6);
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    const auto count = affordable(kind, 200);
    const auto first = proposals(kind, problem_on(space, 1), count);
    CHECK(proposals(kind, problem_on(space, 1), count) == first);
    if (kind.name != "exhaustive") CHECK(proposals(kind, problem_on(space, 2), count) != first);
  }
}

TEST_CASE("every searcher goes on when all is constant, failed, infeasible, or huge") {
  const Space space = chain_space(4, 3);
  const std::vector<Verdict> verdicts{
      [](auto n, const auto& p) {
        return Trial{.number = n, .architecture = p, .values = {1.0, 1.0}};
      },
      [](auto n, const auto& p) {
        return Trial{
            .number = n, .architecture = p, .state = TrialState::failed, .values = {std::nullopt, std::nullopt}};
      },
      [](auto n, const auto& p) {
        return Trial{.number = n,
                     .architecture = p,
                     .state = TrialState::infeasible,
                     .values = {2e9 + value_sum(p), std::nullopt}};
      },
      [](auto n, const auto& p) {
        return Trial{.number = n, .architecture = p, .values = {n % 2 ? 1e300 : -1e300, n % 3 ? 1e-300 : 1e308}};
      },
      [](auto n, const auto& p) {
        return Trial{.number = n, .architecture = p, .values = {1e-300 * value_sum(p), -1e-300 * p[0]}};
      },
      [](auto n, const auto& p) {  // a single point keeps the limit
        return value_sum(p) == 8 ? complete(n, p)
                                 : Trial{.number = n, .architecture = p, .values = {2e9 - value_sum(p), 1.0}};
      },
      [](auto n, const auto& p) {
        return n % 2
                   ? complete(n, p)
                   : Trial{.number = n, .architecture = p, .state = TrialState::pruned, .values = {1.0, std::nullopt}};
      }};
  for (const SearcherKind& kind : searchers())
    for (const Verdict& verdict : verdicts) {
      INFO(kind.name);
      CHECK(proposals(kind, problem_on(space), 1000, verdict).size() == 81);
    }
}

TEST_CASE("every searcher goes on when most proposals are repeats") {
  const Space space = chain_space(4, 3);
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    const auto searcher = kind.make(problem_on(space), std::nullopt);
    std::uint64_t asked = 0;
    while (const auto proposal = searcher->ask())
      searcher->tell(complete(++asked <= 7 ? asked : 1 + asked % 7, *proposal));
    CHECK(searcher->exhausted());
    CHECK(asked == 81);
  }
}

TEST_CASE("every searcher stays within the points it may propose") {
  const Space space = chain_space(6, 4);
  auto allowed = std::make_shared<std::vector<Architecture>>();
  Random random(9);
  for (int i = 0; i < 60; ++i) {
    const auto point = space.sample(random);
    if (std::find(allowed->begin(), allowed->end(), point) == allowed->end()) allowed->push_back(point);
  }
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    auto problem = problem_on(space);
    problem.points = allowed;
    auto all = proposals(kind, problem, 1000);
    auto expected = *allowed;
    std::sort(all.begin(), all.end());
    std::sort(expected.begin(), expected.end());
    CHECK(all == expected);
  }
}

TEST_CASE("random search is uniform over a small space") {
  const Space space = conditional_space();  // by decision, one point in nine would come a third of the time
  std::map<Architecture, int> first;
  const int draws = 4000;
  for (int seed = 0; seed < draws; ++seed) {
    const auto searcher = searcher_named("random", Config::parse("{}", "test"))
                              .make(problem_on(space, static_cast<std::uint64_t>(seed)), std::nullopt);
    ++first[searcher->ask().value()];
  }
  const double expected = draws / static_cast<double>(space.size().exact.value());
  double chi_square = 0;
  space.enumerate([&](const Architecture& point) {
    chi_square += (first[point] - expected) * (first[point] - expected) / expected;
    return true;
  });
  CHECK(space.size().exact == 39);
  CHECK(chi_square < 69.3);  // 38 degrees of freedom, 0.1 %
}

TEST_CASE("the search part of a study is read strictly") {
  const auto read = [](const std::string& text) { return SearchSettings::read(Config::parse(text, "search.yaml")); };
  const auto settings = read(
      "{algorithm: nsga2, seed: 7, trials: 500, time: 2h, threads: 3, window: 16, identity: decisions, population: "
      "40}");
  CHECK(settings.kind->name == "nsga2");
  CHECK(settings.seed == 7);
  CHECK(settings.trials == 500);
  CHECK(settings.seconds == 7200);
  CHECK(settings.threads == 3);
  CHECK(settings.window == 16);
  CHECK(settings.identity == Identity::decisions);
  CHECK(settings.make(problem_on(chain_space(2, 2))) != nullptr);
  const auto defaults = read("{trials: 0}");
  CHECK(defaults.kind->name == "auto");
  CHECK(defaults.kind->resolved == "auto");
  CHECK(defaults.seed == 1);
  const auto message = [&](const std::string& text) -> std::string {
    try {
      const auto parsed = read(text);
      parsed.make(problem_on(chain_space(2, 2)));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto says = [&](const std::string& text, const std::string& part) {
    UNSCOPED_INFO(message(text));
    return message(text).find(part) != std::string::npos;
  };
  CHECK(says("{algorithm: nsga22, trials: 5}", "no searcher is called 'nsga22'"));
  CHECK(says("{algorithm: nsga22, trials: 5}", "did you mean 'nsga2'?"));
  CHECK(says("{trails: 5}", "unknown key 'trails'"));
  CHECK(says("{trails: 5}", "did you mean 'trials'?"));
  CHECK(says("{algorithm: random, trials: 5, population: 10}", "unknown key 'population'"));
  CHECK(says("{algorithm: random}", "'trials' or 'time'"));
  CHECK(says("{trials: many}", "many"));
  CHECK(says("{trials: -1}", "-1"));
  CHECK(says("{algorithm: nsga2, trials: 5, population: 1}", "1"));
  CHECK(says("{trials: 5, identity: looks}", "looks"));
}
