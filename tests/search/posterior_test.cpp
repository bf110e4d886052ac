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

namespace {

/// A value and its kin at random points: `kin` rows of the one, then rows of the other.
struct KinCase {
  Encoded points;
  Eigen::VectorXd y;
  KernelHyper hyper{2};
  Kin kin;

  KinCase(Eigen::Index kin_rows, std::size_t rows, Random& random) : points(random_rows(rows, random)) {
    y.resize(static_cast<Eigen::Index>(rows));
    for (auto& value : y) value = random.normal();
    hyper.length = {-0.5, 0.3};
    kin = {kin_rows, hyper, 0.7};
    kin.hyper.amplitude = {0.4, -0.8};
    kin.hyper.noise = -1;
    kin.offset = 0.6;
  }
};

}  // namespace

TEST_CASE("one row of kin moves the mean as a bivariate normal does") {
  Random random(3);
  const KinCase one(1, 1, random);
  const Posterior posterior(one.hyper, BlockedRows(one.points, blocks), one.y, 0, one.kin);
  const auto [means, variances] = posterior.predict(BlockedRows(one.points, blocks));
  const double own = one.hyper.variance(), akin = one.kin.hyper.variance() * (1 + kernel_jitter) + std::exp(-2.0);
  const double shared = 0.7 * (std::exp(0.4) + std::exp(-0.8));
  CHECK(means[0] == Approx(shared / akin * one.y[0]));
  CHECK(variances[0] == Approx(own + one.kin.offset - shared * shared / akin));
}

TEST_CASE("with kin, too, rows added one at a time are believed as rows fitted at once") {
  Random random(5);
  const KinCase all(6, 20, random);
  const auto posterior_of = [&](std::size_t rows, Eigen::Index room) {
    const auto count = static_cast<Eigen::Index>(rows);
    return Posterior(all.hyper, BlockedRows(some(all.points, 0, rows), blocks), all.y.head(count), room, all.kin);
  };
  Posterior growing = posterior_of(10, 3);
  growing.watch(BlockedRows(some(all.points, 10, 20), blocks));
  for (Eigen::Index i = 0; i < 3; ++i) REQUIRE(growing.add(i));
  for (Eigen::Index i = 0; i < 3; ++i) growing.resolve(all.y[10 + i]);
  const auto [means, variances] = posterior_of(13, 0).predict(BlockedRows(some(all.points, 10, 20), blocks));
  CHECK((means - growing.means()).norm() < 1e-9);
  CHECK((variances - growing.variances()).norm() < 1e-9);
}

TEST_CASE("what the other values share beside their kin is learnt from each of them") {
  // Points so far apart that the constant alone relates them.
  Encoded points;
  for (const double at : {0.0, 1e6, 2e6}) points.add(std::vector<double>{at, at, at});
  const KernelHyper hyper(2);
  Eigen::VectorXd y(2);
  y << -1.3, 0.8;
  const Posterior posterior(hyper, BlockedRows(some(points, 0, 2), blocks), y, 0, {1, hyper, 0.9, 0.6});
  const auto [means, variances] = posterior.predict(BlockedRows(some(points, 2, 3), blocks));
  const double measured = hyper.variance() * (1 + kernel_jitter) + 0.6 + std::exp(2 * hyper.noise);
  CHECK(means[0] == Approx(0.6 / measured * 0.8));
  CHECK(variances[0] == Approx(hyper.variance() + 0.6 - 0.6 * 0.6 / measured));
}

TEST_CASE("a mean is expected to move by as much as reading its kin takes from its variance") {
  Random random(4);
  KinCase all(6, 16, random);
  Posterior before(all.hyper, BlockedRows(some(all.points, 0, 12), blocks), all.y.head(12), 0, all.kin);
  const BlockedRows watched(some(all.points, 12, 16), blocks);
  before.watch(watched);
  for (std::size_t w = 0; w < 4; ++w) {
    // The same rows with one more of kin, which stands among the first.
    Encoded more = some(all.points, 12 + w, 13 + w);
    for (std::size_t i = 0; i < 12; ++i) more.add(all.points.row(i));
    Eigen::VectorXd y(13);
    y << 0, all.y.head(12);
    Kin kin = all.kin;
    ++kin.rows;
    const auto after = Posterior(all.hyper, BlockedRows(more, blocks), y, 0, kin).predict(watched).second;
    const auto place = static_cast<Eigen::Index>(w);
    CHECK(before.moves()[place] * before.moves()[place] == Approx(before.variances()[place] - after[place]));
  }
}
