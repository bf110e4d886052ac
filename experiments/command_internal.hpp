// The commands of the program: each adds itself to the command line; the one that was chosen is run.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <limits>

namespace paretoforge {

/// What the chosen command does; returns the exit code. Throws ConfigError where what it was given is wrong.
using Run = std::function<int()>;

inline constexpr int exit_done = 0, exit_failed = 1, exit_misuse = 2, exit_nothing_fits = 3;

void add_search(CLI::App& app, Run& run);
void add_front(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);
void add_verify(CLI::App& app, Run& run);
void add_describe(CLI::App& app, Run& run);
void add_measure(CLI::App& app, Run& run);
void add_fit(CLI::App& app, Run& run);
void add_predict(CLI::App& app, Run& run);
void add_report(CLI::App& app, Run& run);
void add_list(CLI::App& app, Run& run);

}  // namespace paretoforge
