// Batch norm and clamp: against the textbook formulas, and the gradient against finite differences.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "space/random.hpp"
#include "trainers/norm_internal.hpp"

using namespace paretoforge;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
std::vector<T> random_values(std::size_t size, double mean, double deviation, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values(size);
  for (auto& value : values) value = static_cast<T>(mean + deviation * random.normal());
  return values;
}

/// gamma (x - mean) / sqrt(variance + 1e-5) + beta over the batch, clamped; straight from the paper.
std::vector<double> textbook(const std::vector<double>& x, std::size_t channels, const std::vector<double>& gamma,
                             const std::vector<double>& beta, Clamp<double> clamp) {
  const std::size_t rows = x.size() / channels;
  std::vector<double> y(x.size());
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t r = 0; r < rows; ++r) mean += x[r * channels + c] / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r)
      variance += std::pow(x[r * channels + c] - mean, 2) / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      const double z = gamma[c] * (x[r * channels + c] - mean) / std::sqrt(variance + 1e-5) + beta[c];
      y[r * channels + c] = std::min(std::max(z, clamp.low), clamp.high);
    }
  }
  return y;
}

NormKept<double> kept_of(const std::vector<double>& x, std::size_t channels, const std::vector<double>& gamma,
                         const std::vector<double>& beta, Clamp<double> clamp) {
  auto statistics = norm_statistics(x.data(), x.size() / channels, channels);
  NormKept<double> kept{statistics.mean, gamma, {gamma, beta, clamp}};
  for (std::size_t c = 0; c < channels; ++c) {
    kept.inverse[c] = 1 / std::sqrt(statistics.variance[c] + 1e-5);
    kept.factors.scale[c] = gamma[c] * kept.inverse[c];
    kept.factors.shift[c] = beta[c] - kept.mean[c] * kept.factors.scale[c];
  }
  return kept;
}

}  // namespace

TEST_CASE("Norm statistics of known numbers") {
  const std::vector<double> x{1, 10, 3, 10, 5, 10, 7, 10};
  const auto s = norm_statistics(x.data(), 4, 2);
  CHECK(s.mean == std::vector<double>{4, 10});
  CHECK(s.variance == std::vector<double>{5, 0});
  const auto one = norm_statistics(x.data(), 1, 2);
  CHECK(one.mean == std::vector<double>{1, 10});
  CHECK(one.variance == std::vector<double>{0, 0});
}

TEST_CASE("Single precision keeps the variance of values far from zero") {
  // Mean a thousand deviations away: E[x^2] - E[x]^2 alone would lose it.
  const std::size_t channels = 5, rows = 4000;
  const auto x = random_values<float>(rows * channels, 1000, 1, 3);
  const auto s = norm_statistics(x.data(), rows, channels);
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t r = 0; r < rows; ++r) mean += x[r * channels + c] / double{rows};
    for (std::size_t r = 0; r < rows; ++r) variance += std::pow(x[r * channels + c] - mean, 2) / double{rows};
    CHECK(s.mean[c] == Approx(mean).epsilon(1e-6));
    CHECK(s.variance[c] == Approx(variance).epsilon(1e-4));
  }
}

