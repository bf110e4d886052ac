// From a document to a program: layers, with define/use and repeat expanded; choices_internal.hpp has the values.
#include <algorithm>
#include <map>

#include "space/choices_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t most_layers = 200'000;
constexpr int deepest_use = 32;

class Compiler {
 public:
  explicit Compiler(const Config& document) : program_(std::make_shared<Space::Program>(document)), document_(document) {
    program_->groups.emplace_back();
  }

  std::shared_ptr<const Space::Program> run() {
    document_.allow({"name", "description", "input", "bits", "define", "layers"});
    program_->name = document_.text_or("name", "");
    if (const auto defines = document_.find("define"))
      for (const auto& [name, block] : defines->entries()) defines_.emplace(name, block);
    Environment environment;
    compile_input(environment);
    compile_bits(environment);
    program_->layers = compile_block(document_.at("layers"), "", environment);
    find_conditional_decisions();
    return program_;
  }

 private:
  void compile_input(Environment& environment) {
    const Config input = document_.at("input");
    const std::vector<Config> sizes = input.items();
    if (sizes.empty() || sizes.size() > 3)
      input.fail("input has " + std::to_string(sizes.size()) + " sizes",
                 "[channels, height, width], [channels, length] or [features]");
    program_->one_dimensional = sizes.size() == 2;
    const ParamSpec spec{Param::out, "input", ParamForm::integer, 1, 1 << 20};
    for (std::size_t i = 0; i < sizes.size(); ++i)
      program_->input.push_back(values_.argument(spec, {sizes[i], "input." + std::to_string(i)}, environment));
  }

  void compile_bits(Environment& environment) {
    const auto bits = document_.find("bits");
    if (!bits) return;
    bits->allow({"weights", "activations"});
    for (const ParamSpec& spec : bit_params()) {
      const std::string key = spec.param == Param::weight_bits ? "weights" : "activations";
      if (const auto value = bits->find(key)) program_->bits.push_back(values_.argument(spec, {*value, "bits." + key}, environment));
    }
  }

  /// Every site may be skipped by some point unless it is reached through no choice at all.
  void find_conditional_decisions() {
    program_->conditional.assign(program_->decisions.size(), 1);
    std::vector<std::int32_t> always = {0};
    for (std::size_t i = 0; i < always.size(); ++i)
      for (const Site& s : program_->groups[static_cast<std::size_t>(always[i])]) {
        if (s.decision >= 0) program_->conditional[static_cast<std::size_t>(s.decision)] = 0;
        else always.push_back(s.then[0]);
      }
    const auto& flags = program_->conditional;
    program_->unconditional = std::find(flags.begin(), flags.end(), 1) == flags.end();
  }

  // --- layers -----------------------------------------------------------------------------------------------------

  Block compile_block(const Config& list, const std::string& path, Environment& environment) {
    if (!list.is_list()) list.fail("layers must be a list, not " + list.described());
    Block block;
    const auto layers = list.items();
    for (std::size_t i = 0; i < layers.size(); ++i)
      compile_layer(layers[i], path.empty() ? std::to_string(i) : path + "." + std::to_string(i), environment, block);
    return block;
  }

  /// A layer, or a list of layers where an alternative, branch or edge is one.
  Block compile_part(const Config& part, const std::string& path, Environment& environment) {
    if (part.is_list()) return compile_block(part, path, environment);
    Block block;
    compile_layer(part, path, environment, block);
    return block;
  }

  void count_layer(const Config& layer) {
    if (++layers_ > most_layers) layer.fail("the document unfolds to more than " + std::to_string(most_layers) + " layers");
  }

