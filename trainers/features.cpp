// Log-mel energies and cepstral coefficients.
#include "trainers/features.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <stdexcept>
#include <unsupported/Eigen/FFT>

#include "configs/table.hpp"

namespace paretoforge {
namespace {

constexpr double log_floor = 1e-6;  ///< about -60 dB of full scale: keeps silence finite, and noise below it out

std::size_t count_of(double seconds, std::int32_t rate) {
  return static_cast<std::size_t>(std::llround(seconds * rate));
}

std::size_t power_of_two(std::size_t least) {
  std::size_t size = 2;
  while (size < least) size *= 2;
  return size;
}

/// One band: weights of the frequencies from `first` on.
struct Band {
  std::size_t first = 0;
  std::vector<double> weights;
};

/// Triangles with height 1, each from the centre before to the centre behind it: inside the outermost centres the
/// weights of a frequency sum to 1, so that the bands share the spectrum's energy and none is lost.
std::vector<Band> mel_bands(const AudioFeatures& settings, double high, std::size_t transform) {
  const double low_mel = mel_of(settings.low), step = (mel_of(high) - low_mel) / (settings.bands + 1);
  std::vector<Band> bands(static_cast<std::size_t>(settings.bands));
  for (std::size_t b = 0; b < bands.size(); ++b) {
    const double centre = low_mel + step * static_cast<double>(b + 1);
    for (std::size_t k = 0; k <= transform / 2; ++k) {
      const double mel = mel_of(static_cast<double>(k) * settings.sample_rate / static_cast<double>(transform));
      const double weight = 1 - std::abs(mel - centre) / step;
      if (weight <= 0) continue;
      if (bands[b].weights.empty()) bands[b].first = k;
      bands[b].weights.push_back(weight);
    }
  }
  return bands;
}

double top_of(const AudioFeatures& settings) { return settings.high > 0 ? settings.high : settings.sample_rate / 2.0; }

/// What is wrong with the settings as a whole; empty where nothing is.
std::string problem_of(const AudioFeatures& s) {
  if (s.samples() < 1) return "a recording of that length has no sample";
  if (s.kind == AudioFeatures::Kind::samples) return {};
  const std::size_t window = count_of(s.window, s.sample_rate);
  if (window < 2 || count_of(s.hop, s.sample_rate) < 1)
    return "window and hop hold no sample at " + std::to_string(s.sample_rate) + " Hz";
  if (window > s.samples()) return "no window fits into the length";
  if (top_of(s) > s.sample_rate / 2.0) return "'high' lies above half the sample rate";
  if (s.low >= top_of(s)) return "'low' lies above 'high'";
  if (s.kind == AudioFeatures::Kind::mfcc && s.coefficients > s.bands) return "more coefficients than bands";
  for (const Band& band : mel_bands(s, top_of(s), power_of_two(window)))
    if (band.weights.empty())
      return "a band holds no frequency of the transform: fewer bands, a longer window or a higher 'low'";
  return {};
}

}  // namespace

double mel_of(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz_of(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

AudioFeatures AudioFeatures::read(const Config& config, const AudioFeatures& otherwise) {
  config.allow({"kind", "sample_rate", "length", "window", "hop", "bands", "low", "high", "coefficients", "layout"});
  AudioFeatures s = otherwise;
  if (const auto kind = config.find("kind")) {
    const std::string name = kind->one_of({"log-mel", "mfcc", "samples"});
    s.kind = name == "mfcc" ? Kind::mfcc : name == "samples" ? Kind::samples : Kind::log_mel;
  }
  const auto integer = [&](const char* key, std::int64_t least, std::int64_t most, std::int32_t& value) {
    if (const auto found = config.find(key)) value = static_cast<std::int32_t>(found->integer(least, most));
  };
  const auto seconds = [&](const char* key, double& value) {
    if (const auto found = config.find(key))
      if (value = found->seconds(); value > 3600) found->fail(std::string(key) + " is longer than an hour");
  };
  const auto hertz = [&](const char* key, double& value) {
    if (const auto found = config.find(key)) value = found->number(0, 1e6);
  };
  integer("sample_rate", 100, 1'000'000, s.sample_rate);
  integer("bands", 1, 1024, s.bands);
  integer("coefficients", 1, 1024, s.coefficients);
  seconds("length", s.length), seconds("window", s.window), seconds("hop", s.hop);
  hertz("low", s.low), hertz("high", s.high);
  if (const auto layout = config.find("layout")) s.image = layout->one_of({"1d", "2d"}) == "2d";
  if (const std::string problem = problem_of(s); !problem.empty()) config.fail(problem);
  return s;
}

std::string AudioFeatures::text() const {
  const auto ms = [](double seconds) { return number_text(seconds * 1000) + " ms"; };
  const std::string recording = ms(length) + " at " + std::to_string(sample_rate) + " Hz";
  if (kind == Kind::samples) return "samples of " + recording;
  return std::string(kind == Kind::mfcc ? std::to_string(coefficients) + " cepstral coefficients of "
                                        : "natural logarithms of ") +
         std::to_string(bands) + " mel bands from " + number_text(low) + " to " + number_text(top_of(*this)) +
         " Hz (+ 1e-6), windows of " + ms(window) + " every " + ms(hop) + ", " + recording;
}

std::size_t AudioFeatures::samples() const { return count_of(length, sample_rate); }
std::size_t AudioFeatures::frames() const {
  if (kind == Kind::samples) return samples();
  return (samples() - count_of(window, sample_rate)) / count_of(hop, sample_rate) + 1;
}
std::int32_t AudioFeatures::rows() const {
  return kind == Kind::samples ? 1 : kind == Kind::mfcc ? coefficients : bands;
}
Shape AudioFeatures::shape() const {
  const auto width = static_cast<std::int32_t>(frames());
  return image ? Shape{1, width, rows()} : Shape{rows(), 1, width};
}

struct FeatureExtractor::Tables {
  AudioFeatures settings;
  std::size_t transform = 0, hop = 0;
  std::vector<double> window;
  double window_energy = 0;
  std::vector<Band> bands;
  std::vector<double> cosines;  ///< [coefficients, bands], orthonormal
};

FeatureExtractor::FeatureExtractor(const AudioFeatures& settings) {
  if (const std::string problem = problem_of(settings); !problem.empty()) throw std::invalid_argument(problem);
  auto tables = std::make_unique<Tables>();
  tables->settings = settings;
  if (settings.kind != AudioFeatures::Kind::samples) {
    tables->hop = count_of(settings.hop, settings.sample_rate);
    tables->window.resize(count_of(settings.window, settings.sample_rate));
    for (std::size_t i = 0; i < tables->window.size(); ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(tables->window.size());
      tables->window[i] = 0.5 - 0.5 * std::cos(angle);
      tables->window_energy += tables->window[i] * tables->window[i];
    }
    tables->transform = power_of_two(tables->window.size());
    tables->bands = mel_bands(settings, top_of(settings), tables->transform);
    const double n = settings.bands;
    for (std::int32_t c = 0; c < settings.coefficients; ++c)
      for (std::int32_t b = 0; b < settings.bands; ++b)
        tables->cosines.push_back(std::sqrt((c == 0 ? 1 : 2) / n) * std::cos(std::numbers::pi * c * (b + 0.5) / n));
  }
  tables_ = std::move(tables);
}

FeatureExtractor::~FeatureExtractor() = default;

std::size_t FeatureExtractor::transform_size() const { return tables_->transform; }

std::vector<double> FeatureExtractor::power_spectrum(std::span<const float> frame) const {
  std::vector<double> weighted(tables_->transform, 0.0);
  for (std::size_t i = 0; i < tables_->window.size(); ++i)
    weighted[i] = tables_->window[i] * static_cast<double>(frame[i]);
  Eigen::FFT<double> fft;
  std::vector<std::complex<double>> spectrum;
  fft.fwd(spectrum, weighted);
  std::vector<double> power(tables_->transform / 2 + 1);
  for (std::size_t k = 0; k < power.size(); ++k) power[k] = std::norm(spectrum[k]) / tables_->window_energy;
  return power;
}

std::vector<double> FeatureExtractor::band_energies(std::span<const double> spectrum) const {
  std::vector<double> energies;
  for (const Band& band : tables_->bands) {
    double sum = 0;
    for (std::size_t k = 0; k < band.weights.size(); ++k) sum += band.weights[k] * spectrum[band.first + k];
    energies.push_back(sum);
  }
  return energies;
}

std::vector<float> FeatureExtractor::operator()(std::span<const float> recording) const {
  const AudioFeatures& s = tables_->settings;
  const std::vector<float> signal = fitted(recording, s.samples());
  if (s.kind == AudioFeatures::Kind::samples) return signal;
  std::vector<float> features;  // frame by frame: channels last, or frames x bands, which is the same order
  features.reserve(static_cast<std::size_t>(s.shape().elements()));
  for (std::size_t frame = 0; frame < s.frames(); ++frame) {
    std::vector<double> energies =
        band_energies(power_spectrum(std::span(signal).subspan(frame * tables_->hop, tables_->window.size())));
    for (double& energy : energies) energy = std::log(energy + log_floor);
    if (s.kind == AudioFeatures::Kind::log_mel) {
      features.insert(features.end(), energies.begin(), energies.end());
      continue;
    }
    for (std::int32_t c = 0; c < s.coefficients; ++c) {
      double sum = 0;
      for (std::size_t b = 0; b < energies.size(); ++b)
        sum += tables_->cosines[static_cast<std::size_t>(c) * energies.size() + b] * energies[b];
      features.push_back(static_cast<float>(sum));
    }
  }
  return features;
}

std::vector<float> fitted(std::span<const float> recording, std::size_t count) {
  std::vector<float> result(count, 0.0f);
  const std::size_t common = std::min(count, recording.size());
  const auto from = recording.subspan((recording.size() - common) / 2, common);
  std::copy(from.begin(), from.end(), result.begin() + static_cast<std::ptrdiff_t>((count - common) / 2));
  return result;
}

}  // namespace paretoforge
