// Files that commands are given: read whole, and checked before work that would end in writing them.
#pragma once

#include <filesystem>
#include <string>

#include "configs/files.hpp"

namespace paretoforge {

/// The whole file; throws ConfigError where it cannot be read.
std::string read_file(const std::filesystem::path& path);
/// Refuses, as ConfigError, a file that could not be written to (its folder is missing or read-only) or that is `read`.
void require_writable(const std::filesystem::path& path, const std::filesystem::path& read = {});

}  // namespace paretoforge
