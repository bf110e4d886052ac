// Minibatches: images picked in random order, augmented, normalised, written channels last. Not public.
#pragma once

#include <span>
#include <vector>

#include "space/random.hpp"
#include "trainers/data.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge {

std::vector<std::uint32_t> every_position(const Images& images);

/// Some of a data set's images at a network's size. They stay where they lie; only where they have another size are there
/// copies of them.
class ImageView {
 public:
  /// Keeps a reference to `all`.
  ImageView(const Images& all, std::vector<std::uint32_t> positions, std::int32_t height, std::int32_t width);
  ImageView(const ImageView&) = delete;
  ImageView& operator=(const ImageView&) = delete;

  std::size_t size() const { return positions_.size(); }
  const std::vector<Label>& labels() const { return labels_; }
  const std::vector<float>& targets() const { return targets_; }  ///< rows of them, of a regression; else empty
  /// Where they lie, and at which positions there.
  const Images& images() const { return copies_.size() > 0 ? copies_ : all_; }
  std::uint32_t position(std::size_t i) const { return positions_[i]; }

 private:
  const Images& all_;
  std::vector<std::uint32_t> positions_;
  std::vector<Label> labels_;
  std::vector<float> targets_;
  Images copies_;
};

/// Turns samples into the floats that enter a network. Holds the normalised value of every possible pixel, so that
/// an image costs one look-up a pixel.
class BatchMaker {
 public:
  /// Keeps a reference to `images`; an empty normalisation only scales to 0..1.
  BatchMaker(const Images& images, const Normalisation& normalisation);

  /// Writes the images at `positions` to `out`, [positions, height, width, channels].
  void plain(std::span<const std::uint32_t> positions, float* out) const;
  /// The same, each image changed at random. What `mixup` leaves of each sample is returned, the rest is that of the
  /// next one (the first is next to the last); 1 where nothing is mixed.
  double augmented(std::span<const std::uint32_t> positions, const Augmentation& augment, Random& random,
                   float* out) const;

 private:
  void write(std::size_t position, const std::vector<std::int32_t>& rows, const std::vector<std::int32_t>& columns,
             float* out) const;
  float normalised(std::size_t at, std::size_t channel) const {
    return images_.values.empty() ? table_[images_.pixels[at] * mean_.size() + channel]
                                  : (images_.values[at] - mean_[channel]) * scale_[channel];
  }

  const Images& images_;
  std::vector<float> mean_, scale_;  ///< [channels], of values
  std::vector<float> table_;         ///< [256, channels], of pixels
};

}  // namespace paretoforge
