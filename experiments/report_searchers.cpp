// Searchers compared over seeds: groups of runs, a test for every pair, the sentences and tables about them.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "experiments/quantity.hpp"
#include "experiments/report_internal.hpp"
#include "search/comparison.hpp"

namespace paretoforge::internal {
namespace {

constexpr double significant = 0.05;

/// How many of a study's trials it takes until `wanted` of them count; one entry per number from 1.
std::vector<std::size_t> counted_prefixes(const ReportStudy& study) {
  std::vector<std::size_t> prefixes;
  for (std::size_t i = 0; i < study.trials.size(); ++i)
    if (counts(study.criteria, study.trials[i])) prefixes.push_back(i + 1);
  return prefixes;
}

Costs front_costs(const std::vector<Criterion>& criteria, std::span<const Trial> trials) {
  Costs points(criteria.size());
  const Front front(criteria, trials);
  for (const Trial& member : front.members()) points.add(costs(criteria, member));
  return points;
}

/// Positions of studies by settings in order of appearance, each seed once and in order.
std::vector<SearcherRuns> grouped(const std::vector<ReportStudy>& studies) {
  std::vector<SearcherRuns> groups;
  std::map<std::string, std::map<std::uint64_t, std::size_t>> seeds;
  for (std::size_t i = 0; i < studies.size(); ++i) {
    auto& known = seeds[studies[i].settings];
    if (known.empty()) groups.push_back({studies[i].settings, {}, {}, {}});
    known.emplace(studies[i].seed, i);
  }
  for (SearcherRuns& group : groups)
    for (const auto& [seed, position] : seeds[group.settings]) group.studies.push_back(position);
  return groups;
}

std::string volume_text(double value) { return quantity_text("", value, 4); }

std::string p_text(double p) { return p < 0.001 ? "p < 0.001" : "p = " + quantity_text("", p, 2); }

/// "better with 18 of 20 seeds and worse with 2, which is hardly luck (p < 0.001)".
std::string pair_words(const SearcherPair& pair) {
  if (!pair.paired()) {
    if (pair.fewest < 2) return "one of them ran once, so no test can tell luck apart";
    return "better in " + quantity_text("share_pct", 100 * pair.superiority, 3) + " of the pairs of a run of each, which " +
           (pair.p_value < significant ? "is hardly luck (" : "may be luck (") + p_text(pair.p_value) + ")";
  }
  const std::string seeds = std::to_string(pair.wins) + " of " + std::to_string(pair.seeds) + " seeds and worse with " +
                            std::to_string(pair.losses);
  if (pair.p_value < significant)
    return "better with " + seeds + ", which is hardly luck (" + p_text(pair.p_value) + ")";
  return "better with " + seeds + ", which may be luck (" + p_text(pair.p_value) + ")" +
         (pair.seeds < 6 ? "; fewer than 6 seeds can show nothing" : "");
}

std::string groups_table(const std::vector<SearcherRuns>& groups) {
  std::string rows;
  for (const SearcherRuns& group : groups) {
    rows += "<tr>" + element("th", group.settings, "scope=\"row\"") +
            element("td", std::to_string(group.studies.size()), "class=\"number\"");
    for (const double share : attained_shares)
      rows += element("td", volume_text(group.reached(share, group.trials())), "class=\"number\"");
    rows += "</tr>\n";
  }
  return "<table class=\"searchers-table\">\n" +
         head_row({"Searcher", "seeds", "a quarter of its runs reach", "half", "three quarters"},
                  {false, true, true, true, true}) +
         "<tbody>\n" + rows + "</tbody></table>\n";
}

std::string pairs_table(const std::vector<SearcherRuns>& groups, const std::vector<SearcherPair>& pairs) {
  std::string rows;
  for (const SearcherPair& pair : pairs) {
    const auto number = [](const std::string& text) { return element("td", text, "class=\"number\""); };
    const auto share = [](double value) { return quantity_text("share_pct", 100 * value, 3); };
    rows += "<tr>" +
            element("th", groups[pair.first].settings + " against " + groups[pair.second].settings, "scope=\"row\"") +
            number(std::to_string(pair.seeds)) + number(pair.paired() ? std::to_string(pair.wins) : share(pair.superiority)) +
            number(pair.paired() ? std::to_string(pair.losses) : share(1 - pair.superiority)) +
            number(!pair.paired() && pair.fewest < 2 ? "–" : p_text(pair.p_value) + (pair.paired() ? "" : " (rank sums)")) + "</tr>\n";
  }
  return "<table class=\"pairs-table\">\n" +
         head_row({"Pair", "seeds in common", "first better", "second better", "signed-rank test (without seeds in common: rank-sum test), Holm-corrected"},
                  {false, true, true, true, true}) +
         "<tbody>\n" + rows + "</tbody></table>\n";
}

std::string attainment_section(const std::vector<ReportStudy>& studies) {
  const auto& criteria = studies[0].criteria;
  if (criteria.size() != 2) return {};
  return section(
      "attainment", "What can I count on?",
      "Whatever lies on or behind a searcher's line was reached, or beaten, by half of its runs; the band around it "
      "begins where a quarter of them got and ends where three quarters did. Where it is narrow one run is about as "
      "good as the next.",
      drawing("attainment"));
}

}  // namespace

double SearcherRuns::reached(double share, std::size_t trials) const {
  if (trials == 0 || hypervolume.empty()) return 0;
  std::vector<double> values;
  for (const auto& history : hypervolume) values.push_back(history.at(trials - 1));
  std::sort(values.begin(), values.end(), std::greater<>());
  return values[static_cast<std::size_t>(std::max(1.0, std::ceil(share * static_cast<double>(values.size()) - 1e-9))) -
                1];
}

std::vector<SearcherRuns> searcher_groups(const std::vector<ReportStudy>& studies,
                                          const std::vector<std::vector<double>>& shared) {
  if (shared.empty() || studies[0].problem.empty()) return {};
  for (const ReportStudy& study : studies)
    if (study.problem != studies[0].problem) return {};
  std::vector<SearcherRuns> groups = grouped(studies);
  if (std::none_of(groups.begin(), groups.end(), [](const auto& group) { return group.studies.size() > 1; })) return {};
  std::vector<std::vector<std::size_t>> prefixes;
  for (const ReportStudy& study : studies) prefixes.push_back(counted_prefixes(study));
  std::size_t fewest = prefixes[0].size();
  for (const auto& of_one : prefixes) fewest = std::min(fewest, of_one.size());
  const std::vector<Criterion> criteria = shared_criteria(studies);
  for (SearcherRuns& group : groups)
    for (const std::size_t study : group.studies) {
      auto& history = group.hypervolume.emplace_back();
      for (std::size_t n = 0; n < fewest; ++n) history.push_back(shared[study][prefixes[study][n] - 1]);
      const std::size_t trials = fewest == 0 ? 0 : prefixes[study][fewest - 1];
      group.fronts.push_back(front_costs(criteria, std::span(studies[study].trials).first(trials)));
    }
  return groups;
}

std::vector<SearcherPair> searcher_pairs(const std::vector<ReportStudy>& studies,
                                         const std::vector<SearcherRuns>& groups) {
  std::vector<SearcherPair> pairs;
  std::vector<double> p_values;
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (std::size_t j = i + 1; j < groups.size(); ++j) {
      const auto final_of = [](const SearcherRuns& group, std::size_t run) {
        return group.hypervolume[run].empty() ? 0 : group.hypervolume[run].back();
      };
      std::vector<double> a, b, all_a, all_b;
      SearcherPair pair{i, j};
      for (std::size_t m = 0; m < groups[i].studies.size(); ++m) all_a.push_back(final_of(groups[i], m));
      for (std::size_t n = 0; n < groups[j].studies.size(); ++n) all_b.push_back(final_of(groups[j], n));
      for (std::size_t m = 0; m < groups[i].studies.size(); ++m)
        for (std::size_t n = 0; n < groups[j].studies.size(); ++n) {
          if (studies[groups[i].studies[m]].seed != studies[groups[j].studies[n]].seed) continue;
          a.push_back(all_a[m]);
          b.push_back(all_b[n]);
          pair.wins += a.back() > b.back();
          pair.losses += a.back() < b.back();
        }
      pair.seeds = a.size();
      const RankSum sums = wilcoxon_rank_sum(all_a, all_b);
      pair.superiority = sums.superiority;
      pair.fewest = std::min(all_a.size(), all_b.size());
      p_values.push_back(pair.paired() ? wilcoxon_signed_rank(a, b).p_value : sums.p_value);
      pairs.push_back(pair);
    }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t p = 0; p < pairs.size(); ++p) pairs[p].p_value = adjusted[p];
  return pairs;
}

