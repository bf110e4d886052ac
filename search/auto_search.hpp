// The default searcher: cheap objectives computed for every candidate, expensive ones modelled, the point proposed that
// is expected to add most hypervolume.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "search/fresh_points.hpp"
#include "search/searcher.hpp"

namespace paretoforge {

struct AutoOptions {
  /// Trials before the models decide: spread over the levels of the first cheap objective, at random within each.
  std::size_t start = 10;
  /// Trials that a model keeps; of more, the best layers and the newest. Time grows with the cube.
  std::size_t most_rows = 600;

  /// The keys start (1 to 100,000) and most_rows (10 to 5,000) of the `search:` map.
  static AutoOptions read(const Config& search);
};

/// One Gaussian process per expensive objective, on decisions, refined counts of layers and costs of the graph (see
/// NetworkRow), of the cost on a logarithmic scale (see CostScale). Each ask takes the candidate with the greatest
/// expected hypervolume improvement (Emmerich, Deutz and Klinkenberg, "Hypervolume-based expected improvement:
/// monotonicity properties and exact computation", 2011), in which cheap objectives are exact; a proposal that is not
/// told yet stands for what is believed of it (Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to
/// parallelize optimization", 2010), so that a batch is diverse. Spaces of at most 32,768 points are weighed whole; in
/// larger ones the candidates evolve under the models, from the front and from the best candidates. A long history
/// is kept in part. Where there are rungs, networks are first chosen for their readings (see Scouting), and three go on
/// meanwhile. Readings at low budgets are rows of the same model (see Kin and ReadingModel); a paused trial is a
/// candidate like any other, and what is measured next, a new point at the first rung or a paused one at its next, is
/// what is expected to improve the front most for its cost. Candidates known to miss a limit are proposed only where
/// there are no others; where nothing is expected to improve, a candidate is drawn.
class AutoSearch final : public Searcher {
 public:
  AutoSearch(const SearchProblem& problem, const AutoOptions& options);
  ~AutoSearch() override;

  std::optional<Architecture> ask() override;
  void tell(const Trial& trial) override;
  void update(const Trial& trial) override;
  std::optional<std::uint64_t> promote() override;
  bool exhausted() const override { return fresh_.exhausted(); }

 private:
  struct State;

  void choose_start(std::size_t count);
  std::optional<Architecture> start_point();
  std::optional<Architecture> scouted_point();
  std::optional<Architecture> model_point();
  std::optional<Architecture> any_point();
  Architecture propose(const Architecture& point);

  std::vector<Criterion> criteria_;
  FreshPoints fresh_;
  Random random_;
  std::unique_ptr<State> state_;
};

}  // namespace paretoforge
