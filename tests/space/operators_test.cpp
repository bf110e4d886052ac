// The operators on points, over spaces with ties, conditions and both: counting against enumeration, and where
// the genes of children come from.
#include <algorithm>
#include <set>

#include "catch.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

Space parse(const std::string& text) { return Space(Config::parse(text, "space.yaml")); }

const std::vector<std::string> documents = {
    "input: [4]\nlayers: [{linear: {out: {choice: [1, 2, 3], name: a}}}, {linear: {out: {choice: [1, 2], name: b}}}]",
    // a decision of a conditional block, met at two places
    "input: [4]\nlayers: [{choice: [relu, {label: x, linear: {out: {choice: [1, 2, 3], name: t}}}], name: p}, {choice: [relu, {label: y, linear: {out: {choice: [1, 2, 3], name: t}}}], name: q}]",
    // the same choice of layers twice, tied, with choices inside
    "input: [4]\ndefine: {c: {choice: [relu, {label: x, linear: {out: {choice: [1, 2, 3]}}}]}}\nlayers: [{use: c}, {use: c}, {linear: {out: {choice: [5, 6]}}}]",
    // conditions three deep, and turns
    "input: [4]\nlayers: [{repeat: {times: {choice: [1, 3], name: n}, layers: [{choice: [relu, {label: deep, choice: [sigmoid, {label: l, linear: {out: {choice: [1, 2], name: \"w{i}\"}}}]}], name: \"k{i}\"}]}}]",
    // one decision is a mere value here and the turns of a repeat there
    "input: [4]\nlayers: [{linear: {out: {choice: [1, 2], name: d}}}, {repeat: {times: {choice: [1, 2], name: d}, layers: [{linear: {out: {choice: [3, 5]}}}]}}]",
    "input: [4]\nlayers: [{choice: [{label: a, linear: {out: {choice: [1, 2], name: w}}}, {label: b, linear: {out: {choice: [1, 2], name: w}}}, relu], name: k}, {repeat: {times: {choice: [0, 2], name: n}, shared: true, layers: [{linear: {out: {choice: [3, 4, 5]}}}]}}]",
};

}  // namespace

TEST_CASE("points are counted as enumeration finds them, once each and in order") {
  for (const std::string& document : documents) {
    const Space s = parse(document);
    std::vector<Architecture> all;
    s.enumerate([&](const Architecture& point) {
      all.push_back(point);
      return true;
    });
    REQUIRE(s.size().exact == all.size());
    REQUIRE(std::is_sorted(all.begin(), all.end()));
    REQUIRE(std::set<Architecture>(all.begin(), all.end()).size() == all.size());
    for (const Architecture& point : all) {
      REQUIRE(s.is_canonical(point));
      REQUIRE(s.from_labels(s.labels(point)) == point);
    }
  }
}

TEST_CASE("every space's samples, children and neighbours are canonical") {
  for (const std::string& document : documents) {
    const Space s = parse(document);
    Random random(3);
    for (int i = 0; i < 200; ++i) {
      const Architecture mother = s.sample(random), father = s.sample(random);
      REQUIRE(s.is_canonical(mother));
      REQUIRE(s.is_canonical(s.mutate(mother, 0.3, random)));
      REQUIRE(s.is_canonical(s.cross(mother, father, random)));
      for (const Architecture& neighbour : s.neighbours(mother)) REQUIRE(s.is_canonical(neighbour));
      REQUIRE(s.encode(mother).size() == s.encoding_width());
    }
  }
}

TEST_CASE("a child's genes come from its parents") {
  const Space s = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/fbnet.yaml");
  Random random(5);
  int from_mother = 0, differing = 0;
  for (int i = 0; i < 200; ++i) {
    const Architecture mother = s.sample(random), father = s.sample(random), child = s.cross(mother, father, random);
    for (std::size_t d = 0; d < child.size(); ++d) {
      REQUIRE((child[d] == mother[d] || child[d] == father[d]));
      if (mother[d] == father[d]) continue;
      ++differing;
      from_mother += child[d] == mother[d];
    }
  }
  REQUIRE(from_mother > differing * 0.45);
  REQUIRE(from_mother < differing * 0.55);
}

