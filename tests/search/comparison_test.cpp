// The comparison of searchers: closed forms, published data, every assignment of signs.
#include "search/comparison.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

/// Over all signs: the share with a rank sum at least as far from the mean as the one seen.
double p_by_all_signs(const std::vector<double>& differences) {
  std::vector<double> ranks;
  double all = 0, seen = 0;
  for (const double value : differences) {
    double below = 0, equal = 0;
    for (const double other : differences) {
      below += std::abs(other) < std::abs(value);
      equal += std::abs(other) == std::abs(value);
    }
    ranks.push_back(below + (equal + 1) / 2);
    all += ranks.back();
    seen += value > 0 ? ranks.back() : 0;
  }
  unsigned as_far = 0;
  const unsigned assignments = 1u << differences.size();
  for (unsigned signs = 0; signs < assignments; ++signs) {
    double sum = 0;
    for (std::size_t i = 0; i < ranks.size(); ++i) sum += signs >> i & 1 ? ranks[i] : 0;
    as_far += std::abs(sum - all / 2) >= std::abs(seen - all / 2);
  }
  return as_far / static_cast<double>(assignments);
}

}  // namespace

TEST_CASE("signed ranks of a few pairs") {
  const std::vector<double> none, low{1, 2, 3, 4, 5}, high{2, 4, 6, 8, 10};
  CHECK(wilcoxon_signed_rank(none, none).p_value == 1);
  CHECK(wilcoxon_signed_rank(low, low).p_value == 1);
  CHECK(wilcoxon_signed_rank(low, low).pairs == 0);
  const SignedRank better = wilcoxon_signed_rank(high, low);
  CHECK(better.pairs == 5);
  CHECK(better.rank_sum == 15);
  CHECK(better.p_value == Approx(2.0 / 32));
  CHECK(wilcoxon_signed_rank(low, high).rank_sum == 0);
  CHECK(wilcoxon_signed_rank(low, high).p_value == Approx(2.0 / 32));
  CHECK_THROWS_AS(wilcoxon_signed_rank(low, none), std::invalid_argument);
  const std::vector<double> one{1}, endless{std::numeric_limits<double>::infinity()};
  CHECK_THROWS_AS(wilcoxon_signed_rank(one, endless), std::invalid_argument);
}

