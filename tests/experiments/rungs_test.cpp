// Rungs as a study writes them: their shares of the full budget, and what is refused.
#include "experiments/rungs.hpp"

#include "catch.hpp"

using namespace paretoforge;

namespace {

std::vector<double> shares_of(const std::string& objective, const std::vector<Objective>& before = {}) {
  return read_rungs(Config::parse(objective, "study.yaml"), before);
}

bool refused(const std::string& objective, const std::string& why, const std::vector<Objective>& before = {}) {
  try {
    shares_of(objective, before);
  } catch (const ConfigError& error) {
    UNSCOPED_INFO(error.what());
    return std::string(error.what()).find(why) != std::string::npos;
  }
  return false;
}

}  // namespace

TEST_CASE("rungs of a table say their share, those of a training have it from epochs, share, images, resolution and width") {
  CHECK(shares_of("{name: a, table: {file: t.csv}}").empty());
  CHECK(shares_of("{name: a, expensive: true, table: {file: t.csv, rungs: [{column: b, share: 0.06}]}}") ==
        std::vector<double>{0.06});
  CHECK(shares_of("{name: a, train: {epochs: 8, rungs: [{epochs: 1}, {epochs: 4}]}}") ==
        std::vector<double>{0.125, 0.5});
  CHECK(shares_of("{name: a, train: {epochs: 8, resolution: 32, rungs: [{resolution: 16}]}}") ==
        std::vector<double>{0.25});
  CHECK(shares_of("{name: a, train: {epochs: 8, rungs: [{width: 0.5}]}}") == std::vector<double>{0.25});
  CHECK(shares_of("{name: a, train: {epochs: 8, images: 1000, rungs: [{epochs: 4, images: 500, share: 0.5}]}}") ==
        std::vector<double>{0.125});
}

TEST_CASE("a rung that extrapolates costs the epochs that it trains") {
  CHECK(shares_of("{name: a, train: {epochs: 8, rungs: [{epochs: 1}, {extrapolate: 2}, {epochs: 4}]}}") ==
        std::vector<double>{0.125, 0.25, 0.5});
  CHECK(refused("{name: a, train: {epochs: 8, rungs: [{extrapolate: 2, images: 100}]}}", "stands alone"));
  CHECK(refused("{name: a, train: {rungs: [{extrapolate: 2}]}}", "needs the training's own 'epochs'"));
  CHECK(refused("{name: a, train: {epochs: 8, rungs: [{extrapolate: 8}]}}", "less than the full training"));
  CHECK(refused("{name: a, train: {epochs: 8, extrapolate: 4, rungs: [{epochs: 2}]}}", "has no rungs"));
}

TEST_CASE("rungs that are no ladder are refused at their place") {
  const std::string table = "{name: a, expensive: true, table: {file: t.csv, rungs: [";
  CHECK(refused(table + "{column: b, share: 1}]}}", "below the full budget"));
  CHECK(refused(table + "{column: b, share: 0.5}, {column: c, share: 0.5}]}}", "rise"));
  CHECK(refused(table + "{column: b}]}}", "share"));
  CHECK(refused(table + "{column: b, share: 0.5, epochs: 3}]}}", "epochs"));
  CHECK(refused(table + "]}}", "lists none"));
  CHECK(refused("{name: a, table: {file: t.csv, rungs: [{column: b, share: 0.5}]}}", "expensive"));
  CHECK(refused("{name: a, train: {epochs: 3, rungs: [{epochs: 4}]}}", "less than the full training"));
  CHECK(refused("{name: a, train: {epochs: 3, rungs: [{epochs: 3}]}}", "less than the full training"));
  CHECK(refused("{name: a, train: {epochs: 3, rungs: [{}]}}", "less than the full training"));
  CHECK(refused("{name: a, train: {epochs: 3, rungs: [{epochs: 0}]}}", "more than nothing"));
  CHECK(refused("{name: a, train: {rungs: [{epochs: 1}]}}", "needs the training's own"));
  CHECK(refused("{name: a, train: {epochs: 3, rungs: [{rate: 1}]}}", "rate"));
  Objective other;
  other.name = "b", other.rungs = {0.1, 0.2};
  CHECK(refused("{name: a, train: {epochs: 3, rungs: [{epochs: 1}]}}", "equally many", {other}));
}
