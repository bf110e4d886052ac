// Writing files so that a reader never sees half of one, and what was there stays until the new one is whole.
#pragma once

#include <filesystem>
#include <string_view>

namespace paretoforge {

/// Writes beside the file ("NAME.new"), has it reach the disk, then renames: a reader sees the old file or the new one,
/// also after a crash. A link is written through; what is no file (a pipe, a device) is written to as it stands.
/// Throws std::runtime_error naming the file and what the system said; nothing is left beside it then.
void write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace paretoforge
