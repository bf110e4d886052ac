#include "trainers/rank_ensemble.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace paretoforge {

ReferenceRanks::ReferenceRanks(std::vector<double> values) {
  if (values.empty()) throw std::invalid_argument("there is nothing to rank among");
  std::sort(values.begin(), values.end());
  const std::size_t count = values.size();
  median_ = (values[(count - 1) / 2] + values[count / 2]) / 2;
  for (std::size_t begin = 0, end; begin < count; begin = end) {
    end = static_cast<std::size_t>(std::upper_bound(values.begin(), values.end(), values[begin]) - values.begin());
    values_.push_back(values[begin]);
    ranks_.push_back(static_cast<double>(begin + end) / 2 / static_cast<double>(count));
  }
}

/// How far the rank of a value outside lies from that of the end next to it.
double ReferenceRanks::beyond(double value, double end) const {
  // Where half of the reference is this very end, the other end says how wide it is.
  const double width = end != median_ ? std::abs(end - median_) : values_.back() - values_.front();
  return width > 0 ? 0.5 * std::log1p(std::abs(value - end) / width) : 0.5;
}

double ReferenceRanks::rank(double value) const {
  if (value < values_.front()) return ranks_.front() - beyond(value, values_.front());
  if (value > values_.back()) return ranks_.back() + beyond(value, values_.back());
  const auto above = static_cast<std::size_t>(std::lower_bound(values_.begin(), values_.end(), value) - values_.begin());
  if (values_[above] == value) return ranks_[above];
  const double share = (value - values_[above - 1]) / (values_[above] - values_[above - 1]);
  return ranks_[above - 1] + share * (ranks_[above] - ranks_[above - 1]);
}

}  // namespace paretoforge
