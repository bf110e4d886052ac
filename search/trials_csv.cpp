// Trials as CSV, and files replaced in one step.
#include "search/trials_csv.hpp"

#include <cmath>
#include <exception>

#include "configs/files.hpp"
#include "configs/table.hpp"
#include "search/store.hpp"

namespace paretoforge {

std::string trials_csv(const Space& space, std::span<const Criterion> criteria, std::span<const Trial> trials) {
  std::string text = "trial,state";
  for (const Decision& decision : space.decisions()) text += ',' + csv_field(decision.name);
  for (const Criterion& criterion : criteria) text += ',' + csv_field(criterion.name);
  text += ",seconds,message\n";
  for (const Trial& trial : trials) {
    text += std::to_string(trial.number) + ',' + std::string(state_name(trial.state));
    for (const std::string& label : space.labels(trial.architecture)) text += ',' + csv_field(label);
    for (const auto& value : trial.values) text += ',' + (value ? number_text(*value) : "");
    text += ',' + number_text(std::round(trial.seconds * 1000) / 1000) + ',' + csv_field(trial.message) + '\n';
  }
  return text;
}

void replace_file(const std::filesystem::path& path, const std::string& content) {
  try {
    write_file(path, content);
  } catch (const std::exception& error) {
    throw StoreError(std::string("error: ") + error.what());
  }
}

}  // namespace paretoforge
