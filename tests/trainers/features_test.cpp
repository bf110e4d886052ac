// Audio features against closed forms.
#include "trainers/features.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;
using Kind = AudioFeatures::Kind;

namespace {

constexpr double pi = std::numbers::pi;

std::vector<float> tone(double hertz, double amplitude, int rate, std::size_t count) {
  std::vector<float> samples(count);
  for (std::size_t i = 0; i < count; ++i)
    samples[i] = static_cast<float>(amplitude * std::sin(2 * pi * hertz * static_cast<double>(i) / rate));
  return samples;
}

std::vector<float> noise(std::size_t count, double deviation, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> samples(count);
  for (float& sample : samples) sample = static_cast<float>(deviation * random.normal());
  return samples;
}

std::string error_of(const std::string& text) {
  try {
    AudioFeatures::read(Config::parse("features: " + text, "study.yaml").at("features"));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("The mel scale has 1000 mel at 1000 Hz, and back") {
  CHECK(mel_of(0) == 0);
  CHECK(mel_of(1000) == Approx(1000).margin(0.05));
  for (const double hertz : {20.0, 440.0, 3999.0}) CHECK(hertz_of(mel_of(hertz)) == Approx(hertz));
}

TEST_CASE("A power spectrum keeps the energy of its weighted frame") {
  AudioFeatures settings;
  settings.sample_rate = 8000;
  const FeatureExtractor extractor(settings);
  const std::size_t window = 240, size = extractor.transform_size();
  REQUIRE(size == 256);
  const auto frame = noise(window, 0.3, 1);
  const auto power = extractor.power_spectrum(frame);
  REQUIRE(power.size() == size / 2 + 1);
  double weighted = 0, weights = 0;
  for (std::size_t i = 0; i < window; ++i) {
    const double w = 0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(i) / static_cast<double>(window));
    weighted += std::pow(w * static_cast<double>(frame[i]), 2), weights += w * w;
  }
  // Parseval; all frequencies but the outermost two stand for their mirror images too.
  const double both = 2 * std::accumulate(power.begin(), power.end(), 0.0) - power.front() - power.back();
  CHECK(both == Approx(static_cast<double>(size) * weighted / weights));

  // The slow transform gives the same.
  for (const std::size_t k : {std::size_t{0}, std::size_t{7}, size / 2}) {
    double re = 0, im = 0;
    for (std::size_t i = 0; i < window; ++i) {
      const double w = 0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(i) / static_cast<double>(window));
      const double angle = 2 * pi * static_cast<double>(k * i) / static_cast<double>(size);
      re += w * static_cast<double>(frame[i]) * std::cos(angle),
          im -= w * static_cast<double>(frame[i]) * std::sin(angle);
    }
    CHECK(power[k] == Approx((re * re + im * im) / weights).margin(1e-12));
  }
}

TEST_CASE("White noise has its variance in each frequency") {
  AudioFeatures settings;
  settings.sample_rate = 8000;
  const FeatureExtractor extractor(settings);
  double sum = 0;
  std::size_t count = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    for (const double power : extractor.power_spectrum(noise(240, 0.2, seed))) sum += power, ++count;
  // 200 spectra of about 86 independent numbers (the transform is 256 long, 129 numbers, Hann's window makes neighbours
  // alike): a standard error below 1.1 %.
  CHECK(sum / static_cast<double>(count) == Approx(0.04).epsilon(0.04));
}

TEST_CASE("Bands share the energy between their outermost centres, none is lost") {
  AudioFeatures settings;
  settings.sample_rate = 16000;
  settings.bands = 20;
  settings.low = 100, settings.high = 7000;
  const FeatureExtractor extractor(settings);
  const double step = (mel_of(7000) - mel_of(100)) / 21;
  const double first = hertz_of(mel_of(100) + step), last = hertz_of(mel_of(7000) - step);
  for (std::size_t k = 0; k <= extractor.transform_size() / 2; ++k) {
    std::vector<double> spectrum(extractor.transform_size() / 2 + 1, 0.0);
    spectrum[k] = 2;
    const auto bands = extractor.band_energies(spectrum);
    const double energy = std::accumulate(bands.begin(), bands.end(), 0.0),
                 hertz = static_cast<double>(k) * 16000 / static_cast<double>(extractor.transform_size());
    if (hertz >= first && hertz <= last)
      CHECK(energy == Approx(2));
    else
      CHECK(energy < 2);
    if (hertz <= 100 || hertz >= 7000) CHECK(energy == Approx(0).margin(1e-12));
  }
}

TEST_CASE("A pure tone is loudest in the band whose centre it has") {
  AudioFeatures settings;
  settings.sample_rate = 16000;
  const FeatureExtractor extractor(settings);
  REQUIRE(settings.shape() == Shape{40, 1, 49});
  const double step = (mel_of(8000) - mel_of(20)) / 41;
  for (const int band : {5, 15, 25, 38}) {
    const auto features = extractor(tone(hertz_of(mel_of(20) + step * (band + 1)), 0.5, 16000, 16000));
    for (const std::size_t frame : {std::size_t{0}, std::size_t{24}, std::size_t{48}}) {
      const auto begin = features.begin() + static_cast<std::ptrdiff_t>(frame * 40);
      CHECK(std::max_element(begin, begin + 40) - begin == band);
    }
  }
  // Ten times as loud is ln 100 more, where the floor does not matter.
  const auto quiet = extractor(tone(1000, 0.05, 16000, 16000)), loud = extractor(tone(1000, 0.5, 16000, 16000));
  const auto at = static_cast<std::size_t>(std::max_element(loud.begin(), loud.begin() + 40) - loud.begin());
  CHECK(loud[at] - quiet[at] == Approx(std::log(100.0)).epsilon(1e-4));
}

TEST_CASE("Silence is the floor, and its only cepstral coefficient is the first") {
  AudioFeatures settings;
  const std::vector<float> silence(16000, 0.0f);
  for (const float value : FeatureExtractor(settings)(silence)) CHECK(value == Approx(std::log(1e-6)));
  settings.kind = Kind::mfcc;
  settings.coefficients = 12;
  const auto cepstrum = FeatureExtractor(settings)(silence);
  REQUIRE(settings.shape() == Shape{12, 1, 49});
  // Orthonormal: a constant over n bands is sqrt(n) times it.
  for (std::size_t i = 0; i < cepstrum.size(); ++i)
    CHECK(cepstrum[i] == Approx(i % 12 == 0 ? std::log(1e-6) * std::sqrt(40) : 0).margin(1e-4));
}

TEST_CASE("All cepstral coefficients keep the length of the log-mel vector") {
  AudioFeatures settings;
  settings.bands = settings.coefficients = 24;
  const auto signal = noise(16000, 0.1, 3);
  const auto log_mel = FeatureExtractor(settings)(signal);
  settings.kind = Kind::mfcc;
  const auto cepstrum = FeatureExtractor(settings)(signal);
  REQUIRE(cepstrum.size() == log_mel.size());
  for (std::size_t frame = 0; frame < log_mel.size(); frame += 24) {
    double a = 0, b = 0;
    for (std::size_t i = frame; i < frame + 24; ++i)
      a += std::pow(static_cast<double>(log_mel[i]), 2), b += std::pow(static_cast<double>(cepstrum[i]), 2);
    CHECK(a == Approx(b).epsilon(1e-5));
  }
}

TEST_CASE("Recordings are cut and padded evenly at both ends") {
  const std::vector<float> three{1, 2, 3};
  CHECK(fitted(three, 3) == three);
  CHECK(fitted(three, 1) == std::vector<float>{2});
  CHECK(fitted(three, 6) == std::vector<float>{0, 1, 2, 3, 0, 0});
  CHECK(fitted({}, 2) == std::vector<float>{0, 0});
  AudioFeatures raw;
  raw.kind = Kind::samples;
  raw.sample_rate = 100;
  raw.length = 0.05;
  CHECK(raw.shape() == Shape{1, 1, 5});
  CHECK(FeatureExtractor(raw)(three) == std::vector<float>{0, 1, 2, 3, 0});
}

TEST_CASE("Layouts are the same numbers under another shape") {
  AudioFeatures settings;
  settings.image = true;
  CHECK(settings.shape() == Shape{1, 49, 40});
  const auto signal = noise(16000, 0.1, 4);
  const auto image = FeatureExtractor(settings)(signal);
  settings.image = false;
  CHECK(FeatureExtractor(settings)(signal) == image);
}

TEST_CASE("A features section is read, and what is wrong in it is named") {
  const auto s =
      AudioFeatures::read(Config::parse("{kind: mfcc, sample_rate: 8000, length: 500ms, window: 32ms, hop: 16ms, "
                                        "bands: 26, low: 80, high: 3800, coefficients: 13, layout: 2d}",
                                        "s.yaml"));
  CHECK(s.kind == Kind::mfcc);
  CHECK(s.samples() == 4000);
  CHECK(s.frames() == 30);  // (4000 - 256) / 128 + 1
  CHECK(s.shape() == Shape{1, 30, 13});
  CHECK(s.text() ==
        "13 cepstral coefficients of 26 mel bands from 80 to 3800 Hz (+ 1e-6), windows of 32 ms every 16 ms, 500 ms at "
        "8000 Hz");
  CHECK(error_of("{knd: mfcc}").find("did you mean 'kind'") != std::string::npos);
  CHECK(error_of("{kind: mffc}").find("log-mel, mfcc, samples") != std::string::npos);
  CHECK(error_of("{window: 2s}").find("no window fits into the length") != std::string::npos);
  CHECK(error_of("{hop: 0}").find("hold no sample") != std::string::npos);
  CHECK(error_of("{length: 0}").find("has no sample") != std::string::npos);
  CHECK(error_of("{high: 9000}").find("above half the sample rate") != std::string::npos);
  CHECK(error_of("{low: 5000, high: 4000}").find("above 'high'") != std::string::npos);
  CHECK(error_of("{kind: mfcc, bands: 5}").find("more coefficients than bands") != std::string::npos);
  CHECK(error_of("{bands: 400}").find("a band holds no frequency") != std::string::npos);
  CHECK(error_of("{bands: 0}").find("from 1 to 1024") != std::string::npos);
  CHECK(error_of("{length: 1d}").find("longer than an hour") != std::string::npos);
  AudioFeatures bad;
  bad.high = 9000;
  CHECK_THROWS_AS(FeatureExtractor(bad), std::invalid_argument);
}
