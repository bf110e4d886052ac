// score_benchmark: zero-cost scores of networks of NAS-Bench-201 beside their published CIFAR-10 accuracies.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <numeric>
#include <optional>

#include "configs/table.hpp"
#include "experiments/reports/equal_size.hpp"
#include "experiments/reports/growing_table.hpp"
#include "predictors/scores.hpp"
#include "space/random.hpp"
#include "space/table_points.hpp"
#include "trainers/trainer.hpp"
#include "trainers/zero_cost.hpp"

using namespace paretoforge;

namespace {

namespace fs = std::filesystem;

struct Wish {
  fs::path data = std::getenv("PARETOFORGE_DATA") ? std::getenv("PARETOFORGE_DATA") : "";
  fs::path images, out;
  std::vector<std::string> scores;
  std::size_t networks = 200, batch = 64, groups = 5;
  std::uint64_t seed = 1;
  double minutes = 1e9;
};

/// Spearman with the accuracy of all 15,625 networks, where it was published. Abdelfattah et al. (the output of
/// notebooks/nasbench201_correlations.ipynb in SamsungLabs/zero-cost-nas); "vote" there is a majority of the three.
const std::map<std::string, double> published = {{"synflow", .737}, {"jacob_cov", .731}, {"grad_norm", .594},
                                                 {"snip", .596},    {"grasp", .514},     {"fisher", .360},
                                                 {"vote", .817}};

/// Means of ranks, fixed before anything was measured: the three that Abdelfattah et al. let vote, and one of each kind.
const std::vector<std::pair<std::string, std::vector<std::string>>> ensembles = {
    {"vote", {"synflow", "jacob_cov", "snip"}}, {"naswot + synflow", {"naswot", "synflow"}}};

struct Column {
  std::string name;
  std::vector<double> values;
  double seconds = 0;  ///< of processor time, for all networks
};

double thread_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Networks drawn from the table, with what it says of them.
struct Drawn {
  std::vector<Graph> graphs;
  std::vector<std::size_t> rows;
  std::vector<double> accuracies;
};

Drawn drawn(const Wish& wish) {
  const Space space = Space::load(fs::path(PARETOFORGE_SOURCE_DIR) / "configs/spaces/nasbench201.yaml");
  const Table table = Table::load(wish.data / "nasbench201/accuracy_cifar10.csv");
  const std::vector<Architecture> points = points_of(space, table);
  const std::vector<double> accuracies = table.numbers("cifar10_test_accuracy_pct");
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(wish.seed);
  random.shuffle(order);
  order.resize(std::min(order.size(), wish.networks));
  Drawn result;
  for (const std::size_t row : order) {
    result.graphs.push_back(space.decode(points[row]));
    result.rows.push_back(row);
    result.accuracies.push_back(accuracies[row]);
  }
  return result;
}

bool wanted(const Wish& wish, std::string_view name) {
  return wish.scores.empty() || std::find(wish.scores.begin(), wish.scores.end(), name) != wish.scores.end();
}

/// A row a network and score; what the file holds already of the same seed and batch is not measured again.
class Scored {
 public:
  explicit Scored(const Wish& wish)
      : wish_(wish), table_(wish.out, {"row", "seed", "batch", "score", "value", "cpu_seconds"}) {
    for (const auto& row : table_.rows())
      if (row[1] == std::to_string(wish.seed) && row[2] == std::to_string(wish.batch))
        known_[{std::stoul(row[0]), row[3]}] = {std::stod(row[4]), std::stod(row[5])};
  }

  struct One {
    double value, seconds;
  };
  const One* find(std::size_t row, const std::string& score) const {
    const auto found = known_.find({row, score});
    return found == known_.end() ? nullptr : &found->second;
  }
  void add(std::size_t row, const std::string& score, One one) {
    table_.add({std::to_string(row), std::to_string(wish_.seed), std::to_string(wish_.batch), score, number_text(one.value),
                number_text(one.seconds)});
    known_[{row, score}] = one;
  }

