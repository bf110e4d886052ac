// A front for people: a few picks with a reason each, then how much there is; and the models made from them.
#pragma once

#include <string>
#include <vector>

#include "experiments/report.hpp"
#include "experiments/study_file.hpp"
#include "search/front.hpp"

namespace paretoforge {

std::string front_text(const StudyFile& study, const Front& front);
/// Every member, one a line.
std::string front_table(const StudyFile& study, const Front& front);
/// One model a line: accuracy, latency measured and predicted, sizes, what was proven.
std::string models_text(const std::vector<ReportModel>& models);

/// Rows as a table: columns as wide as their widest cell, two spaces between.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace paretoforge
