// A device that is reached by a command: networks are written as ONNX files, the command is run on each, its answers
// are read.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "experiments/measuring.hpp"
#include "predictors/device.hpp"

namespace paretoforge {

/// One run's answer: what was measured, and whatever else it said (JSON text of numbers and booleans, strings as they are).
struct BoardAnswer {
  std::vector<double> metrics;  ///< in the order of MeasuringCommand::answers
  Cells extras;
  std::string failure;          ///< why it is no answer, empty where it is one
};
/// Reads the last line that is not empty: one JSON object with every key of `answers`, numbers above 0 and finite;
/// other keys are numbers, strings, booleans or null.
BoardAnswer board_answer(const std::string& output, const std::vector<std::string>& answers);

/// Measures networks of a space as `device` says. The table has a column per answer (the median over rounds), then
/// interval_pct (the 95 % interval of the mean of logarithms over rounds, of the answer that varies most; empty where
/// there was one round), repeats, device, precision, measured_at and a column per other key of the answers (numbers: the
/// median), and the columns of the reference, see measure_networks. A network whose command fails, hangs or answers with something else, retries included, is a failed row with
/// the reason. Throws ConfigError where the file holds rows of another device or precision.
MeasuringEnd measure_board(const Space& space, const std::filesystem::path& csv, const MeasuringOptions& options, const Device& device);

}  // namespace paretoforge
