// The operators on points, written once for all spaces: they see decisions and sites, never layers.
#include "space/space.hpp"

#include <algorithm>
#include <stdexcept>

#include "space/program.hpp"

namespace paretoforge {

Space::Space(const Config& document) : program_(compile_space(document)) {}

const std::string& Space::name() const { return program_->name; }
const Config& Space::document() const { return program_->document; }
const std::vector<Decision>& Space::decisions() const { return program_->decisions; }
bool Space::unconditional() const { return program_->unconditional; }
SpaceSize Space::size() const { return count_points(*program_); }
Config Space::resolved(const Architecture& point) const { return resolved_document(*program_, point); }

std::optional<std::size_t> Space::find_decision(std::string_view name) const {
  const auto found = program_->by_name.find(std::string(name));
  if (found == program_->by_name.end()) return std::nullopt;
  return found->second;
}

namespace {

std::int32_t alternatives(const Space::Program& program, std::size_t decision) {
  return static_cast<std::int32_t>(program.decisions[decision].labels.size());
}

/// The canonical form of a point: keeps what is active, asks `choose(decision)` for what is active and unset.
template <class Choose>
Architecture completed(const Space::Program& program, Architecture point, Choose&& choose) {
  if (program.unconditional) {
    for (std::size_t d = 0; d < point.size(); ++d)
      if (point[d] < 0) point[d] = choose(d);
    return point;
  }
  Architecture result(point.size(), -1);
  program.walk(result, [&](std::size_t d) {
    if (result[d] < 0) result[d] = point[d] >= 0 ? point[d] : choose(d);
  });
  return result;
}

}  // namespace

namespace {

void check_values(const Space::Program& program, const Architecture& point) {
  if (point.size() != program.decisions.size())
    throw std::invalid_argument("a point of " + std::to_string(program.decisions.size()) +
                                " decisions was expected, not of " + std::to_string(point.size()));
  for (std::size_t d = 0; d < point.size(); ++d)
    if (point[d] < -1 || point[d] >= alternatives(program, d))
      throw std::invalid_argument("decision '" + program.decisions[d].name + "' has no alternative " +
                                  std::to_string(point[d]));
}

}  // namespace

Architecture Space::canonical(Architecture point) const {
  check_values(*program_, point);
  return completed(*program_, std::move(point), [](std::size_t) { return 0; });
}

Architecture Space::canonical(Architecture point, Random& random) const {
  check_values(*program_, point);
  return completed(*program_, std::move(point), [&](std::size_t d) {
    return static_cast<std::int32_t>(random.below(decisions()[d].labels.size()));
  });
}

bool Space::is_canonical(const Architecture& point) const {
  if (point.size() != decisions().size()) return false;
  for (std::size_t d = 0; d < point.size(); ++d)
    if (point[d] < -1 || point[d] >= alternatives(*program_, d)) return false;
  return completed(*program_, point, [](std::size_t) { return 0; }) == point;
}

Architecture Space::sample(Random& random) const {
  return completed(*program_, Architecture(decisions().size(), -1), [&](std::size_t d) {
    return static_cast<std::int32_t>(random.below(decisions()[d].labels.size()));
  });
}

Architecture Space::mutate(const Architecture& parent, double rate, Random& random) const {
  std::vector<std::size_t> movable;
  for (std::size_t d = 0; d < parent.size(); ++d)
    if (parent[d] >= 0 && alternatives(*program_, d) > 1) movable.push_back(d);
  if (movable.empty()) return parent;
  const auto other = [&](std::size_t d) {
    const auto step = 1 + random.below(decisions()[d].labels.size() - 1);
    return static_cast<std::int32_t>((static_cast<std::size_t>(parent[d]) + step) % decisions()[d].labels.size());
  };
  Architecture child = parent;
  bool changed = false;
  for (const std::size_t d : movable)
    if (random.chance(rate)) {
      child[d] = other(d);
      changed = true;
    }
  if (!changed) {
    const std::size_t d = movable[random.below(movable.size())];
    child[d] = other(d);
  }
  return completed(*program_, std::move(child), [&](std::size_t d) {
    return static_cast<std::int32_t>(random.below(decisions()[d].labels.size()));
  });
}

Architecture Space::cross(const Architecture& mother, const Architecture& father, Random& random) const {
  Architecture child(mother.size(), -1);
  for (std::size_t d = 0; d < child.size(); ++d) {
    const bool from_mother = random.chance(0.5);  // drawn for every decision: streams stay aligned
    const std::int32_t first = from_mother ? mother[d] : father[d], second = from_mother ? father[d] : mother[d];
    child[d] = first >= 0 ? first : second;
  }
  return completed(*program_, std::move(child), [&](std::size_t d) {
    return static_cast<std::int32_t>(random.below(decisions()[d].labels.size()));
  });
}

std::vector<Architecture> Space::neighbours(const Architecture& point) const {
  std::vector<Architecture> all;
  for (std::size_t d = 0; d < point.size(); ++d) {
    if (point[d] < 0) continue;
    for (std::int32_t value = 0; value < alternatives(*program_, d); ++value) {
      if (value == point[d]) continue;
      Architecture other = point;
      other[d] = value;
      all.push_back(completed(*program_, std::move(other), [](std::size_t) { return 0; }));
    }
  }
  return all;
}

std::optional<Architecture> Space::next(const Architecture& point) const {
  // The decisions in the order a walk meets them: the last that has an alternative left takes it, and those behind it
  // begin anew.
  Architecture prefix(point.size(), -1);
  std::vector<std::size_t> path;
  program_->walk(prefix, [&](std::size_t d) {
    if (prefix[d] >= 0) return;
    prefix[d] = point[d];
    path.push_back(d);
  });
  while (!path.empty() && prefix[path.back()] + 1 == alternatives(*program_, path.back())) {
    prefix[path.back()] = -1;
    path.pop_back();
  }
  if (path.empty()) return std::nullopt;
  ++prefix[path.back()];
  return completed(*program_, std::move(prefix), [](std::size_t) { return 0; });
}

void Space::enumerate(const std::function<bool(const Architecture&)>& visit) const {
  for (std::optional<Architecture> point = first(); point && visit(*point);) point = next(*point);
}

std::size_t Space::encoding_width() const {
  std::size_t width = 0;
  for (std::size_t d = 0; d < decisions().size(); ++d)
    width += (decisions()[d].ordinal ? 1 : decisions()[d].labels.size()) + (program_->conditional[d] ? 1 : 0);
  return width;
}

std::vector<float> Space::encode(const Architecture& point) const {
  std::vector<float> code;
  code.reserve(encoding_width());
  for (std::size_t d = 0; d < point.size(); ++d) {
    const Decision& decision = decisions()[d];
    const std::size_t count = decision.labels.size();
    if (decision.ordinal) {
      code.push_back(point[d] < 0 ? 0.0f : static_cast<float>(point[d]) / static_cast<float>(count - 1));
    } else {
      for (std::size_t value = 0; value < count; ++value) code.push_back(point[d] == static_cast<std::int32_t>(value) ? 1.0f : 0.0f);
    }
    if (program_->conditional[d]) code.push_back(point[d] < 0 ? 0.0f : 1.0f);
  }
  return code;
}

std::vector<std::string> Space::labels(const Architecture& point) const {
  std::vector<std::string> all(point.size());
  for (std::size_t d = 0; d < point.size(); ++d)
    if (point[d] >= 0) all[d] = decisions()[d].labels[static_cast<std::size_t>(point[d])];
  return all;
}

namespace {

std::string allowed(const Decision& decision) {
  std::string text;
  for (const std::string& label : decision.labels) text += (text.empty() ? "" : ", ") + label;
  return text;
}

std::int32_t position(const Decision& decision, const std::string& label) {
  const auto found = std::find(decision.labels.begin(), decision.labels.end(), label);
  if (found == decision.labels.end())
    throw std::invalid_argument("decision '" + decision.name + "' has no '" + label + "': it is one of " + allowed(decision));
  return static_cast<std::int32_t>(found - decision.labels.begin());
}

}  // namespace

Architecture Space::from_labels(std::span<const std::string> labels) const {
  if (labels.size() != decisions().size())
    throw std::invalid_argument(std::to_string(labels.size()) + " labels for " + std::to_string(decisions().size()) + " decisions");
  // Only labels of active decisions are looked at, so a walk asks for them.
  return completed(*program_, Architecture(labels.size(), -1),
                   [&](std::size_t d) { return position(decisions()[d], labels[d]); });
}

Architecture Space::from_choices(const std::vector<std::pair<std::string, std::string>>& choices) const {
  Architecture point(decisions().size(), -1);
  for (const auto& [name, label] : choices) {
    const auto d = find_decision(name);
    if (!d) {
      std::vector<std::string> names;
      for (const Decision& decision : decisions()) names.push_back(decision.name);
      const std::string near = nearest_name(name, names);
      throw std::invalid_argument("the space has no decision '" + name + "'" + (near.empty() ? "" : ": did you mean '" + near + "'?"));
    }
    point[*d] = position(decisions()[*d], label);
  }
  return canonical(std::move(point));
}

std::uint64_t hash(const Architecture& point) {
  std::uint64_t h = 0x9e3779b97f4a7c15u ^ point.size();
  for (const std::int32_t value : point) {
    h = (h ^ static_cast<std::uint64_t>(value + 1)) * 0xbf58476d1ce4e5b9u;
    h ^= h >> 29;
  }
  return h;
}

}  // namespace paretoforge
