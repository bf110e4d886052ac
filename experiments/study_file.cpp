#include "experiments/study_file.hpp"

#include <algorithm>
#include <set>

#include "experiments/criterion_file.hpp"
#include "experiments/files.hpp"
#include "experiments/named_by.hpp"
#include "experiments/objective_tables.hpp"
#include "experiments/rungs.hpp"
#include "experiments/scoring.hpp"
#include "experiments/trained_scores.hpp"
#include "experiments/trained_scores_file.hpp"
#include "exporters/formats.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/sha256_internal.hpp"
#include "predictors/cost_model.hpp"
#include "predictors/device.hpp"
#include "predictors/totals.hpp"
#include "search/fresh_points.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

Config scalar(const std::string& text) { return Config::make_scalar(text, true); }

Config without(const Config& map, const std::set<std::string>& keys) {
  std::vector<Config::Entry> entries = map.entries();
  std::erase_if(entries, [&](const Config::Entry& entry) { return keys.contains(entry.first); });
  return Config::make_map(std::move(entries));
}

class Reader {
 public:
  Reader(const Config& document, const fs::path& file) : document_(document), base_(file.parent_path()) {
    study_.name = document.text_or("name", file.stem().string());
  }

  StudyFile outline() {
    read_space();
    study_.search = SearchSettings::read(document_.at("search"));
    for (const Config& item : with_trainings(document_.at("objectives"))) {
      if (item.has("train")) note_training(item.text_or("name", ""), read_quantised(item, document_.find("finish")).has_value());
      if (item.has("ranks")) study_.ranked_objective = study_.objectives.size();
      if (item.has("score")) study_.scores.push_back(study_.objectives.size());
      study_.objectives.push_back({read_criterion(item), nullptr});
      study_.objectives.back().rungs = read_rungs(item, study_.objectives);
    }
    study_.resolved = document_;
    return std::move(study_);
  }

  StudyFile read() {
    document_.allow({"name", "description", "space", "objectives", "search", "finish"});
    const Config space = read_space();
    const Config search = document_.find("search").value_or(Config::make_map({}));
    if (!document_.has("search")) document_.fail("a study needs 'search': {trials: ...}");
    study_.search = SearchSettings::read(search);
    study_.identity = Identity::network;
    const Config objectives = read_objectives();
    if (search.has("fidelity") && full_rung(criteria(study_.objectives)) == 0)
      search.fail_at_key("fidelity", "no objective of this study has rungs",
                         "such as  table: {file: ..., column: ..., rungs: [{column: ..., share: 0.1}]}");
    restrict_to_tables();
    if (study_.search->identity) study_.identity = *study_.search->identity;
    study_.search->make({*study_.space, criteria(study_.objectives), study_.search->seed, study_.points});  // its options are checked
    std::optional<Config> finish = document_.find("finish");
    if (finish) finish = read_finish(*finish);
    check_space();
    check_ranks();

    std::vector<Config::Entry> entries = {{"name", Config::make_scalar(study_.name)}};
    if (const auto description = document_.find("description")) entries.emplace_back("description", *description);
    entries.insert(entries.end(), {{"space", space}, {"objectives", objectives}, {"search", with_defaults(search)}});
    if (finish) entries.emplace_back("finish", *finish);
    study_.resolved = Config::make_map(std::move(entries));
    study_.fingerprint = internal::sha256(fingerprint(space, search) + contents_);
    return std::move(study_);
  }

 private:
  fs::path path_of(const Config& value) const {
    const fs::path path = value.text();
    return fs::absolute(path.is_absolute() ? path : base_ / path).lexically_normal();
  }

  Config read_space() {
    const Config value = document_.at("space");
    const Config space = value.is_map() ? value : named_by(value, [&] { return Config::load(path_of(value)); });
    study_.space.emplace(named_by(value, [&] { return Space(space); }));
    return space;
  }

