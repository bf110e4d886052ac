// A `score:` section from its text, and what is wrong with it.
#pragma once

#include <string>

#include "catch.hpp"
#include "trainers/zero_cost.hpp"

namespace paretoforge {

inline Config section(const std::string& text) { return Config::parse("score: " + text, "study.yaml").at("score"); }

inline std::string error_of(const std::string& text) {
  try {
    ScoreSettings::read(section(text));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace paretoforge
