// Exported C, compiled and run: on this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exporters/c_writer.hpp"

namespace paretoforge {

/// A model as C, and what is to go through it.
struct CJob {
  std::string name;                 ///< the name it was written with
  CSource code;
  std::size_t input = 0, output = 0;  ///< elements of one sample
  std::vector<std::int8_t> inputs;  ///< whole samples, channels last
};
/// From a model and real samples (channels × height × width, normalised).
CJob c_job(const IntegerModel& model, const std::string& name, std::span<const float> images);

struct CCompiler {
  std::string program;
  std::vector<std::string> flags;
};
/// The machine's own C compiler: $CC where it is one word that is there, else cc, gcc or clang; flags -std=c99 -O3.
std::optional<CCompiler> host_c_compiler();

/// Compiles all jobs into one program and runs it: every job's outputs, one sample after another. Input and output lie
/// at odd addresses, the arena is dirty before each call, and no byte around output and arena may change.
/// Throws std::runtime_error with what the compiler or the program said.
std::vector<std::vector<std::int8_t>> run_c(std::span<const CJob> jobs, const CCompiler& compiler);

/// Runs the job's inputs and counts the samples whose bytes are those of `expected`. Throws as run_c does.
std::size_t equal_samples(const CJob& job, std::span<const std::int8_t> expected, const CCompiler& compiler);

}  // namespace paretoforge
