// What searchers believe of objectives that are expensive: models from a point's encoding to a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace paretoforge {

/// Points as models see them: rows() × columns numbers, row by row.
struct Encoded {
  std::size_t columns = 0;
  std::vector<double> values;

  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  std::span<const double> row(std::size_t i) const { return {values.data() + i * columns, columns}; }
  void add(std::span<const double> row_values) {
    columns = row_values.size();
    values.insert(values.end(), row_values.begin(), row_values.end());
  }
};

/// What a model says of a value it has not seen, in the value's own unit.
struct Belief {
  double mean = 0;
  double deviation = 0;  ///< of the value itself, 0 or more
};

/// One model of one value. Same rows, same values, same seed: same beliefs.
class Surrogate {
 public:
  virtual ~Surrogate() = default;
  /// Fits anew. At least one row; values are finite, of any size (1e-300 to 1e300), perhaps all equal.
  virtual void fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) = 0;
  /// One belief per row.
  virtual std::vector<Belief> predict(const Encoded& points) const = 0;
};

}  // namespace paretoforge
