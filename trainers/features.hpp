// What a network hears: log-mel energies or mel-frequency cepstral coefficients of a recording (Davis and Mermelstein,
// 1980), as a device computes them before each inference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "configs/config.hpp"
#include "space/op.hpp"

namespace paretoforge {

struct AudioFeatures {
  enum class Kind : std::uint8_t {
    log_mel,  ///< log(energy + 1e-6) in each band
    mfcc,     ///< the first `coefficients` of its orthonormal cosine transform
    samples,  ///< the recording itself, -1 to 1
  };
  Kind kind = Kind::log_mel;
  std::int32_t sample_rate = 16000;  ///< Hz; recordings of another rate are refused
  double length = 1;                 ///< s; longer recordings lose both ends, shorter ones get silence at both
  double window = 0.03;              ///< s, of one frame, weighted with Hann's window
  double hop = 0.02;                 ///< s, from one frame's beginning to the next one's
  std::int32_t bands = 40;           ///< triangles that overlap by half, equally wide on the mel scale
  double low = 20, high = 0;         ///< Hz, where the first begins and the last ends; high 0 is half the sample rate
  std::int32_t coefficients = 10;    ///< of mfcc, at most `bands`
  bool image = false;                ///< 1 channel of frames x bands; else bands are channels and frames are the width

  /// Reads a map with the keys kind (log-mel, mfcc, samples), sample_rate, length, window, hop, bands, low, high,
  /// coefficients and layout (1d, 2d). Throws ConfigError, also where no frame fits or a band holds no frequency.
  static AudioFeatures read(const Config& config, const AudioFeatures& otherwise);
  static AudioFeatures read(const Config& config) { return read(config, {}); }

  std::string text() const;     ///< all of them in a line, for who has to compute the same on a device
  std::size_t samples() const;  ///< of a recording of `length`
  std::size_t frames() const;   ///< as many as fit wholly
  std::int32_t rows() const;    ///< numbers a frame
  Shape shape() const;          ///< of one sample of the data set
};

/// Hz to mel and back: 2595 log10(1 + f / 700) (O'Shaughnessy, 1987).
double mel_of(double hertz);
double hertz_of(double mel);

/// Computes features. Immutable; safe to use from many threads.
class FeatureExtractor {
 public:
  /// Throws std::invalid_argument for settings that AudioFeatures::read would refuse.
  explicit FeatureExtractor(const AudioFeatures& settings);
  ~FeatureExtractor();

  /// Of a recording of any length, -1 to 1; channels last, settings.shape().elements() numbers.
  std::vector<float> operator()(std::span<const float> recording) const;
  /// |X(k)|^2 / sum of squared window weights, k = 0 to half the transform's size: white noise of variance v gives v in
  /// each. `frame` is as long as the window.
  std::vector<double> power_spectrum(std::span<const float> frame) const;
  /// Energies of the bands of such a spectrum.
  std::vector<double> band_energies(std::span<const double> spectrum) const;
  /// The transform's size: the power of two that holds the window.
  std::size_t transform_size() const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

/// A recording of exactly `count` samples: cut or padded with silence evenly at both ends.
std::vector<float> fitted(std::span<const float> recording, std::size_t count);

}  // namespace paretoforge
