// From a program and a point to a graph, and to a document with the point's choices made.
#include "space/program.hpp"

namespace paretoforge {
namespace {

class Decoder {
 public:
  Decoder(Graph& graph, const Architecture& point, Emitter emitter) : graph_(graph), point_(point), emitter_(emitter) {}

  NodeId block(const Block& layers, NodeId node, bool outermost = false) {
    for (const Layer& layer : layers) {
      if (outermost) graph_.begin_scope(layer.scope);
      node = emit(layer, node);
    }
    return node;
  }

 private:
  NodeId emit(const Layer& layer, NodeId input) {
    switch (layer.form) {
      case Form::op: return op(layer, input);
      case Form::choice: return block(layer.parts[alternative(layer)], input);
      case Form::repeat: return repeat(layer, input);
      case Form::residual: return residual(layer, input);
      case Form::branches: return branches(layer, input);
      case Form::cell: return cell(layer, input);
    }
    return input;
  }

  std::size_t alternative(const Layer& layer) const { return static_cast<std::size_t>(point_[static_cast<std::size_t>(layer.decision)]); }

  /// Runs `make` and says which layer of the document it was where shapes do not fit.
  template <class Make>
  NodeId located(const Layer& layer, Make&& make) {
    try {
      return make();
    } catch (const ShapeError& error) {
      layer.source.fail("layer " + (layer.scope.empty() ? "" : "'" + layer.scope + "': ") + error.what());
    }
  }

  NodeId op(const Layer& layer, NodeId input) {
    const Arguments args(layer.arguments, point_);
    const Emitter before = emitter_;
    emitter_.weight_bits = args.integer(Param::weight_bits, emitter_.weight_bits);
    emitter_.activation_bits = args.integer(Param::activation_bits, emitter_.activation_bits);
    const NodeId first = graph_.size();
    const NodeId node = located(layer, [&] { return layer.type->emit(emitter_, args, input); });
    mark_bits(first);
    emitter_.weight_bits = before.weight_bits;
    emitter_.activation_bits = before.activation_bits;
    return node;
  }

  void mark_bits(NodeId first) {
    if (emitter_.activation_bits == 8) return;
    for (NodeId id = first; id < graph_.size(); ++id) graph_.set_activation_bits(id, emitter_.activation_bits);
  }

  NodeId repeat(const Layer& layer, NodeId node) {
    const std::int32_t times = layer.times[layer.decision < 0 ? 0 : alternative(layer)];
    for (std::int32_t turn = 0; turn < times; ++turn) node = block(layer.parts[static_cast<std::size_t>(turn)], node);
    return node;
  }

  NodeId join(const Layer& layer, Join kind, const std::vector<NodeId>& tensors) {
    if (tensors.size() == 1) return tensors[0];
    return located(layer, [&] {
      const NodeId first = graph_.size();
      const NodeId node = kind == Join::add      ? graph_.add(Add{}, tensors)
                          : kind == Join::concat ? graph_.add(Concat{}, tensors)
                                                 : graph_.add(Multiply{}, tensors);
      mark_bits(first);
      return node;
    });
  }

  /// The join of residuals and branches, with their own activation and its width.
  NodeId joined(const Layer& layer, Join kind, const std::vector<NodeId>& tensors) {
    const Arguments args(layer.arguments, point_);
    const int bits_before = emitter_.activation_bits;
    emitter_.activation_bits = args.integer(Param::activation_bits, bits_before);
    NodeId node = join(layer, kind, tensors);
    if (const std::int32_t act = args.integer(Param::act, 0); act != 0) {
      node = graph_.add(Activation{static_cast<ActivationKind>(act - 1)}, node);
      mark_bits(node);
    }
    emitter_.activation_bits = bits_before;
    return node;
  }

  NodeId residual(const Layer& layer, NodeId input) {
    const NodeId body = block(layer.parts[0], input);
    const NodeId shortcut = block(layer.parts[1], input);
    return joined(layer, Join::add, {body, shortcut});
  }

  NodeId branches(const Layer& layer, NodeId input) {
    std::vector<NodeId> results;
    for (const Block& branch : layer.parts) results.push_back(block(branch, input));
    return joined(layer, layer.join, results);
  }

  NodeId cell(const Layer& layer, NodeId input) {
    std::vector<std::vector<NodeId>> incoming(static_cast<std::size_t>(layer.cell_nodes));
    std::vector<NodeId> values(incoming.size(), -1);
    values[0] = input;
    for (std::int32_t to = 1; to < layer.cell_nodes; ++to) {
      auto& terms = incoming[static_cast<std::size_t>(to)];
      for (std::size_t i = 0; i < layer.edges.size(); ++i) {
        if (layer.edges[i].to != to) continue;
        const NodeId from = values[static_cast<std::size_t>(layer.edges[i].from)];
        terms.push_back(block(layer.parts[i], from));
      }
      // A node that nothing leads to carries zeros.
      values[static_cast<std::size_t>(to)] = terms.empty() ? graph_.add(Zero{graph_.shape(input)}, input) : join(layer, layer.join, terms);
    }
    if (!layer.cell_output_joins) return values.back();
    return join(layer, layer.join, {values.begin() + 1, values.end()});
  }

