// The report's data: columns as JSON, gzip, base64.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "experiments/quantity.hpp"
#include "experiments/report_internal.hpp"
#include "search/attainment.hpp"

namespace paretoforge::internal {
namespace {

using Json = nlohmann::ordered_json;  // keys in the order written, so that the same study gives the same bytes

template <class T>
Json optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json criterion_json(const Criterion& criterion) {
  Json units = Json::array();
  for (const UnitStep& step : unit_ladder(criterion.name))
    units.push_back({{"unit", step.unit}, {"factor", step.factor}, {"from", step.from}});
  return {{"name", criterion.name},
          {"label", quantity_label(criterion.name)},
          {"maximize", criterion.goal == Goal::maximize},
          {"limit", optional(criterion.limit)},
          {"soft_limit", optional(criterion.soft_limit)},
          {"enough", optional(criterion.enough)},
          {"reference", optional(criterion.reference)},
          {"units", units}};
}

/// One list per objective and per decision: columns compress far better than rows.
Json trials_json(const ReportStudy& study) {
  Json numbers = Json::array(), states = Json::array();
  std::vector<Json> values(study.criteria.size(), Json::array()), choices(study.decisions.size(), Json::array());
  for (const Trial& trial : study.trials) {
    numbers.push_back(trial.number);
    states.push_back(static_cast<int>(trial.state));
    for (std::size_t i = 0; i < values.size(); ++i) values[i].push_back(optional(trial.values.at(i)));
    for (std::size_t i = 0; i < choices.size(); ++i) choices[i].push_back(trial.architecture.at(i));
  }
  return {{"number", numbers}, {"state", states}, {"values", values}, {"choices", choices}};
}

/// Only where it rises: two lists, how many trials were told and the hypervolume then.
Json steps_json(const std::vector<double>& history) {
  Json told = Json::array(), values = Json::array();
  for (std::size_t i = 0; i < history.size(); ++i)
    if (i == 0 || i + 1 == history.size() || history[i] != history[i - 1]) {
      told.push_back(i + 1);
      values.push_back(history[i]);
    }
  return {{"told", told}, {"value", values}};
}

Json interval_json(const ReportInterval& interval) { return {interval.value, interval.low, interval.high}; }

Json model_json(const ReportModel& model) {
  Json layers = Json::array();
  for (const ReportLayer& layer : model.layers)
    layers.push_back({{"name", layer.name},
                      {"op", layer.op},
                      {"shape", layer.shape},
                      {"macs", layer.macs},
                      {"params", layer.params},
                      {"bytes", layer.bytes},
                      {"cost", optional(layer.cost_ms)},
                      {"inputs", layer.inputs}});
  Json predicted;
  if (model.predicted_latency_ms) predicted = interval_json(*model.predicted_latency_ms);
  return {{"name", model.name},
          {"trial", model.trial},
          {"reason", model.reason},
          {"predicted", predicted},
          {"measured", optional(model.measured_latency_ms)},
          {"layers", layers}};
}

Json predictor_json(const ReportPredictor& predictor) {
  Json samples = Json::array();
  for (const ReportSample& sample : predictor.samples)
    samples.push_back({sample.measured, sample.predicted.value, sample.predicted.low, sample.predicted.high});
  return {{"metric", criterion_json({predictor.metric})}, {"model", predictor.model}, {"samples", samples}};
}

/// Positions among the study's trials; a trial the study does not list has none.
std::map<std::uint64_t, std::size_t> positions(const ReportStudy& study) {
  std::map<std::uint64_t, std::size_t> result;
  for (std::size_t i = 0; i < study.trials.size(); ++i) result.emplace(study.trials[i].number, i);
  return result;
}

Json study_json(const ReportStudy& study) {
  const auto at = positions(study);
  Json criteria = Json::array(), decisions = Json::array(), front = Json::array(), picks = Json::array();
  for (const Criterion& criterion : study.criteria) criteria.push_back(criterion_json(criterion));
  for (const Decision& decision : study.decisions)
    decisions.push_back({{"name", decision.name}, {"labels", decision.labels}});
  for (const Trial& member : study.front)
    if (const auto found = at.find(member.number); found != at.end()) front.push_back(found->second);
  for (const Pick& pick : study.picks)
    if (const auto found = at.find(pick.trial.number); found != at.end())
      picks.push_back({{"trial", found->second}, {"reason", pick_reason(study, pick)}});
  Json models = Json::array(), predictors = Json::array();
  for (const ReportModel& model : study.models) models.push_back(model_json(model));
  for (const ReportPredictor& predictor : study.predictors) predictors.push_back(predictor_json(predictor));
  return {{"name", study.name},
          {"criteria", criteria},
          {"decisions", decisions},
          {"trials", trials_json(study)},
          {"front", front},
          {"picks", picks},
          {"hypervolume", steps_json(study.hypervolume)},
          {"models", models},
          {"predictors", predictors}};
}

/// Curves where any of them rises, and for two objectives the attainment surfaces, as values.
Json searcher_json(const std::vector<Criterion>& criteria, const SearcherRuns& group) {
  Json told = Json::array(), curves = Json::array(), surfaces = Json::array();
  std::array<Json, attained_shares.size()> values;
  values.fill(Json::array());
  std::array<double, attained_shares.size()> last{}, now{};
  for (std::size_t n = 1; n <= group.trials(); ++n) {
    for (std::size_t s = 0; s < now.size(); ++s) now[s] = group.reached(attained_shares[s], n);
    if (n > 1 && n < group.trials() && now == last) continue;
    last = now;
    told.push_back(n);
    for (std::size_t s = 0; s < now.size(); ++s) values[s].push_back(now[s]);
  }
  for (std::size_t s = 0; s < values.size(); ++s) {
    curves.push_back(values[s]);
    Json corners = Json::array();
    if (criteria.size() == 2)
      for (const auto& [x, y] : attainment_surface(group.fronts, attained_shares[s]))
        corners.push_back({cost(criteria[0], x), cost(criteria[1], y)});  // its own inverse
    surfaces.push_back(corners);
  }
  return {{"name", group.settings},
          {"runs", group.studies.size()},
          {"told", told},
          {"reached", curves},
          {"surfaces", surfaces}};
}

}  // namespace

std::string report_json(const std::vector<ReportStudy>& studies, const std::vector<std::vector<double>>& shared,
                        const std::vector<SearcherRuns>& groups) {
  Json list = Json::array(), names = Json::array(), histories = Json::array(), searchers = Json::array();
  if (studies.size() <= most_told)
    for (const ReportStudy& study : studies) list.push_back(study_json(study));
  for (const ReportStudy& study : studies) names.push_back(study.name);
  for (const auto& history : shared) histories.push_back(steps_json(history));
  for (const SearcherRuns& group : groups) searchers.push_back(searcher_json(studies[0].criteria, group));
  Json criteria = Json::array();
  if (!groups.empty())
    for (const Criterion& criterion : studies[0].criteria) criteria.push_back(criterion_json(criterion));
  const Json page = {{"schema", "paretoforge-report-1"},
                     {"studies", list},
                     {"names", names},
                     {"shared_hypervolume", histories},
                     {"criteria", criteria},
                     {"searchers", searchers}};
  return page.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string gzip(std::string_view bytes) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) throw std::length_error("a report's data must stay below 4 GiB");
  z_stream stream{};
  constexpr int kGzip = 15 + 16;  // the largest window, with gzip's header around it
  // The default level: the best one is 10 times as slow on digits and saves 2 %.
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string result(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write to it
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int status = deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("zlib could not compress the report's data");
  return result;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= left ? digits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::string policy_source(std::string_view sha256) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < sha256.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(sha256.substr(i, 2)), nullptr, 16));
  return "'sha256-" + base64(bytes) + "'";
}

