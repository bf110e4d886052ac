// The table of searchers, and the reader of a study's `search:` map.
#include "search/searcher.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "search/agemoea2.hpp"
#include "search/auto_search.hpp"
#include "search/exhaustive.hpp"
#include "search/gp_ehvi.hpp"
#include "search/latin_hypercube.hpp"
#include "search/local_search.hpp"
#include "search/mobananas.hpp"
#include "search/moead.hpp"
#include "search/motpe.hpp"
#include "search/nsga2.hpp"
#include "search/nsga3.hpp"
#include "search/parego.hpp"
#include "search/progressive.hpp"
#include "search/random_search.hpp"
#include "search/regularized_evolution.hpp"
#include "search/reinforce.hpp"
#include "search/smsemoa.hpp"
#include "search/surrogate_evolution.hpp"

namespace paretoforge {

namespace {

constexpr std::array<std::string_view, 2> auto_options{"start", "most_rows"};
constexpr std::array<std::string_view, 3> evolution_options{"population", "crossover", "mutation"};
constexpr std::array<std::string_view, 4> moead_options{"population", "crossover", "mutation", "neighbours"};
constexpr std::array<std::string_view, 2> regularized_evolution_options{"population", "sample"};
constexpr std::array<std::string_view, 1> latin_hypercube_options{"points"};
constexpr std::array<std::string_view, 3> motpe_options{"start", "candidates", "good"};
constexpr std::array<std::string_view, 3> mobananas_options{"start", "refit", "pool"};
constexpr std::array<std::string_view, 3> gp_ehvi_options{"start", "pool", "fronts"};
constexpr std::array<std::string_view, 4> parego_options{"start", "pool", "rho", "steps"};
constexpr std::array<std::string_view, 3> surrogate_evolution_options{"start", "population", "generations"};
constexpr std::array<std::string_view, 3> progressive_options{"beam", "stages", "pool"};
constexpr std::array<std::string_view, 5> reinforce_options{"reward", "rate", "entropy", "decay", "power"};

/// A searcher whose only argument is its problem.
template <class Algorithm>
std::unique_ptr<Searcher> make_plain(const SearchProblem& problem, const std::optional<Config>&) {
  return std::make_unique<Algorithm>(problem);
}

/// One whose options read themselves.
template <class Algorithm, class Options>
std::unique_ptr<Searcher> make_with(const SearchProblem& problem, const std::optional<Config>& search) {
  return std::make_unique<Algorithm>(problem, search ? Options::read(*search) : Options{});
}

/// An evolutionary one whose time grows faster than its population, which it limits.
template <class Algorithm>
std::unique_ptr<Searcher> make_limited(const SearchProblem& problem, const std::optional<Config>& search) {
  return std::make_unique<Algorithm>(
      problem, search ? EvolutionOptions::read(*search, Algorithm::greatest_population) : EvolutionOptions{});
}

std::unique_ptr<Searcher> make_latin_hypercube(const SearchProblem& problem, const std::optional<Config>& search) {
  const auto points = search ? search->find("points") : std::nullopt;
  return std::make_unique<LatinHypercube>(problem, points ? static_cast<std::size_t>(points->integer(1, 100'000)) : 20);
}

/// One that a function makes, whose class is its own affair.
template <class Options, std::unique_ptr<Searcher> (*create)(const SearchProblem&, const Options&)>
std::unique_ptr<Searcher> make_by(const SearchProblem& problem, const std::optional<Config>& search) {
  return create(problem, search ? Options::read(*search) : Options{});
}

template <TreeSurrogate surrogate>
std::unique_ptr<Searcher> make_tree_evolution(const SearchProblem& problem, const std::optional<Config>& search) {
  return make_surrogate_evolution(problem, search ? SurrogateEvolutionOptions::read(*search, surrogate)
                                                  : SurrogateEvolutionOptions{.surrogate = surrogate});
}

constexpr std::array table{
    SearcherKind{"auto", "Gaussian processes on networks, cheap objectives exact, hypervolume improvement; the default",
                 auto_options, make_with<AutoSearch, AutoOptions>, "auto", true},
    SearcherKind{"random", "uniform, no point twice", {}, make_plain<RandomSearch>, "random"},
    SearcherKind{"exhaustive", "every point, in order", {}, make_plain<Exhaustive>, "exhaustive"},
    SearcherKind{"latin_hypercube", "designs with every decision balanced (McKay et al. 1979)", latin_hypercube_options,
                 make_latin_hypercube, "latin_hypercube"},
    SearcherKind{"local_search",
                 "Pareto local search with restarts (Paquete et al. 2004)",
                 {},
                 make_plain<LocalSearch>,
                 "local_search"},
    SearcherKind{"regularized_evolution", "ageing evolution (Real et al. 2019)", regularized_evolution_options,
                 make_with<RegularizedEvolution, RegularizedEvolutionOptions>, "regularized_evolution"},
    SearcherKind{"nsga2", "non-dominated sorting genetic algorithm (Deb et al. 2002)", evolution_options,
                 make_with<Nsga2, EvolutionOptions>, "nsga2"},
    SearcherKind{"nsga3", "niches around reference directions (Deb and Jain 2014)", evolution_options,
                 make_limited<Nsga3>, "nsga3"},
    SearcherKind{"moead", "decomposition into weighted subproblems (Zhang and Li 2007)", moead_options,
                 make_with<Moead, MoeadOptions>, "moead"},
    SearcherKind{"smsemoa", "selection by hypervolume (Beume et al. 2007)", evolution_options, make_limited<SmsEmoa>,
                 "smsemoa"},
    SearcherKind{"agemoea2", "survival along a modelled front (Panichella 2022)", evolution_options,
                 make_limited<AgeMoea2>, "agemoea2"},
    SearcherKind{"motpe", "multi-objective tree-structured Parzen estimator (Ozaki et al. 2020)", motpe_options,
                 make_by<MotpeOptions, make_motpe>, "motpe", true},
    SearcherKind{"mobananas", "ensemble of neural networks, mutants, Thompson sampling (Guerrero-Viu et al. 2021)",
                 mobananas_options, make_by<MobananasOptions, make_mobananas>, "mobananas", true},
    SearcherKind{"gp_ehvi", "Gaussian processes, expected hypervolume improvement (Daulton et al. 2020, 2021)",
                 gp_ehvi_options, make_by<GpEhviOptions, make_gp_ehvi>, "gp_ehvi", true},
    SearcherKind{"parego", "Gaussian processes, random scalarisations (Knowles 2006)", parego_options,
                 make_by<ParegoOptions, make_parego>, "parego", true},
    SearcherKind{"forest_evolution", "evolution on a random forest (after Lu et al. 2020)", surrogate_evolution_options,
                 make_tree_evolution<TreeSurrogate::forest>, "forest_evolution", true},
    SearcherKind{"boosted_evolution", "evolution on boosted trees (after Lu et al. 2020)", surrogate_evolution_options,
                 make_tree_evolution<TreeSurrogate::boosted>, "boosted_evolution", true},
    SearcherKind{"progressive", "grows complexity under an ensemble of networks (Liu et al. 2018)", progressive_options,
                 make_by<ProgressiveOptions, make_progressive>, "progressive", true},
    SearcherKind{"reinforce", "policy gradient with a factorised policy (Williams 1992, Tan et al. 2019)",
                 reinforce_options, make_by<ReinforceOptions, make_reinforce>, "reinforce"},
};

void refuse_unknown_keys(const Config& search, const SearcherKind& kind) {
  std::vector<std::string> known{"algorithm", "seed", "trials", "time", "threads", "window", "identity", "fidelity"};
  known.insert(known.end(), kind.options.begin(), kind.options.end());
  search.allow(known);
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
  // `auto` knows better than a rule by ranks; the others have nothing to say.
  if (settings.kind->resolved == "auto" && !(search.find("fidelity") && search.at("fidelity").find("scheduler")))
    settings.fidelity.scheduler = FidelitySettings::Scheduler::searcher;
  if (settings.fidelity.scheduler == FidelitySettings::Scheduler::searcher && settings.kind->resolved != "auto")
    search.at("fidelity")
        .fail("'" + std::string(settings.kind->name) + "' promotes no trials",
              "scheduler: searcher is for algorithm: auto");
  settings.options = search;
  return settings;
}

}  // namespace paretoforge
