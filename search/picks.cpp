// The few trials to look at first, with a reason each.
#include <algorithm>
#include <array>
#include <limits>

#include "configs/table.hpp"
#include "search/front.hpp"
#include "search/wishes.hpp"

namespace paretoforge {

namespace {

struct Praise {
  std::string_view prefix, best;
  Goal goal = Goal::minimize;
};
/// What the best value is called, by how an objective's name begins and which way it is good.
constexpr std::array praises{
    Praise{"accuracy", "most accurate", Goal::maximize},
    Praise{"latency", "fastest"},
    Praise{"throughput", "fastest", Goal::maximize},
    Praise{"energy", "least energy"},
    Praise{"peak_", "least memory"},
    Praise{"ram", "least memory"},
    Praise{"memory", "least memory"},
    Praise{"weight_bytes", "least flash"},
    Praise{"flash", "least flash"},
    Praise{"model_size", "least flash"},
    Praise{"params", "fewest parameters"},
    Praise{"macs", "least arithmetic"},
};

std::string best_of(const Criterion& criterion) {
  for (const Praise& praise : praises)
    if (criterion.goal == praise.goal && criterion.name.starts_with(praise.prefix)) return std::string(praise.best);
  return (criterion.goal == Goal::minimize ? "least " : "greatest ") + criterion.name;
}

std::size_t leading_objective(const std::vector<Criterion>& criteria) {
  const auto expensive = std::find_if(criteria.begin(), criteria.end(), [](const auto& c) { return c.expensive; });
  if (expensive != criteria.end()) return static_cast<std::size_t>(expensive - criteria.begin());
  const auto raised =
      std::find_if(criteria.begin(), criteria.end(), [](const auto& c) { return c.goal == Goal::maximize; });
  return raised != criteria.end() ? static_cast<std::size_t>(raised - criteria.begin()) : 0;
}

/// The member with the least cost in one objective; of equals the first.
const Trial& best_member(const std::vector<Criterion>& criteria, std::span<const Trial> members,
                         std::size_t objective) {
  return *std::min_element(members.begin(), members.end(), [&](const Trial& a, const Trial& b) {
    return costs(criteria, a)[objective] < costs(criteria, b)[objective];
  });
}

/// Ranks joined, so that a trial picked for two reasons stands once with both.
void pick(std::vector<Pick>& list, const Trial& trial, const std::string& reason) {
  const auto known =
      std::find_if(list.begin(), list.end(), [&](const Pick& p) { return p.trial.number == trial.number; });
  if (known == list.end())
    list.push_back({trial, reason});
  else
    known->reason += ", " + reason;
}

}  // namespace

std::optional<std::size_t> knee(const std::vector<Criterion>& criteria, std::span<const Trial> members) {
  if (members.empty()) return std::nullopt;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> low(criteria.size(), infinity), high(criteria.size(), -infinity);
  for (const Trial& member : members) {
    const auto row = costs(criteria, member);
    for (std::size_t k = 0; k < row.size(); ++k) {
      low[k] = std::min(low[k], row[k]);
      high[k] = std::max(high[k], row[k]);
    }
  }
  // In the unit box the plane through the ends is "the coordinates add up to 1": the least sum lies farthest below.
  std::size_t nearest = 0;
  double least = infinity;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto row = costs(criteria, members[i]);
    double sum = 0;
    for (std::size_t k = 0; k < row.size(); ++k)
      if (low[k] < high[k]) sum += (row[k] / 2 - low[k] / 2) / (high[k] / 2 - low[k] / 2);
    if (sum < least) {
      least = sum;
      nearest = i;
    }
  }
  return nearest;
}

namespace {

/// The wished-for among the members, and what each is measured by.
struct Wished {
  Wishes wishes;
  std::vector<Trial> inside;
};

Wished wished(const std::vector<Criterion>& criteria, std::span<const Trial> members) {
  Wished result{Wishes(criteria), {}};
  for (const Trial& member : members) {
    result.wishes.note(member);
    if (result.wishes.outside(costs(criteria, member)) == 0) result.inside.push_back(member);
  }
  return result;
}

template <class Measured>
const Trial& least(std::span<const Trial> members, const Measured& measured) {
  return *std::min_element(members.begin(), members.end(),
                           [&](const Trial& a, const Trial& b) { return measured(a) < measured(b); });
}

bool any_has(const std::vector<Criterion>& criteria, std::optional<double> Criterion::*wish) {
  return std::any_of(criteria.begin(), criteria.end(), [&](const auto& c) { return (c.*wish).has_value(); });
}

}  // namespace

std::vector<Pick> picks(const Front& front) {
  const auto& criteria = front.criteria();
  std::vector<Trial> fitting;
  for (const Trial& member : front.members())
    if (fits(criteria, member)) fitting.push_back(member);
  std::vector<Pick> list;
  if (fitting.empty()) {
    if (const auto& miss = front.nearest_miss())
      list.push_back({*miss, "nothing fits the limits; nearest: " + limits_broken(criteria, *miss)});
    return list;
  }
  const std::string region = any_has(criteria, &Criterion::enough)       ? "region of interest"
                             : any_has(criteria, &Criterion::soft_limit) ? "soft limits"
                                                                         : "";
  const auto [wishes, inside] = wished(criteria, fitting);
  const std::vector<Trial>& members = inside.empty() ? fitting : inside;
  if (inside.empty())
    pick(list, least(fitting, [&, &w = wishes](const Trial& t) { return w.outside(costs(criteria, t)); }),
         "nearest to the " + region);
  const std::size_t leading = leading_objective(criteria);
  pick(list, best_member(criteria, members, leading),
       best_of(criteria[leading]) + (!region.empty() && !inside.empty()     ? " within the " + region
                                     : any_has(criteria, &Criterion::limit) ? " that fits the limits"
                                                                            : ""));
  pick(list, members[*knee(criteria, members)], "best bargain");
  if (any_has(criteria, &Criterion::aspiration))
    pick(list, least(members, [&, &w = wishes](const Trial& t) { return w.distance(costs(criteria, t)); }),
         "nearest to the aspiration");
  for (std::size_t k = 0; k < criteria.size(); ++k)
    if (k != leading) pick(list, best_member(criteria, members, k), best_of(criteria[k]));
  const Trial& beyond = best_member(criteria, fitting, leading);
  if (costs(criteria, beyond)[leading] < costs(criteria, best_member(criteria, members, leading))[leading])
    pick(list, beyond, best_of(criteria[leading]) + ", past the " + region);
  return list;
}

std::string limits_broken(std::span<const Criterion> criteria, const Trial& trial) {
  std::string text;
  for (std::size_t k = 0; k < criteria.size(); ++k) {
    const auto& value = trial.values.at(k);
    if (!value || keeps_limit(criteria[k], *value)) continue;
    text += (text.empty() ? "" : "; ") + criteria[k].name + " is " + number_text(*value) +
            (criteria[k].goal == Goal::minimize ? ", over its limit " : ", under its limit ") +
            number_text(*criteria[k].limit);
  }
  return text;
}

}  // namespace paretoforge
