// Beliefs that follow rows added one at a time, against a process made of all rows at once.
#include <optional>

#include "catch.hpp"
#include "search/posterior_internal.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

Encoded random_rows(std::size_t count, Random& random) {
  Encoded points;
  for (std::size_t i = 0; i < count; ++i)
    points.add(std::vector<double>{random.uniform(), random.uniform(), random.uniform()});
  return points;
}

Encoded some(const Encoded& points, std::size_t begin, std::size_t end) {
  Encoded part;
  for (std::size_t i = begin; i < end; ++i) part.add(points.row(i));
  return part;
}

const std::vector<KernelBlock> blocks{{0, 1}, {1, 3}};

}  // namespace

TEST_CASE("rows added and resolved one at a time are believed as rows fitted at once") {
  Random random(7);
  const Encoded points = random_rows(30, random);
  Eigen::VectorXd y(12);
  for (auto& value : y) value = random.normal();
  KernelHyper hyper(2);
  hyper.length = {-0.5, 0.3};
  hyper.noise = -2;

  // Eight rows to begin with; four of the points watched become rows, three of them with a value.
  Posterior growing(hyper, BlockedRows(some(points, 0, 8), blocks), y.head(8), 4);
  growing.watch(BlockedRows(some(points, 8, 30), blocks));
  for (Eigen::Index i = 0; i < 4; ++i) REQUIRE(growing.add(i));
  CHECK_FALSE(growing.add(4));
  const Eigen::VectorXd doubt = growing.variances();
  const double believed = growing.means()[3];
  for (Eigen::Index i = 0; i < 3; ++i) growing.resolve(y[8 + i]);

  const Posterior eleven(hyper, BlockedRows(some(points, 0, 11), blocks), y.head(11), 0);
  const auto [means, variances] = eleven.predict(BlockedRows(some(points, 8, 30), blocks));
  CHECK((means - growing.means()).norm() < 1e-9);
  // Doubt is that of all twelve rows from the moment they were added.
  const Posterior twelve(hyper, BlockedRows(some(points, 0, 12), blocks), y, 0);
  CHECK((twelve.predict(BlockedRows(some(points, 8, 30), blocks)).second - doubt).norm() < 1e-9);
  CHECK((growing.variances() - doubt).norm() == 0);
  CHECK((variances - doubt).minCoeff() > -1e-9);

  // A row that never gets a value leaves what is believed as it is.
  const Eigen::VectorXd before = growing.means();
  growing.resolve(std::nullopt);
  CHECK(growing.means() == before);
  CHECK(believed != before[3]);
}
