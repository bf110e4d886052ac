// Each random change of a sample by itself: what it may and may not do, and how often.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "catch.hpp"
#include "trainers/augment_internal.hpp"
#include "trainers/batch_internal.hpp"

using namespace paretoforge;

namespace {

std::vector<float> counting(const Shape& shape) {
  std::vector<float> sample(static_cast<std::size_t>(shape.elements()));
  std::iota(sample.begin(), sample.end(), 1.0f);
  return sample;
}

/// Every outcome of `change` on the counting sample, with how often it came in `times` draws.
template <class Change>
std::map<std::vector<float>, int> outcomes(const Shape& shape, int times, Change&& change) {
  std::map<std::vector<float>, int> seen;
  for (int i = 0; i < times; ++i) {
    Random random(static_cast<std::uint64_t>(i));
    auto sample = counting(shape);
    change(sample, random);
    ++seen[sample];
  }
  return seen;
}

}  // namespace

TEST_CASE("A cutout erases a square that may hang over the border") {
  const Shape shape{2, 3, 3};
  const auto seen =
      outcomes(shape, 2000, [&](std::vector<float>& sample, Random& random) { cut_out(sample, shape, 3, random); });
  CHECK(seen.size() == 9);  // one for each centre
  std::set<std::size_t> erased_counts;
  for (const auto& [sample, times] : seen) {
    erased_counts.insert(static_cast<std::size_t>(std::count(sample.begin(), sample.end(), 0.0f)));
    CHECK(times > 150);  // 222 expected, deviation 14
    CHECK(times < 300);
  }
  CHECK(erased_counts == std::set<std::size_t>{8, 12, 18});  // corners, edges, the middle: both channels
  // Of a signal, a stretch of all channels.
  const Shape signal{2, 1, 4};
  const auto stretches =
      outcomes(signal, 500, [&](std::vector<float>& sample, Random& random) { cut_out(sample, signal, 2, random); });
  CHECK(stretches.size() == 4);
  CHECK(stretches.contains({0, 0, 0, 0, 5, 6, 7, 8}));
  CHECK(stretches.contains({0, 0, 3, 4, 5, 6, 7, 8}));
  CHECK(stretches.contains({1, 2, 3, 4, 0, 0, 0, 0}));
}

TEST_CASE("A shift in time repeats the border and moves all bands together") {
  const Shape signal{2, 1, 3};
  const auto moved =
      outcomes(signal, 300, [&](std::vector<float>& sample, Random& random) { shift_time(sample, signal, 1, random); });
  CHECK(moved.size() == 3);
  CHECK(moved.contains({1, 2, 3, 4, 5, 6}));
  CHECK(moved.contains({1, 2, 1, 2, 3, 4}));
  CHECK(moved.contains({3, 4, 5, 6, 5, 6}));
  const Shape image{1, 3, 2};  // frames x bands
  CHECK(outcomes(image, 300,
                 [&](std::vector<float>& sample, Random& random) { shift_time(sample, image, 1, random); }) == moved);
  // Further than it is long: still its own values.
  for (const auto& [sample, times] :
       outcomes(signal, 300, [&](std::vector<float>&s, Random&random) { shift_time(s, signal, 9, random); }))
    for (const float value : sample) CHECK((value >= 1 && value <= 6));
}

TEST_CASE("Masks erase neighbouring steps, or bands, up to their width") {
  const Shape signal{3, 1, 4};
  const auto steps =
      outcomes(signal, 2000, [&](std::vector<float>& sample, Random& random) { mask_time(sample, signal, 2, random); });
  CHECK(steps.size() == 1 + 4 + 3);         // none, one of four, two of four
  CHECK(steps.at(counting(signal)) > 590);  // a third of 2000, deviation 21
  CHECK(steps.at(counting(signal)) < 750);
  CHECK(steps.contains({1, 2, 3, 0, 0, 0, 0, 0, 0, 10, 11, 12}));
  const auto bands = outcomes(
      signal, 2000, [&](std::vector<float>& sample, Random& random) { mask_bands(sample, signal, 2, random); });
  CHECK(bands.size() == 1 + 3 + 2);
  CHECK(bands.contains({1, 0, 0, 4, 0, 0, 7, 0, 0, 10, 0, 0}));
  const Shape image{1, 4, 3};
  CHECK(outcomes(image, 2000,
                 [&](std::vector<float>& sample, Random& random) { mask_bands(sample, image, 2, random); }) == bands);
  // As wide as all there is, and wider.
  CHECK(outcomes(signal, 500, [&](std::vector<float>& sample, Random& random) {
          mask_bands(sample, signal, 99, random);
        }).contains(std::vector<float>(12, 0.0f)));
}

TEST_CASE("Shares of mixing follow the folded beta distribution") {
  // Mean of max(x, 1 - x): 3/4 for Beta(1, 1), which is uniform; for Beta(1/2, 1/2), the arcsine law, 1/2 + 1/pi.
  for (const auto& [alpha, mean] : {std::pair{1.0, 0.75}, {0.5, 0.5 + 0.318309886}}) {
    Random random(1);
    double sum = 0;
    for (int i = 0; i < 20000; ++i) {
      const double share = mixing_share(alpha, random);
      REQUIRE((share >= 0.5 && share <= 1));
      sum += share;
    }
    CHECK(sum / 20000 == Approx(mean).margin(0.005));  // deviation at most 0.16, so a standard error of 0.0012
  }
  Random random(2);
  for (int i = 0; i < 1000; ++i) CHECK(mixing_share(0.001, random) <= 1);  // nearly all or nothing, no NaN
}

TEST_CASE("Mixing takes the rest of each sample from the next one") {
  std::vector<float> batch{0, 8, 4, 0, 8, 16};
  mix(batch, 3, 0.75);
  CHECK(batch == std::vector<float>{1, 6, 5, 4, 6, 14});
  std::vector<float> one{3, 4};
  mix(one, 1, 0.75);
  CHECK(one == std::vector<float>{3, 4});
}

TEST_CASE("A batch of values is normalised, and augmented the same for the same seed") {
  const Images features{.shape = {2, 1, 2}, .pixels = {}, .labels = {0, 1}, .values = {1, 10, 3, 30, -1, 0, 0.5f, 20}};
  const std::vector<std::uint32_t> both{1, 0};
  std::vector<float> out(8);
  const BatchMaker maker(features, {{1, 10}, {2, 10}});
  maker.plain(both, out.data());
  CHECK(out == std::vector<float>{-1, -1, -0.25f, 1, 0, 0, 1, 2});
  const auto drawn = [&](const Augmentation& augment, std::uint64_t seed) {
    Random random(seed);
    const double share = maker.augmented(both, augment, random, out.data());
    return std::pair(out, share);
  };
  CHECK(drawn({}, 1).first == std::vector<float>{-1, -1, -0.25f, 1, 0, 0, 1, 2});
  CHECK(drawn({}, 1).second == 1);
  const Augmentation all{.time_shift = 1, .cutout = 1, .time_mask = 1, .band_mask = 1, .masks = 2, .mixup = 0.5};
  CHECK(drawn(all, 5) == drawn(all, 5));
  CHECK(drawn(all, 5) != drawn(all, 6));
  const auto [mixed, share] = drawn({.mixup = 1}, 3);
  CHECK(share < 1);
  CHECK(mixed[0] == Approx(share * -1 + (1 - share) * 0));
  CHECK(mixed[6] == Approx(share * 1 + (1 - share) * -0.25));
}
