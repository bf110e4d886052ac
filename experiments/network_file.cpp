#include "experiments/network_file.hpp"

#include <stdexcept>

namespace paretoforge {

Space load_space(const std::filesystem::path& file) {
  if (file.extension() == ".onnx")
    throw ConfigError("error: " + file.string() + " is an ONNX model\n   = this version reads networks from YAML documents only");
  return Space::load(file);
}

Architecture chosen_point(const Space& space, const std::string& choices) {
  std::vector<std::pair<std::string, std::string>> chosen;
  for (std::size_t begin = 0; begin < choices.size();) {
    const std::size_t end = std::min(choices.find(',', begin), choices.size());
    const std::string choice = choices.substr(begin, end - begin);
    const std::size_t equals = choice.find('=');
    if (equals == std::string::npos) throw ConfigError("error: '" + choice + "' is no choice\n   = --choose NAME=VALUE,NAME=VALUE");
    chosen.emplace_back(choice.substr(0, equals), choice.substr(equals + 1));
    begin = end + 1;
  }
  try {
    return space.from_choices(chosen);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(std::string("error: ") + error.what());
  }
}

}  // namespace paretoforge
