// The networks and spaces that commands are given by file name.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "space/space.hpp"

namespace paretoforge {

/// A space or architecture from YAML. Throws ConfigError; an ONNX model, which has no choices, is refused as such.
Space load_space(const std::filesystem::path& file);

/// One network, and which point of which space it is.
struct Network {
  std::string name, points;  ///< of the space: its name and how many points it has
  std::vector<std::pair<std::string, std::string>> choices;
  Graph graph;
};
/// An architecture, the point of a space that `choices` names (see chosen_point), or an ONNX model, which has none.
Network load_network(const std::filesystem::path& file, const std::string& choices);
Network network_of(const Space& space, const Architecture& point, Graph graph);

/// The point that "NAME=VALUE,NAME=VALUE" chooses; decisions that are not named take their first alternative.
/// Throws ConfigError naming what is wrong.
Architecture chosen_point(const Space& space, const std::string& choices);

}  // namespace paretoforge
