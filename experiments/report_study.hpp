// From a study's folder to the report's data: everything the page shows is read from what the study left there.
#pragma once

#include <filesystem>

#include "configs/config.hpp"
#include "experiments/report.hpp"

namespace paretoforge {

/// Throws ConfigError where the folder holds no study, or one of its files is damaged.
ReportStudy read_report_study(const std::filesystem::path& folder);

/// Of each expensive objective that is not made of scores itself (as `ranked` is, the one with `ranks:`): how the scores
/// (positions in `criteria`) and its own lower rungs rank the trials that have both; none where fewer than five have, or one
/// side is constant. 1 is a perfect estimate, whatever the goals.
std::vector<ReportEstimate> estimates_of(const std::vector<Criterion>& criteria, const std::vector<Trial>& trials,
                                         const std::vector<std::uint64_t>& scores, std::optional<std::uint64_t> ranked = {});

/// How those objectives that estimate accuracy rank the accuracies of the models that were trained fully at the end.
std::vector<ReportEstimate> estimates_of_models(const Config& objectives, const std::vector<Criterion>& criteria,
                                                const std::vector<Trial>& trials, const std::vector<ReportModel>& models);

/// Fills in which estimator each is and what it costs, as the study's objectives say.
void explain(std::vector<ReportEstimate>& estimates, const Config& objectives, const std::vector<Criterion>& criteria);

/// Those of a study's models that were made from these trials, in their order.
std::vector<ReportModel> models_of_trials(const ReportStudy& study, const std::vector<Pick>& trials);

/// Writes report.html into the study's folder, from what read_report_study read there.
void write_report(const std::filesystem::path& folder, const ReportStudy& study);

}  // namespace paretoforge
