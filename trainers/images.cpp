// What is done to samples in memory: chosen, split, resized, their statistics, their digest.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "configs/files.hpp"
#include "space/random.hpp"
#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

/// How one output row or column is made of input ones.
struct Tap {
  std::int32_t first = 0;
  std::vector<float> weights;  ///< sum 1
};

std::vector<Tap> triangle_taps(std::int32_t from, std::int32_t to) {
  const double scale = static_cast<double>(from) / to, support = std::max(1.0, scale);
  std::vector<Tap> taps(static_cast<std::size_t>(to));
  for (std::int32_t i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale - 0.5;
    const auto first = std::max(0, static_cast<std::int32_t>(std::ceil(centre - support)));
    const auto last = std::min(from - 1, static_cast<std::int32_t>(std::floor(centre + support)));
    auto& tap = taps[static_cast<std::size_t>(i)];
    tap.first = first;
    double sum = 0;
    for (std::int32_t j = first; j <= last; ++j) {
      tap.weights.push_back(static_cast<float>(1 - std::abs(j - centre) / support));
      sum += tap.weights.back();
    }
    for (auto& weight : tap.weights) weight = static_cast<float>(weight / sum);
  }
  return taps;
}

float rounded(float value, float) { return value; }
std::uint8_t rounded(float value, std::uint8_t) {
  return static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
}

template <class T>
void resize_image(const T* from, const Shape& shape, const std::vector<Tap>& rows, const std::vector<Tap>& columns,
                  T* to) {
  const auto channels = static_cast<std::size_t>(shape.channels), width = static_cast<std::size_t>(shape.width);
  for (const auto& row : rows)
    for (const auto& column : columns)
      for (std::size_t channel = 0; channel < channels; ++channel) {
        float sum = 0;
        for (std::size_t y = 0; y < row.weights.size(); ++y)
          for (std::size_t x = 0; x < column.weights.size(); ++x) {
            const std::size_t pixel =
                (static_cast<std::size_t>(row.first) + y) * width + static_cast<std::size_t>(column.first) + x;
            sum += row.weights[y] * column.weights[x] * static_cast<float>(from[pixel * channels + channel]);
          }
        *to++ = rounded(sum, T{});
      }
}

/// All of `from`, sample by sample; nothing where there is nothing.
template <class Numbers>
void resize_all(const Numbers& from, const Shape& shape, const Shape& now, Numbers& to) {
  const auto before = static_cast<std::size_t>(shape.elements()), after = static_cast<std::size_t>(now.elements());
  const std::size_t count = from.size() / before;
  to.resize(count * after);
  const auto rows = triangle_taps(shape.height, now.height), columns = triangle_taps(shape.width, now.width);
  for (std::size_t i = 0; i < count; ++i)
    resize_image(from.data() + i * before, shape, rows, columns, to.data() + i * after);
}

template <class Numbers>
void select_from(const Numbers& from, std::span<const std::uint32_t> positions, std::size_t elements, Numbers& to) {
  if (from.empty()) return;
  to.reserve(positions.size() * elements);
  for (const std::size_t position : positions) {
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(position * elements);
    to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(elements));
  }
}

/// Mean and variance of every `stride`th number from the `first` on. Pixels are whole numbers and their sums exact,
/// whatever their number (255^2 * 2^40 pixels would still fit); values are taken from their first one, so that a
/// great mean does not swallow a small variance.
std::pair<double, double> moments(const LargeVector<std::uint8_t>& pixels, std::size_t first, std::size_t stride) {
  std::uint64_t count = 0, sum = 0, squares = 0;
  for (std::size_t i = first; i < pixels.size(); i += stride) {
    const std::uint64_t value = pixels[i];
    ++count, sum += value, squares += value * value;
  }
  const double mean = count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
  return {mean, count == 0 ? 0 : static_cast<double>(squares) / static_cast<double>(count) - mean * mean};
}
template <class Numbers>
std::pair<double, double> moments(const Numbers& values, std::size_t first, std::size_t stride) {
  const double origin = values[first];
  double count = 0, sum = 0, squares = 0;
  for (std::size_t i = first; i < values.size(); i += stride) {
    const double value = values[i] - origin;
    ++count, sum += value, squares += value * value;
  }
  const double mean = sum / count;
  return {origin + mean, squares / count - mean * mean};
}

template <class Numbers>
std::uint64_t checksum_of(const Numbers& numbers) {
  return checksum({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(numbers[0])});
}

void refuse_all(std::size_t count, std::size_t validation) {
  if (validation >= count)
    throw std::invalid_argument("a validation split of " + std::to_string(validation) + " leaves nothing of " +
                                std::to_string(count) + " images to train on");
}