TEST_CASE("Norm and clamp at channel counts of every kind") {
  // Below, at and above a vector's width, and rows that end in the middle of a tile.
  for (const std::size_t channels : {1, 3, 7, 8, 16, 24, 40, 100, 352})
    for (const std::size_t rows : {1, 2, 37, 300})
      for (const auto clamp : {Clamp<double>{-infinity, infinity}, Clamp<double>{0, infinity}, Clamp<double>{0, 6}}) {
        const auto x = random_values<double>(rows * channels, 2, 3, channels + rows);
        const auto gamma = random_values<double>(channels, 1, 2, 11), beta = random_values<double>(channels, 0, 3, 12);
        const auto kept = kept_of(x, channels, gamma, beta, clamp);
        std::vector<double> y(x.size());
        norm_forward(x.data(), rows, kept.factors, y.data());
        const auto expected = textbook(x, channels, gamma, beta, clamp);
        double worst = 0;
        for (std::size_t i = 0; i < y.size(); ++i) worst = std::max(worst, std::abs(y[i] - expected[i]));
        CHECK(worst < 1e-10);

        // Single precision against double, backward; a batch of two may have next to no variance.
        if (rows <= 2) continue;
        const std::vector<float> xf(x.begin(), x.end());
        auto dyf = random_values<float>(x.size(), 0, 1, 13);
        for (std::size_t i = 0; i < x.size(); ++i) {  // next to a bound rounding decides what passes
          const double z = x[i] * kept.factors.scale[i % channels] + kept.factors.shift[i % channels];
          if (std::min(std::abs(z - clamp.low), std::abs(z - clamp.high)) < 1e-3) dyf[i] = 0;
        }
        const std::vector<double> xd(xf.begin(), xf.end()), dyd(dyf.begin(), dyf.end());
        const NormKept<float> kf{{kept.mean.begin(), kept.mean.end()},
                                 {kept.inverse.begin(), kept.inverse.end()},
                                 {{kept.factors.scale.begin(), kept.factors.scale.end()},
                                  {kept.factors.shift.begin(), kept.factors.shift.end()},
                                  {static_cast<float>(clamp.low), static_cast<float>(clamp.high)}}};
        std::vector<float> dxf(x.size()), gf(channels), bf(channels);
        std::vector<double> dxd(x.size()), gd(channels), bd(channels);
        norm_backward(xf.data(), dyf.data(), rows, kf, dxf.data(), gf.data(), bf.data());
        norm_backward(xd.data(), dyd.data(), rows, kept, dxd.data(), gd.data(), bd.data());
        for (std::size_t c = 0; c < channels; ++c) CHECK(bf[c] == Approx(bd[c]).margin(1e-3));
        worst = 0;
        for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(dxf[i] - dxd[i]));
        CHECK(worst < 1e-4);
      }
}

TEST_CASE("Norm and clamp: gradients by finite differences") {
  const std::size_t channels = 3, rows = 11;
  const auto clamp = GENERATE(Clamp<double>{-infinity, infinity}, Clamp<double>{0, infinity}, Clamp<double>{0, 1});
  auto x = random_values<double>(rows * channels, 1, 2, 21);
  auto gamma = random_values<double>(channels, 1, 0.5, 22), beta = random_values<double>(channels, 0, 1, 23);
  const auto weight = random_values<double>(x.size(), 0, 1, 24);  // the loss is the weighted sum of y
  const auto loss = [&] {
    double sum = 0;
    const auto y = textbook(x, channels, gamma, beta, clamp);
    for (std::size_t i = 0; i < y.size(); ++i) sum += weight[i] * y[i];
    return sum;
  };
  std::vector<double> dx(x.size()), d_gamma(channels), d_beta(channels);
  norm_backward(x.data(), weight.data(), rows, kept_of(x, channels, gamma, beta, clamp), dx.data(), d_gamma.data(),
                d_beta.data());
  const auto check = [&](std::vector<double>& values, const std::vector<double>& gradient) {
    constexpr double h = 1e-6;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = values[i];
      values[i] = value + h;
      const double above = loss();
      values[i] = value - h;
      const double below = loss();
      values[i] = value;
      CHECK(gradient[i] == Approx((above - below) / (2 * h)).margin(1e-7).epsilon(1e-6));
    }
  };
  check(x, dx);
  check(gamma, d_gamma);
  check(beta, d_beta);
}

TEST_CASE("A residual is added before the clamp") {
  const std::size_t channels = 3, rows = 200;
  const auto x = random_values<float>(rows * channels, 0, 1, 31), other = random_values<float>(x.size(), 0, 1, 32),
             dy = random_values<float>(x.size(), 0, 1, 33);
  const std::vector<float> scale{1, 2, -1}, shift{0, 0.5, -0.25};
  const Clamp<float> clamp{0, 2};
  std::vector<float> y(x.size()), dz(x.size());
  norm_forward(x.data(), rows, NormFactors<float>{scale, shift, clamp}, y.data(), other.data());
  clamp_backward(y.data(), dy.data(), y.size(), clamp, dz.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double z = double{x[i]} * scale[i % channels] + shift[i % channels] + other[i];
    CHECK(y[i] == Approx(std::clamp(z, 0.0, 2.0)).margin(1e-6));
    CHECK(dz[i] == (y[i] > 0 && y[i] < 2 ? dy[i] : 0));
  }
  const auto second = random_values<float>(x.size(), 0, 1, 34);
  clamp_backward(y.data(), dy.data(), y.size(), clamp, dz.data(), second.data());
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(dz[i] == (y[i] > 0 && y[i] < 2 ? dy[i] + second[i] : 0));
}

