// The least peak memory: closed forms, and the search against all orders of small random programs.
#include "predictors/peak.hpp"

#include <algorithm>
#include <functional>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

/// The least peak over every topological order, found by trying them all.
std::int64_t brute_force(const MemorySteps& steps) {
  const std::int32_t n = steps.size();
  std::vector<char> done(static_cast<std::size_t>(n), 0);
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  const auto is_alive = [&](std::int32_t tensor) {
    if (tensor == steps.output) return true;
    for (std::int32_t step = 0; step < n; ++step) {
      const auto inputs = steps.inputs(step);
      if (!done[static_cast<std::size_t>(step)] && std::find(inputs.begin(), inputs.end(), tensor) != inputs.end())
        return true;
    }
    return false;
  };
  std::function<void(std::int64_t, std::int32_t)> go = [&](std::int64_t peak, std::int32_t count) {
    if (peak >= best) return;
    if (count == n) {
      best = peak;
      return;
    }
    std::int64_t alive = 0;
    for (std::int32_t t = 0; t < n; ++t)
      if (done[static_cast<std::size_t>(t)] && is_alive(t)) alive += steps.bytes[static_cast<std::size_t>(t)];
    for (std::int32_t step = 0; step < n; ++step) {
      const auto inputs = steps.inputs(step);
      if (done[static_cast<std::size_t>(step)]) continue;
      if (!std::all_of(inputs.begin(), inputs.end(), [&](auto i) { return done[static_cast<std::size_t>(i)]; }))
        continue;
      done[static_cast<std::size_t>(step)] = 1;
      go(std::max(peak, alive + steps.bytes[static_cast<std::size_t>(step)]), count + 1);
      done[static_cast<std::size_t>(step)] = 0;
    }
  };
  go(0, 0);
  return best;
}

MemorySteps random_steps(Random& random, std::int32_t most) {
  MemorySteps steps;
  const auto n = 1 + static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(most)));
  const double density = random.uniform(0.05, 0.6);
  for (std::int32_t step = 0; step < n; ++step) {
    std::vector<std::int32_t> inputs;
    for (std::int32_t i = 0; i < step; ++i)
      if (random.chance(density)) inputs.push_back(i);
    if (inputs.empty() && step > 0 && random.chance(0.9))
      inputs.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(step))));
    steps.add(static_cast<std::int64_t>(random.below(12)), inputs);
  }
  steps.output = random.chance(0.9) ? n - 1 : -1;
  return steps;
}

MemorySteps chain(const std::vector<std::int64_t>& sizes) {
  MemorySteps steps;
  for (const std::int64_t size : sizes) {
    const std::vector<std::int32_t> before(steps.size() > 0 ? 1u : 0u, steps.size() - 1);
    steps.add(size, before);
  }
  steps.output = steps.size() - 1;
  return steps;
}

}  // namespace

TEST_CASE("A chain needs the largest input and output together") {
  CHECK(least_peak(chain({3, 5, 9, 2, 1})).high == 14);
  CHECK(least_peak(chain({3, 5, 9, 2, 1})).exact());
  CHECK(least_peak(chain({7})).high == 7);
  CHECK(least_peak(MemorySteps{}).high == 0);
}

TEST_CASE("A residual block holds its input beside the branch") {
  MemorySteps steps;
  steps.add(10, {});
  steps.add(10, std::vector{0});
  steps.add(10, std::vector{1});
  steps.add(10, std::vector{0, 2, 2});
  steps.output = 3;
  CHECK(least_peak(steps).high == 30);
  CHECK(steps.inputs(3).size() == 2);
}

TEST_CASE("A tensor nobody reads lives while it is written, the output to the end") {
  MemorySteps steps;
  steps.add(4, {});
  steps.add(100, std::vector{0});
  steps.add(5, std::vector{0});
  steps.output = 0;
  CHECK(peak_in_order(steps) == 104);
  CHECK(least_peak(steps).high == 104);
}

TEST_CASE("A better order than the one given is found") {
  MemorySteps steps;  // two branches that swell and shrink: one after the other, not side by side
  steps.add(1, {});
  steps.add(10, std::vector{0});
  steps.add(10, std::vector{0});
  steps.add(1, std::vector{1});
  steps.add(1, std::vector{2});
  steps.add(1, std::vector{3, 4});
  steps.output = 5;
  CHECK(peak_in_order(steps) == 21);
  const PeakBytes peak = least_peak(steps);
  CHECK(peak.high == 12);
  CHECK(peak.exact());
}

TEST_CASE("The search finds what all orders of small random programs give") {
  Random random(7);
  for (int round = 0; round < 3000; ++round) {
    const MemorySteps steps = random_steps(random, 9);
    const PeakBytes peak = least_peak(steps);
    REQUIRE(peak.exact());
    REQUIRE(peak.high == brute_force(steps));
    REQUIRE(peak.high <= peak_in_order(steps));
  }
}

TEST_CASE("Beyond the limit of ideals bounds enclose the least peak") {
  Random random(8);
  int bounded = 0;
  for (int round = 0; round < 1000; ++round) {
    const MemorySteps steps = random_steps(random, 9);
    const std::int64_t least = brute_force(steps);
    const PeakBytes peak = least_peak(steps, 1);
    REQUIRE(peak.low <= least);
    REQUIRE(peak.high >= least);
    REQUIRE(peak.high <= peak_in_order(steps));
    bounded += peak.exact() ? 0 : 1;
  }
  CHECK(bounded > 0);
}

TEST_CASE("Long parallel chains stay exact") {
  // Twelve branches of eight steps have 9^12 ideals; with chains merged there are 2^12.
  MemorySteps steps;
  steps.add(4, {});
  std::vector<std::int32_t> ends;
  for (int branch = 0; branch < 12; ++branch) {
    std::int32_t at = 0;
    for (const std::int64_t size : {8, 8, 6, 6, 4, 4, 2, 2}) at = steps.add(size, std::vector{at});
    ends.push_back(at);
  }
  steps.output = steps.add(24, ends);
  const PeakBytes peak = least_peak(steps);
  CHECK(peak.exact());
  CHECK(peak.high == 48);
}
