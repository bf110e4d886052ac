// Survival of the least crowded.
#include "search/nsga2.hpp"

#include <algorithm>

namespace paretoforge {

std::vector<Individual> least_crowded(std::vector<Individual> individuals, std::size_t count) {
  rank(individuals);
  std::stable_sort(individuals.begin(), individuals.end(), fitter);
  if (individuals.size() > count) {
    individuals.resize(count);
    rank(individuals);  // crowding among those that live
  }
  return individuals;
}

}  // namespace paretoforge
