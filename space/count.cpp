// How many points a space has, exactly: ties and conditions are followed, nothing is enumerated.
#include <boost/multiprecision/cpp_int.hpp>
#include <map>

#include "space/program.hpp"

namespace paretoforge {
namespace {

using BigNumber = boost::multiprecision::cpp_int;

/// What is known of the decisions that occur at several places: (decision, alternative), sorted; the alternative
/// is 0 where only "it was taken" matters, because nothing depends on which.
using Known = std::vector<std::pair<std::int32_t, std::int32_t>>;
using Ways = std::map<Known, BigNumber>;

constexpr std::size_t most_states = 200'000;

class Counter {
 public:
  explicit Counter(const Space::Program& program) : program_(program), places_(program.decisions.size(), 0), leads_on_(places_.size(), 0) {
    for (const Group& group : program.groups)
      for (const Site& site : group) {
        if (site.decision < 0) continue;
        const auto d = static_cast<std::size_t>(site.decision);
        ++places_[d];
        for (const std::int32_t then : site.then) leads_on_[d] |= then >= 0 && holds_decisions(then);
      }
  }

  BigNumber count() {
    // Decisions that every point has and on which nothing depends multiply the rest.
    BigNumber factor = 1;
    for (std::size_t d = 0; d < places_.size(); ++d)
      if (is_free(d)) factor *= program_.decisions[d].labels.size();
    BigNumber total = 0;
    for (const auto& [known, ways] : through(0, {{Known{}, BigNumber(1)}})) total += ways;
    return factor * total;
  }

 private:
  bool is_free(std::size_t d) const { return !program_.conditional[d] && !leads_on_[d]; }

  bool holds_decisions(std::int32_t group) const {
    for (const Site& site : program_.groups[static_cast<std::size_t>(group)]) {
      if (site.decision >= 0) return true;
      if (holds_decisions(site.then[0])) return true;
    }
    return false;
  }

  Ways through(std::int32_t group, Ways ways) {
    for (const Site& site : program_.groups[static_cast<std::size_t>(group)]) {
      if (site.decision < 0) ways = through(site.then[0], std::move(ways));
      else if (!is_free(static_cast<std::size_t>(site.decision))) ways = meet(site, ways);
      if (ways.size() > most_states)
        throw ConfigError("error: the space ties too many choices across its alternatives to count its points");
    }
    return ways;
  }

  Ways meet(const Site& site, const Ways& ways) {
    const auto d = static_cast<std::size_t>(site.decision);
    const auto alternatives = static_cast<std::int32_t>(program_.decisions[d].labels.size());
    const bool remember = places_[d] > 1;
    if (!leads_on_[d]) return meet_leaf(site.decision, alternatives, remember, ways);
    Ways result;
    for (std::int32_t value = 0; value < alternatives; ++value) {
      Ways taken;
      for (const auto& [known, count] : ways) {
        const auto before = find(known, site.decision);
        if (before && *before != value) continue;
        taken[remember && !before ? with(known, site.decision, value) : known] += count;
      }
      // Where the decision stands for a mere value, nothing follows it here.
      const auto taken_at = static_cast<std::size_t>(value);
      const std::int32_t then = taken_at < site.then.size() ? site.then[taken_at] : -1;
      for (auto& [known, count] : then >= 0 ? through(then, std::move(taken)) : std::move(taken)) result[known] += count;
    }
    return result;
  }

  Ways meet_leaf(std::int32_t decision, std::int32_t alternatives, bool remember, const Ways& ways) {
    Ways result;
    for (const auto& [known, count] : ways) {
      if (find(known, decision)) result[known] += count;
      else result[remember ? with(known, decision, 0) : known] += count * alternatives;
    }
    return result;
  }

  static std::optional<std::int32_t> find(const Known& known, std::int32_t decision) {
    for (const auto& [d, value] : known)
      if (d == decision) return value;
    return std::nullopt;
  }

  static Known with(Known known, std::int32_t decision, std::int32_t value) {
    known.insert(std::upper_bound(known.begin(), known.end(), std::pair{decision, value}), {decision, value});
    return known;
  }

  const Space::Program& program_;
  std::vector<int> places_;    ///< at how many sites a decision is met
  std::vector<char> leads_on_; ///< whether other decisions depend on it
};

}  // namespace

SpaceSize count_points(const Space::Program& program) {
  const BigNumber count = Counter(program).count();
  SpaceSize size{count.str(), count.convert_to<double>(), std::nullopt};
  if (count <= std::numeric_limits<std::uint64_t>::max()) size.exact = count.convert_to<std::uint64_t>();
  return size;
}

}  // namespace paretoforge
