// Minibatches: images picked in random order, augmented, normalised, written channels last. Not public.
#pragma once

#include <span>
#include <vector>

#include "space/random.hpp"
#include "trainers/data.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge {

/// Turns images into the floats that enter a network. Holds the normalised value of every possible pixel, so that
/// an image costs one look-up a pixel.
class BatchMaker {
 public:
  /// Keeps a reference to `images`; an empty normalisation only scales to 0..1.
  BatchMaker(const Images& images, const Normalisation& normalisation);

  /// Writes the images at `positions` to `out`, [positions, height, width, channels].
  void plain(std::span<const std::uint32_t> positions, float* out) const;
  /// The same, each image changed at random.
  void augmented(std::span<const std::uint32_t> positions, const Augmentation& augment, Random& random,
                 float* out) const;

 private:
  void write(const std::uint8_t* image, const std::vector<std::int32_t>& rows, const std::vector<std::int32_t>& columns,
             float* out) const;

  const Images& images_;
  std::vector<float> values_;  ///< [256, channels]
};

}  // namespace paretoforge