  Config with_defaults(const Config& search) const {
    Config filled = search;
    filled = filled.with_entry("algorithm", Config::make_scalar(std::string(study_.search->kind->name)));
    return filled.with_entry("seed", Config::make_scalar(std::to_string(study_.search->seed)));
  }

  /// What decides a study's trials: everything but names, budgets, threads, paths and what comes after the search.
  std::string fingerprint(const Config& space, const Config& search) const {
    std::string text = space.yaml() + without(with_defaults(search), {"trials", "time", "threads"}).yaml();
    for (const Config& objective : document_.at("objectives").items()) {
      Config own = objective;
      if (const auto table = own.find("table")) own = own.with_entry("table", without(*table, {"file"}));
      if (const auto device = own.find("device"); device && device->text() != "host") own = own.with_entry("device", scalar("file"));
      if (const auto train = own.find("train"); train && train->is_map())
        own = own.with_entry("train", without(*train, {"data", "per_gpu"}));  // what is read of data is in the digests
      if (const auto score = own.find("score"); score && score->is_map()) own = own.with_entry("score", without(*score, {"data"}));
      text += own.yaml();
    }
    return text;
  }

  // --- objectives -------------------------------------------------------------------------------------------------

  Config read_objectives() {
    const Config list = document_.at("objectives");
    const auto items = list.items();
    if (items.empty()) list.fail("a study needs at least one objective");
    if (items.size() > most_objectives)
      list.fail("a study has at most " + std::to_string(most_objectives) + " objectives, this one " + std::to_string(items.size()),
                "make those that only have to be kept within bounds one objective with a limit, or leave them out");
    std::vector<Config> resolved;
    std::set<std::string> names;
    for (const Config& item : with_trainings(list)) {
      Objective objective{read_criterion(item), nullptr};
      objective.rungs = read_rungs(item, study_.objectives);
      if (!names.insert(objective.name).second) item.fail("two objectives are called '" + objective.name + "'");
      if (study_.space->find_decision(objective.name)) item.fail("'" + objective.name + "' is a decision of the space: a column of trials.csv has one meaning");
      const Config source = read_source(item, objective);
      const auto shared = items[resolved.size()].find("train");  // stays the name that it is
      resolved.push_back(shared && shared->is_scalar() ? items[resolved.size()] : source);
      study_.objectives.push_back(std::move(objective));
    }
    return Config::make_list(std::move(resolved));
  }

  /// Gives the objective its function and returns its section with paths made absolute.
  Config read_source(const Config& item, Objective& objective) {
    int sources = 0;
    for (const char* key : {"device", "train", "score", "table"}) sources += item.has(key);
    if (!item.has("train") && (sources > 0 || !find_total(objective.name))) read_quantised(item, {});  // refuses it
    if (item.has("ranks") && !item.has("train")) item.fail_at_key("ranks", "'ranks' needs 'train': the score of a training stands beside others", "scores alone are  score: {ensemble: [...]}");
    if (sources > 1) item.fail("an objective is measured in one way: device, train, score or table");
    if (const auto device = item.find("device")) return read_device(item, *device, objective);
    if (const auto train = item.find("train")) return read_training(item, *train, objective);
    if (const auto score = item.find("score")) return read_score(item, *score, objective);
    if (const auto table = item.find("table")) return read_table(item, *table, objective);
    for (const char* key : {"metric", "measure"})
      if (item.has(key)) item.fail_at_key(key, "'" + std::string(key) + "' needs 'device'");
    return read_total(item, objective);
  }

