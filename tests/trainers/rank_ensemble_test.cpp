// Ensembles of ranks: the scale, what a member adds, and that a network's score depends on itself alone.
#include "trainers/rank_ensemble.hpp"

#include <cmath>
#include <thread>

#include "catch.hpp"
#include "score_section.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost.hpp"

using namespace paretoforge;

namespace {

Space small_space() {
  return Space(Config::parse("input: [1, 8, 8]\nlayers:\n"
                             "  - conv: {out: {choice: [2, 4, 6, 8], name: width}, kernel: 3, act: relu}\n"
                             "  - conv: {out: {choice: [2, 4, 6, 8], name: width2}, kernel: {choice: [1, 3], name: kernel}, act: relu}\n"
                             "  - pool: {kind: average, global: true}\n"
                             "  - linear: {out: 4}\n",
                             "space.yaml"));
}

}  // namespace

TEST_CASE("Ranks among a reference are shares of it, interpolated between its values") {
  const ReferenceRanks ranks({4, 1, 3, 2});
  CHECK(ranks.rank(1) == Approx(0.125));
  CHECK(ranks.rank(2) == Approx(0.375));
  CHECK(ranks.rank(2.5) == Approx(0.5));
  CHECK(ranks.rank(4) == Approx(0.875));
  const ReferenceRanks tied({5, 5, 5, 9});
  CHECK(tied.rank(5) == Approx(0.375));
  CHECK(tied.rank(9) == Approx(0.875));
}

TEST_CASE("Beyond the reference ranks go on rising, ever slower, by how wide that half of it is") {
  const ReferenceRanks ranks({0, 1, 2, 3, 4});
  CHECK(ranks.rank(6) == Approx(0.9 + 0.5 * std::log(2)));
  CHECK(ranks.rank(-2) == Approx(0.1 - 0.5 * std::log(2)));
  double last = -10, step = 10;
  for (double value = 4; value < 400; value *= 1.5) {
    CHECK(ranks.rank(value) > last);
    last = ranks.rank(value);
  }
  for (double value = 5; value < 50; ++value) {
    const double rise = ranks.rank(value + 1) - ranks.rank(value);
    CHECK(rise < step);
    step = rise;
  }
  const ReferenceRanks skewed({0, 7, 7, 7});  // the median is an end: all of it says how wide it is
  CHECK(skewed.rank(14) == Approx(0.625 + 0.5 * std::log(2)));
}

TEST_CASE("A constant reference tells only what is above and below, and an empty one nothing") {
  const ReferenceRanks ranks({3, 3});
  CHECK(ranks.rank(3) == 0.5);
  CHECK(ranks.rank(2) == 0);
  CHECK(ranks.rank(9) == 1);
  CHECK_THROWS_AS(ReferenceRanks({}), std::invalid_argument);
}

TEST_CASE("Ranks of the reference's own values do not change with their unit") {
  Random random(3);
  std::vector<double> values, scaled;
  for (int i = 0; i < 40; ++i) values.push_back(random.normal()), scaled.push_back(1e9 * values.back() + 7e8);
  const ReferenceRanks ranks(values), others(scaled);
  for (double value = -5; value < 5; value += 0.37) CHECK(ranks.rank(value) == Approx(others.rank(1e9 * value + 7e8)).margin(1e-9));
}

TEST_CASE("An ensemble's section is read") {
  const ScoreSettings settings = ScoreSettings::read(section("{ensemble: [synflow, snip, macs], data: fashion-mnist, reference: 30, seed: 4}"));
  REQUIRE(settings.kinds.size() == 3);
  CHECK(settings.kinds[1]->name == "snip");
  CHECK(settings.ensemble());
  CHECK(settings.reference == 30);
  CHECK(settings.seed == 4);
  CHECK(contains(error_of("{ensemble: [synflow]}"), "at least two"));
  CHECK(contains(error_of("{ensemble: [synflow, synflow]}"), "stands twice"));
  CHECK(contains(error_of("{ensemble: [synflow, snp]}"), "did you mean 'snip'?"));
  CHECK(contains(error_of("{ensemble: [synflow, snip]}"), "'snip' looks at images"));
  CHECK(contains(error_of("{ensemble: [synflow, zen], data: fashion-mnist}"), "the ensemble looks at no data"));
  CHECK(contains(error_of("{ensemble: [synflow, params], batch: 3}"), "the ensemble needs no batch"));
  CHECK(contains(error_of("{ensemble: [macs, params], repeats: 3}"), "nothing of the ensemble is random"));
  CHECK(error_of("{ensemble: [macs, params], seed: 3}").empty());  // the reference is drawn with it
  CHECK(contains(error_of("{ensemble: [synflow, params], reference: 9}"), "10 to 100000"));
  CHECK(contains(error_of("{kind: synflow, reference: 20}"), "reference"));
  CHECK(contains(error_of("{kind: synflow, ensemble: [synflow, params]}"), "kind"));
}

TEST_CASE("An ensemble is the mean of its members' ranks among networks drawn from the space") {
  const Space space = small_space();
  const ScoreSettings settings = ScoreSettings::read(section("{ensemble: [params, macs], reference: 50}"));
  const Scorer scorer(settings, &space);
  // The reference again, by what the header says of it.
  Random random(derived_seed(settings.seed, 0x72616e6b));
  std::vector<double> params, macs;
  for (int i = 0; i < 50; ++i) {
    const Graph graph = space.decode(space.sample(random));
    params.push_back(zero_cost_scores()[8].score(graph, {})), macs.push_back(zero_cost_scores()[9].score(graph, {}));
  }
  REQUIRE(zero_cost_scores()[8].name == "params");
  Random other(9);
  for (int i = 0; i < 10; ++i) {
    const Graph graph = space.decode(space.sample(other));
    const std::vector<double> members = scorer.members(graph);
    CHECK(scorer.score(graph) == Approx((ReferenceRanks(params).rank(members[0]) + ReferenceRanks(macs).rank(members[1])) / 2).epsilon(1e-14));
  }
}

TEST_CASE("An ensemble's score depends on the network alone: not on who is scored before, nor on threads") {
  const Space space = small_space();
  const ScoreSettings settings = ScoreSettings::read(section("{ensemble: [synflow, zen, params], batch: 4, reference: 12}"));
  Random random(2);
  std::vector<Graph> graphs;
  for (int i = 0; i < 6; ++i) graphs.push_back(space.decode(space.sample(random)));
  const Scorer first(settings, &space), second(settings, &space);
  std::vector<double> forward, together(graphs.size());
  for (const Graph& graph : graphs) forward.push_back(first.score(graph));
  {
    std::jthread a([&] { for (std::size_t i = 6; i-- > 3;) together[i] = second.score(graphs[i]); });
    std::jthread b([&] { for (std::size_t i = 0; i < 3; ++i) together[i] = second.score(graphs[i]); });
  }
  CHECK(forward == together);
  CHECK_THROWS_AS(Scorer(settings), std::invalid_argument);
  Graph whole({3, 8, 8});  // not of the space, but it can be ranked
  whole.add(Linear{.out = 4}, whole.add(GlobalPool{}, 0));
  CHECK(std::isfinite(first.score(whole)));
}
