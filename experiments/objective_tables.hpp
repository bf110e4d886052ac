// Objectives whose values stand in tables: published benchmarks as studies.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "configs/config.hpp"
#include "configs/table.hpp"
#include "search/fresh_points.hpp"
#include "search/objective.hpp"
#include "space/space.hpp"

namespace paretoforge {

class ObjectiveTables {
 public:
  explicit ObjectiveTables(const Space& space) : space_(space) {}

  struct Read {
    Measure measure;      ///< throws where the table has no row of an architecture
    std::string digests;  ///< of the points and values that were read
  };
  /// `section` is {column: NAME, rungs: [{column: NAME}, ...]}: a column for each rung, then that of the objective, which
  /// is called `name` where nothing is said. Throws ConfigError: no such file or column, no number, a point that stands
  /// twice or is not of the space.
  Read read(const Config& section, const std::filesystem::path& file, const std::string& name);

  /// The points that all tables hold, in the order of the first.
  std::vector<Architecture> common() const;

 private:
  using Values = std::unordered_map<Architecture, double, ArchitectureHash>;
  Values values(const Table& table, const std::string& column, std::string& digests) const;

  const Space& space_;
  std::vector<std::shared_ptr<const Values>> tables_;
  std::optional<std::vector<Architecture>> row_order_;
};

}  // namespace paretoforge
