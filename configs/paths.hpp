// Paths in a document, made independent of where it lies.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "configs/config.hpp"

namespace paretoforge {

/// The document with every scalar under one of these keys, wherever in it the key stands and also as an element of a
/// list under it, made an absolute path, `base` in front of relative ones. All else stays, places included.
Config absolute_paths(const Config& document, std::span<const std::string_view> keys,
                      const std::filesystem::path& base);

}  // namespace paretoforge
