// Small search spaces and objectives for the tests of search.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

#include "configs/temporary_folder.hpp"
#include "search/objective.hpp"
#include "search/searcher.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// `decisions` linear layers after each other, each with 1 .. `levels` outputs; every point is its own network.
inline Space chain_space(int decisions, int levels) {
  std::string choice;
  for (int level = 1; level <= levels; ++level) choice += (level > 1 ? ", " : "") + std::to_string(level);
  std::string text = "input: [2, 1, 1]\nlayers:\n";
  for (int i = 0; i < decisions; ++i)
    text += "  - linear: {out: {choice: [" + choice + "], name: d" + std::to_string(i) + "}}\n";
  return Space(Config::parse(text, "chain.yaml"));
}

/// Two widths that matter only where their branch is taken: 2 + 3 + 2 * 3 = points with inactive decisions.
inline Space conditional_space() {
  return Space(Config::parse(R"(
input: [2, 1, 1]
layers:
  - repeat:
      times: {choice: [1, 2, 3], name: depth}
      layers:
        - linear: {out: {choice: [3, 4, 5], name: "width_{i}"}}
)",
                             "conditional.yaml"));
}

/// A cell whose points are often the same network: skip or zero on parallel edges.
inline Space cell_space() { return Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/nasbench201.yaml"); }

/// How many of `trials` the conformance suite asks of a searcher: a quarter, 40 at least, where a model is asked each
/// time.
inline std::uint64_t affordable(const SearcherKind& kind, std::uint64_t trials) {
  return kind.modelled ? std::min(trials, std::max<std::uint64_t>(40, trials / 4)) : trials;
}

inline double value_sum(const Architecture& point) {
  double sum = 0;
  for (const auto value : point) sum += value;
  return sum;
}

/// Two objectives in conflict: the sum of the alternatives taken, and the squared distance from the last ones.
inline std::vector<Objective> conflicting_objectives() {
  Objective size{{.name = "size"}, [](const Candidate& c) { return value_sum(c.architecture); }};
  Objective quality{{.name = "quality", .goal = Goal::maximize, .expensive = true}, [](const Candidate& c) {
                      double sum = 0;
                      for (std::size_t i = 0; i < c.architecture.size(); ++i)
                        sum += static_cast<double>(i + 1) * c.architecture[i] / (1.0 + c.architecture[i]);
                      return sum;
                    }};
  return {size, quality};
}

}  // namespace paretoforge
