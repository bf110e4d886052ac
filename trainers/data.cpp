// The table of data sets, where their files are looked for, and splits and statistics of what was read.
#include "trainers/data.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

#include "space/random.hpp"
#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::array<DatasetKind, 2> kinds{{
    {"fashion-mnist", "70,000 grey images of clothes, 28x28, 10 classes", "/usr/share/datasets/fashion-mnist",
     read_fashion_mnist},
    {"cifar10", "60,000 colour images, 32x32, 10 classes", "", read_cifar10},
}};

const DatasetKind* find_kind(std::string_view name) {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const DatasetKind& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& kind : kinds) all.emplace_back(kind.name);
  return all;
}

std::filesystem::path environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

std::filesystem::path default_folder(const DatasetKind& kind) {
  if (kind.name == "fashion-mnist")
    if (auto folder = environment("PARETOFORGE_FASHION_MNIST"); !folder.empty()) return folder;
  if (!kind.folder.empty()) return kind.folder;
  if (auto data = environment("PARETOFORGE_DATA"); !data.empty()) return data / kind.name;
  throw std::runtime_error("no folder is given for the data set " + std::string(kind.name) +
                           ": set path, or the environment variable PARETOFORGE_DATA to the folder that holds it");
}

Dataset read(const DatasetKind& kind, const std::filesystem::path& folder) {
  const auto place = folder.empty() ? default_folder(kind) : folder;
  if (!std::filesystem::is_directory(place))
    throw DataError(place, "no such folder (data set " + std::string(kind.name) + ")");
  return kind.read(place);
}

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

void resize_image(const std::uint8_t* from, const Shape& shape, const std::vector<Tap>& rows,
                  const std::vector<Tap>& columns, std::uint8_t* to) {
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
        *to++ = static_cast<std::uint8_t>(std::clamp(std::lround(sum), 0L, 255L));
      }
}

}  // namespace

std::span<const DatasetKind> datasets() { return kinds; }

Dataset load_dataset(const std::string& name, const std::filesystem::path& folder) {
  const auto* kind = find_kind(name);
  if (kind == nullptr) {
    const auto near = nearest_name(name, names());
    throw ConfigError("error: unknown data set '" + name + "'" +
                      (near.empty() ? "" : "\n   = did you mean '" + near + "'?"));
  }
  try {
    return read(*kind, folder);
  } catch (const std::runtime_error& problem) {
    throw ConfigError(std::string("error: ") + problem.what());
  }
}

Dataset load_dataset(const Config& config) {
  if (config.is_map()) config.allow({"name", "path"});
  const Config name = config.is_map() ? config.at("name") : config;
  const auto path = config.is_map() ? config.find("path") : std::nullopt;
  const auto* kind = find_kind(name.one_of(names()));
  try {
    if (!path) return read(*kind, {});
    return read(*kind, std::filesystem::path(path->place().file).parent_path() / path->text());
  } catch (const std::runtime_error& problem) {
    (path ? *path : name).fail(problem.what());
  }
}

Split split(std::size_t count, std::size_t validation, std::uint64_t seed) {
  if (validation >= count)
    throw std::invalid_argument("a validation split of " + std::to_string(validation) + " leaves nothing of " +
                                std::to_string(count) + " images to train on");
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  Random random(seed);
  random.shuffle(order);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(validation);
  return {.train = {middle, order.end()}, .validation = {order.begin(), middle}};
}

Images selected(const Images& images, std::span<const std::uint32_t> positions) {
  Images result{.shape = images.shape, .pixels = {}, .labels = {}};
  const auto elements = static_cast<std::size_t>(images.shape.elements());
  result.pixels.reserve(positions.size() * elements);
  for (const auto position : positions) {
    result.pixels.insert(result.pixels.end(), images.image(position), images.image(position) + elements);
    result.labels.push_back(images.labels[position]);
  }
  return result;
}

Images resized(const Images& images, std::int32_t height, std::int32_t width) {
  if (images.shape.height == height && images.shape.width == width) return images;
  Images result{.shape = {images.shape.channels, height, width}, .pixels = {}, .labels = images.labels};
  const auto elements = static_cast<std::size_t>(result.shape.elements());
  result.pixels.resize(images.size() * elements);
  const auto rows = triangle_taps(images.shape.height, height), columns = triangle_taps(images.shape.width, width);
  for (std::size_t i = 0; i < images.size(); ++i)
    resize_image(images.image(i), images.shape, rows, columns, result.pixels.data() + i * elements);
  return result;
}

Normalisation normalisation(const Images& images) {
  const auto channels = static_cast<std::size_t>(images.shape.channels);
  Normalisation result;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    // Whole numbers: exact, whatever the number of images (255^2 * 2^40 pixels would still fit).
    std::uint64_t count = 0, sum = 0, squares = 0;
    for (std::size_t i = channel; i < images.pixels.size(); i += channels) {
      const std::uint64_t value = images.pixels[i];
      ++count, sum += value, squares += value * value;
    }
    const double mean = count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
    const double variance = count == 0 ? 0 : static_cast<double>(squares) / static_cast<double>(count) - mean * mean;
    result.mean.push_back(static_cast<float>(mean / 255));
    result.deviation.push_back(variance > 1e-9 ? static_cast<float>(std::sqrt(variance) / 255) : 1.0f);
  }
  return result;
}

}  // namespace paretoforge
