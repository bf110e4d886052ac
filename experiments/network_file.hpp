// The networks and spaces that commands are given by file name.
#pragma once

#include <filesystem>
#include <string>

#include "space/space.hpp"

namespace paretoforge {

/// A space or architecture from YAML. Throws ConfigError; a file that is no YAML document but ONNX is named as such.
Space load_space(const std::filesystem::path& file);

/// The point that "NAME=VALUE,NAME=VALUE" chooses; decisions that are not named take their first alternative.
/// Throws ConfigError naming what is wrong.
Architecture chosen_point(const Space& space, const std::string& choices);

}  // namespace paretoforge
