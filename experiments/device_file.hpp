// A device file that a person wrote, and what is fitted added to it.
#pragma once

#include <filesystem>
#include <string>

#include "predictors/device.hpp"

namespace paretoforge {

/// The text of a device file, `before`, with its fitted part (`features` and `metrics`, and the description where it is
/// another one) replaced by that of `device` and put last; every other line stays byte for byte, comments too. Empty
/// where the result would not read as `device`: its layout is one that lines alone do not tell apart.
std::string with_fitted(const std::string& before, const Device& device);

/// Writes `device` in place of the file whose text was `before` (empty: there was none), by with_fitted where it can, and
/// says so where it cannot. Throws std::runtime_error.
void save_fitted(const std::filesystem::path& path, const std::string& before, const Device& device);

}  // namespace paretoforge
