// The door to the trainers in a build without LibTorch.
#include "experiments/training.hpp"

namespace paretoforge {

std::shared_ptr<const Training> make_training(const Config& section) {
  section.fail("this build has no LibTorch and cannot train", "configure with -DPARETOFORGE_TORCH=ON, or read accuracy from a table");
}
void check_training_changes(const Config&, const std::optional<Config>&) {}
void tune_for_training() {}
const TorchScript* torchscript_format() { return nullptr; }
std::vector<std::pair<std::string, std::string>> trainer_names() { return {}; }

}  // namespace paretoforge
