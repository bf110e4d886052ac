// The door to the trainers in a build without LibTorch.
#include "experiments/scoring.hpp"
#include "experiments/training.hpp"

namespace paretoforge {

std::shared_ptr<const Training> make_training(const Config& section) {
  section.fail("this build has no LibTorch and cannot train", "configure with -DPARETOFORGE_TORCH=ON, or read accuracy from a table");
}
std::optional<NamedScore> named_score(std::string_view) { return std::nullopt; }
Config with_absolute_data(const Config& section, const std::filesystem::path&) { return section; }
void check_training_changes(const Config&, const std::optional<Config>&) {}
std::string torch_runtime(const std::string& device) {
  throw ConfigError("error: device " + device + ": this build has no LibTorch, which runs networks there\n   = configure with -DPARETOFORGE_TORCH=ON and a LibTorch that was built with CUDA");
}
std::function<void()> torch_run(const Model&, const TorchRun& how) { return torch_runtime(how.device), nullptr; }
void tune_for_training() {}
const TorchScript* torchscript_format() { return nullptr; }
std::vector<std::pair<std::string, std::string>> trainer_names() { return {}; }
std::vector<std::pair<std::string, std::string>> data_names() { return {}; }

std::shared_ptr<const Scoring> make_scoring(const Config& section, const Space&, const std::optional<Config>&) {
  section.fail("this build has no LibTorch and cannot score networks", "configure with -DPARETOFORGE_TORCH=ON, or read scores from a table");
}
Rank rank_among(std::vector<double>) { return {}; }
std::vector<std::pair<std::string, std::string>> score_names() { return {}; }

}  // namespace paretoforge
