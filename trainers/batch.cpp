// Minibatches: images picked in random order, augmented, normalised, written channels last.
#include <numeric>

#include "trainers/augment_internal.hpp"
#include "trainers/batch_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::int32_t outside = -1;

std::int32_t mirrored(std::int32_t i, std::int32_t size) {
  if (size == 1) return 0;
  const std::int32_t period = 2 * (size - 1), at = ((i % period) + period) % period;
  return at < size ? at : period - at;
}

std::int32_t offset(std::int32_t most, Random& random) {
  if (most == 0) return 0;
  return static_cast<std::int32_t>(random.below(2 * static_cast<std::uint64_t>(most) + 1)) - most;
}

/// Which row (or column) of the image stands at each place of the augmented one.
void draw_sources(std::int32_t size, const Augmentation& augment, bool flip, Random& random,
                  std::vector<std::int32_t>& sources) {
  // A signal has one row: shifted, nothing of it would be left.
  const std::int32_t crop = offset(augment.crop, random), shift = size == 1 ? 0 : offset(augment.shift, random);
  sources.resize(static_cast<std::size_t>(size));
  for (std::int32_t i = 0; i < size; ++i) {
    const std::int32_t moved = (flip ? size - 1 - i : i) + shift;
    sources[static_cast<std::size_t>(i)] = moved < 0 || moved >= size ? outside : mirrored(moved + crop, size);
  }
}

void change(std::span<float> sample, const Shape& shape, const Augmentation& augment, Random& random) {
  if (augment.time_shift > 0) shift_time(sample, shape, augment.time_shift, random);
  if (augment.cutout > 0) cut_out(sample, shape, augment.cutout, random);
  for (std::int32_t i = 0; i < augment.masks; ++i) {
    if (augment.time_mask > 0) mask_time(sample, shape, augment.time_mask, random);
    if (augment.band_mask > 0) mask_bands(sample, shape, augment.band_mask, random);
  }
}

}  // namespace

std::vector<std::uint32_t> every_position(const Images& images) {
  std::vector<std::uint32_t> positions(images.size());
  std::iota(positions.begin(), positions.end(), 0u);
  return positions;
}

ImageView::ImageView(const Images& all, std::vector<std::uint32_t> positions, std::int32_t height, std::int32_t width)
    : all_(all), positions_(std::move(positions)), copies_{.shape = {}, .pixels = {}, .labels = {}} {
  const std::size_t targets = all.size() == 0 ? 0 : all.targets.size() / all.size();
  for (const std::size_t position : positions_) {
    labels_.push_back(all.labels[position]);
    for (std::size_t t = 0; t < targets; ++t) targets_.push_back(all.targets[position * targets + t]);
  }
  if (positions_.empty() || (all.shape.height == height && all.shape.width == width)) return;
  copies_ = resized(selected(all, positions_), height, width);
  std::iota(positions_.begin(), positions_.end(), 0u);
}

BatchMaker::BatchMaker(const Images& images, const Normalisation& normalisation) : images_(images) {
  const auto channels = static_cast<std::size_t>(images.shape.channels);
  mean_ = normalisation.mean;
  mean_.resize(channels, 0.0f);
  for (std::size_t channel = 0; channel < channels; ++channel)
    scale_.push_back(normalisation.mean.empty() ? 1.0f : 1 / normalisation.deviation[channel]);
  if (!images.values.empty()) return;
  table_.resize(256 * channels);
  for (std::size_t value = 0; value < 256; ++value)
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const float scaled = static_cast<float>(value) / 255.0f;
      table_[value * channels + channel] =
          normalisation.mean.empty() ? scaled
                                     : (scaled - normalisation.mean[channel]) / normalisation.deviation[channel];
    }
}

void BatchMaker::plain(std::span<const std::uint32_t> positions, float* out) const {
  const auto elements = static_cast<std::size_t>(images_.shape.elements()), channels = mean_.size();
  for (const auto position : positions) {
    const std::size_t first = images_.offset(position);
    for (std::size_t i = 0; i < elements; i += channels)
      for (std::size_t channel = 0; channel < channels; ++channel) *out++ = normalised(first + i + channel, channel);
  }
}

double BatchMaker::augmented(std::span<const std::uint32_t> positions, const Augmentation& augment, Random& random,
                             float* out) const {
  const Shape& shape = images_.shape;
  const auto elements = static_cast<std::size_t>(shape.elements());
  std::vector<std::int32_t> rows, columns;
  float* sample = out;
  for (const auto position : positions) {
    draw_sources(shape.height, augment, false, random, rows);
    draw_sources(shape.width, augment, augment.flip && random.chance(0.5), random, columns);
    write(position, rows, columns, sample);
    change({sample, elements}, shape, augment, random);
    sample += elements;
  }
  if (augment.mixup <= 0) return 1;
  const double share = mixing_share(augment.mixup, random);
  mix({out, positions.size() * elements}, positions.size(), share);
  return share;
}

void BatchMaker::write(std::size_t position, const std::vector<std::int32_t>& rows,
                       const std::vector<std::int32_t>& columns, float* out) const {
  const std::size_t channels = mean_.size(), width = columns.size(), first = images_.offset(position);
  const bool pixels = images_.values.empty();
  for (const auto row : rows)
    for (const auto column : columns) {
      const bool gap = row == outside || column == outside;
      const std::size_t at =
          gap ? 0 : first + (static_cast<std::size_t>(row) * width + static_cast<std::size_t>(column)) * channels;
      for (std::size_t channel = 0; channel < channels; ++channel)
        *out++ = !gap ? normalised(at + channel, channel) : pixels ? table_[channel] : erased;
    }
}

}  // namespace paretoforge
