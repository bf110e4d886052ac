// score_benchmark: zero-cost scores of networks of NAS-Bench-201 beside their published CIFAR-10 accuracies.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <numeric>

#include "configs/table.hpp"
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

std::vector<Column> measured(const Wish& wish, const Drawn& networks) {
  const ScoreBatch batch = draw_score_batch(load_dataset("cifar10", wish.images), wish.batch, wish.seed);
  std::vector<const ZeroCostKind*> kinds;
  std::vector<Column> columns;
  for (const ZeroCostKind& kind : zero_cost_scores())
    if (wanted(wish, kind.name)) kinds.push_back(&kind), columns.push_back({std::string(kind.name), {}});
  std::ofstream out;
  if (!wish.out.empty()) out.open(wish.out);
  out << "row,cifar10_test_accuracy_pct";
  for (const Column& column : columns) out << ',' << column.name;
  for (std::size_t i = 0; i < networks.graphs.size(); ++i) {
    out << '\n' << networks.rows[i] << ',' << number_text(networks.accuracies[i]);
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      const double begin = thread_seconds();
      columns[k].values.push_back(kinds[k]->score(networks.graphs[i], batch));
      columns[k].seconds += thread_seconds() - begin;
      out << ',' << number_text(columns[k].values.back());
    }
    out.flush();
    if ((i + 1) % 10 == 0) std::fprintf(stderr, "%zu of %zu networks\n", i + 1, networks.graphs.size());
  }
  out << '\n';
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

/// The mean Spearman inside groups of networks of about equal size: `groups` equal parts of the order by parameters.
double at_equal_size(const std::vector<double>& values, const Drawn& networks, const std::vector<double>& sizes,
                     std::size_t groups) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
  double sum = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    std::vector<double> a, b;
    for (std::size_t i = g * order.size() / groups; i < (g + 1) * order.size() / groups; ++i)
      a.push_back(values[order[i]]), b.push_back(networks.accuracies[order[i]]);
    sum += spearman(a, b);
  }
  return sum / static_cast<double>(groups);
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
    std::printf("| %s | %s | %s | %s | %s | %.3f |\n", column.name.c_str(),
                text(spearman(column.values, networks.accuracies)).c_str(),
                text(kendall(column.values, networks.accuracies)).c_str(),
                text(at_equal_size(column.values, networks, sizes, wish.groups)).c_str(),
                said == published.end() ? "" : text(said->second).c_str(),
                column.seconds / static_cast<double>(networks.graphs.size()));
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
  app.add_option("--out", wish.out, "a CSV file of all scores, a row a network");
  CLI11_PARSE(app, argc, argv);
  try {
    tune_process();
    const Drawn networks = drawn(wish);
    std::vector<Column> columns = measured(wish, networks);
    if (columns.empty()) throw ConfigError("error: --scores names no score");
    add_ensembles(columns);
    print(wish, networks, columns);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