/// Groups in the order in which they occur in `order`, until they are at least so many samples; one group is left.
std::vector<std::uint32_t> whole_groups(const std::vector<std::uint32_t>& groups, const std::vector<std::uint32_t>& order,
                                        std::size_t samples) {
  std::vector<std::uint32_t> sequence;
  std::map<std::uint32_t, std::vector<std::uint32_t>> members;
  for (const std::uint32_t position : order) {
    auto& group = members[groups[position]];
    if (group.empty()) sequence.push_back(groups[position]);
    group.push_back(position);
  }
  std::vector<std::uint32_t> chosen;
  for (std::size_t i = 0; i + 1 < sequence.size() && chosen.size() < samples; ++i)
    chosen.insert(chosen.end(), members[sequence[i]].begin(), members[sequence[i]].end());
  return chosen;
}

}  // namespace

Split split(std::size_t count, std::size_t validation, std::uint64_t seed) {
  refuse_all(count, validation);
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  Random random(seed);
  random.shuffle(order);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(validation);
  return {.train = {middle, order.end()}, .validation = {order.begin(), middle}};
}

Split split(const Dataset& data, std::size_t validation, std::uint64_t seed) {
  if (validation == 0 || (data.validation.empty() && data.groups.empty())) return split(data.train.size(), validation, seed);
  if (data.validation.empty()) refuse_all(data.train.size(), validation);
  Split parts = split(data.train.size(), 0, seed);
  parts.validation = data.validation.empty() ? whole_groups(data.groups, parts.train, validation) : data.validation;
  std::vector<bool> held(data.train.size(), false);
  for (const auto position : parts.validation) held[position] = true;
  std::erase_if(parts.train, [&](std::uint32_t position) { return held[position]; });
  return parts;
}

Images selected(const Images& images, std::span<const std::uint32_t> positions) {
  Images result{.shape = images.shape, .pixels = {}, .labels = {}};
  const auto elements = static_cast<std::size_t>(images.shape.elements());
  select_from(images.pixels, positions, elements, result.pixels);
  select_from(images.values, positions, elements, result.values);
  select_from(images.labels, positions, 1, result.labels);
  const std::size_t count = std::max(images.pixels.size(), images.values.size()) / elements;  // labels may not be there yet
  if (count > 0) select_from(images.targets, positions, images.targets.size() / count, result.targets);
  return result;
}

Images resized(const Images& images, std::int32_t height, std::int32_t width) {
  if (images.shape.height == height && images.shape.width == width) return images;
  Images result{.shape = {images.shape.channels, height, width}, .pixels = {}, .labels = images.labels, .targets = images.targets};
  resize_all(images.pixels, images.shape, result.shape, result.pixels);
  resize_all(images.values, images.shape, result.shape, result.values);
  return result;
}

Normalisation normalisation(const Images& images) {
  const auto channels = static_cast<std::size_t>(images.shape.channels);
  const double scale = images.values.empty() ? 255 : 1;
  Normalisation result;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    const auto [mean, variance] =
        images.values.empty() ? moments(images.pixels, channel, channels) : moments(images.values, channel, channels);
    // What rounding leaves of constant pixels is no deviation; of values, which are taken from their first one, it leaves nothing.
    const bool varies = images.values.empty() ? variance > 1e-9 : std::sqrt(variance) >= least_deviation;
    result.mean.push_back(static_cast<float>(mean / scale));
    result.deviation.push_back(varies ? static_cast<float>(std::sqrt(variance) / scale) : 1.0f);
  }
  return result;
}

Normalisation target_normalisation(const Dataset& data) {
  Normalisation result;
  for (std::size_t target = 0; target < data.targets.size(); ++target) {
    const auto [mean, variance] = moments(data.train.targets, target, data.targets.size());
    result.mean.push_back(static_cast<float>(mean));
    result.deviation.push_back(static_cast<float>(std::sqrt(variance)));
  }
  return result;
}

std::uint64_t digest_of(const Dataset& data) {
  std::string text;
  const auto add = [&](std::uint64_t number) { text += std::to_string(number) + ","; };
  for (const Images* part : {&data.train, &data.test}) {
    for (const std::int32_t size : {part->shape.channels, part->shape.height, part->shape.width})
      add(static_cast<std::uint64_t>(size));
    add(checksum_of(part->pixels)), add(checksum_of(part->values)), add(checksum_of(part->labels));
  }
  add(checksum_of(data.validation));
  if (!data.groups.empty()) add(checksum_of(data.groups));
  for (const std::string& name : data.classes) text += name + "\n";
  for (const std::string& name : data.targets) text += "target " + name + "\n";
  if (data.regression())
    for (const Images* part : {&data.train, &data.test}) add(checksum_of(part->targets));
  return checksum(text);
}

}  // namespace paretoforge
