// Other programs, run to their end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace paretoforge::internal {

struct ProcessResult {
  int status = 0;      ///< exit code, or 128 + the signal that ended it
  std::string output;  ///< what it wrote to stdout and stderr
};

/// Runs a program (looked for in PATH) without a shell, with empty stdin, in a folder. Throws std::runtime_error where
/// it cannot be started.
ProcessResult run_process(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

/// The same, but std::runtime_error with the program's own words where it does not end with 0.
std::string run_or_throw(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

/// Whether PATH has a program of this name, or there is a file where the name is a path.
bool has_program(const std::string& name);

}  // namespace paretoforge::internal
