#include "experiments/network_file.hpp"

#include <stdexcept>

#include "predictors/onnx.hpp"

namespace paretoforge {

Space load_space(const std::filesystem::path& file) {
  if (is_onnx_name(file))
    throw ConfigError("error: " + file.string() + " is an ONNX model\n   = a table of choices, or a point, needs a space or an architecture (YAML)");
  return Space::load(file);
}

namespace {

/// NAME=VALUE,NAME=VALUE parted at its commas; a choice or its value may be quoted as in CSV: "a=1,5" or a="1,5".
std::vector<std::string> parted(const std::string& choices) {
  std::vector<std::string> parts;
  bool open = false, value = false;  // within quotes; behind the name of a choice
  if (!choices.empty()) parts.emplace_back();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const char c = choices[i];
    std::string& part = parts.back();
    if (c == '"' && open && i + 1 < choices.size() && choices[i + 1] == '"') {
      part += choices[++i];
    } else if (c == '"' && (open || part.empty() || (!value && part.back() == '='))) {
      open = !open;
    } else if (c == ',' && !open) {
      parts.emplace_back();
      value = false;
      continue;
    } else {
      part += c;
    }
    value = part.find('=') < part.size() - 1;
  }
  if (open) throw ConfigError("error: a quote is not closed in --choose " + choices);
  return parts;
}

}  // namespace

Network load_network(const std::filesystem::path& file, const std::string& choices) {
  if (is_onnx_name(file)) {
    if (!choices.empty()) throw ConfigError("error: " + file.string() + " is an ONNX model and has no choices\n   = leave --choose out");
    return {file.stem().string(), "1", {}, load_onnx(file)};
  }
  const Space space = load_space(file);
  const Architecture point = chosen_point(space, choices);
  return network_of(space, point, space.decode(point));
}

Network network_of(const Space& space, const Architecture& point, Graph graph) {
  Network network{space.name(), space.size().digits, {}, std::move(graph)};
  const auto labels = space.labels(point);
  for (std::size_t d = 0; d < labels.size(); ++d) network.choices.emplace_back(space.decisions()[d].name, labels[d]);
  return network;
}

Architecture chosen_point(const Space& space, const std::string& choices) {
  std::vector<std::pair<std::string, std::string>> chosen;
  for (const std::string& choice : parted(choices)) {
    const std::size_t equals = choice.find('=');
    if (equals == std::string::npos) throw ConfigError("error: '" + choice + "' is no choice\n   = --choose NAME=VALUE,NAME=VALUE");
    chosen.emplace_back(choice.substr(0, equals), choice.substr(equals + 1));
  }
  try {
    return space.from_choices(chosen);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(std::string("error: ") + error.what());
  }
}

}  // namespace paretoforge
