// The page of the cost predictors' figures, from results.csv.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <set>

#include "experiments/reports/predictors/results.hpp"

namespace paretoforge::predictors_report {
namespace {

using Lines = std::vector<Line>;
using Wanted = std::function<bool(const Line&)>;

constexpr const char* introduction =
    "# How well costs are predicted\n\n"
    "Written by `run.sh` from `results.csv`, which holds means over seeds. Each seed draws the rows that are fitted and "
    "up to 500 others that are scored. The measurements are others' (HELP; HW-NAS-Bench-360; NATS-Bench-MCU) and are "
    "not in this repository.\n\n"
    "Spearman's rank correlation, the share of networks within 10 % of what was measured, the share inside the 90 % "
    "interval, and the median width of that interval.\n";

constexpr const char* few_text =
    "The known devices are HELP's nine (batch 64 stands for 256 in the FBNet space), each fitted on 900 rows; a device "
    "that is among them is predicted from the other eight. The priors of the transfer and the correction of its interval "
    "were chosen by the mean over every other device in alphabetical order (`*`), its first form before that on all. "
    "Phones were measured to whole milliseconds. Of two in the FBNet table most is noise, which no predictor ranks.\n";

std::string formatted(const char* format, double a, double b, double c, double d) {
  char text[160];
  std::snprintf(text, sizeof text, format, a, b, c, d);
  return text;
}

std::string cells(const Scores& s) {
  return formatted(" %.4f | %.1f | %.1f | %.1f |", s.spearman, s.within, s.coverage, s.width);
}

Lines chosen(const Lines& lines, const Wanted& wanted) {
  Lines some;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(some), wanted);
  return some;
}

Scores mean(const Lines& lines) {
  Scores sum;
  for (const Line& line : lines) sum += line.scores;
  return sum / static_cast<double>(lines.size());
}

std::string device(const Line& line) { return line.metric.substr(0, line.metric.rfind("_latency_ms")); }

bool is_known(const Line& line) {
  static const std::set<std::string> nine{"1080ti_1",     "1080ti_32",   "1080ti_64", "1080ti_256",     "silver_4114",
                                          "silver_4210r", "samsung_a50", "pixel3",    "essential_ph_1", "samsung_s7"};
  return nine.contains(device(line));
}

/// Every other device of a table, in alphabetical order.
std::set<std::string> chosen_on(const Lines& lines) {
  std::set<std::string> all, half;
  for (const Line& line : lines) all.insert(device(line));
  bool take = true;
  for (const std::string& name : all) {
    if (take) half.insert(name);
    take = !take;
  }
  return half;
}

std::set<std::size_t> row_counts(const Lines& lines) {
  std::set<std::size_t> counts;
  for (const Line& line : lines) counts.insert(line.rows);
  return counts;
}

/// Means over groups of devices, a row per group and number of rows.
std::string group_table(const Lines& lines) {
  const auto half = chosen_on(lines);
  const std::vector<std::pair<std::string, Wanted>> groups{
      {"all devices", [](const Line&) { return true; }},
      {"chosen on", [&](const Line& l) { return half.contains(device(l)); }},
      {"the rest", [&](const Line& l) { return !half.contains(device(l)); }},
      {"the nine, each left out", is_known},
      {"the others, from the nine", [](const Line& l) { return !is_known(l); }}};
  std::string text = "\n| rows | devices | Spearman | within 10 % | in the interval | its width, % |\n|---|---|---|---|---|---|\n";
  for (const std::size_t rows : row_counts(lines))
    for (const auto& [name, wanted] : groups) {
      const Lines group = chosen(lines, [&](const Line& l) { return l.rows == rows && wanted(l); });
      if (!group.empty())
        text += "| " + std::to_string(rows) + " | " + name + " (" + std::to_string(group.size()) + ") |" + cells(mean(group)) + '\n';
    }
  return text;
}

/// Spearman per device, a column per number of rows and for planned ones.
std::string device_table(const Lines& drawn, const Lines& planned) {
  const auto half = chosen_on(drawn);
  const auto counts = row_counts(drawn);
  std::map<std::string, std::map<std::size_t, double>> table;
  for (const Line& line : drawn) table[device(line)][line.rows] = line.scores.spearman;
  for (const Line& line : planned) table[device(line)][0] = line.scores.spearman;
  std::string text = "\n| Spearman |", rule = "|---|";
  for (const std::size_t rows : counts) text += ' ' + std::to_string(rows) + " rows |", rule += "---|";
  text += " 10 planned |\n" + rule + "---|\n";
  const auto cell = [](const std::map<std::size_t, double>& row, std::size_t rows) {
    char number[32] = " |";
    if (const auto at = row.find(rows); at != row.end()) std::snprintf(number, sizeof number, " %.3f |", at->second);
    return std::string(number);
  };
  for (const auto& [name, row] : table) {
    text += "| " + name + (half.contains(name) ? " * |" : " |");
    for (const std::size_t rows : counts) text += cell(row, rows);
    text += cell(row, 0) + '\n';
  }
  return text;
}

std::string plan_text(const Lines& drawn, const Lines& planned) {
  const Lines ten = chosen(drawn, [](const Line& l) { return l.rows == 10; });
  if (planned.empty() || ten.size() != planned.size()) return "";
  std::size_t better = 0;
  for (const Line& p : planned)
    for (const Line& d : ten) better += p.metric == d.metric && p.scores.spearman > d.scores.spearman;
  char text[200];
  std::snprintf(text, sizeof text, "\nTen rows that the plan chose among 400: mean %.4f against %.4f of ten drawn; better on %zu of %zu devices.\n",
                mean(planned).spearman, mean(ten).spearman, better, ten.size());
  return text;
}

/// What many rows reach is near the most that few can: the rest is noise of the measurements.
std::string ceiling_text(const Lines& lines, const std::string& space) {
  const Lines many = chosen(lines, [&](const Line& l) {
    return l.part == "scratch" && l.space == space && l.table == "latency_by_device" && l.rows == 900;
  });
  if (many.empty()) return "";
  char text[160];
  std::snprintf(text, sizeof text, "\nThe same devices from scratch, with 900 rows of their own: mean %.4f.\n", mean(many).spearman);
  return text;
}

std::string few_shot(const Lines& lines, const std::string& space) {
  const auto of = [&](const char* part) { return chosen(lines, [&](const Line& l) { return l.part == part && l.space == space; }); };
  const Lines drawn = of("few"), planned = of("planned");
  if (drawn.empty()) return "";
  return "\n### " + space + "\n" + group_table(drawn) + plan_text(drawn, planned) + ceiling_text(lines, space) + device_table(drawn, planned);
}

std::string from_scratch(const Lines& lines) {
  std::map<std::pair<std::string, std::size_t>, Lines> groups;
  for (const Line& line : lines)
    if (line.part == "scratch") groups[{line.space + ", " + line.table, line.rows}].push_back(line);
  std::string text = "\n## From scratch\n\n| space, table | rows | metric | Spearman | within 10 % | in the interval | its width, % |\n|---|---|---|---|---|---|---|\n";
  for (const auto& [key, group] : groups) {
    const std::string begin = "| " + key.first + " | " + std::to_string(key.second) + " | ";
    for (const Line& line : group) text += begin + line.metric + " |" + cells(line.scores) + '\n';
    if (group.size() > 2) text += begin + "**mean of " + std::to_string(group.size()) + "** |" + cells(mean(group)) + '\n';
  }
  return text;
}

std::string seeds_text(const Lines& lines) {
  std::map<std::string, std::set<int>> by_part;
  for (const Line& line : lines) by_part[line.part].insert(line.seeds);
  std::string text = "\nSeeds:";
  for (const auto& [part, seeds] : by_part) {
    text += (text.ends_with(':') ? " " : "; ") + part + " " + std::to_string(*seeds.begin());
    if (seeds.size() > 1) text += " to " + std::to_string(*seeds.rbegin());
  }
  return text + ".\n";
}

}  // namespace

std::string page(const Lines& lines) {
  return introduction + seeds_text(lines) + "\n## Few-shot: a new device from a handful of rows\n\n" + few_text +
         few_shot(lines, "nasbench201") + few_shot(lines, "fbnet") + from_scratch(lines);
}

}  // namespace paretoforge::predictors_report