TEST_CASE("A gradient may be written over the one it comes from") {
  const std::size_t channels = 5, rows = 300;
  const auto x = random_values<double>(rows * channels, 0, 1, 41);
  const std::vector<double> ones(channels, 1.0), zeros(channels, 0.0);
  const auto kept = kept_of(x, channels, ones, zeros, {0, infinity});
  auto dy = random_values<double>(x.size(), 0, 1, 42), dx = dy, y = x;
  std::vector<double> d_gamma(channels), d_beta(channels);
  norm_backward(x.data(), dy.data(), rows, kept, dx.data(), d_gamma.data(), d_beta.data());
  auto dz = dy;
  clamp_backward(y.data(), dy.data(), dy.size(), {0, infinity}, dz.data());
  clamp_backward(y.data(), y.data(), y.size(), {0, infinity}, y.data());
  norm_backward(x.data(), dy.data(), rows, kept, dy.data(), d_gamma.data(), d_beta.data());
  CHECK(dx == dy);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(y[i] == std::max(x[i], 0.0));
}

TEST_CASE("NaN goes through a clamp") {
  const std::vector<float> x{std::numeric_limits<float>::quiet_NaN(), 1}, one{1}, zero{0};
  std::vector<float> y(2);
  norm_forward(x.data(), 2, NormFactors<float>{one, zero, {0, 6}}, y.data());
  CHECK(std::isnan(y[0]));
  CHECK(y[1] == 1);
}

TEST_CASE("bfloat16 is the upper half of a float, rounded to nearest, ties to even") {
  const auto bits = [](float value) { return Bfloat16(value).bits; };
  CHECK(bits(1.0f) == 0x3f80);
  CHECK(bits(-2.0f) == 0xc000);
  CHECK(bits(1.0f + 0x1p-8f) == 0x3f80);           // half way, down to even
  CHECK(bits(1.0f + 3 * 0x1p-8f) == 0x3f82);       // half way, up to even
  CHECK(bits(1.0f + 0x1.02p-8f) == 0x3f81);
  CHECK(bits(std::numeric_limits<float>::max()) == 0x7f80);  // past the greatest: infinity
  CHECK(std::isnan(static_cast<float>(Bfloat16(std::bit_cast<float>(0x7fffffffu)))));
  for (std::uint32_t all = 0; all < 0x10000; ++all) {
    const float value = std::bit_cast<float>(all << 16);
    if (value == value) CHECK(bits(value) == all);
  }
}

TEST_CASE("Norms of bfloat16 are those of the floats it stands for, rounded at the end") {
  const std::size_t channels = GENERATE(1u, 3u, 16u, 24u), rows = 333;
  const auto rounded = [](const std::vector<float>& values) {
    std::vector<Bfloat16> result;
    for (const float value : values) result.emplace_back(value);
    return result;
  };
  const auto floats = [](const std::vector<Bfloat16>& values) {
    std::vector<float> result;
    for (const Bfloat16 value : values) result.push_back(static_cast<float>(value));
    return result;
  };
  const auto x = rounded(random_values<float>(rows * channels, 1, 2, 51)),
             other = rounded(random_values<float>(x.size(), 0, 1, 52)),
             dy = rounded(random_values<float>(x.size(), 0, 1, 53));
  const auto xf = floats(x), of = floats(other), dyf = floats(dy);
  const auto a = norm_statistics(x.data(), rows, channels), b = norm_statistics(xf.data(), rows, channels);
  // Sums may be rounded otherwise: fused multiply-adds are chosen loop by loop.
  const auto close = [](const std::vector<float>& found, const std::vector<float>& expected) {
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(1e-5).margin(1e-4));
  };
  close(a.mean, b.mean);
  close(a.variance, b.variance);
  const NormKept<float> kept{a.mean, std::vector<float>(channels, 0.5f),
                             {std::vector<float>(channels, 0.5f), std::vector<float>(channels, -0.25f), {0, 3}}};
  const auto same = [](const std::vector<Bfloat16>& found, const std::vector<float>& expected) {
    float worst = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<float>(found[i]) - expected[i]) - std::abs(expected[i]) * 0x1p-8f);
    CHECK(worst < 1e-5f);
  };
  std::vector<Bfloat16> y(x.size());
  std::vector<float> yf(x.size()), g(channels), be(channels), gf(channels), bf(channels);
  norm_forward(x.data(), rows, kept.factors, y.data(), other.data());
  norm_forward(xf.data(), rows, kept.factors, yf.data(), of.data());
  same(y, yf);
  norm_backward(x.data(), dy.data(), rows, kept, y.data(), g.data(), be.data());
  norm_backward(xf.data(), dyf.data(), rows, kept, yf.data(), gf.data(), bf.data());
  same(y, yf);
  close(g, gf);
  close(be, bf);
}
