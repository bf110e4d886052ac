// Scores over classes against counts by hand and the slow definition.
#include <cmath>

#include "catch.hpp"
#include "space/random.hpp"
#include "trainers/trainer_internal.hpp"

using namespace paretoforge;

namespace {

Evaluation scored(const std::vector<float>& logits, const std::vector<Label>& labels) {
  Evaluation evaluation;
  add_scores(evaluation, logits, labels);
  return evaluation;
}

}  // namespace

TEST_CASE("Recall, F1 and area of a small table by hand") {
  // Two of class 0, both right; four of class 1, one right. Equal outputs count as the first class.
  const auto e = scored({2, 0, 1, 1, 3, 0, 2, 0, 0, 0, 0, 4}, {0, 0, 1, 1, 1, 1});
  CHECK(e.balanced_accuracy_pct == Approx(100 * (1 + 0.25) / 2));
  // Class 0: precision 2/5, recall 1; class 1: precision 1, recall 1/4.
  CHECK(e.f1_pct == Approx(100 * (4.0 / 7 + 2.0 / 5) / 2));
  // Differences (class 1 minus 0): -2, 0 against -3, -2, 0, 4: of 8 pairs 0 + .5 + 1 + 1 and 0 + 0 + .5 + 1.
  CHECK(e.auc_pct == Approx(100 * 4.0 / 8));
}

TEST_CASE("The area is the chance that the right one of two is scored higher") {
  Random random(1);
  std::vector<float> logits;
  std::vector<Label> labels;
  for (int i = 0; i < 200; ++i) {
    labels.push_back(static_cast<Label>(random.below(3)));
    for (int c = 0; c < 3; ++c)
      logits.push_back(static_cast<float>(random.below(4)) + (labels.back() == c ? 1.0f : 0.0f));
  }
  double sum = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    const auto chance = [&](std::size_t i) {
      double all = 0;
      for (std::size_t k = 0; k < 3; ++k) all += std::exp(static_cast<double>(logits[3 * i + k]));
      return std::exp(static_cast<double>(logits[3 * i + c])) / all;
    };
    double won = 0, pairs = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
      for (std::size_t j = 0; j < labels.size(); ++j)
        if (labels[i] == c && labels[j] != c) {
          const double difference = chance(i) - chance(j);
          ++pairs, won += std::abs(difference) < 1e-12 ? 0.5 : difference > 0;
        }
    sum += won / pairs;
  }
  CHECK(scored(logits, labels).auc_pct == Approx(100 * sum / 3).epsilon(1e-3));  // near ties may be rounded either way
}

TEST_CASE("Classes that do not occur are left out of the means") {
  const auto one = scored({1, 0, 0, 2, 0, 0}, {0, 0});
  CHECK(one.balanced_accuracy_pct == 100);
  CHECK(one.f1_pct == 100);
  CHECK(std::isnan(one.auc_pct));
  CHECK(std::isnan(scored({}, {}).f1_pct));
  // Only predicted: its F1 is 0, its recall says nothing.
  const auto wrong = scored({1, 0, 0, 2}, {0, 0});
  CHECK(wrong.balanced_accuracy_pct == 50);
  CHECK(wrong.f1_pct == Approx(100 * (2.0 / 3 + 0) / 2));
  // Certain and right: no rounding makes equals of outputs that differ.
  CHECK(scored({100, 0, 200, 0, 0, 50, 0, 300}, {0, 0, 1, 1}).auc_pct == 100);
}

TEST_CASE("Every score of the table is of an evaluation") {
  const auto e = evaluation_of(std::vector<float>{1, 0, 0, 2}, std::vector<Label>{0, 1});
  const auto numbers = evaluation_of(std::vector<float>{0, 1}, std::vector<float>{0, 1}, {{0}, {1}});
  for (const ScoreKind& kind : scores()) {
    INFO(kind.name);
    CHECK((kind.of_numbers ? numbers : e).*kind.value == (kind.less_is_better ? 0 : 100));
    CHECK(std::isnan((kind.of_numbers ? e : numbers).*kind.value));
  }
}