  Config read_total(const Config& item, Objective& objective) {
    const TotalKind* total = find_total(objective.name);
    if (total == nullptr) {
      std::vector<std::string> names;
      for (const TotalKind& kind : total_kinds()) names.emplace_back(kind.name);
      const std::string near = nearest_name(objective.name, names);
      item.fail_at_key("name", "'" + objective.name + "' is no exact total, and no device, train, score or table says how to measure it",
                       near.empty() ? "totals: macs, params, weight_bytes, peak_activation_bytes" : "did you mean '" + near + "'?");
    }
    TotalsOptions options = read_counted_as(item);
    if (objective.name == "peak_activation_bytes" && !item.has("quantised") && scored_with_wide_activations(document_.at("objectives"))) {
      options.activation_bits = 16;
      study_.notes.push_back("peak_activation_bytes is that of 16-bit activations, as the network is scored; its own  quantised: {activation_bits: 8}  says otherwise");
    }
    if (options.activation_bits || options.weight_bits)
      contents_ += objective.name + " of " + std::to_string(options.weight_bits.value_or(0)) + " and " + std::to_string(options.activation_bits.value_or(0)) + " bits";
    objective.measure = [total, options](const Candidate& candidate) { return static_cast<double>(totals(candidate.written, options).*total->value); };
    return item;
  }

  Config read_device(const Config& item, const Config& device, Objective& objective) {
    const std::string metric = item.text_or("metric", objective.name);
    if (device.text() == "host") {
      if (study_.host) item.fail("one objective on the host is enough");
      study_.host = read_host(item, metric);
      return item;
    }
    if (item.has("measure")) item.fail_at_key("measure", "only the host is measured at the start of a study", "measure other devices with 'paretoforge measure', then fit");
    const fs::path path = path_of(device);
    named_by(device, [&] { objective.measure = predicted(path, metric, *study_.space); });
    contents_ += internal::sha256(read_file(path));
    return item.with_entry("device", scalar(path.string()));
  }