TEST_CASE("mutation changes decisions at its rate, and always at least one") {
  const Space s = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/fbnet.yaml");
  Random random(5);
  const Architecture parent = s.sample(random);
  const auto changes = [&](double rate) {
    int changed = 0;
    for (int i = 0; i < 1000; ++i) {
      const Architecture child = s.mutate(parent, rate, random);
      REQUIRE(child != parent);
      for (std::size_t d = 0; d < child.size(); ++d) changed += child[d] != parent[d];
    }
    return changed / 1000.0;
  };
  REQUIRE(changes(0) == 1);
  REQUIRE(changes(1) == 22);
  REQUIRE(changes(0.5) == Approx(11).margin(0.5));  // five standard errors of 1000 draws
}

TEST_CASE("sampling is uniform over the alternatives of each decision") {
  const Space s = parse(documents[0]);
  Random random(11);
  std::vector<int> counts(3, 0);
  for (int i = 0; i < 9000; ++i) ++counts[static_cast<std::size_t>(s.sample(random)[0])];
  for (const int count : counts) REQUIRE(std::abs(count - 3000) < 5 * 45);  // five standard deviations
}

TEST_CASE("neighbours differ in one decision") {
  const Space s = parse(documents[0]);
  REQUIRE(s.neighbours({0, 0}) == std::vector<Architecture>{{1, 0}, {2, 0}, {0, 1}});
}

TEST_CASE("the encoding tells all points apart") {
  for (const std::string& document : documents) {
    const Space s = parse(document);
    std::set<std::vector<float>> codes;
    std::size_t points = 0;
    s.enumerate([&](const Architecture& point) {
      codes.insert(s.encode(point));
      ++points;
      return true;
    });
    REQUIRE(codes.size() == points);
  }
}

TEST_CASE("the same seed gives the same points") {
  const Space s = parse(documents[3]);
  Random one(9), two(9);
  for (int i = 0; i < 50; ++i) REQUIRE(s.sample(one) == s.sample(two));
}

TEST_CASE("wrong points and labels are refused by name") {
  const Space s = parse(documents[0]);
  REQUIRE_THROWS_WITH(s.canonical({0, 2}), "decision 'b' has no alternative 2");
  REQUIRE_THROWS_AS(s.canonical({0}), std::invalid_argument);
  const std::vector<std::string> labels = {"1", "9"};
  REQUIRE_THROWS_WITH(s.from_labels(labels), "decision 'b' has no '9': it is one of 1, 2");
  REQUIRE_THROWS_WITH(s.from_choices({{"x", "1"}}), "the space has no decision 'x'");
  REQUIRE(s.from_choices({{"b", "2"}}) == Architecture{0, 1});
}

TEST_CASE("many repeats are counted as what they are: independent") {
  std::string layers = "input: [4]\nlayers:\n";
  for (int i = 0; i < 18; ++i) layers += "  - repeat: {times: {choice: [1, 2]}, layers: [{linear: {out: {choice: [3, 5]}}}]}\n";
  REQUIRE(parse(layers).size().exact == 101559956668416u);  // 6^18
}

TEST_CASE("sizes beyond 64 bits are exact") {
  REQUIRE(Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/fbnet.yaml").size().digits == "984770902183611232881");  // 9^22
  std::string layers = "input: [4]\nlayers:\n";
  for (int i = 0; i < 500; ++i) layers += "  - linear: {out: {choice: [1, 2]}}\n";
  const SpaceSize size = parse(layers).size();
  REQUIRE_FALSE(size.exact.has_value());
  REQUIRE(size.digits.size() == 151);  // 2^500
}

TEST_CASE("a point completed at random keeps what it has, and the rest comes from all alternatives") {
  for (const std::string& document : documents) {
    const Space s = parse(document);
    Random random(5);
    std::set<Architecture> seen;
    for (int i = 0; i < 20000; ++i) seen.insert(s.canonical(Architecture(s.decisions().size(), -1), random));
    REQUIRE(s.size().exact == seen.size());
    for (const Architecture& point : seen) REQUIRE(s.canonical(point, random) == point);
    REQUIRE_THROWS_AS(s.canonical(Architecture(s.decisions().size(), 99), random), std::invalid_argument);
  }
}
