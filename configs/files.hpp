// Files read whole, and written so that a reader never sees half of one, and what was there stays until the new one is whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace paretoforge {

/// The whole file, a pipe too. Throws ConfigError naming it where it cannot be read or holds more than `limit` bytes.
std::string read_file(const std::filesystem::path& path, std::size_t limit);

/// Writes beside the file ("NAME.new"), has it reach the disk, then renames: a reader sees the old file or the new one,
/// also after a crash. A link is written through; what is no file (a pipe, a device) is written to as it stands.
/// Throws std::runtime_error naming the file and what the system said; nothing is left beside it then.
void write_file(const std::filesystem::path& path, std::string_view content);

/// What a file ends with so that damage is seen: FNV-1a over the bytes; no change of one byte leaves it as it was.
std::uint64_t checksum(std::string_view bytes);

}  // namespace paretoforge
