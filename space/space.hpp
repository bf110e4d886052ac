// A search space: an architecture with choices in it. Decisions, and the function from decisions to a network.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "space/graph.hpp"
#include "space/random.hpp"

namespace paretoforge {

/// A point of a space: for each decision the position of the alternative taken, -1 where it is inactive.
using Architecture = std::vector<std::int32_t>;

struct Decision {
  std::string name;
  std::vector<std::string> labels;  ///< one per alternative, as CSV files and --choose show them
  bool ordinal = false;             ///< the alternatives are numbers in rising order
  std::vector<double> values;       ///< those numbers, else empty
};

/// How many points a space has; exact.
struct SpaceSize {
  std::string digits;        ///< in decimal
  double approximate = 0;    ///< the same, rounded (infinite above 1e308)
  std::optional<std::uint64_t> exact;  ///< where it fits
};

/// Immutable once read; safe to use from many threads. All points handed out are canonical: inactive
/// decisions are -1, active ones within their alternatives.
class Space {
 public:
  /// Compiles an architecture document (README "A search space"); throws ConfigError with the place.
  explicit Space(const Config& document);
  static Space load(const std::filesystem::path& path) { return Space(Config::load(path)); }

  const std::string& name() const;
  const Config& document() const;
  const std::vector<Decision>& decisions() const;
  std::optional<std::size_t> find_decision(std::string_view name) const;
  SpaceSize size() const;

  /// Whether every decision is active in every point.
  bool unconditional() const;
  /// Makes a point canonical: clears what is inactive and gives alternative 0 to what is active and unset (-1).
  /// Throws std::invalid_argument where a value is outside its alternatives.
  Architecture canonical(Architecture point) const;
  /// The same, but samples what is active and unset.
  Architecture canonical(Architecture point, Random& random) const;
  bool is_canonical(const Architecture& point) const;

  /// Every active decision uniform over its alternatives.
  Architecture sample(Random& random) const;
  /// Changes each active decision with probability `rate` (to another alternative), at least one where the
  /// space has more than one point; what becomes active is sampled.
  Architecture mutate(const Architecture& parent, double rate, Random& random) const;
  /// Uniform crossover: each decision from one of two parents; what neither has is sampled.
  Architecture cross(const Architecture& mother, const Architecture& father, Random& random) const;
  /// All points that differ in the value of exactly one decision (what becomes active takes alternative 0),
  /// in order of decision and alternative.
  std::vector<Architecture> neighbours(const Architecture& point) const;
  /// Calls `visit` with every point in lexicographic order until it returns false.
  void enumerate(const std::function<bool(const Architecture&)>& visit) const;
  /// The first point in that order (alternative 0 everywhere), and the one after a canonical point; nothing after
  /// the last.
  Architecture first() const { return canonical(Architecture(decisions().size(), -1)); }
  std::optional<Architecture> next(const Architecture& point) const;

  /// For surrogates: per decision one number in 0..1 where ordinal, else one-hot; inactive is all zeros and
  /// one more flag per conditional decision says whether it is active.
  std::vector<float> encode(const Architecture& point) const;
  std::size_t encoding_width() const;

  /// Labels, one per decision, "" where inactive; the form of CSV files.
  std::vector<std::string> labels(const Architecture& point) const;
  /// The point with these labels (one per decision; labels of inactive decisions are ignored).
  /// Throws std::invalid_argument naming the decision, the label found and what is allowed.
  Architecture from_labels(std::span<const std::string> labels) const;
  /// The point with these choices by name; unnamed active decisions take alternative 0.
  Architecture from_choices(const std::vector<std::pair<std::string, std::string>>& choices) const;

  /// The network as written: dead branches included. Throws ConfigError naming the layer and its place where
  /// shapes do not fit.
  Graph decode(const Architecture& point) const;
  /// The document with its choices made: an architecture that reads back as the same network.
  Config resolved(const Architecture& point) const;

  struct Program;

 private:
  std::shared_ptr<const Program> program_;
};

/// A hash of a point (not of its network).
std::uint64_t hash(const Architecture& point);

/// The layers that the language knows, for `paretoforge list ops`: name and one line.
struct LayerKind {
  std::string_view name, summary;
};
std::span<const LayerKind> layer_kinds();

}  // namespace paretoforge
