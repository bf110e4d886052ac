// Minibatches: values, and what augmentation may and may not do.
#include <numeric>
#include <set>

#include "catch.hpp"
#include "trainers/batch_internal.hpp"

using namespace paretoforge;

namespace {

Images counting(const Shape& shape) {
  Images images{.shape = shape, .pixels = {}, .labels = {0}};
  images.pixels.resize(static_cast<std::size_t>(shape.elements()));
  std::iota(images.pixels.begin(), images.pixels.end(), std::uint8_t{1});
  return images;
}

std::vector<float> drawn(const Images& images, const Augmentation& augment, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> out(static_cast<std::size_t>(images.shape.elements()));
  const std::vector<std::uint32_t> first{0};
  BatchMaker(images, {}).augmented(first, augment, random, out.data());
  for (auto& value : out) value = std::round(value * 255);
  return out;
}

}  // namespace

TEST_CASE("Pixels are scaled and normalised per channel") {
  const Images images{.shape = {2, 1, 1}, .pixels = {10, 20, 255, 0}, .labels = {0, 1}};
  const std::vector<std::uint32_t> both{1, 0};
  std::vector<float> out(4);
  BatchMaker(images, {{0.5f, 0.25f}, {0.5f, 2.0f}}).plain(both, out.data());
  CHECK(out[0] == Approx((1.0 - 0.5) / 0.5));
  CHECK(out[1] == Approx(-0.25 / 2));
  CHECK(out[2] == Approx((10 / 255.0 - 0.5) / 0.5));
  CHECK(out[3] == Approx((20 / 255.0 - 0.25) / 2));
}

TEST_CASE("Without augmentation the image comes as it is") {
  const auto images = counting({3, 4, 5});
  const auto out = drawn(images, {}, 1);
  CHECK(LargeVector<std::uint8_t>(out.begin(), out.end()) == images.pixels);
}

TEST_CASE("Images of a network's size are read where they lie, others from copies of the chosen ones") {
  const Images images{.shape = {1, 2, 2}, .pixels = {0, 0, 0, 0, 10, 10, 20, 20, 5, 5, 5, 5}, .labels = {3, 4, 5}};
  const ImageView same(images, {2, 0}, 2, 2);
  CHECK(&same.images() == &images);
  CHECK(same.position(0) == 2);
  CHECK(same.labels() == std::vector<Label>{5, 3});
  const ImageView smaller(images, {1, 2}, 1, 1);
  CHECK(smaller.images().pixels == LargeVector<std::uint8_t>{15, 5});
  CHECK(smaller.position(1) == 1);
  CHECK(smaller.labels() == std::vector<Label>{4, 5});
  CHECK(ImageView(images, {}, 1, 1).size() == 0);
}

TEST_CASE("A flip mirrors rows, and about half of the images are flipped") {
  const auto images = counting({1, 1, 3});
  int flipped = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto out = drawn(images, {.flip = true}, seed);
    flipped += out == std::vector<float>{3, 2, 1};
    CHECK((out == std::vector<float>{1, 2, 3} || out == std::vector<float>{3, 2, 1}));
  }
  CHECK(flipped > 420);
  CHECK(flipped < 580);
}

TEST_CASE("A shift leaves black, a crop mirrors") {
  const auto images = counting({1, 1, 4});
  const auto all = [&](const Augmentation& augment) {
    std::set<std::vector<float>> seen;
    for (std::uint64_t seed = 0; seed < 200; ++seed) seen.insert(drawn(images, augment, seed));
    return seen;
  };
  // The one row of a signal stays.
  CHECK(all({.shift = 1}) == std::set<std::vector<float>>{{1, 2, 3, 4}, {2, 3, 4, 0}, {0, 1, 2, 3}});
  CHECK(all({.crop = 1}) == std::set<std::vector<float>>{{1, 2, 3, 4}, {2, 3, 4, 3}, {2, 1, 2, 3}});
  // Larger than the image: still inside it.
  for (const auto& out : all({.crop = 9}))
    for (const float value : out) CHECK((value >= 1 && value <= 4));
}
