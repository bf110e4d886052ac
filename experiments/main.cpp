// The program: reads the command line, runs one command, turns what it throws into messages and exit codes.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "configs/config.hpp"
#include "experiments/command_internal.hpp"
#include "experiments/version.hpp"

namespace {

using namespace paretoforge;

void refuse_unknown_command(const CLI::App& app, const std::string& word) {
  if (word.empty() || word[0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
  const std::string near = nearest_name(word, names);
  throw ConfigError("error: no command is called '" + word + "'\n   = " + (near.empty() ? "'paretoforge --help' names them" : "did you mean '" + near + "'?"));
}

int run_command(int argc, char** argv) {
  CLI::App app{"Hardware-aware neural architecture search: a study in YAML in, a Pareto front of quantised models out."};
  app.set_version_flag("--version", std::string("paretoforge ") + version);
  app.require_subcommand(1);
  Run run;
  for (const auto add : {add_search, add_front, add_export, add_verify, add_describe, add_measure, add_fit, add_predict, add_report, add_list})
    add(app, run);
  refuse_unknown_command(app, argc > 1 ? argv[1] : "");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_misuse;
  }
  const int code = run();
  std::cout.flush();
  if (!std::cout) throw std::runtime_error("cannot write the output: " + std::string(std::strerror(errno)));
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error to report, not the end of the program
  try {
    return run_command(argc, argv);
  } catch (const ConfigError& error) {
    std::cerr << error.what() << '\n';
    return exit_misuse;
  } catch (const std::exception& error) {
    const std::string message = error.what();
    std::cerr << (message.starts_with("error: ") ? "" : "error: ") << message << '\n';
    return exit_failed;
  }
}
