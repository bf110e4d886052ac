// What estimates gave of networks, by network, seed and estimate: measured where it is missing.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "experiments/reports/growing_table.hpp"
#include "experiments/reports/proxies/problem.hpp"

namespace paretoforge {

struct Measured {
  double value = 0;           ///< accuracy in per cent, on the test part or the validation split as the problem says; or the score
  double cpu_seconds = 0;     ///< of the thread
  std::vector<double> curve;  ///< of a training that keeps one: accuracy on the validation split after each epoch
};

class Results {
 public:
  /// Keeps references. Rows of other networks and problems stay in the file and count for nothing.
  Results(const Problem& problem, const Networks& networks, const std::filesystem::path& csv);

  /// Measures what is missing with seeds 1 to `seeds`, all networks with one seed before the next, on threads of its own;
  /// begins nothing after `until`. What fails is said and left missing.
  void measure(std::uint64_t seeds, unsigned threads, std::chrono::steady_clock::time_point until);
  const Networks& networks() const { return networks_; }
  /// What is known of the network at that position; null where nothing is.
  const Measured* find(std::size_t network, std::uint64_t seed, const Estimate& estimate) const;

 private:
  using Key = std::tuple<std::string, std::uint64_t, std::string>;  ///< hash of the network, seed, key of the estimate
  struct Task {
    std::size_t network;
    std::uint64_t seed;
    const Estimate* estimate;
  };

  std::vector<Task> missing(std::uint64_t seeds) const;
  void add(const Task& task, const Measured& measured);
  void index(const std::vector<std::string>& row);

  const Problem& problem_;
  const Networks& networks_;
  std::vector<std::string> hashes_;
  GrowingTable table_;
  std::map<Key, Measured> known_;
};

}  // namespace paretoforge
