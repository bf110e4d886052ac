// Few-shot transfer: a new device from a handful of measurements and the devices that are already known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "predictors/cost_model.hpp"
#include "predictors/device.hpp"

namespace paretoforge {

/// A metric of a device that is known, under a name for messages.
struct Source {
  std::string device;
  FittedMetric metric;
};

/// log cost = b + sum over devices of w_s log(cost there) + sum over features of v_j x_j: Bayesian linear regression
/// (Bishop 2006, section 3.5) on the known devices' predictions, as device embeddings (HELP, Lee et al. 2021; BRP-NAS,
/// Dudziak et al. 2020 learn theirs from measurements alone), and on the features of the graph. Beside the known
/// devices stand four ideal ones, whose cost is the number of kernels, the work, the elements moved or the weights.
/// A new device is a blend of all known ones, or it is like one of them or an ideal one (that w around the
/// scale, the others near 0); these, the variances of noise, w and v are averaged by their evidence, all on the
/// scale on which costs spread on the known devices. Rows that the others do not suggest count for less. Every input
/// is clamped to what the reference shows, so that nothing grows without bound.
///   samples    5 rows or more
///   reference  features (columns as in samples) of networks of the space, measured or not: what is usual there
///   space_key  of the samples' space, see space_key: sources of that space are shown its encoding
/// The model holds the sources' coefficients: its file needs no other. Throws std::invalid_argument without a source.
FittedModel fit_transfer(const Samples& samples, const Samples& reference, const std::vector<Source>& sources,
                         const std::string& space_key);

/// What each source predicts (natural logarithms), row by row, for features as in fit_transfer.
std::vector<double> source_logs(const std::vector<Source>& sources, const Samples& rows, const std::string& space_key);

}  // namespace paretoforge