 private:
  const Wish& wish_;
  GrowingTable table_;
  std::map<std::pair<std::size_t, std::string>, One> known_;
};

std::vector<const ZeroCostKind*> wanted_kinds(const Wish& wish) {
  std::vector<const ZeroCostKind*> kinds;
  for (const ZeroCostKind& kind : zero_cost_scores())
    if (wanted(wish, kind.name)) kinds.push_back(&kind);
  if (kinds.empty()) throw ConfigError("error: --scores names no score");
  return kinds;
}

/// Scores what is missing until the time is over.
void measure(const Wish& wish, const Drawn& networks, const std::vector<const ZeroCostKind*>& kinds, Scored& scored) {
  const auto begin = std::chrono::steady_clock::now();
  const auto over = [&] { return std::chrono::steady_clock::now() - begin >= std::chrono::duration<double>(60 * wish.minutes); };
  std::optional<ScoreBatch> batch;
  for (std::size_t i = 0; i < networks.graphs.size(); ++i) {
    for (const ZeroCostKind* kind : kinds) {
      if (scored.find(networks.rows[i], std::string(kind->name))) continue;
      if (over()) return;
      if (!batch) batch = draw_score_batch(load_dataset("cifar10", wish.images), wish.batch, wish.seed);
      const double start = thread_seconds();
      const double value = kind->score(networks.graphs[i], *batch);
      scored.add(networks.rows[i], std::string(kind->name), {value, thread_seconds() - start});
    }
    if ((i + 1) % 10 == 0) std::fprintf(stderr, "%zu of %zu networks\n", i + 1, networks.graphs.size());
  }
}

/// The columns of the networks that have all scores; the others are left out of `networks`.
std::vector<Column> complete(Drawn& networks, const std::vector<const ZeroCostKind*>& kinds, const Scored& scored) {
  std::vector<Column> columns;
  for (const ZeroCostKind* kind : kinds) columns.push_back({std::string(kind->name), {}});
  Drawn left;
  for (std::size_t i = 0; i < networks.graphs.size(); ++i) {
    const std::size_t row = networks.rows[i];
    if (!std::all_of(columns.begin(), columns.end(), [&](const Column& column) { return scored.find(row, column.name); })) continue;
    for (Column& column : columns) {
      column.values.push_back(scored.find(row, column.name)->value);
      column.seconds += scored.find(row, column.name)->seconds;
    }
    left.graphs.push_back(networks.graphs[i]), left.rows.push_back(row), left.accuracies.push_back(networks.accuracies[i]);
  }
  networks = std::move(left);
  return columns;
}

const Column* find(const std::vector<Column>& columns, const std::string& name) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

void add_ensembles(std::vector<Column>& columns) {
  std::vector<Column> added;
  for (const auto& [name, members] : ensembles) {
    Column sum{name, std::vector<double>(columns.front().values.size(), 0.0)};
    for (const std::string& member : members) {
      const Column* column = find(columns, member);
      if (column == nullptr) break;
      const std::vector<double> rank = ranks(column->values);
      for (std::size_t i = 0; i < rank.size(); ++i) sum.values[i] += rank[i];
      sum.seconds += column->seconds;
      if (member == members.back()) added.push_back(sum);
    }
  }
  columns.insert(columns.end(), added.begin(), added.end());
}

void print(const Wish& wish, const Drawn& networks, const std::vector<Column>& columns) {
  std::vector<double> sizes;
  const ZeroCostKind& params = *std::find_if(zero_cost_scores().begin(), zero_cost_scores().end(),
                                          [](const ZeroCostKind& kind) { return kind.name == "params"; });
  for (const Graph& graph : networks.graphs) sizes.push_back(params.score(graph, {}));
  const auto text = [](double value) { return std::isnan(value) ? std::string("-") : std::to_string(value).substr(0, value < 0 ? 6 : 5); };
  std::printf("%zu networks of NAS-Bench-201 drawn with seed %llu, one batch of %zu CIFAR-10 training images\n\n",
              networks.graphs.size(), static_cast<unsigned long long>(wish.seed), wish.batch);
  std::printf("| score | Spearman | Kendall | Spearman at equal size | published Spearman | CPU s a network |\n");
  std::printf("|---|---|---|---|---|---|\n");
  for (const Column& column : columns) {
    const auto said = published.find(column.name);
    std::printf("| %s | %s | %s | %s | %s | %s |\n", column.name.c_str(),
                text(spearman(column.values, networks.accuracies)).c_str(),
                text(kendall(column.values, networks.accuracies)).c_str(),
                text(spearman_at_equal_size(column.values, networks.accuracies, sizes, wish.groups)).c_str(),
                said == published.end() ? "" : text(said->second).c_str(),
                text(column.seconds / static_cast<double>(networks.graphs.size())).c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Rank correlation of zero-cost scores with the accuracies of NAS-Bench-201 on CIFAR-10");
  Wish wish;
  app.add_option("--data", wish.data, "folder with nasbench201/accuracy_cifar10.csv (default: PARETOFORGE_DATA)");
  app.add_option("--images", wish.images, "folder of CIFAR-10's binary records (default: cifar10 in PARETOFORGE_DATA)");
  app.add_option("--networks", wish.networks, "how many are drawn")->capture_default_str()->check(CLI::Range(25, 15625));
  app.add_option("--batch", wish.batch, "images")->capture_default_str();
  app.add_option("--seed", wish.seed, "of networks, images and weights")->capture_default_str();
  app.add_option("--scores", wish.scores, "only these (default: all)")->delimiter(',');
  app.add_option("--out", wish.out, "a CSV file that each score is added to, and taken from where it is there: a run goes on where it was left");
  app.add_option("--limit", wish.minutes, "minutes after which nothing more is scored; 0 only prints what --out holds")->check(CLI::Range(0.0, 1e9));
  CLI11_PARSE(app, argc, argv);
  try {
    tune_process();
    Drawn networks = drawn(wish);
    const std::vector<const ZeroCostKind*> kinds = wanted_kinds(wish);
    Scored scored(wish);
    measure(wish, networks, kinds, scored);
    std::vector<Column> columns = complete(networks, kinds, scored);
    add_ensembles(columns);
    print(wish, networks, columns);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
