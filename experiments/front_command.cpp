// front: what a study found, as its picks, a table, CSV or JSON.
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/command_internal.hpp"
#include "experiments/front_text.hpp"
#include "search/store.hpp"
#include "search/trials_csv.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

nlohmann::ordered_json member_json(const StudyFile& study, const Trial& trial) {
  nlohmann::ordered_json out = {{"trial", trial.number}};
  for (std::size_t i = 0; i < study.objectives.size(); ++i)
    out["values"][study.objectives[i].name] = trial.values[i] ? nlohmann::ordered_json(*trial.values[i]) : nlohmann::ordered_json();
  const auto labels = study.space->labels(trial.architecture);
  for (std::size_t d = 0; d < labels.size(); ++d)
    out["choices"][study.space->decisions()[d].name] = labels[d].empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(labels[d]);
  return out;
}

std::string front_json(const StudyFile& study, const Front& front) {
  nlohmann::ordered_json out = {{"schema", "paretoforge.front/1"}, {"study", study.name}, {"hypervolume", front.hypervolume()}};
  out["objectives"] = out["members"] = out["picks"] = nlohmann::ordered_json::array();
  for (const Objective& objective : study.objectives) {
    out["objectives"].push_back({{"name", objective.name}, {"goal", objective.goal == Goal::maximize ? "maximize" : "minimize"},
                                 {"limit", objective.limit ? nlohmann::ordered_json(*objective.limit) : nlohmann::ordered_json()}});
    for (const auto& [key, wish] : {std::pair{"soft_limit", objective.soft_limit}, std::pair{"enough", objective.enough},
                                    std::pair{"aspiration", objective.aspiration}, std::pair{"reference", objective.reference}})
      if (wish) out["objectives"].back()[key] = *wish;
  }
  for (const Trial& member : front.members()) {
    out["members"].push_back(member_json(study, member));
    out["members"].back()["fits"] = fits(front.criteria(), member);
  }
  for (const Pick& pick : picks(front)) out["picks"].push_back({{"trial", pick.trial.number}, {"reason", pick.reason}});
  return out.dump(2) + "\n";
}

int show_front(const fs::path& folder, const std::string& format) {
  const Store store = Store::read(folder);
  const StudyFile study = StudyFile::outline(folder / "study.yaml");
  const auto known = criteria(study.objectives);
  const Front front(known, store.told());
  if (format == "csv") std::cout << trials_csv(*study.space, known, front.members());
  else if (format == "json") std::cout << front_json(study, front);
  else if (format == "table" && !front.members().empty()) std::cout << front_table(study, front);
  else std::cout << front_text(study, front);
  return exit_done;
}

}  // namespace

void add_front(CLI::App& app, Run& run) {
  struct Options {
    std::string folder, format = "picks";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("front", "Show the front of a study: a few picks first, everything on request");
  command->add_option("folder", options->folder, "Folder of the study")->required();
  command->add_option("--format", options->format, "picks, table, csv or json")->check(CLI::IsMember({"picks", "table", "csv", "json"}));
  command->callback([options, &run] { run = [options] { return show_front(options->folder, options->format); }; });
}

}  // namespace paretoforge
