#include "experiments/rungs.hpp"

namespace paretoforge {
namespace {

std::vector<double> table_rungs(const Config& rungs) {
  std::vector<double> shares;
  for (const Config& rung : rungs.items()) {
    rung.allow({"column", "share"});
    rung.at("column").text();
    const double share = rung.at("share").number(1e-9, 1);
    if (share >= 1) rung.fail_at_key("share", "a rung is below the full budget, whose share is 1");
    if (!shares.empty() && share <= shares.back())
      rung.fail_at_key("share", "the rungs of a ladder rise", "each share is greater than the one before");
    shares.push_back(share);
  }
  return shares;
}

/// By how much a rung's `key` lowers the cost of a training that says what it is in full.
double factor(const Config& rung, const Config& train, const char* key, double otherwise) {
  const auto low = rung.find(key);
  if (!low) return 1;
  const auto full = train.find(key);
  if (!full && otherwise == 0)
    rung.fail_at_key(key, "a rung of '" + std::string(key) + "' needs the training's own '" + key + "'");
  return low->number() / (full ? full->number() : otherwise);
}

double lowered(const Config& rung, const Config& train) {
  const double side = factor(rung, train, "resolution", 0) * factor(rung, train, "width", 1);
  return factor(rung, train, "epochs", 0) * factor(rung, train, "share", 1) * factor(rung, train, "images", 0) * side * side;
}

double epochs_of(const Config& train, const Config& rung) {
  const auto epochs = train.find("epochs");
  if (!epochs) rung.fail_at_key("extrapolate", "a rung of 'extrapolate' needs the training's own 'epochs'");
  return epochs->number();
}

std::vector<double> training_rungs(const Config& rungs, const Config& train) {
  std::vector<double> shares;
  for (const Config& rung : rungs.items()) {
    rung.allow({"epochs", "share", "images", "resolution", "width", "extrapolate"});
    if (rung.has("extrapolate") && rung.entries().size() > 1)
      rung.fail_at_key("extrapolate", "'extrapolate' stands alone in a rung: so many epochs of the full training, and what they foretell");
    const double share = rung.has("extrapolate") ? rung.at("extrapolate").number() / epochs_of(train, rung) : lowered(rung, train);
    if (!(share > 0 && share < 1)) rung.fail("a rung costs less than the full training, and more than nothing");
    if (!shares.empty() && share <= shares.back())
      rung.fail("the rungs of a ladder rise",
                "epochs x share x images x resolution^2 x width^2 is greater than in the one before");
    shares.push_back(share);
  }
  return shares;
}

}  // namespace

std::vector<double> read_rungs(const Config& objective, std::span<const Objective> before) {
  const auto table = objective.find("table"), train = objective.find("train");
  const auto source = train ? train : table;
  const auto rungs = source ? source->find("rungs") : std::nullopt;
  if (!rungs) return {};
  if (train && train->has("extrapolate"))
    rungs->fail("a training that is extrapolated itself has no rungs", "extrapolate in the rungs, and train in full above them");
  const std::vector<double> shares = train ? training_rungs(*rungs, *train) : table_rungs(*rungs);
  if (shares.empty()) rungs->fail("'rungs' lists none", "leave it out, or name budgets below the full one");
  if (!objective.boolean_or("expensive", train.has_value()))
    objective.fail("rungs are for expensive objectives", "add  expensive: true");
  for (const Objective& other : before)
    if (!other.rungs.empty() && other.rungs.size() != shares.size())
      rungs->fail("'" + other.name + "' has " + std::to_string(other.rungs.size()) + " rungs, and this objective " +
                      std::to_string(shares.size()),
                  "objectives that have rungs have equally many");
  return shares;
}

}  // namespace paretoforge
