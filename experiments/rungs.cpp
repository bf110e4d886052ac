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

}  // namespace

std::vector<double> read_rungs(const Config& objective, std::span<const Objective> before) {
  const auto table = objective.find("table");
  const auto rungs = table ? table->find("rungs") : std::nullopt;
  if (!rungs) return {};
  const std::vector<double> shares = table_rungs(*rungs);
  if (shares.empty()) rungs->fail("'rungs' lists none", "leave it out, or  rungs: [{column: ..., share: 0.1}]");
  if (!objective.boolean_or("expensive", false))
    objective.fail("rungs are for expensive objectives", "add  expensive: true");
  for (const Objective& other : before)
    if (!other.rungs.empty() && other.rungs.size() != shares.size())
      rungs->fail("'" + other.name + "' has " + std::to_string(other.rungs.size()) + " rungs, and this objective " +
                      std::to_string(shares.size()),
                  "objectives that have rungs have equally many");
  return shares;
}

}  // namespace paretoforge
