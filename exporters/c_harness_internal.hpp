// The program around exported C that feeds it and watches what it touches.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "exporters/c_runner.hpp"

namespace paretoforge::internal {

/// Writes each job's model.h and model.c into a folder of its name below `folder`, main.c that runs them all, and
/// input.bin. `platform` is C that comes first and defines
///   void take(void *, unsigned long), give(const void *, unsigned long): bytes from input.bin, to output.bin
///   BEFORE_RUN, AFTER_RUN: done right before and after each call; RUN_FIGURES: expression of the bytes that give adds.
void write_harness(std::span<const CJob> jobs, const std::filesystem::path& folder, const std::string& platform);

/// Takes output.bin apart; throws std::runtime_error where a byte was written that must not be. `figures` is how many
/// 32-bit numbers follow each sample's output.
struct HarnessResult {
  std::vector<std::int8_t> outputs;
  std::vector<std::uint32_t> figures;
};
std::vector<HarnessResult> read_harness(std::span<const CJob> jobs, const std::filesystem::path& folder, std::size_t figures);

}  // namespace paretoforge::internal
