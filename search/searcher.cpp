// The table of searchers, and the reader of a study's `search:` map.
#include "search/searcher.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "search/auto_search.hpp"
#include "search/nsga2.hpp"
#include "search/random_search.hpp"

namespace paretoforge {

namespace {

constexpr std::array<std::string_view, 3> evolution_options{"population", "crossover", "mutation"};

constexpr std::array<std::string_view, 2> auto_options{"start", "most_rows"};

std::unique_ptr<Searcher> make_auto(const SearchProblem& problem, const std::optional<Config>& search) {
  return std::make_unique<AutoSearch>(problem, search ? AutoOptions::read(*search) : AutoOptions{});
}

std::unique_ptr<Searcher> make_random(const SearchProblem& problem, const std::optional<Config>&) {
  return std::make_unique<RandomSearch>(problem);
}

std::unique_ptr<Searcher> make_nsga2(const SearchProblem& problem, const std::optional<Config>& search) {
  return std::make_unique<Nsga2>(problem, search ? EvolutionOptions::read(*search) : EvolutionOptions{});
}

constexpr std::array table{
    SearcherKind{"auto", "Gaussian processes on networks, cheap objectives exact, hypervolume improvement; the default",
                 auto_options, make_auto, "auto"},
    SearcherKind{"random", "uniform, no point twice", {}, make_random, "random"},
    SearcherKind{"nsga2", "non-dominated sorting genetic algorithm (Deb et al. 2002)", evolution_options, make_nsga2,
                 "nsga2"},
};

void refuse_unknown_keys(const Config& search, const SearcherKind& kind) {
  std::vector<std::string> known{"algorithm", "seed", "trials", "time", "threads", "window", "identity", "fidelity"};
  known.insert(known.end(), kind.options.begin(), kind.options.end());
  for (const auto& [key, value] : search.entries()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string near = nearest_name(key, known);
    search.fail_at_key(key, "unknown key '" + key + "' in " + search.title(),
                       near.empty() ? "" : "did you mean '" + near + "'?");
  }
}

}  // namespace

std::span<const SearcherKind> searchers() { return table; }

const SearcherKind& searcher_named(const std::string& name, const Config& place) {
  std::vector<std::string> names;
  for (const SearcherKind& kind : table) {
    if (kind.name == name) return kind;
    names.emplace_back(kind.name);
  }
  const std::string near = nearest_name(name, names);
  place.fail("no searcher is called '" + name + "'",
             near.empty() ? "'paretoforge list searchers' names them" : "did you mean '" + near + "'?");
}

SearchSettings SearchSettings::read(const Config& search) {
  const auto algorithm = search.find("algorithm");
  SearchSettings settings{.kind = algorithm ? &searcher_named(algorithm->text(), *algorithm) : &table[0]};
  refuse_unknown_keys(search, *settings.kind);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  if (const auto seed = search.find("seed")) settings.seed = static_cast<std::uint64_t>(seed->integer(0, most));
  if (const auto trials = search.find("trials"))
    settings.trials = static_cast<std::uint64_t>(trials->integer(0, most / 1000));
  if (const auto time = search.find("time")) settings.seconds = time->seconds();
  if (!settings.trials && !settings.seconds) search.fail("search needs 'trials' or 'time': when it should end");
  if (const auto threads = search.find("threads")) settings.threads = static_cast<unsigned>(threads->integer(1, 1024));
  if (const auto window = search.find("window")) settings.window = static_cast<unsigned>(window->integer(1, 100000));
  if (const auto identity = search.find("identity"))
    settings.identity =
        identity->one_of({"network", "decisions"}) == "network" ? Identity::network : Identity::decisions;
  if (const auto fidelity = search.find("fidelity")) settings.fidelity = FidelitySettings::read(*fidelity);
  if (settings.fidelity.scheduler == FidelitySettings::Scheduler::searcher && settings.kind->resolved != "auto")
    search.at("fidelity").fail("'" + std::string(settings.kind->name) + "' promotes no trials",
                               "scheduler: searcher is for algorithm: auto");
  settings.options = search;
  return settings;
}

}  // namespace paretoforge
