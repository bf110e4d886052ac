// Writing files so that a reader never sees half of one, and what was there stays until the new one is whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace paretoforge {

/// Writes beside the file, then renames; pipes and devices are written to as they stand. Throws std::runtime_error naming the file and what the system said.
void write_file(const std::filesystem::path& path, std::string_view content);
/// The whole file; throws ConfigError where it cannot be read.
std::string read_file(const std::filesystem::path& path);
/// Refuses, as ConfigError, a file that could not be written to (its folder is missing or read-only) or that is `read`.
void require_writable(const std::filesystem::path& path, const std::filesystem::path& read = {});

}  // namespace paretoforge
