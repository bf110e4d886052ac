// Image data sets in memory as plain arrays: reading them, splitting them by seed, resizing, normalising.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "space/model.hpp"

namespace paretoforge {

/// Labelled images, channels last: pixel (row, column, channel) of image i is
/// pixels[((i * height + row) * width + column) * channels + channel], 0 to 255.
struct Images {
  Shape shape;                       ///< of one image
  std::vector<std::uint8_t> pixels;  ///< size() * shape.elements()
  std::vector<std::uint8_t> labels;  ///< one per image, below the number of classes

  std::size_t size() const { return labels.size(); }
  const std::uint8_t* image(std::size_t i) const {
    return pixels.data() + i * static_cast<std::size_t>(shape.elements());
  }
};

struct Dataset {
  std::string name;
  Shape shape;                       ///< of one image, in both parts
  std::vector<std::string> classes;  ///< their names; a label is a position in it
  Images train, test;                ///< neither is empty
};

/// A data set that can be named in a study.
struct DatasetKind {
  std::string_view name, summary;
  std::string_view folder;  ///< where its files lie when nothing is said; empty where there is no such place
  Dataset (*read)(const std::filesystem::path& folder);
};
/// fashion-mnist (Xiao, Rasul, Vollgraf, 2017; IDX files, gzipped or not) and cifar10 (Krizhevsky, 2009; binary
/// records of a label byte and 3,072 planar RGB bytes, data_batch_1.bin to _5.bin and test_batch.bin).
std::span<const DatasetKind> datasets();

/// Reads a data set whole. `folder` holds its files; where it is empty: for fashion-mnist what the environment
/// variable PARETOFORGE_FASHION_MNIST names, else where Debian's package dataset-fashion-mnist puts it; for
/// cifar10 the folder cifar10 inside the one that PARETOFORGE_DATA names.
/// Throws ConfigError with the file: missing, truncated, wrong magic number, labels out of range, counts that do
/// not match.
Dataset load_dataset(const std::string& name, const std::filesystem::path& folder = {});
/// The same from YAML: a name, or {name: cifar10, path: FOLDER}, the path relative to the file it stands in.
/// Errors name the place in that file.
Dataset load_dataset(const Config& config);

/// Which images of a training part are trained on and which validate; both lists in the order drawn.
struct Split {
  std::vector<std::uint32_t> train, validation;
};
/// A random split of `count` images, the same for the same seed; the parts share no image.
/// `validation` is at most count - 1; throws std::invalid_argument.
Split split(std::size_t count, std::size_t validation, std::uint64_t seed);

/// The images at these positions.
Images selected(const Images& images, std::span<const std::uint32_t> positions);
/// The images at another height and width: triangle filter, widened where the image shrinks so that every pixel
/// counts. The same shape comes back unchanged.
Images resized(const Images& images, std::int32_t height, std::int32_t width);

/// Mean and deviation of each channel over pixels scaled to 0..1; a constant channel has deviation 1.
Normalisation normalisation(const Images& images);

}  // namespace paretoforge
