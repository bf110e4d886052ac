// Expected hypervolume improvement: boxes against the hypervolume itself, expectations against closed forms and
// against drawing.
#include "search/improvement.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "search/cost_scale.hpp"
#include "search/hypervolume.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

Costs random_front(std::size_t count, std::size_t objectives, Random& random) {
  Costs front(objectives);
  std::vector<double> row(objectives);
  for (std::size_t i = 0; i < count; ++i) {
    for (double& value : row) value = std::floor(20 * random.uniform()) / 16;  // some equal, some beyond the reference
    front.add(row);
  }
  return front;
}

double gained(const Costs& front, std::span<const double> point, std::span<const double> reference) {
  Costs more = front;
  more.add(point);
  return hypervolume(more, reference) - hypervolume(front, reference);
}

}  // namespace

TEST_CASE("where costs are known the expected improvement is the hypervolume gained") {
  Random random(3);
  for (const std::size_t objectives : {1, 2, 3, 4, 5}) {
    const std::vector<double> reference(objectives, 1.0);
    for (int turn = 0; turn < 20; ++turn) {
      const Costs front = random_front(static_cast<std::size_t>(turn), objectives, random);
      const OpenBoxes boxes(front, reference);
      std::vector<double> point(objectives);
      std::vector<CostBelief> beliefs(objectives);
      for (std::size_t j = 0; j < objectives; ++j) beliefs[j].mean = point[j] = 1.2 * random.uniform() - 0.1;
      CHECK(boxes.expected_improvement(beliefs) == Approx(gained(front, point, reference)).margin(1e-12));
    }
  }
}

TEST_CASE("with one objective the expected improvement is the closed form of Jones, Schonlau and Welch (1998)") {
  Costs front(1);
  front.add(std::vector<double>{0.4});
  const OpenBoxes boxes(front, std::vector<double>{1.0});
  const CostBelief belief{.mean = 0.5, .deviation = 0.2};
  const double z = (0.4 - 0.5) / 0.2;
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * 3.14159265358979),
               below = 0.5 * std::erfc(-z / std::sqrt(2));
  CHECK(boxes.expected_improvement(std::vector{belief}) == Approx((0.4 - 0.5) * below + 0.2 * density));
}

TEST_CASE("expected improvement is the mean of the hypervolume gained by points drawn from the beliefs") {
  Random random(11);
  const std::vector<double> reference{1.0, 1.0, 1.0};
  const Costs front = random_front(6, 3, random);
  // One cost known, one normal, one on a logarithmic scale.
  const std::vector<CostBelief> beliefs{
      {.mean = 0.2}, {.mean = 0.5, .deviation = 0.3}, {.mean = 0.3, .deviation = 0.5, .centre = 0.1, .spread = 0.4}};
  const int draws = 20000;
  double sum = 0, squares = 0;
  for (int i = 0; i < draws; ++i) {
    const std::vector<double> point{0.2, 0.5 + 0.3 * random.normal(),
                                    0.1 + 0.4 * std::expm1(0.3 + 0.5 * random.normal())};
    const double gain = gained(front, point, reference);
    sum += gain, squares += gain * gain;
  }
  const double mean = sum / draws, error = std::sqrt((squares / draws - mean * mean) / draws);
  CHECK(OpenBoxes(front, reference).expected_improvement(beliefs) == Approx(mean).margin(4 * error));
}

TEST_CASE("what lies below the ideal counts as the ideal") {
  Costs front(2);
  front.add(std::vector<double>{0.5, 0.5});
  const OpenBoxes boxes(front, std::vector<double>{1.0, 1.0}, std::vector<double>{0.25, 0.0});
  const std::vector<CostBelief> beliefs{{.mean = 0.1}, {.mean = 0.4}};
  CHECK(boxes.expected_improvement(beliefs) == Approx(0.25 * 0.6 + 0.5 * 0.1));
}

TEST_CASE("costs are scaled to about normal and back, whatever their size") {
  for (const double size : {1e-300, 1.0, 1e300}) {
    const std::vector<double> costs{5 * size, 6 * size, 7 * size, 9 * size, 15 * size, 90 * size};
    const CostScale scale(costs);
    for (const double c : costs) CHECK(scale.expected(scale(c)) == Approx(scale.scaled(c)));
    CHECK(scale(5 * size) < scale(6 * size));
    CHECK(scale(90 * size) < 3);
    // The belief has the expectation of the normal it came from: beyond all costs what lies below is the distance.
    const CostBelief belief = scale.belief(0.3, 0.0);
    CHECK(belief.expected_below(2) == Approx(2 - scale.expected(0.3)));
  }
  const CostScale constant(std::vector<double>{7, 7, 7});
  CHECK(constant(7) == 0);
  CHECK(constant.expected(0.5) == constant.scaled(7));
  const CostScale extremes(std::vector<double>{1e-300, 1e300, -1e300, std::numeric_limits<double>::max()});
  for (const double c : {1e-300, 1e300, -std::numeric_limits<double>::max()}) CHECK(std::isfinite(extremes(c)));
}
