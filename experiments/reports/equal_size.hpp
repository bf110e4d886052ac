// Rank correlation beyond size: inside groups of networks of neighbouring size.
#pragma once

#include <cstddef>
#include <span>

namespace paretoforge {

/// The mean of Spearman's correlations of `a` and `b` inside `groups` equal parts of the order by `sizes`; groups that
/// have none (fewer than two networks, or a constant side) are left out, NaN where all are.
double spearman_at_equal_size(std::span<const double> a, std::span<const double> b, std::span<const double> sizes,
                              std::size_t groups);

}  // namespace paretoforge
