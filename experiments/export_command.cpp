// export: chosen trials of a study, trained fully, or one architecture with random weights, as a bundle.
#include <algorithm>
#include <iostream>

#include "experiments/command_internal.hpp"
#include "experiments/exported_architecture.hpp"
#include "experiments/finish.hpp"
#include "experiments/front_text.hpp"
#include "experiments/models_file.hpp"
#include "experiments/network_file.hpp"
#include "experiments/quantity.hpp"
#include "experiments/report_study.hpp"
#include "experiments/study_run.hpp"
#include "experiments/training.hpp"
#include "experiments/version.hpp"
#include "exporters/bundle.hpp"
#include "exporters/formats.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_runtime.hpp"
#include "search/store_lock.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

struct ExportOptions {
  std::string source, trials = "front", formats, out, calibration, bits, bytes;
  std::optional<std::uint64_t> seed;
  unsigned threads = 0;
  bool quiet = false;
};

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size() && !text.empty();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string> format_names(const std::string& text) {
  if (text.empty()) return {"onnx"};
  std::vector<std::string> names = listed(text);
  for (const std::string& name : names) find_format(name);  // refuses what is none
  return names;
}

/// What the flags say, else what the study says.
QuantiseWish quantise_wish(const ExportOptions& options, QuantiseWish wish = {}) {
  if (!options.calibration.empty()) wish.calibration = find_range_rule(options.calibration);
  if (!options.bits.empty()) {
    wish.bits = find_weight_bits(options.bits);
    wish.most_bytes.reset();
  }
  if (!options.bytes.empty()) {
    if (wish.bits != "mixed") throw ConfigError("error: --weight-bytes is what weights may take where their bits are chosen\n   = --bits mixed --weight-bytes " + options.bytes);
    wish.most_bytes = read_quantity("weight_bytes", Config::make_scalar(options.bytes));
  }
  return wish;
}

/// A file for packed weights without a weight to pack is a mistake.
void require_packable(const std::vector<std::string>& formats, const QuantiseWish& wish, const Graph& graph, const std::string& name) {
  const auto packing = std::find_if(formats.begin(), formats.end(), [](const std::string& format) { return find_format(format).packs_int4; });
  if (packing == formats.end() || wish.bits == "4" || wish.bits == "mixed") return;
  const std::vector<NodeId> layers = weighted_layers(graph);
  if (wish.bits.empty() && std::any_of(layers.begin(), layers.end(), [&](NodeId layer) { return weight_bits(graph.op(layer)) <= 4; })) return;
  throw ConfigError("error: " + *packing + " packs weights of 4 bits, and " + name + " has none\n   = --bits 4, or --bits mixed");
}

std::vector<Pick> wanted(const std::string& trials, const Front& front, const std::vector<Trial>& all) {
  std::vector<Pick> chosen;
  if (trials == "front") {
    for (const Trial& member : front.members()) chosen.push_back({member, "member of the front"});
  } else if (trials == "knee") {
    if (const auto best = knee(front.criteria(), front.members())) chosen.push_back({front.members()[*best], "knee"});
  } else {
    std::vector<std::string> ids = listed(trials);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const std::string& id : ids) {
      const auto found = std::find_if(all.begin(), all.end(), [&](const Trial& trial) { return std::to_string(trial.number) == id; });
      if (found == all.end()) throw ConfigError("error: the study has no trial '" + id + "'\n   = --trials front, knee, or numbers such as 3,17");
      chosen.push_back({*found, "chosen by number"});
    }
  }
  return chosen;
}

/// Says which checks of the exported files cannot be made here.
void say_skipped(const std::vector<std::string>& formats) {
  for (const std::string& skipped : skipped_runs(formats)) std::cerr << "skipped: " << skipped << '\n';
}

/// What a format cannot hold is told before anything is trained.
void check_formats(const StudyFile& study, const std::vector<Pick>& chosen, const std::vector<std::string>& formats) {
  for (const Pick& pick : chosen) try {
      check_exportable(pruned(study.space->decode(pick.trial.architecture)), formats);
    } catch (const std::invalid_argument& error) {
      throw ConfigError("error: trial " + std::to_string(pick.trial.number) + ": " + error.what());
    }
}