bool comparable(const std::vector<ReportStudy>& studies) {
  const auto same = [](const Criterion& a, const Criterion& b) { return a.name == b.name && a.goal == b.goal; };
  return studies.size() > 1 && std::all_of(studies.begin(), studies.end(), [&](const ReportStudy& study) {
           return std::equal(study.criteria.begin(), study.criteria.end(), studies[0].criteria.begin(),
                             studies[0].criteria.end(), same);
         });
}

std::vector<Criterion> shared_criteria(const std::vector<ReportStudy>& studies) {
  std::vector<Criterion> criteria = studies[0].criteria;
  for (std::size_t k = 0; k < criteria.size(); ++k) {
    criteria[k].limit.reset();
    const bool agreed = std::all_of(studies.begin(), studies.end(), [&](const ReportStudy& study) {
      return study.criteria[k].reference == criteria[k].reference;
    });
    if (!agreed) criteria[k].reference.reset();
  }
  return criteria;
}

std::vector<std::vector<double>> shared_hypervolumes(const std::vector<ReportStudy>& studies) {
  if (!comparable(studies)) return {};
  const std::vector<Criterion> criteria = shared_criteria(studies);
  Front all(criteria);
  for (const ReportStudy& study : studies)
    for (const Trial& trial : study.trials) all.add(trial);
  const std::vector<double> best = all.best(), worst = all.worst();
  std::vector<std::vector<double>> result;
  for (const ReportStudy& study : studies) {
    Front front(criteria);
    std::vector<double>& history = result.emplace_back();
    for (const Trial& trial : study.trials) {
      const bool joined = front.add(trial);
      history.push_back(joined ? front.hypervolume(best, worst) : history.empty() ? 0 : history.back());
    }
  }
  return result;
}

}  // namespace paretoforge::internal
