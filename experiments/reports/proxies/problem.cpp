#include "experiments/reports/proxies/problem.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "configs/files.hpp"
#include "configs/table.hpp"
#include "experiments/named_by.hpp"
#include "space/random.hpp"
#include "space/table_points.hpp"

namespace paretoforge {
namespace {

std::string key_of(const std::string& text) { return hex_text(checksum(text)); }

TrainSettings full_training(const Config& train) {
  TrainSettings full = TrainSettings::read(train);
  if (!full.data) train.fail("a training needs 'data'");
  full.budget.curve = true;
  return full;
}

/// A file beside the problem, else of the data.
std::filesystem::path found(const std::filesystem::path& problem, const std::string& file) {
  const std::filesystem::path beside = problem.parent_path() / file;
  const char* data = std::getenv("PARETOFORGE_DATA");
  return std::filesystem::exists(beside) || data == nullptr ? beside : data / std::filesystem::path(file);
}

void read_published(Problem& problem, const std::filesystem::path& file, const Config& section) {
  section.allow({"file", "column"});
  named_by(section, [&] {
    const Table table = Table::load(found(file, section.at("file").text()));
    const std::vector<Architecture> points = points_of(problem.space, table);
    const std::vector<double> values = table.numbers(section.at("column").text());
    if (points.empty()) throw ConfigError("error: " + table.name() + " has no rows");
    for (std::size_t row = 0; row < points.size(); ++row) {
      const std::string place = "\n  --> " + table.name() + ":" + std::to_string(table.line(row));
      if (!std::isfinite(values[row])) throw ConfigError("error: an accuracy is no number" + place);
      if (!problem.published.emplace(points[row], values[row]).second) throw ConfigError("error: a point stands twice in the table" + place);
    }
    return 0;
  });
}

Estimate read_estimate(const Config& section, const Problem& problem, const std::string& common) {
  section.allow({"name", "train", "score", "extrapolate", "ranks", "among_others"});
  if (section.has("among_others") && !section.has("ranks")) section.fail_at_key("among_others", "only ranks are among others");
  Estimate estimate{section.at("name").text(), "", {}, {}, 0};
  const TrainSettings& full = problem.train;
  if (const auto score = section.find("score")) {
    estimate.score = ScoreSettings::read(*score);
    estimate.key = key_of(problem.space.document().yaml() + score->yaml());
  } else if (const auto train = section.find("train")) {
    estimate.train = TrainSettings::read(*train, full);
    estimate.train->budget.test = estimate.train->budget.curve = false;
    estimate.key = key_of(common + train->yaml());
  } else if (const auto ranks = section.find("ranks")) {
    std::vector<std::string> names;
    for (const Estimate& above : problem.estimates) names.push_back(above.name);
    for (const Config& member : ranks->items())
      estimate.ranks.push_back(static_cast<std::size_t>(std::find(names.begin(), names.end(), member.one_of(names)) - names.begin()));
    if (estimate.ranks.empty()) ranks->fail("ranks by nothing");
    estimate.among_others = section.boolean_or("among_others", false);
  } else {
    const Config known = section.at("extrapolate");
    if (!problem.full.train) known.fail( "there is no full training: accuracies are published");
    estimate.epochs = static_cast<std::size_t>(known.integer(2, full.budget.epochs - 1));
    estimate.key = problem.full.key;
  }
  return estimate;
}

}  // namespace

std::string hex_text(std::uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

Problem Problem::load(const std::filesystem::path& file) {
  const Config document = Config::load(file);
  document.allow({"name", "space", "only", "train", "published", "estimates"});
  const Config space = document.at("space"), train = document.at("train");
  const Config text = named_by(space, [&] { return Config::load(file.parent_path() / space.text()); });
  const std::string common = text.yaml() + train.yaml();
  Problem problem{document.at("name").text(), named_by(space, [&] { return Space(text); }), full_training(train), {"full training", key_of(common), {}, {}, 0, {}}, {}};
  if (const auto published = document.find("published"))
    read_published(problem, file, *published);
  else
    problem.full.train = problem.train;
  if (const auto only = document.find("only"))
    for (const auto& [decision, label] : only->entries()) {
      const auto found = problem.space.find_decision(decision);
      if (!found) only->fail_at_key(decision, "the space has no decision '" + decision + "'");
      problem.only.emplace_back(*found, label.text());
    }
  std::set<std::string> names = {problem.full.name};
  for (const Config& section : document.at("estimates").items()) {
    problem.estimates.push_back(read_estimate(section, problem, common));
    if (!names.insert(problem.estimates.back().name).second) section.fail_at_key("name", "two estimates have this name");
  }
  return problem;
}

Networks Problem::networks(std::size_t count, std::uint64_t seed) const {
  Random random(seed);
  Networks all;
  std::set<std::uint64_t> seen;
  const std::size_t most_tries = (published.empty() ? 100 : 10000) * count;  // of many points that are not published nothing is made
  for (std::size_t tries = 0; all.graphs.size() < count && tries < most_tries; ++tries) try {
      const Architecture point = space.sample(random);
      const std::vector<std::string> labels = space.labels(point);
      if (!std::all_of(only.begin(), only.end(), [&](const auto& wish) { return labels[wish.first] == wish.second; })) continue;
      const auto value = published.find(point);
      if (value == published.end() && !published.empty()) continue;
      const Graph graph = pruned(space.decode(point));
      if (!seen.insert(network_hash(graph)).second) continue;
      all.graphs.push_back(graph);
      if (value != published.end()) all.published.push_back(value->second);
    } catch (const ConfigError&) {  // a point that is no network
    }
  if (all.graphs.size() < count)
    throw ConfigError("error: the space gave only " + std::to_string(all.graphs.size()) + " of " + std::to_string(count) + " different networks" +
                      (published.empty() ? "" : ", of which accuracies are published"));
  return all;
}

}  // namespace paretoforge
