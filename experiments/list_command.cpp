// list: the tables of what can be named in YAML and on the command line.
#include <algorithm>
#include <iostream>

#include "experiments/command_internal.hpp"
#include "experiments/estimators.hpp"
#include "experiments/front_text.hpp"
#include "experiments/scoring.hpp"
#include "experiments/training.hpp"
#include "exporters/formats.hpp"
#include "predictors/cost_model.hpp"
#include "predictors/device.hpp"
#include "search/searcher.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;
using Rows = std::vector<std::vector<std::string>>;

/// Where the program's YAML lies: beside the installed program, or in the source tree it was built from.
fs::path configs_folder() {
  std::error_code none;
  const fs::path installed = fs::read_symlink("/proc/self/exe", none).parent_path().parent_path() / "share" / "paretoforge";
  return fs::is_directory(installed / "spaces", none) ? installed : fs::path(PARETOFORGE_SOURCE_DIR) / "configs";
}

template <class Describe>
Rows files(const std::string& folder, Describe&& describe) {
  Rows rows;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(configs_folder() / folder, none))
    if (entry.path().extension() == ".yaml") rows.push_back({entry.path().stem().string(), describe(entry.path()), entry.path().string()});
  std::sort(rows.begin(), rows.end());
  return rows;
}

template <class Table>
Rows named(const Table& table) {
  Rows rows;
  for (const auto& row : table) rows.push_back({std::string(row.name), std::string(row.summary)});
  return rows;
}

Rows estimator_rows() {
  Rows rows;
  for (const Estimator& one : estimators())
    rows.push_back({std::string(one.name), std::string(one.summary), "cost: " + std::string(one.cost), std::string(one.yaml)});
  return rows;
}

Rows rows_of(const std::string& what) {
  if (what == "spaces") return files("spaces", [](const fs::path& path) { return Space::load(path).size().digits + " points"; });
  if (what == "devices") return files("devices", [](const fs::path& path) { return Device::load(path).description; });
  if (what == "searchers") return named(searchers());
  if (what == "cost-models") return named(cost_models());
  if (what == "exporters") return named(formats());
  if (what == "estimators") return estimator_rows();
  if (what == "ops") return named(layer_kinds());
  Rows rows;
  for (const auto& [name, summary] : what == "data" ? data_names() : what == "scores" ? score_names() : trainer_names()) rows.push_back({name, summary});
  return rows;
}

}  // namespace

void add_list(CLI::App& app, Run& run) {
  auto what = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("list", "What can be named: spaces, searchers, cost-models, trainers, estimators, scores, data, exporters, devices, ops");
  command->add_option("what", *what, "One of these tables")
      ->required()
      ->check(CLI::IsMember({"spaces", "searchers", "cost-models", "trainers", "estimators", "scores", "data", "exporters", "devices", "ops"}));
  command->callback([what, &run] {
    run = [what] {
      std::cout << aligned(rows_of(*what));
      return exit_done;
    };
  });
}

}  // namespace paretoforge