TEST_CASE("signed ranks of published data") {
  // Depression scores before and after therapy, Hollander and Wolfe, "Nonparametric statistical methods" (1973),
  // table 3.1; 0.019531 on one side.
  const std::vector<double> before{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const std::vector<double> after{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  const SignedRank result = wilcoxon_signed_rank(before, after);
  CHECK(result.rank_sum == 40);
  CHECK(result.p_value == Approx(2 * 0.01953125));
}

TEST_CASE("the exact p-value is that of all signs, ties and zeros included") {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    std::vector<double> a, b(random.below(12), 0.0), differences;
    for (std::size_t i = 0; i < b.size(); ++i) {
      a.push_back(static_cast<double>(random.below(round % 2 ? 9 : 1000)) - (round % 2 ? 4 : 500));
      if (a.back() != 0) differences.push_back(a.back());
    }
    INFO("round " << round);
    REQUIRE(wilcoxon_signed_rank(a, b).p_value == Approx(p_by_all_signs(differences)).epsilon(1e-12));
  }
}

TEST_CASE("the normal p-value of many pairs continues the exact one") {
  // The greatest number of exact pairs and one more: the tail moves by little.
  for (const double shift : {0.0, 0.15, 0.3}) {
    Random random(2);
    std::vector<double> a, b;
    for (int i = 0; i < 100; ++i) {
      a.push_back(random.normal() + shift);
      b.push_back(0);
    }
    const double exact = wilcoxon_signed_rank(a, b).p_value;
    a.push_back(1e-9);  // the least rank
    b.push_back(0);
    INFO("shift " << shift);
    CHECK(wilcoxon_signed_rank(a, b).p_value == Approx(exact).epsilon(0.05).margin(1e-3));
  }
  const std::vector<double> high(5000, 1e308), low(5000, -1e308);
  CHECK(wilcoxon_signed_rank(high, low).p_value < 1e-100);
}

TEST_CASE("rank sums of a few values") {
  const std::vector<double> none, low{1, 2, 3}, high{4, 5, 6, 7};
  CHECK(wilcoxon_rank_sum(none, low).p_value == 1);
  CHECK(wilcoxon_rank_sum(high, low).superiority == 1);
  CHECK(wilcoxon_rank_sum(low, high).superiority == 0);
  CHECK(wilcoxon_rank_sum(low, high).p_value == Approx(2.0 / 35));  // one of 7 over 3 choices in each tail
  CHECK(wilcoxon_rank_sum(low, low).superiority == 0.5);
  CHECK(wilcoxon_rank_sum(low, low).p_value == 1);
  const std::vector<double> endless{std::numeric_limits<double>::infinity()};
  CHECK_THROWS_AS(wilcoxon_rank_sum(low, endless), std::invalid_argument);
  // Permeability of membranes, Hollander and Wolfe (1973), table 4.1: 0.127 on one side.
  const std::vector<double> term{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, earlier{1.15, 0.88, 0.90, 0.74, 1.21};
  CHECK(wilcoxon_rank_sum(term, earlier).superiority == Approx(35.0 / 50));
  CHECK(wilcoxon_rank_sum(term, earlier).p_value == Approx(2 * 0.127).margin(1e-3));
}

TEST_CASE("the exact p-value of a rank sum is that of all choices, ties included") {
  Random random(3);
  for (int round = 0; round < 40; ++round) {
    const std::size_t first = 1 + random.below(6), second = 1 + random.below(6), all = first + second;
    std::vector<double> values;
    for (std::size_t i = 0; i < all; ++i) values.push_back(static_cast<double>(random.below(round % 2 ? 4 : 1000)));
    // How often a value of the chosen ones is greater, over all choices of as many.
    const auto greater = [&](unsigned chosen) {
      double count = 0;
      for (std::size_t i = 0; i < all; ++i)
        for (std::size_t j = 0; j < all; ++j)
          if ((chosen >> i & 1) && !(chosen >> j & 1)) count += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
      return count;
    };
    const double seen = greater((1u << first) - 1);
    double choices = 0, at_most = 0, at_least = 0;
    for (unsigned chosen = 0; chosen < 1u << all; ++chosen) {
      if (static_cast<std::size_t>(std::popcount(chosen)) != first) continue;
      ++choices, at_most += greater(chosen) <= seen, at_least += greater(chosen) >= seen;
    }
    const auto result = wilcoxon_rank_sum(std::span(values).first(first), std::span(values).subspan(first));
    INFO("round " << round);
    REQUIRE(result.superiority == Approx(seen / static_cast<double>(first * second)));
    REQUIRE(result.p_value == Approx(std::min(1.0, 2 * std::min(at_most, at_least) / choices)).epsilon(1e-12));
  }
}

TEST_CASE("the normal p-value of many values continues the exact one") {
  for (const double shift : {0.0, 0.4, 0.8}) {
    Random random(4);
    std::vector<double> a, b;
    for (int i = 0; i < 30; ++i) a.push_back(random.normal() + shift), b.push_back(random.normal());
    const double exact = wilcoxon_rank_sum(a, b).p_value;
    a.push_back(shift);  // in the middle of its sample
    INFO("shift " << shift);
    CHECK(wilcoxon_rank_sum(a, b).p_value == Approx(exact).epsilon(0.25).margin(0.01));
  }
  CHECK(wilcoxon_rank_sum(std::vector<double>(40, 1.0), std::vector<double>(40, 1.0)).p_value == 1);
}

TEST_CASE("Holm's correction multiplies the least by all, the next by one less, and never falls") {
  CHECK(holm_adjusted(std::vector<double>{}).empty());
  CHECK(holm_adjusted(std::vector<double>{0.03}) == std::vector<double>{0.03});
  const std::vector<double> adjusted = holm_adjusted(std::vector<double>{0.04, 0.01, 0.9, 0.03});
  CHECK(adjusted[1] == Approx(0.04));
  CHECK(adjusted[3] == Approx(0.09));
  CHECK(adjusted[0] == Approx(0.09));  // 0.08 would rank before the test that it lost to
  CHECK(adjusted[2] == Approx(0.9));
  CHECK(holm_adjusted(std::vector<double>{0.6, 0.7}) == std::vector<double>{1, 1});
}