  static HostPredictor read_host(const Config& item, const std::string& metric) {
    HostPredictor host{metric};
    if (metric != "latency_ms" && metric != "float_latency_ms")
      item.fail("the host is measured in latency_ms (int8) and float_latency_ms, not in '" + metric + "'");
    if (const auto measure = item.find("measure")) {
      measure->allow({"networks", "seed", "model"});
      host.networks = static_cast<std::size_t>(measure->integer_or("networks", 60));
      if (host.networks < 10 || host.networks > 100'000) measure->fail_at_key("networks", std::to_string(host.networks) + " networks", "10 to 100000");
      host.seed = static_cast<std::uint64_t>(measure->integer_or("seed", 1));
      if (const auto model = measure->find("model")) named_by(*model, [&] { host.model = cost_model_kind(model->text()).name; });
    }
    return host;
  }

 public:
  /// Where the metric was fitted in this space, the decisions speak too.
  static Measure predicted(const fs::path& file, const std::string& name, const Space& of) {
    const FittedMetric metric = Device::load(file).metric(name);  // a metric that is not there is found now
    return [metric, space = std::make_shared<const Space>(of)](const Candidate& candidate) {
      return metric.predict(candidate.written, *space, candidate.architecture).value;
    };
  }

 private:
  Config read_score(const Config& item, const Config& score, Objective& objective) {
    const Config section = score.is_map() ? with_absolute_data(score, base_) : score;
    scorings_.push_back(make_scoring(section, *study_.space));
    contents_ += "data " + std::to_string(scorings_.back()->data_digest());
    study_.scores.push_back(study_.objectives.size());
    objective.measure = [scoring = scorings_.back()](const Candidate& candidate) { return scoring->score(candidate.graph); };
    return item.with_entry("score", section);
  }

  /// Objectives of one section are scores of one training.
  Config read_training(const Config& item, const Config& train, Objective& objective) {
    const Config section = with_absolute_data(train, base_);
    if (!train_) begin_training(train, section);
    else if (train.yaml() != train_->yaml())
      item.fail("one training is enough", "a second score of the first says whose training it is:  train: " + study_.objectives[first_trained_].name);
    objective.measure = item.has("ranks") ? ranked(item, section, objective) : scored(item, objective);
    return item.with_entry("train", section);
  }

  /// The score of the training that the objective's name says.
  Measure scored(const Config& item, const Objective& objective) {
    if (const std::string note = checked_score(item, objective, *study_.training); !note.empty()) study_.notes.push_back(note);
    const std::size_t which = add_score(item, objective.name);
    if (is_weight_bytes(objective.name) && !trains_)
      item.fail_at_key("name", "'" + objective.name + "' tells nothing about how good a network is", "the score of the same training comes before it");
    return [scores = trained_, which](const Candidate& candidate) { return scores->value(candidate, which); };
  }

  /// The same, told as a rank.
  Measure ranked(const Config& item, const Config& train, const Objective& objective) {
    if (study_.ranked) item.fail_at_key("ranks", "one objective of ranks is enough");
    ranks_ = item.at("ranks");
    const NamedScore score = ranked_score(item, objective, *study_.training);
    const std::size_t which = add_score(item, score.name);
    const RanksWish wish = RanksWish::read(*ranks_);
    const auto scoring = named_by(*ranks_, [&] { return make_scoring(wish.section, *study_.space, train.find("data")); });
    study_.ranked = std::make_shared<RankedTraining>(wish, RankedTraining::Parts{score, trained_, which, scoring});
    study_.ranked_objective = study_.objectives.size();
    return [of = study_.ranked](const Candidate& candidate) { return of->value(candidate); };
  }

  /// Of the network quantised where the objective says so; returns which score it is.
  std::size_t add_score(const Config& item, const std::string& name) {
    const auto quantised = read_quantised(item, document_.find("finish"));
    if (quantised) begin_quantised(item, *quantised);
    note_training(name, quantised.has_value());
    return trained_->add({name, quantised});
  }

  void begin_training(const Config& train, const Config& section) {
    if (train.integer_or("validation", 1) == 0)
      train.fail_at_key("validation", "no sample is left to tell how good a network is", "say how many, such as  validation: 5000");
    train_ = train;
    first_trained_ = study_.objectives.size();
    study_.training = make_training(section);
    contents_ += "data " + std::to_string(study_.training->data_digest());
    for (const std::string& note : study_.training->notes()) study_.notes.push_back(note);
    trained_ = std::make_shared<TrainedScores>(study_.training, study_.checkpoints);
  }

  void begin_quantised(const Config& item, const ScoredAs& wish) {
    quantised_ = item.at("quantised");
    contents_ += "quantised " + (wish.weights.calibration ? std::string(range_rule_name(*wish.weights.calibration)) : "") + " " + wish.weights.bits;
    if (wish.weights.most_bytes) contents_ += " within " + std::to_string(*wish.weights.most_bytes);
    if (wish.activation_bits != 8) contents_ += " activations " + std::to_string(wish.activation_bits);
    try {
      OnnxRuntime::version();
    } catch (const OnnxRuntimeError& missing) {
      item.fail_at_key("quantised", "a quantised network is evaluated in ONNX Runtime: " + std::string(missing.what()));
    }
  }

  /// Called before the objective is added.
  void note_training(const std::string& name, bool quantised) {
    if (is_weight_bytes(name)) return;
    if (!trains_ || (quantised && !trains_quantised_)) study_.training_objective = study_.objectives.size();
    trains_ = true;
    trains_quantised_ = trains_quantised_ || quantised;
  }

  Config read_table(const Config& item, const Config& section, Objective& objective) {
    section.allow({"file", "column", "rungs"});
    const fs::path path = path_of(section.at("file"));
    if (!tables_) tables_.emplace(*study_.space);
    auto [measure, digests] = tables_->read(section, path, objective.name);
    objective.measure = std::move(measure);
    contents_ += digests;
    if (objective.expensive) study_.identity = Identity::decisions;
    return item.with_entry("table", section.with_entry("file", scalar(path.string())));
  }

  /// Where tables hold only a part of the space, the study is restricted to it.
  void restrict_to_tables() {
    if (!tables_) return;
    std::vector<Architecture> points = tables_->common();
    const SpaceSize size = study_.space->size();
    if (size.exact == points.size()) return;
    if (points.empty()) document_.fail_at_key("objectives", "the tables of the objectives have no row in common");
    study_.notes.push_back("the tables hold " + std::to_string(points.size()) + " of the space's " + size.digits + " points: the study is restricted to them");
    study_.points = std::make_shared<const std::vector<Architecture>>(std::move(points));
  }

  void check_ranks() const {
    if (!study_.ranked) return;
    const auto points = study_.points ? std::optional<std::uint64_t>(study_.points->size()) : study_.space->size().exact;
    if (points && *points < RanksWish::least_reference)
      ranks_->fail("ranks are taken among at least " + std::to_string(RanksWish::least_reference) + " networks, and this space has " + std::to_string(*points),
                   "leave 'ranks' out: that few can be trained in full");
  }

  /// A space whose every point is refused is found before the first trial; networks that the data does not fit too.
  void check_space() {
    std::optional<ConfigError> refused;
    Random random(study_.search->seed);
    for (int i = 0; i < 64; ++i) {
      const Architecture point = study_.points ? (*study_.points)[random.below(study_.points->size())] : study_.space->sample(random);
      try {
        const Graph graph = study_.space->decode(point);
        if (study_.training) study_.training->check(graph);
        if (quantised_) named_by(*quantised_, [&] { check_exportable(graph); });
        for (const auto& scoring : scorings_) scoring->check(graph);
        if (study_.finish) named_by(document_.at("finish"), [&] { check_exportable(graph, study_.finish->formats); });
        return;
      } catch (const ConfigError& error) {
        refused = error;
      }
    }
    throw ConfigError(std::string(refused->what()) + "\n   = each of 64 points drawn from the space is refused; this is the last");
  }

  /// Returns the section with paths made absolute.
  Config read_finish(Config finish) {
    if (const auto train = finish.find("train")) finish = finish.with_entry("train", with_absolute_data(*train, base_));
    const Config training = training_of(finish);
    study_.finish = read_finish_section(finish);
    check_training_changes(training, study_.finish->train);
    return finish;
  }

  /// What is trained as: the objective's section, or the finish's own where the search goes by scores.
  Config training_of(const Config& finish) {
    if (train_) return *train_;
    const auto train = finish.find("train");
    if (study_.scores.empty() || !train || !train->has("data"))
      finish.fail("'finish' trains and exports models, and no objective of this study trains",
                  study_.scores.empty() ? "" : "say what to train on, such as  train: {data: fashion-mnist}");
    study_.training = make_training(*train);
    study_.training_objective = study_.scores.front();  // in place of the accuracy that no trial has
    return *train;
  }

  Config document_;
  fs::path base_;
  StudyFile study_;
  std::vector<std::shared_ptr<const Scoring>> scorings_;
  std::optional<Config> train_, quantised_;  ///< the section that trains, and the last `quantised:` that asks for it
  std::optional<Config> ranks_;              ///< the section of study_.ranked
  std::uint64_t first_trained_ = 0;          ///< the objective whose section that is
  bool trains_ = false, trains_quantised_ = false;
  std::shared_ptr<TrainedScores> trained_;
  std::optional<ObjectiveTables> tables_;
  std::string contents_;  ///< digests of tables, devices and data
};

}  // namespace

StudyFile StudyFile::load(const std::filesystem::path& file, const std::vector<std::string>& settings) {
  Config document = Config::load(file);
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) throw ConfigError("error: '" + setting + "' sets nothing\n   = --set PATH=VALUE, such as --set search.trials=100");
    document = document.with(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return Reader(document, file).read();
}

std::filesystem::path StudyFile::checkpoint_of(const std::filesystem::path& folder, std::uint64_t trial) {
  return folder / (std::to_string(trial) + ".training");
}

StudyFile StudyFile::outline(const std::filesystem::path& file) { return Reader(Config::load(file), file).outline(); }

void StudyFile::set_host_device(const std::filesystem::path& device) {
  for (Objective& objective : objectives)
    if (!objective.measure) objective.measure = Reader::predicted(device, host->metric, *space);
}

}  // namespace paretoforge
