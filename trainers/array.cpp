// Arrays as files hold them, and what of them become samples and labels.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "trainers/array_internal.hpp"

namespace paretoforge {
namespace {

std::string sizes_text(const std::vector<std::size_t>& sizes) {
  std::string text;
  for (const std::size_t size : sizes) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "a single number" : text;
}

std::size_t product(const std::filesystem::path& file, const std::vector<std::size_t>& sizes) {
  constexpr std::size_t most = std::size_t{1} << 40;
  std::size_t count = 1;
  for (const std::size_t size : sizes) {
    if (size != 0 && count > most / size) throw DataError(file, "has an impossible size: " + sizes_text(sizes));
    count *= size;
  }
  return count;
}

template <class T>
float number_at(const std::uint8_t* at, bool big_endian) {
  std::array<std::uint8_t, sizeof(T)> bytes;
  std::memcpy(bytes.data(), at, sizeof(T));
  static_assert(std::endian::native == std::endian::little);
  if (big_endian) std::reverse(bytes.begin(), bytes.end());
  return static_cast<float>(std::bit_cast<T>(bytes));
}

using Read = float (*)(const std::uint8_t* at, bool big_endian);

Read reader_of(ElementType type) {
  struct Row {
    char kind;
    std::size_t bytes;
    Read read;
  };
  static constexpr std::array<Row, 11> rows{{{'u', 1, number_at<std::uint8_t>},
                                             {'b', 1, number_at<std::uint8_t>},
                                             {'i', 1, number_at<std::int8_t>},
                                             {'u', 2, number_at<std::uint16_t>},
                                             {'i', 2, number_at<std::int16_t>},
                                             {'u', 4, number_at<std::uint32_t>},
                                             {'i', 4, number_at<std::int32_t>},
                                             {'f', 4, number_at<float>},
                                             {'u', 8, number_at<std::uint64_t>},
                                             {'i', 8, number_at<std::int64_t>},
                                             {'f', 8, number_at<double>}}};
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const Row& row) { return row.kind == type.kind && row.bytes == type.bytes; });
  return found == rows.end() ? nullptr : found->read;
}

/// Which element of the file stands at each place when the last axis is the fastest.
std::vector<std::size_t> strides_of(const std::vector<std::size_t>& sizes, bool first_fastest) {
  std::vector<std::size_t> strides(sizes.size());
  std::size_t stride = 1;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const std::size_t axis = first_fastest ? k : sizes.size() - 1 - k;
    strides[axis] = stride;
    stride *= sizes[axis];
  }
  return strides;
}

/// Calls write(to, from) for all places of `sizes` in order, `from` moving by `strides`.
template <class Write>
void walk(const std::vector<std::size_t>& sizes, const std::vector<std::size_t>& strides, Write&& write) {
  std::vector<std::size_t> at(sizes.size(), 0);
  std::size_t count = 1, from = 0;
  for (const std::size_t size : sizes) count *= size;
  for (std::size_t to = 0; to < count; ++to) {
    write(to, from);
    for (std::size_t axis = sizes.size(); axis-- > 0;) {
      from += strides[axis];
      if (++at[axis] < sizes[axis]) break;
      from -= strides[axis] * sizes[axis];
      at[axis] = 0;
    }
  }
}

/// True where walking so goes from one element to the next: nothing has to be moved.
bool in_order(const std::vector<std::size_t>& sizes, const std::vector<std::size_t>& strides) {
  const auto natural = strides_of(sizes, false);
  for (std::size_t axis = 0; axis < sizes.size(); ++axis)
    if (sizes[axis] > 1 && strides[axis] != natural[axis]) return false;
  return true;
}

/// Which axis of the array a letter of the layout is; 0, the axis of samples, where it is none.
std::size_t axis_of(const std::string& layout, char letter) {
  const std::size_t at = layout.find(letter);
  return at == std::string::npos ? 0 : at + 1;
}

}  // namespace

Array make_array(const std::filesystem::path& file, std::vector<std::size_t> sizes, ElementType type,
                 std::span<const std::uint8_t> raw, bool first_fastest) {
  const Read read = reader_of(type);
  if (read == nullptr)
    throw DataError(file, "holds elements of a type that is not read: " + std::string(1, type.kind) +
                              std::to_string(type.bytes) +
                              " (read are bool, int8 to int64, uint8 to uint64, float32, float64)");
  const std::size_t count = product(file, sizes);
  if (raw.size() != count * type.bytes)
    throw DataError(file, (raw.size() < count * type.bytes ? "is truncated: " : "is longer than its header says: ") +
                              std::to_string(count * type.bytes) + " bytes expected, " + std::to_string(raw.size()) +
                              " found");
  Array array{file, std::move(sizes), {}, {}};
  const auto strides = strides_of(array.sizes, first_fastest);
  if (type.kind == 'u' && type.bytes == 1 && !first_fastest) {
    array.bytes.assign(raw.begin(), raw.end());
  } else if (type.kind == 'u' && type.bytes == 1) {
    array.bytes.resize(count);
    walk(array.sizes, strides, [&](std::size_t to, std::size_t from) { array.bytes[to] = raw[from]; });
  } else {
    array.values.resize(count);
    walk(array.sizes, strides, [&](std::size_t to, std::size_t from) {
      array.values[to] = read(raw.data() + from * type.bytes, type.big_endian);
    });
  }
  return array;
}