  Graph& graph_;
  const Architecture& point_;
  Emitter emitter_;
};

// --- the document with its choices made -----------------------------------------------------------------------------

Config map_of(std::vector<Config::Entry> entries) { return Config::make_map(std::move(entries)); }

class Resolver {
 public:
  explicit Resolver(const Architecture& point) : point_(point) {}

  Config list(const Block& block) const {
    std::vector<Config> layers;
    append(layers, block);
    return Config::make_list(std::move(layers));
  }

  std::vector<Config::Entry> arguments(const std::vector<Argument>& args) const {
    std::vector<Config::Entry> entries;
    for (const Argument& argument : args) entries.emplace_back(std::string(argument.key), argument.at(point_).source);
    return entries;
  }

 private:
  void append(std::vector<Config>& layers, const Block& block) const {
    for (const Layer& layer : block) {
      if (layer.form == Form::choice) {
        append(layers, layer.parts[static_cast<std::size_t>(point_[static_cast<std::size_t>(layer.decision)])]);
      } else if (layer.form == Form::repeat) {
        const auto times = layer.times[layer.decision < 0 ? 0 : static_cast<std::size_t>(point_[static_cast<std::size_t>(layer.decision)])];
        for (std::int32_t turn = 0; turn < times; ++turn) append(layers, layer.parts[static_cast<std::size_t>(turn)]);
      } else {
        layers.push_back(one(layer));
      }
    }
  }

  Config one(const Layer& layer) const {
    auto entries = arguments(layer.arguments);
    if (layer.form == Form::op) return map_of({{std::string(layer.type->name), map_of(std::move(entries))}});
    if (layer.form == Form::residual) {
      entries.insert(entries.begin(), {"layers", list(layer.parts[0])});
      if (!layer.parts[1].empty()) entries.emplace_back("shortcut", list(layer.parts[1]));
      return map_of({{"residual", map_of(std::move(entries))}});
    }
    if (layer.form == Form::branches) {
      static constexpr const char* joins[] = {"add", "concat", "multiply"};
      std::vector<Config> parts;
      for (const Block& part : layer.parts) parts.push_back(list(part));
      entries.insert(entries.begin(), {{"join", Config::make_scalar(joins[static_cast<std::size_t>(layer.join)])},
                                       {"of", Config::make_list(std::move(parts))}});
      return map_of({{"branches", map_of(std::move(entries))}});
    }
    return cell(layer);
  }

  Config cell(const Layer& layer) const {
    const auto number = [](std::int32_t n) { return Config::make_scalar(std::to_string(n)); };
    std::vector<Config> edges;
    for (std::size_t i = 0; i < layer.edges.size(); ++i)
      edges.push_back(map_of({{"from", number(layer.edges[i].from)}, {"to", number(layer.edges[i].to)}, {"op", list(layer.parts[i])}}));
    return map_of({{"cell", map_of({{"nodes", number(layer.cell_nodes)},
                                    {"join", Config::make_scalar(layer.join == Join::concat ? "concat" : "sum")},
                                    {"output", Config::make_scalar(layer.cell_output_joins ? "all" : "last")},
                                    {"edges", Config::make_list(std::move(edges))}})}});
  }

  const Architecture& point_;
};

Shape input_shape(const Space::Program& program, const Architecture& point) {
  Shape shape;
  const auto size = [&](std::size_t i) { return static_cast<std::int32_t>(program.input[i].at(point).number); };
  shape.channels = size(0);
  if (program.input.size() > 1) shape.width = size(program.input.size() - 1);
  if (program.input.size() > 2) shape.height = size(1);
  return shape;
}

}  // namespace

Graph Space::decode(const Architecture& point) const {
  Graph graph = [&] {
    try {
      return Graph(input_shape(*program_, point));
    } catch (const ShapeError& error) {
      program_->document.fail_at_key("input", error.what());
    }
  }();
  Emitter emitter{graph, program_->one_dimensional};
  const Arguments bits(program_->bits, point);
  emitter.weight_bits = bits.integer(Param::weight_bits, 8);
  emitter.activation_bits = bits.integer(Param::activation_bits, 8);
  graph.set_activation_bits(0, emitter.activation_bits);
  graph.set_output(Decoder(graph, point, emitter).block(program_->layers, 0, true));
  return graph;
}

Config resolved_document(const Space::Program& program, const Architecture& point) {
  const Resolver resolver(point);
  std::vector<Config::Entry> entries;
  if (!program.name.empty()) entries.emplace_back("name", Config::make_scalar(program.name));
  std::vector<Config> sizes;
  for (const Argument& size : program.input) sizes.push_back(size.at(point).source);
  entries.emplace_back("input", Config::make_list(std::move(sizes)));
  if (!program.bits.empty()) {
    std::vector<Config::Entry> bits;
    for (const Argument& width : program.bits)
      bits.emplace_back(width.param == Param::weight_bits ? "weights" : "activations", width.at(point).source);
    entries.emplace_back("bits", map_of(std::move(bits)));
  }
  entries.emplace_back("layers", resolver.list(program.layers));
  return map_of(std::move(entries));
}

}  // namespace paretoforge
