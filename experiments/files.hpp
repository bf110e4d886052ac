// Files that commands are given: read whole, and checked before work that would end in writing them.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>

#include "configs/files.hpp"

namespace paretoforge {

/// The whole file; throws ConfigError where it cannot be read.
std::string read_file(const std::filesystem::path& path);
/// Refuses, as ConfigError, a file that could not be written to (its folder is missing or read-only) or that is one of `read`.
void require_writable(const std::filesystem::path& path, std::initializer_list<std::filesystem::path> read = {});
/// Refuses, as ConfigError, a file that holds anything but a table with this header, its line's end included.
void require_own_table(const std::filesystem::path& path, const std::string& header);

}  // namespace paretoforge