int export_study(const ExportOptions& options) {
  const fs::path folder = options.source;
  const std::vector<std::string> formats = format_names(options.formats);
  Store::read(folder);            // refuses what is no study, before anything is written to it
  const StoreLock alone(folder);  // what is trained here goes to the folder, as what a search trains does
  const Store store = Store::read(folder);
  OnnxRuntime::version();  // says how to install it where it is missing, before anything is trained
  StopSignals signals;
  const StudyFile study = StudyFile::load(folder / "study.yaml");
  if (!study.training) throw ConfigError("error: no objective of this study trains, so there are no weights to export\n   = export its architectures one by one with --seed");
  if (study.fingerprint != store.study().fingerprint)
    throw ConfigError("error: what the study in " + folder.string() + " reads has changed since it was searched: its data, a table or a device\n   = put the files back as they were");
  const Front front(criteria(study.objectives), store.told());
  const std::vector<Pick> chosen = wanted(options.trials, front, store.told());
  if (chosen.empty()) {
    std::cerr << "the study has no front yet: nothing to export\n";
    return exit_nothing_fits;
  }
  check_formats(study, chosen, formats);
  const QuantiseWish wish = quantise_wish(options, study.finish ? study.finish->quantise : QuantiseWish{});
  for (const Pick& pick : chosen) require_packable(formats, wish, study.space->decode(pick.trial.architecture), "trial " + std::to_string(pick.trial.number));
  const fs::path out = options.out.empty() ? folder / "export" : fs::path(options.out);
  Progress progress(ProgressOptions::standard_error(options.quiet));
  study.training->tell([&progress](const std::string& note) { progress.note(note); });
  try {
    const auto models = finish_trials(study, chosen, folder, out,
                                      {options.threads != 0 ? options.threads : default_threads(), formats, wish,
                                       [&](const std::string& what, std::size_t done, std::size_t of) { progress.stage(what, done, of); }, &signals.stop()});
    progress.finish();
    say_skipped(formats);
    save_figures(folder / "models.json", models, fs::relative(out, folder).string());
    std::cout << models_text(models_of_trials(read_report_study(folder), chosen)) << "\nmodels  " << out.string() << '\n';
  } catch (const Interrupted&) {
    progress.finish();
    std::cerr << "stopped; networks that were trained are kept\n   = the same command goes on from there\n";
    return signals.exit_code();
  }
  return exit_done;
}

/// A lower-case C identifier from a file's name.
std::string identifier(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    name += std::isalnum(byte) ? static_cast<char>(std::tolower(byte)) : '_';
  }
  return name.empty() || !std::isalpha(static_cast<unsigned char>(name[0])) ? "model_" + name : name;
}

int export_architecture(const ExportOptions& options) {
  const Space space = load_space(options.source);
  if (!space.decisions().empty())
    throw ConfigError("error: " + options.source + " is a space with " + std::to_string(space.decisions().size()) + " decisions, not one architecture");
  if (!options.seed) throw ConfigError("error: an architecture has no weights\n   = --seed N exports it with random ones");
  const std::vector<std::string> formats = format_names(options.formats);
  const Graph graph = pruned(space.decode({}));
  try {
    check_exportable(graph, formats);
  } catch (const std::invalid_argument& error) {
    throw ConfigError("error: " + std::string(error.what()) + "\n  --> " + options.source);
  }
  const std::string name = identifier(fs::path(options.source).stem().string());
  const QuantiseWish wish = quantise_wish(options);
  if (wish.bits == "mixed" && !wish.most_bytes)
    throw ConfigError("error: --bits mixed looks for what accuracy allows, and random weights have none\n   = --bits 4, --weight-bytes N, or export trials of a study");
  require_packable(formats, wish, graph, name);
  Random random(derived_seed(*options.seed, 0));
  std::vector<float> samples(static_cast<std::size_t>(16 * graph.shape(0).elements()));
  for (float& value : samples) value = static_cast<float>(random.normal());
  const Quantised quantised = quantised_unscored(random_model(graph, *options.seed), {{samples.begin(), samples.end()}, {}}, wish);
  Bundle bundle{name, {{"paretoforge", version}, {"seed", std::to_string(*options.seed)}, {"weights", "random"}}, {}, formats, false, torchscript_format()};
  bundle.models.push_back({name, exported_architecture(space.resolved({}), quantised.model.graph, wish.bits), quantised.model, quantised.integer, samples, {{"weights", "random"}}, {}});
  const fs::path out = options.out.empty() ? fs::path("runs") / name : fs::path(options.out);
  write_bundle(bundle, out);
  say_skipped(formats);
  std::cout << "models  " << out.string() << '\n';
  return exit_done;
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "Export trials of a study, or one architecture, as quantised models in a bundle");
  command->add_option("source", options->source, "Folder of a study, or an architecture (YAML)")->required();
  command->add_option("--trials", options->trials, "front, knee, or trial numbers separated by commas");
  command->add_option("--formats", options->formats, "Formats separated by commas; 'paretoforge list exporters' names them");
  command->add_option("--calibration", options->calibration, "How ranges are chosen: mse, percentile, min_max or entropy; without it the best of the first three");
  command->add_option("--bits", options->bits, "Of weights: 8, 4, or mixed (4 where accuracy allows); without it as the architecture says");
  command->add_option("--weight-bytes", options->bytes, "With --bits mixed: 4 bits in as few layers as make weights and biases fit, such as 40KiB");
  command->add_option("--seed", options->seed, "Of the random weights of an architecture")->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  command->add_option("--out", options->out, "Folder of the bundle; a bundle of the same study that is there is replaced whole");
  command->add_option("--threads", options->threads, "Networks trained side by side")->check(CLI::Range(1, 1024));
  command->add_flag("--quiet", options->quiet, "Say nothing until the end");
  command->callback([options, &run] {
    run = [options] {
      tune_for_training();
      return fs::is_directory(options->source) ? export_study(*options) : export_architecture(*options);
    };
  });
}

}  // namespace paretoforge
