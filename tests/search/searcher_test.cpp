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
      const auto all = proposals(kind, problem_on(space), 300);
      check_distinct_and_valid(space, all);
      CHECK(all.size() == 300);
    }
  }
}

TEST_CASE("every searcher proposes the same with the same seed and other things with another") {
  const Space space = chain_space(12, 6);
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    const auto first = proposals(kind, problem_on(space, 1), 200);
    CHECK(proposals(kind, problem_on(space, 1), 200) == first);
    CHECK(proposals(kind, problem_on(space, 2), 200) != first);
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
    const auto searcher = searchers()[1].make(problem_on(space, static_cast<std::uint64_t>(seed)), std::nullopt);
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
  CHECK(says("{algorithm: nsga3, trials: 5}", "no searcher is called 'nsga3'"));
  CHECK(says("{algorithm: nsga3, trials: 5}", "did you mean 'nsga2'?"));
  CHECK(says("{trails: 5}", "unknown key 'trails'"));
  CHECK(says("{trails: 5}", "did you mean 'trials'?"));
  CHECK(says("{algorithm: random, trials: 5, population: 10}", "unknown key 'population'"));
  CHECK(says("{algorithm: random}", "'trials' or 'time'"));
  CHECK(says("{trials: many}", "many"));
  CHECK(says("{trials: -1}", "-1"));
  CHECK(says("{algorithm: nsga2, trials: 5, population: 1}", "1"));
  CHECK(says("{trials: 5, identity: looks}", "looks"));
}
