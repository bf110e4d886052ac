// Arrays as files hold them, and what of them become samples and labels. Not public.
#pragma once

#include <string>
#include <string_view>

#include "trainers/data_files_internal.hpp"

namespace paretoforge {

/// Numbers with their sizes, the last one fastest: bytes where they were unsigned bytes, else floats.
struct Array {
  std::filesystem::path file;  ///< for messages
  std::vector<std::size_t> sizes;
  Bytes bytes;
  LargeVector<float> values;
};

/// How an element of a file is stored.
struct ElementType {
  char kind;          ///< 'u', 'i', 'f' or 'b' (a bool)
  std::size_t bytes;  ///< 1, 2, 4 or 8
  bool big_endian;
};

/// An array of `raw`, which must hold exactly its elements; sizes above 2^40 elements or of another number of bytes
/// are refused. `first_fastest`: as Fortran orders them.
Array make_array(const std::filesystem::path& file, std::vector<std::size_t> sizes, ElementType type,
                 std::span<const std::uint8_t> raw, bool first_fastest = false);

/// Samples along the first axis. `layout` says what the others are, each of c (channels), h (height), w (width) at most
/// once; empty: one axis is c, two are hw. Throws DataError: another number of axes, an axis of 0, not finite.
Part samples_of(Array array, std::string layout);
/// Checks a section's `layout`: empty where it has none.
std::string read_layout(const Config& section);

/// Gives the part its labels: whole numbers from 0, one a sample. Throws DataError.
void set_labels(Part& part, const Array& labels);
/// Gives the part its targets: finite numbers, one or a row for each sample; they are called target_1, ... Throws DataError.
void set_targets(Part& part, const Array& targets);

}  // namespace paretoforge
