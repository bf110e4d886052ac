// Where tests find real measurements and data sets; absent, a test says so and is counted as skipped.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

/// The file under the folder that PARETOFORGE_DATA names; where there is none prints "SKIPPED: ..." and is empty.
inline std::optional<std::filesystem::path> shared_data(const std::string& relative) {
  const char* folder = std::getenv("PARETOFORGE_DATA");
  if (folder != nullptr && std::filesystem::exists(std::filesystem::path(folder) / relative))
    return std::filesystem::path(folder) / relative;
  std::cout << "SKIPPED: needs " << relative << " in the folder that PARETOFORGE_DATA names\n";
  return std::nullopt;
}
