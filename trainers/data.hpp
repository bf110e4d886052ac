// Data sets as plain arrays, in memory or in a file that is mapped there: reading them, splitting them, resizing, normalising.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "configs/memory.hpp"
#include "space/model.hpp"

namespace paretoforge {

/// A position in the list of a data set's classes. Of a regression all are 0.
using Label = std::uint16_t;
inline constexpr std::size_t most_classes = 65536;

/// Labelled samples, channels last: element (row, column, channel) of sample i is
/// [((i * height + row) * width + column) * channels + channel], in `pixels` or in `values`; the other one is empty.
/// Images are pixels, which enter networks scaled to 0..1; features and signals are values, which enter as they are.
/// 1-D signals have height 1, and time is their width; images of features are frames x bands, time is their height.
struct Images {
  Shape shape;                       ///< of one image
  LargeVector<std::uint8_t> pixels;  ///< size() * shape.elements(), 0 to 255
  std::vector<Label> labels;         ///< one per image, below the number of classes
  LargeVector<float> values = {};    ///< size() * shape.elements(), finite
  std::vector<float> targets = {};   ///< of a regression: a row of numbers for each image, in their own units, finite

  std::size_t size() const { return labels.size(); }
  const std::uint8_t* image(std::size_t i) const { return pixels.data() + offset(i); }
  std::size_t offset(std::size_t i) const { return i * static_cast<std::size_t>(shape.elements()); }
  /// Element `at` of sample `i` before normalisation: a value, or a pixel scaled to 0..1.
  float value(std::size_t i, std::size_t at) const {
    return values.empty() ? static_cast<float>(pixels[offset(i) + at]) / 255.0f : values[offset(i) + at];
  }
};

struct Dataset {
  std::string name;
  Shape shape;                       ///< of one image, in both parts
  std::vector<std::string> classes;  ///< their names; a label is a position in it. Of a regression empty
  Images train, test;                ///< neither is empty
  /// Positions in `train` that validate, where the data set itself says which; else they are drawn by seed.
  std::vector<std::uint32_t> validation = {};
  /// Where they are drawn: of each training sample the number of its group, which is not torn apart; empty: none has one.
  std::vector<std::uint32_t> groups = {};
  std::vector<std::string> notes = {};  ///< what its reader left out or cut, for the user
  std::string features = {};            ///< what its values are and how they come about; empty for pixels and numbers
  std::uint64_t digest = 0;             ///< of all samples, labels, targets and their names: another one, other data
  /// Of a regression: what the numbers are called that its networks are to give, in the order of Images::targets.
  std::vector<std::string> targets = {};

  bool regression() const { return !targets.empty(); }
  std::size_t outputs() const { return regression() ? targets.size() : classes.size(); }
};

/// A data set that can be named in a study.
struct DatasetKind {
  std::string_view name, summary;
  std::string_view folder;  ///< where its files lie when nothing is said; empty where there is no such place
  /// `section` is the map that names it, with the keys that are its own; null where only its name stands.
  Dataset (*read)(const std::filesystem::path& folder, const Config* section);
};
/// fashion-mnist (Xiao, Rasul, Vollgraf, 2017; IDX files, gzipped or not), cifar10 (Krizhevsky, 2009; binary
/// records of a label byte and 3,072 planar RGB bytes, data_batch_1.bin to _5.bin and test_batch.bin) and fsdd (Free
/// Spoken Digit Dataset: recordings/*.wav as published, or packed; takes 0 to 4 of each speaker are its test part).
std::span<const DatasetKind> datasets();

/// A form of files that data of one's own may have; see trainers/README.md for the keys of each.
struct DataForm {
  std::string_view name, summary;
  Dataset (*read)(const Config& section);
};
/// npy, csv, idx, records, images, wav.
std::span<const DataForm> data_forms();

/// Reads a data set whole. `folder` holds its files; where it is empty: for fashion-mnist what the environment
/// variable PARETOFORGE_FASHION_MNIST names, else where Debian's package dataset-fashion-mnist puts it; for
/// the others the folder of their name inside the one that PARETOFORGE_DATA names.
/// Throws ConfigError with the file: missing, truncated, wrong magic number, labels out of range, counts that do
/// not match.
Dataset load_dataset(const std::string& name, const std::filesystem::path& folder = {});
/// The same from YAML: a name; {name: cifar10, path: FOLDER}; or files of one's own, {kind: npy, train: A, test: B}.
/// Paths are relative to the file they stand in. Errors name the place in that file.
Dataset load_dataset(const Config& config);
/// The section with every path in it made absolute, `base` in front; all else, places included, stays.
Config absolute_data(const Config& data, const std::filesystem::path& base);

/// Which images of a training part are trained on and which validate; both lists in the order drawn.
struct Split {
  std::vector<std::uint32_t> train, validation;
};
/// A random split of `count` images, the same for the same seed; the parts share no image.
/// `validation` is at most count - 1; throws std::invalid_argument.
Split split(std::size_t count, std::size_t validation, std::uint64_t seed);

/// The same of a data set: its own validation images, where it names them and `validation` is not 0; of groups whole ones in
/// random order, until there are at least so many images or one group is left to train on. Throws as above.
Split split(const Dataset& data, std::size_t validation, std::uint64_t seed);

/// The images at these positions.
Images selected(const Images& images, std::span<const std::uint32_t> positions);
/// The images at another height and width: triangle filter, widened where the image shrinks so that every pixel
/// counts. The same shape comes back unchanged.
Images resized(const Images& images, std::int32_t height, std::int32_t width);

/// Mean and deviation of each channel over values, or pixels scaled to 0..1; a constant channel has deviation 1.
Normalisation normalisation(const Images& images);
/// Mean and deviation of each target over the training part; empty for a data set of classes.
Normalisation target_normalisation(const Dataset& data);

}  // namespace paretoforge
