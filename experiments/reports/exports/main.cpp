// export_benchmark: random networks of several spaces, with random weights, in every format and every runtime; how far each
// is from the reference interpreter.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>

#include "configs/table.hpp"
#include "experiments/reports/exports/runtimes.hpp"
#include "experiments/reports/growing_table.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

constexpr int images_per_network = 2;
/// Steps that outputs may be apart where every layer may round once otherwise than the reference.
constexpr double bound = 4;

struct Wish {
  int networks = 50;
  std::uint64_t seed = 1;
  std::vector<std::string> spaces{"nasbench201", "tiny_image", "mobile", "audio_1d"};
  std::filesystem::path out;
};

struct Drawn {
  Graph graph;
  std::vector<float> images;
};

std::vector<Drawn> drawn(const Wish& wish, const std::string& name) {
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
  Random random(wish.seed);
  std::vector<Drawn> all;
  for (int i = 0; i < wish.networks; ++i) {
    Drawn one{pruned(space.decode(space.sample(random))), {}};
    one.images.resize(static_cast<std::size_t>(images_per_network * one.graph.shape(0).elements()));
    for (float& value : one.images) value = static_cast<float>(random.normal());
    all.push_back(std::move(one));
  }
  return all;
}

/// A row a network and runtime; what the file holds already of the same seed is not run again.
class Results {
 public:
  explicit Results(const Wish& wish)
      : seed_(std::to_string(wish.seed)), table_(wish.out, {"space", "seed", "network", "runtime", "samples", "agreeing", "quanta", "layer_quanta"}) {
    for (const auto& row : table_.rows())
      if (row[1] == seed_) known_[{row[0], std::stoi(row[2]), row[3]}] = {std::stoul(row[4]), std::stoul(row[5]), std::stod(row[6]), std::stod(row[7])};
  }

  const Agreement* find(const std::string& space, int network, const std::string& runtime) const {
    const auto found = known_.find({space, network, runtime});
    return found == known_.end() ? nullptr : &found->second;
  }

  void add(const std::string& space, int network, const std::string& runtime, const Agreement& found) {
    table_.add({space, seed_, std::to_string(network), runtime, std::to_string(found.samples), std::to_string(found.agreeing), number_text(found.quanta), number_text(found.layer_quanta)});
    known_[{space, network, runtime}] = found;
  }

 private:
  std::string seed_;
  GrowingTable table_;
  std::map<std::tuple<std::string, int, std::string>, Agreement> known_;
};

/// Runs what is missing of one network.
void run(const std::string& space, int number, const Drawn& one, std::uint64_t seed, const std::vector<BenchRuntime>& runtimes, Results& results) {
  std::optional<ExportedNetwork> network;
  for (const BenchRuntime& runtime : runtimes) {
    if (!runtime.missing.empty() || results.find(space, number, runtime.name) != nullptr) continue;
    if (!network) {
      const Model model = random_model(one.graph, seed + static_cast<std::uint64_t>(number));
      network = {model, quantised(model, one.images), one.images};
      write_all_formats(*network);
    }
    results.add(space, number, runtime.name, runtime.run(*network));
  }
}

struct Sum {
  std::size_t networks = 0, samples = 0, agreeing = 0, within = 0;
  double quanta = 0, layer_quanta = 0;
  void add(const Agreement& found) {
    ++networks, samples += found.samples, agreeing += found.agreeing, within += found.quanta <= bound;
    quanta = std::max(quanta, found.quanta), layer_quanta = std::max(layer_quanta, found.layer_quanta);
  }
};

void print(const BenchRuntime& runtime, const std::string& space, const Sum& sum) {
  std::printf("| %s | %s | %zu | %zu of %zu | %zu | %.4g | %s |\n", runtime.title.c_str(), space.c_str(), sum.networks, sum.agreeing, sum.samples, sum.within, sum.quanta,
              runtime.layers ? number_text(sum.layer_quanta).c_str() : "-");
}

/// Whether all agree that must: classes, and the bytes of C.
bool print_all(const Wish& wish, const std::vector<BenchRuntime>& runtimes, const Results& results) {
  std::printf("| runtime | space | networks | samples that agree | outputs within %.0f | greatest difference | layers alone |\n|---|---|---|---|---|---|---|\n", bound);
  bool agree = true;
  for (const BenchRuntime& runtime : runtimes) {
    Sum whole;
    for (const std::string& space : wish.spaces) {
      Sum sum;
      for (int i = 0; i < wish.networks; ++i)
        if (const Agreement* found = results.find(space, i, runtime.name)) sum.add(*found), whole.add(*found);
      if (sum.networks > 0) print(runtime, space, sum);
    }
    if (whole.networks > 0) print(runtime, "**all**", whole);
    agree = agree && whole.agreeing == whole.samples;
  }
  return agree;
}

int benchmark(const Wish& wish) {
  const std::vector<BenchRuntime> runtimes = bench_runtimes();
  for (const BenchRuntime& runtime : runtimes)
    if (!runtime.missing.empty()) std::fprintf(stderr, "skipped: %s is not here\n   = %s\n", runtime.title.c_str(), runtime.missing.c_str());
  Results results(wish);
  for (const std::string& space : wish.spaces) {
    const std::vector<Drawn> networks = drawn(wish, space);
    for (std::size_t i = 0; i < networks.size(); ++i) {
      run(space, static_cast<int>(i), networks[i], wish.seed, runtimes, results);
      if ((i + 1) % 10 == 0) std::fprintf(stderr, "%s: %zu of %zu networks\n", space.c_str(), i + 1, networks.size());
    }
  }
  return print_all(wish, runtimes, results) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) try {
  Wish wish;
  CLI::App app("Random networks in every export format and runtime");
  app.add_option("--networks", wish.networks, "Of each space")->check(CLI::Range(1, 100000));
  app.add_option("--seed", wish.seed, "Of networks, weights and samples");
  app.add_option("--spaces", wish.spaces, "Names in configs/spaces, separated by commas")->delimiter(',');
  app.add_option("--out", wish.out, "A CSV file that keeps what was run, and goes on from there");
  CLI11_PARSE(app, count, arguments);
  return benchmark(wish);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
