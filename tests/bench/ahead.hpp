// A searcher, driven as a study drives it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "search/searcher.hpp"

namespace paretoforge {

/// Asks up to eight trials ahead of what was told, until so many are told or nothing is left: values_of(point) are a
/// trial's values, on_told(number, values) is called after each.
template <class ValuesOf, class OnTold>
void run_ahead(Searcher& searcher, std::uint64_t trials, ValuesOf values_of, OnTold on_told) {
  constexpr std::size_t window = 8;
  std::deque<Architecture> waiting;
  for (std::uint64_t told = 0; told < trials;) {
    if (auto proposal = waiting.size() < window ? searcher.ask() : std::nullopt) {
      waiting.push_back(std::move(*proposal));
      continue;
    }
    if (waiting.empty()) return;
    const std::vector<double> values = values_of(waiting.front());
    searcher.tell({.number = ++told, .architecture = waiting.front(), .values = {values.begin(), values.end()}});
    waiting.pop_front();
    on_told(told, values);
  }
}

}  // namespace paretoforge