std::string read_layout(const Config& section) {
  const auto layout = section.find("layout");
  if (!layout) return {};
  const std::string text = layout->text();
  for (std::size_t i = 0; i < text.size(); ++i)
    if (std::string_view("chw").find(text[i]) == std::string_view::npos || text.find(text[i]) != i)
      layout->fail(
          "a layout names each axis behind the samples once: c (channels), h (height), w (width); found '" + text + "'",
          "such as chw, hwc, hw, wc");
  return text;
}

Part samples_of(Array array, std::string layout) {
  const std::size_t axes = array.sizes.empty() ? 0 : array.sizes.size() - 1;
  if (layout.empty()) layout = axes == 1 ? "c" : axes == 2 ? "hw" : "";
  if (axes == 0)
    throw DataError(array.file, "has no axis beside that of the samples: its size is " + sizes_text(array.sizes));
  if (layout.size() != axes)
    throw DataError(array.file, "has " + std::to_string(axes) + " axes behind that of the samples (its size is " +
                                    sizes_text(array.sizes) + "), the layout " +
                                    (layout.empty() ? "does not say which they are: such as layout: hwc or chw"
                                                    : "'" + layout + "' names " + std::to_string(layout.size())));
  if (product(array.file, array.sizes) == 0)
    throw DataError(array.file, "holds no sample: its size is " + sizes_text(array.sizes));
  const auto strides = strides_of(array.sizes, false);
  std::vector<std::size_t> sizes{array.sizes[0]}, by{strides[0]};
  for (const char letter : std::string_view("hwc")) {
    const std::size_t axis = axis_of(layout, letter);
    sizes.push_back(axis == 0 ? 1 : array.sizes[axis]);
    by.push_back(axis == 0 ? 0 : strides[axis]);
    if (sizes.back() > (std::size_t{1} << 24))
      throw DataError(array.file, "has an impossible size: " + sizes_text(array.sizes));
  }
  Part part;
  part.samples.shape = {static_cast<std::int32_t>(sizes[3]), static_cast<std::int32_t>(sizes[1]),
                        static_cast<std::int32_t>(sizes[2])};
  part.names.resize(sizes[0]);
  if (in_order(sizes, by)) {
    part.samples.pixels = std::move(array.bytes);
    part.samples.values = std::move(array.values);
  } else {
    part.samples.pixels.resize(array.bytes.size());
    part.samples.values.resize(array.values.size());
    walk(sizes, by, [&](std::size_t to, std::size_t from) {
      if (!array.bytes.empty())
        part.samples.pixels[to] = array.bytes[from];
      else
        part.samples.values[to] = array.values[from];
    });
  }
  const auto per_sample = static_cast<std::size_t>(part.samples.shape.elements());
  for (std::size_t i = 0; i < part.samples.values.size(); ++i)
    if (!std::isfinite(part.samples.values[i]))
      throw DataError(array.file, "sample " + std::to_string(i / per_sample) + " holds a value that is not finite");
  return part;
}

void set_labels(Part& part, const Array& labels) {
  const bool one_each = !labels.sizes.empty() && labels.sizes[0] * std::size_t{1} == product(labels.file, labels.sizes);
  if (!one_each) throw DataError(labels.file, "must hold one label a sample, its size is " + sizes_text(labels.sizes));
  if (labels.sizes[0] != part.size())
    throw DataError(labels.file, "holds " + std::to_string(labels.sizes[0]) + " labels for " +
                                     std::to_string(part.size()) + " samples");
  part.numbered = true;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const double label = labels.bytes.empty() ? static_cast<double>(labels.values[i]) : labels.bytes[i];
    if (!(label >= 0 && label < static_cast<double>(most_classes)) || label != std::floor(label))
      throw DataError(labels.file, "label " + std::to_string(label) + " of sample " + std::to_string(i) +
                                       " is no whole number from 0 to " + std::to_string(most_classes - 1));
    part.names[i] = std::to_string(static_cast<std::size_t>(label));
  }
}

void set_targets(Part& part, const Array& targets) {
  const std::vector<std::size_t>& sizes = targets.sizes;
  if (sizes.empty() || sizes.size() > 2 || product(targets.file, sizes) == 0)
    throw DataError(targets.file, "must hold a number or a row of numbers for each sample, its size is " + sizes_text(sizes));
  if (sizes[0] != part.size())
    throw DataError(targets.file, "holds targets of " + std::to_string(sizes[0]) + " samples, there are " + std::to_string(part.size()));
  const std::size_t each = sizes.size() == 2 ? sizes[1] : 1;
  if (each > most_classes) throw DataError(targets.file, "holds " + std::to_string(each) + " targets a sample, at most " + std::to_string(most_classes) + " are read");
  for (std::size_t t = 1; t <= each; ++t) part.targets.push_back("target_" + std::to_string(t));
  for (std::size_t i = 0; i < sizes[0] * each; ++i) {
    part.samples.targets.push_back(targets.bytes.empty() ? targets.values[i] : static_cast<float>(targets.bytes[i]));
    if (!std::isfinite(part.samples.targets.back()))
      throw DataError(targets.file, "target " + std::to_string(i % each + 1) + " of sample " + std::to_string(i / each) + " is not finite");
  }
}

}  // namespace paretoforge
