// Which images are whose in a simulated federation (Hsu, Qi, Brown, "Measuring the effects of non-identical data
// distribution for federated visual classification", 2019).
#include <algorithm>
#include <cmath>

#include "space/random.hpp"
#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

/// The logarithm of a number from the gamma distribution of this shape (Marsaglia and Tsang, 2000). For a small shape
/// the number itself is too small for a double.
double log_gamma_variate(double shape, Random& random) {
  if (shape < 1) return log_gamma_variate(shape + 1, random) + std::log(1 - random.uniform()) / shape;
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = random.normal(), v = std::pow(1 + c * x, 3);
    if (v > 0 && std::log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d * v);
  }
}

/// A client's wish for each class, from the Dirichlet distribution; the sum is 1. Classes that do not occur get nothing.
std::vector<double> drawn_mix(const std::vector<double>& shares, double alpha, Random& random) {
  std::vector<double> mix(shares.size(), -INFINITY);
  for (std::size_t c = 0; c < shares.size(); ++c)
    if (shares[c] > 0) mix[c] = log_gamma_variate(alpha * shares[c], random);
  const double most = *std::max_element(mix.begin(), mix.end());
  double sum = 0;
  for (double& part : mix) sum += part = std::exp(part - most);
  for (double& part : mix) part /= sum;
  return mix;
}

/// A class that is not yet given away, by the client's wishes; where all it wishes for is gone, by what is left.
std::size_t drawn_class(const std::vector<double>& mix, const std::vector<std::vector<std::uint32_t>>& left, Random& random) {
  std::vector<double> weights(mix.size(), 0.0);
  double sum = 0;
  for (std::size_t c = 0; c < mix.size(); ++c) sum += weights[c] = left[c].empty() ? 0 : mix[c];
  if (sum <= 0)
    for (std::size_t c = 0; c < mix.size(); ++c) sum += weights[c] = static_cast<double>(left[c].size());
  double at = random.uniform() * sum;
  std::size_t found = mix.size();
  for (std::size_t c = 0; c < mix.size(); ++c) {
    if (weights[c] <= 0) continue;
    found = c;
    if ((at -= weights[c]) < 0) break;
  }
  return found;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> client_images(std::span<const Label> labels, std::size_t classes,
                                                      const Federation& federation, std::uint64_t seed) {
  const auto clients = static_cast<std::size_t>(federation.clients);
  if (clients > labels.size())
    throw TrainingError("a federation of " + std::to_string(clients) + " clients has only " + std::to_string(labels.size()) +
                        " images to train on");
  Random random(seed);
  std::vector<std::vector<std::uint32_t>> left(classes), result(clients);
  for (std::uint32_t i = 0; i < labels.size(); ++i) left.at(labels[i]).push_back(i);
  std::vector<double> shares;
  for (auto& images : left) {
    random.shuffle(images);
    shares.push_back(static_cast<double>(images.size()) / static_cast<double>(labels.size()));
  }
  for (std::size_t k = 0; k < clients; ++k) {
    const auto mix = drawn_mix(shares, federation.alpha, random);
    const std::size_t count = labels.size() / clients + (k < labels.size() % clients ? 1 : 0);
    while (result[k].size() < count) {
      auto& from = left[drawn_class(mix, left, random)];
      result[k].push_back(from.back());
      from.pop_back();
    }
  }
  return result;
}

}  // namespace paretoforge
