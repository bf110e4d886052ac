#include "experiments/finish_file.hpp"

#include "experiments/named_by.hpp"
#include "experiments/quantity.hpp"
#include "experiments/trained_scores_file.hpp"
#include "exporters/formats.hpp"
#include "predictors/totals.hpp"

namespace paretoforge {
namespace {

Within read_within(const Config& budget) {
  Within within;
  for (const auto& [name, value] : budget.entries()) {
    if (find_total(name) == nullptr) budget.fail_at_key(name, "'" + name + "' is no exact total", "totals: macs, params, weight_bytes, peak_activation_bytes");
    within.emplace_back(name, read_quantity(name, value));
  }
  return within;
}

}  // namespace

Finish read_finish_section(const Config& finish) {
  finish.allow({"picks", "also", "train", "formats", "calibration", "weight_bits", "weight_bytes"});
  Finish result;
  result.picks = static_cast<std::size_t>(finish.integer_or("picks", 5));
  if (const auto also = finish.find("also"))
    for (const Config& budget : also->items()) result.also.push_back(read_within(budget));
  result.train = finish.find("train");
  if (const auto formats = finish.find("formats")) {
    result.formats.clear();
    for (const Config& format : formats->items()) result.formats.push_back(std::string(named_by(format, [&] { return find_format(format.text()).name; })));
  }
  result.quantise = read_quantise_wish(finish);
  return result;
}

}  // namespace paretoforge
