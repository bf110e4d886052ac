// Reading a criterion: its name, its direction, its limit and its wishes.
#include "experiments/criterion_file.hpp"

#include <array>
#include <string>

#include "experiments/quantity.hpp"
#include "experiments/trained_scores.hpp"

namespace paretoforge {
namespace {

constexpr std::array<std::string_view, 4> columns{"trial", "state", "seconds", "message"};

std::string read_name(const Config& item) {
  std::string name = item.at("name").text();
  if (name.empty() || name.find_first_of(",\"\n\r=") != std::string::npos)
    item.fail_at_key("name", "'" + name + "' cannot name a column of CSV files");
  for (const std::string_view column : columns)
    if (name == column) item.fail_at_key("name", "'" + name + "' is a column of every trials.csv", "take another name");
  return name;
}

/// Both ends of a region of interest, in whichever order they were written.
void read_interest(const Config& item, const Config& interest, Criterion& criterion) {
  const auto ends = interest.items();
  if (ends.size() != 2)
    interest.fail("a region of interest has two ends, this one " + std::to_string(ends.size()),
                  "interest: [5ms, 20ms]");
  if (item.has("soft_limit"))
    item.fail_at_key("soft_limit", "'interest' says already where " + criterion.name + " is wished for",
                     "its worse end is the soft limit");
  const double a = read_quantity(criterion.name, ends[0]), b = read_quantity(criterion.name, ends[1]);
  if (a == b) interest.fail("this region of interest has no width", "hope for one value with 'aspiration'");
  const bool first_better = cost(criterion, a) < cost(criterion, b);
  criterion.enough = first_better ? a : b;
  criterion.soft_limit = first_better ? b : a;
}

std::string worse_word(const Criterion& criterion) { return criterion.goal == Goal::minimize ? "greater" : "less"; }

/// Refuses a wish that could never be felt, or never be fulfilled: it must be better than `than`.
void require_better(const Config& item, std::string_view key, const Criterion& criterion,
                    const std::optional<double>& wish, const std::optional<double>& than, const std::string& called,
                    const std::string& hint) {
  if (!wish || !than || cost(criterion, *wish) < cost(criterion, *than)) return;
  item.fail_at_key(key,
                   "'" + std::string(key) + "' of " + criterion.name + " is " +
                       quantity_text(criterion.name, *wish, 6) + ", not better than its " + called + ", " +
                       quantity_text(criterion.name, *than, 6),
                   hint);
}

void check_wishes(const Config& item, const Criterion& criterion) {
  const bool interest = item.has("interest");
  const std::string soft = interest ? "interest" : "soft_limit";
  require_better(item, soft, criterion, interest ? criterion.enough : criterion.soft_limit, criterion.limit, "limit",
                 "what is " + worse_word(criterion) + " than the limit is never kept, so this would never be felt");
  require_better(item, "aspiration", criterion, criterion.aspiration, criterion.limit, "limit",
                 "hope for a value that keeps the limit");
  require_better(item, "aspiration", criterion, criterion.aspiration, criterion.reference, "reference",
                 "what is " + worse_word(criterion) + " than the reference adds nothing to the hypervolume");
  require_better(item, soft, criterion, interest ? criterion.enough : criterion.soft_limit, criterion.reference,
                 "reference",
                 "what is " + worse_word(criterion) + " than the reference adds nothing to the hypervolume");
}

}  // namespace

Criterion read_criterion(const Config& item) {
  item.allow({"name", "goal", "limit", "soft_limit", "interest", "aspiration", "reference", "expensive", "device",
              "metric", "measure", "train", "quantised", "ranks", "score", "table"});
  Criterion criterion{.name = read_name(item)};
  const bool trains = item.has("train") || item.has("score");  // no searcher may ask for thousands of them
  const auto score = named_score(criterion.name);
  criterion.goal = trains && !is_weight_bytes(criterion.name) && !(score && score->less_is_better) ? Goal::maximize : Goal::minimize;
  if (const auto goal = item.find("goal"))
    criterion.goal = goal->one_of({"minimize", "maximize"}) == "maximize" ? Goal::maximize : Goal::minimize;
  criterion.expensive = item.boolean_or("expensive", trains);
  const auto value = [&](const char* key) {
    const auto found = item.find(key);
    return found ? std::optional(read_quantity(criterion.name, *found)) : std::nullopt;
  };
  criterion.limit = value("limit");
  criterion.soft_limit = value("soft_limit");
  criterion.aspiration = value("aspiration");
  criterion.reference = value("reference");
  if (const auto interest = item.find("interest")) read_interest(item, *interest, criterion);
  check_wishes(item, criterion);
  return criterion;
}

}  // namespace paretoforge
