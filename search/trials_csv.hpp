// trials.csv and front.csv: what came of a study, for people and spreadsheets.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "search/objective.hpp"
#include "search/trial.hpp"

namespace paretoforge {

/// `trial,state,<one column per decision>,<one column per objective>,seconds,message`, LF, in the order given.
/// Labels of inactive decisions and values that were not measured are empty; numbers read back bit for bit;
/// seconds to the millisecond, the only column that differs between runs of the same seed.
std::string trials_csv(const Space& space, std::span<const Criterion> criteria, std::span<const Trial> trials);

/// Writes a file in one step: a reader sees the old one or the new one, never a part. Throws StoreError.
void replace_file(const std::filesystem::path& path, const std::string& content);

}  // namespace paretoforge
