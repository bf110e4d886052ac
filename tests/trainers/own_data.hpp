// A study's data section over files in a folder of its own, for tests of the readers.
#pragma once

#include "catch.hpp"
#include "configs/temporary_folder.hpp"
#include "data_files.hpp"
#include "trainers/data.hpp"

namespace paretoforge {

/// Reads the section as it would stand in FOLDER/study.yaml.
inline Dataset load_own(const TemporaryFolder& folder, const std::string& section) {
  return load_dataset(Config::parse("data: " + section, (folder.path() / "study.yaml").string()).at("data"));
}

/// What loading it complains about; empty where it does not.
inline std::string complaint(const TemporaryFolder& folder, const std::string& section) {
  try {
    load_own(folder, section);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

/// Checks that it complains so, and names the line of the section, which is the study's first.
inline void check_complaint(const TemporaryFolder& folder, const std::string& section, const std::string& part) {
  const std::string message = complaint(folder, section);
  INFO(message);
  CHECK(message.rfind("error: ", 0) == 0);
  CHECK(message.find("study.yaml:1:") != std::string::npos);
  CHECK(message.find(part) != std::string::npos);
}

}  // namespace paretoforge