std::string searcher_words(const std::vector<SearcherRuns>& groups, const std::vector<SearcherPair>& pairs) {
  const std::size_t trials = groups[0].trials();
  const auto middle = [&](std::size_t g) { return groups[g].reached(0.5, trials); };
  std::size_t best = 0;
  for (std::size_t g = 1; g < groups.size(); ++g)
    if (middle(g) > middle(best)) best = g;
  std::string text = "After " + counted(trials, "trial", "trials") + " half of the runs of " + groups[best].settings +
                     " reach " + volume_text(middle(best)) + " of the volume in bounds that all studies share";
  text +=
      groups.size() == 1 ? ", over " + counted(groups[0].studies.size(), "seed", "seeds") + "." : ", the most of all.";
  for (SearcherPair pair : pairs) {
    if (pair.second == best) {
      std::swap(pair.first, pair.second);
      std::swap(pair.wins, pair.losses);
      pair.superiority = 1 - pair.superiority;
    }
    if (pair.first != best) continue;
    text += " Against " + groups[pair.second].settings + " (" + volume_text(middle(pair.second)) +
            "): " + pair_words(pair) + ".";
  }
  return text;
}

std::string searchers_html(const std::vector<ReportStudy>& studies, const std::vector<SearcherRuns>& groups) {
  if (groups.empty()) return {};
  const auto pairs = searcher_pairs(studies, groups);
  std::string body = drawing("searchers") + scrolled("The searchers compared", groups_table(groups));
  if (!pairs.empty()) body += scrolled("Every pair of searchers", pairs_table(groups, pairs));
  return section("searchers", "Which searcher is better, and is it luck?", searcher_words(groups, pairs), body) +
         attainment_section(studies);
}

}  // namespace paretoforge::internal
