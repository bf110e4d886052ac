// The report: studies as plain data in, one self-contained HTML page out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/front.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// One layer of an exported model, in execution order.
struct ReportLayer {
  std::string name;
  std::string op;     ///< "conv 3x3 /2", "linear"
  std::string shape;  ///< of its output: "16 × 14 × 14"
  double macs = 0, params = 0;
  double bytes = 0;                 ///< of its output activation
  std::optional<double> cost_ms;    ///< its share of the predicted latency
  std::vector<std::size_t> inputs;  ///< positions of the layers it reads; empty: the one before it
};

/// A value with the interval that holds the true one in 9 of 10 cases.
struct ReportInterval {
  double value = 0, low = 0, high = 0;
};

/// A model that was trained fully, exported and run.
struct ReportModel {
  std::string name;
  std::uint64_t trial = 0;
  std::string reason;  ///< why it was picked
  std::vector<ReportLayer> layers;
  std::optional<double> float_score_pct, int8_score_pct;  ///< accuracy; of a regression R2
  bool regression = false;
  std::optional<double> weight_bytes, peak_bytes;
  std::optional<ReportInterval> predicted_latency_ms;
  std::optional<double> measured_latency_ms;
  std::optional<double> agreement_pct;  ///< inputs on which the exported file and the reference choose the same class, of a regression give the same numbers within 4 steps
  std::optional<bool> fused;            ///< the runtime fused every convolution to an integer one
  std::vector<std::string> files;       ///< paths relative to the page; shown as links
};

/// Whether these models of one study predict numbers.
inline bool of_regression(const std::vector<ReportModel>& models) { return !models.empty() && models.front().regression; }
/// What their scores are called.
inline std::string score_word(const std::vector<ReportModel>& models) { return of_regression(models) ? "R2" : "accuracy"; }

/// A network that a predictor had not seen, measured.
struct ReportSample {
  double measured = 0;
  ReportInterval predicted;
};
/// A fitted predictor's scores on rows it had not seen.
struct ReportPredictor {
  std::string metric;  ///< with its unit: latency_ms
  std::string model;   ///< gp, forest, ...
  std::size_t train_rows = 0, test_rows = 0;
  std::optional<double> spearman, within_10_pct, coverage_90_pct;
  std::vector<ReportSample> samples;  ///< drawn where there are any
};

/// How a cheap estimate (a zero-cost score, a lower rung) ranks the trials that were measured in full as well.
struct ReportEstimate {
  std::string name, of;    ///< "naswot" of "accuracy_pct"
  std::size_t trials = 0;  ///< that have both
  double spearman = 0, kendall = 0;
  std::size_t objective = 0;               ///< that it is, or whose lower rung
  std::optional<std::size_t> rung = {};    ///< of the objective, where it is a lower one
  std::string estimator = {}, cost = {};   ///< a row of estimators(), and what it costs
};

/// A study as the page tells it. Only `name`, `criteria` and `trials` have to be there; what is empty is left out.
struct ReportStudy {
  std::string name;
  std::string description;  ///< one line; plain text as everything here
  std::string algorithm;
  std::string settings;  ///< of the search, but for its seed and budget: "nsga2, population 50"; for comparisons
  std::string problem;   ///< the same for studies of the same space and objectives; for comparisons
  std::uint64_t seed = 0;
  std::size_t threads = 1;
  std::string host;
  std::string version;  ///< of the program
  double seconds = 0;   ///< the search took
  std::vector<Criterion> criteria;
  std::vector<Decision> decisions;  ///< one per element of a trial's architecture
  std::vector<Trial> trials;        ///< in order of number
  std::vector<Trial> front;         ///< as Front::members()
  std::vector<Pick> picks;          ///< as picks(Front)
  std::vector<double> hypervolume;  ///< after each trial, as hypervolume_history; 0 to 1
  std::vector<ReportModel> models;
  std::vector<ReportPredictor> predictors;
  std::vector<ReportEstimate> estimates;
  std::vector<std::string> notes;  ///< sentences the reader should know
  std::string command;             ///< that runs it again
  std::string yaml;                ///< the resolved study
};

/// The page: verdict, trade-offs, picks, the selected model layer by layer, how far numbers can be trusted, whether
/// the search was long enough, what the front shares, the front as a table, how to run it again. Several studies are
/// compared first; where they have the same objectives, hypervolume is taken in bounds they share. Where they differ in
/// seeds as well, those of the same settings are the runs of a searcher, and searchers are compared with a test. Of
/// more than `most_told` studies only the comparison is told: each has a page of its own.
///
/// One file that loads nothing: its Content-Security-Policy allows its own script and style (by hash) and no
/// network. The same studies give the same bytes. Without JavaScript the words and the tables are there; the
/// pictures are drawn by the script from the data (gzip, base64) inside the page. Bytes that are no UTF-8 become
/// U+FFFD.
inline constexpr std::size_t most_told = 4;
std::string report_html(const std::vector<ReportStudy>& studies);

}  // namespace paretoforge
