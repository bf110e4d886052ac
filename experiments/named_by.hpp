// Errors of what a study names say where the study names it.
#pragma once

#include <stdexcept>
#include <string>

#include "configs/config.hpp"

namespace paretoforge {

/// Runs `work`; what it throws about the user's files or values becomes a ConfigError that also names `where`.
template <class Work>
auto named_by(const Config& where, Work&& work) -> decltype(work()) {
  const auto named = [&](std::string message) {
    if (!message.starts_with("error: ")) message = "error: " + message;
    const Place place = where.place();
    if (message.find(place.file + ":") != std::string::npos) return ConfigError(message);  // it says so itself
    return ConfigError(message + "\n   = named in " + place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column));
  };
  try {
    return work();
  } catch (const ConfigError& error) {
    throw named(error.what());
  } catch (const std::invalid_argument& error) {
    throw named(error.what());
  }
}

}  // namespace paretoforge