  void compile_layer(const Config& layer, const std::string& path, Environment& environment, Block& block) {
    count_layer(layer);
    if (layer.is_scalar()) {
      const Located settled = values_.settle({layer, path}, environment);
      if (!settled.value.is_scalar()) return compile_layer(settled.value, settled.path, environment, block);
      return compile_op(layer, settled.value.text(), std::nullopt, path, environment, block);
    }
    if (!layer.is_map()) layer.fail("a layer must be a map, not " + layer.described(), "such as  conv: {out: 16, kernel: 3}");
    if (layer.has("choice")) return compile_choice({layer, path}, environment, block);
    if (layer.has("use")) return compile_use(layer, path, environment, block);
    const auto [kind, body] = kind_of(layer);
    if (kind == "layers") return append(block, compile_block(body, path, environment));
    if (kind == "repeat") return compile_repeat(body, path, environment, block);
    if (kind == "residual") return compile_residual(body, path, environment, block);
    if (kind == "branches") return compile_branches(body, path, environment, block);
    if (kind == "cell") return compile_cell(body, path, environment, block);
    compile_op(layer, kind, body, path, environment, block);
  }

  static void append(Block& block, Block&& more) {
    block.insert(block.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }

  /// The one key of a layer beside label: what kind it is.
  static Config::Entry kind_of(const Config& layer) {
    std::optional<Config::Entry> found;
    for (const auto& [key, body] : layer.entries()) {
      if (key == "label") continue;
      if (found) layer.fail_at_key(key, "a layer has one kind, and this one has two: '" + found->first + "' and '" + key + "'");
      found.emplace(key, body);
    }
    if (!found) layer.fail("a layer without a kind", "such as  conv: {out: 16, kernel: 3}");
    return *found;
  }

  static std::string first_key(const Config& layer) { return layer.is_scalar() ? layer.text() : kind_of(layer).first; }

  std::string layer_label(const Config& layer) {
    if (layer.is_list()) {
      const auto items = layer.items();
      if (items.empty()) layer.fail("an empty list of layers", "- {label: none, layers: []} is a layer that does nothing");
      return layer_label(items[0]);
    }
    if (layer.is_map()) {
      if (const auto label = layer.find("label")) return label->text();
      if (const auto use = layer.find("use")) return use->text();
      if (layer.has("choice")) return layer.text_or("name", "choice");
    }
    return first_key(layer);
  }

  void compile_choice(const Located& located, Environment& environment, Block& block) {
    const auto options = values_.alternatives(located.value);
    std::vector<std::string> labels;
    for (const Config& option : options) labels.push_back(layer_label(option));
    Layer layer(Form::choice, located.path, located.value);
    layer.decision = values_.decision(located, labels, environment);
    Site here{layer.decision, {}};
    for (std::size_t i = 0; i < options.size(); ++i) {
      Environment inner = environment;
      here.then.push_back(inner.group = values_.new_group());
      layer.parts.push_back(compile_part(options[i], located.path + "." + labels[i], inner));
    }
    values_.site(std::move(here), environment);
    block.push_back(std::move(layer));
  }

  void compile_use(const Config& layer, const std::string& path, Environment& environment, Block& block) {
    layer.allow({"use", "with", "label"});
    const Located settled = values_.settle({layer.at("use"), path}, environment);
    const std::string name = settled.value.text();
    const auto found = defines_.find(name);
    if (found == defines_.end()) {
      std::vector<std::string> names;
      for (const auto& [known, body] : defines_) names.push_back(known);
      const std::string near = nearest_name(name, names);
      layer.fail_at_key("use", "no block is called '" + name + "'", near.empty() ? "blocks are named under define:" : "did you mean '" + near + "'?");
    }
    Environment inner = environment;
    inner.parameters.clear();
    if (++inner.uses > deepest_use) layer.fail("block '" + name + "' uses itself, or blocks are nested deeper than " + std::to_string(deepest_use));
    if (const auto with = layer.find("with"))
      for (const auto& [key, value] : with->entries())
        inner.parameters.insert_or_assign(key, values_.settle({value, path + ".with." + key}, environment));
    append(block, compile_part(found->second, name, inner));  // one name for every use: its choices are tied
  }

  void compile_repeat(const Config& body, const std::string& path, Environment& environment, Block& block) {
    body.allow({"times", "layers", "shared", "first"});
    const ParamSpec spec{Param::out, "times", ParamForm::integer, 0, 10'000};
    const Argument times = argument_without_site(spec, {body.at("times"), path + ".times"}, environment);
    const bool shared = body.boolean_or("shared", false);
    const std::int64_t first = body.integer_or("first", 0);

    Layer layer(Form::repeat, path, body);
    layer.decision = times.decision;
    for (const Value& value : times.values) layer.times.push_back(static_cast<std::int32_t>(value.number));
    const std::int32_t most = *std::max_element(layer.times.begin(), layer.times.end());
    std::vector<std::int32_t> turns;
    for (std::int32_t turn = 0; turn < most; ++turn) {
      count_layer(body);
      Environment inner = environment;
      inner.turn = first + turn;
      inner.first_turn = turn == 0;
      turns.push_back(inner.group = values_.new_group());
      layer.parts.push_back(compile_block(body.at("layers"), shared ? path : path + ".turn" + std::to_string(first + turn), inner));
    }
    add_turn_sites(layer, turns, environment);
    block.push_back(std::move(layer));
  }

  void add_turn_sites(const Layer& layer, const std::vector<std::int32_t>& turns, Environment& environment) {
    const auto include = [&](std::int32_t count) {
      Group group;
      for (std::int32_t turn = 0; turn < count; ++turn) group.push_back({-1, {turns[static_cast<std::size_t>(turn)]}});
      return group;
    };
    if (layer.decision < 0) {
      for (Site& s : include(layer.times[0])) values_.site(std::move(s), environment);
      return;
    }
    Site here{layer.decision, {}};
    for (const std::int32_t count : layer.times) {
      here.then.push_back(values_.new_group());
      program_->groups[static_cast<std::size_t>(here.then.back())] = include(count);
    }
    values_.site(std::move(here), environment);
  }

  /// The site of a repeat's times is added by the repeat, with what follows from it.
  Argument argument_without_site(const ParamSpec& spec, const Located& located, Environment& environment) {
    Environment aside = environment;
    aside.group = values_.new_group();
    Argument result = values_.argument(spec, located, aside);
    program_->groups.pop_back();  // the group of the site that is not wanted
    return result;
  }

  void compile_residual(const Config& body, const std::string& path, Environment& environment, Block& block) {
    body.allow({"layers", "shortcut", "act", "activation_bits"});
    Layer layer(Form::residual, path, body);
    layer.parts.push_back(compile_block(body.at("layers"), path, environment));
    layer.parts.emplace_back();
    if (const auto shortcut = body.find("shortcut")) layer.parts.back() = compile_part(*shortcut, path + ".shortcut", environment);
    parse_arguments(body, path, environment, layer, join_params());
    block.push_back(std::move(layer));
  }

  void compile_branches(const Config& body, const std::string& path, Environment& environment, Block& block) {
    body.allow({"join", "of", "act", "activation_bits"});
    Layer layer(Form::branches, path, body);
    static const std::vector<std::string> joins = {"add", "concat", "multiply"};
    if (const auto join = body.find("join")) layer.join = static_cast<Join>(ChoiceCompiler::position(joins, *join));
    const auto branches = body.at("of").items();
    if (branches.empty()) body.fail_at_key("of", "no branches");
    for (std::size_t i = 0; i < branches.size(); ++i)
      layer.parts.push_back(compile_part(branches[i], path + ".branch" + std::to_string(i), environment));
    parse_arguments(body, path, environment, layer, join_params());
    block.push_back(std::move(layer));
  }

  void compile_cell(const Config& body, const std::string& path, Environment& environment, Block& block) {
    body.allow({"nodes", "edges", "join", "output"});
    Layer layer(Form::cell, path, body);
    layer.cell_nodes = static_cast<std::int32_t>(body.at("nodes").integer(2, 1000));
    static const std::vector<std::string> joins = {"sum", "concat"}, outputs = {"last", "all"};
    if (const auto join = body.find("join")) layer.join = static_cast<Join>(ChoiceCompiler::position(joins, *join));
    if (const auto output = body.find("output")) layer.cell_output_joins = ChoiceCompiler::position(outputs, *output) == 1;
    for (const Config& edge : body.at("edges").items()) {
      edge.allow({"from", "to", "op"});
      const auto from = static_cast<std::int32_t>(edge.at("from").integer(0, layer.cell_nodes - 2));
      const auto to = static_cast<std::int32_t>(edge.at("to").integer(1, layer.cell_nodes - 1));
      if (from >= to) edge.fail_at_key("to", "an edge goes from a lower node to a higher one, not from " + std::to_string(from) + " to " + std::to_string(to));
      layer.edges.push_back({from, to});
      layer.parts.push_back(compile_part(edge.at("op"), path + ".edge" + std::to_string(from) + "_" + std::to_string(to), environment));
    }
    block.push_back(std::move(layer));
  }

  void compile_op(const Config& layer, const std::string& kind, const std::optional<Config>& body, const std::string& path,
                  Environment& environment, Block& block) {
    const LayerType* type = find_layer_type(kind);
    if (type == nullptr) {
      std::vector<std::string> names;
      for (const LayerKind& known : layer_kinds()) names.emplace_back(known.name);
      const std::string near = nearest_name(kind, names);
      const std::string hint = near.empty() ? "'paretoforge list ops' names the layers" : "did you mean '" + near + "'?";
      if (layer.is_map()) layer.fail_at_key(kind, "no layer is called '" + kind + "'", hint);
      layer.fail("no layer is called '" + kind + "'", hint);
    }
    Layer result(Form::op, path, layer);
    result.type = type;
    if (body && !body->is_null()) {
      std::vector<ParamSpec> specs = type->params;
      specs.insert(specs.end(), bit_params().begin() + (type->weighted ? 0 : 1), bit_params().end());
      if (!type->weighted && body->has("weight_bits")) refuse_weight_bits(*body, kind);
      for (const auto& [key, value] : body->entries()) refuse_unknown(*body, key, specs, kind);
      parse_arguments(*body, path + "." + kind, environment, result, specs);
    }
    block.push_back(std::move(result));
  }

  [[noreturn]] static void refuse_weight_bits(const Config& body, const std::string& kind) {
    std::string weighted;
    for (const LayerType& type : layer_types())
      if (type.weighted) weighted += (weighted.empty() ? "" : ", ") + std::string(type.name);
    body.fail_at_key("weight_bits", "a layer '" + kind + "' has no weights", "layers with weights are " + weighted);
  }

  static void refuse_unknown(const Config& body, const std::string& key, const std::vector<ParamSpec>& specs, const std::string& kind) {
    std::vector<std::string> names;
    for (const ParamSpec& spec : specs) names.emplace_back(spec.key);
    if (std::find(names.begin(), names.end(), key) != names.end()) return;
    const std::string near = nearest_name(key, names);
    body.fail_at_key(key, "unknown key '" + key + "' in " + kind, near.empty() ? "known: " + listed(names) : "did you mean '" + near + "'?");
  }

  void parse_arguments(const Config& body, const std::string& path, Environment& environment, Layer& layer, const std::vector<ParamSpec>& specs) {
    for (const auto& [key, value] : body.entries())
      for (const ParamSpec& spec : specs)
        if (spec.key == key) layer.arguments.push_back(values_.argument(spec, {value, path + "." + key}, environment));
  }

  std::shared_ptr<Space::Program> program_;
  ChoiceCompiler values_{*program_};
  Config document_;
  std::map<std::string, Config> defines_;
  std::size_t layers_ = 0;
};

}  // namespace

std::shared_ptr<const Space::Program> compile_space(const Config& document) { return Compiler(document).run(); }

}  // namespace paretoforge
