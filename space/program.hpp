// A compiled space (private to this folder): the document with define/use, repeat and {i} expanded, every value
// parsed, and the sites at which decisions are taken.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "space/space.hpp"

namespace paretoforge {

enum class Param : std::uint8_t {
  out, kernel, stride, dilation, groups, pad, bias, norm, act, expand, se, residual, expansion, ratio, gate, kind,
  global, project, count_bias, weight_bits, activation_bits
};

enum class ParamForm : std::uint8_t { integer, number, extent, padding, boolean, name };

/// What a layer's parameter may be. `names` for ParamForm::name, bounds for numbers.
struct ParamSpec {
  Param param;
  std::string_view key;
  ParamForm form;
  double least = 0, most = 0;
  std::vector<std::string> names = {};
};

/// A parsed value; which field counts depends on the parameter's form. A name is its position in the spec's list.
struct Value {
  double number = 0;
  Extent extent;
  Padding pad;
  bool pad_same = false;
  Config source;
};

/// A value that is fixed, or one per alternative of a decision.
struct Argument {
  Param param = Param::out;
  std::string_view key;
  std::int32_t decision = -1;
  std::vector<Value> values;

  const Value& at(const Architecture& point) const {
    return values[decision < 0 ? 0 : static_cast<std::size_t>(point[static_cast<std::size_t>(decision)])];
  }
};

class Arguments {
 public:
  Arguments(const std::vector<Argument>& all, const Architecture& point) : all_(all), point_(point) {}
  const Value* find(Param param) const {
    for (const Argument& argument : all_)
      if (argument.param == param) return &argument.at(point_);
    return nullptr;
  }
  std::int32_t integer(Param param, std::int32_t otherwise) const {
    const Value* value = find(param);
    return value ? static_cast<std::int32_t>(value->number) : otherwise;
  }
  double number(Param param, double otherwise) const {
    const Value* value = find(param);
    return value ? value->number : otherwise;
  }
  bool boolean(Param param, bool otherwise) const { return integer(param, otherwise) != 0; }
  Extent extent(Param param, Extent otherwise) const {
    const Value* value = find(param);
    return value ? value->extent : otherwise;
  }

 private:
  const std::vector<Argument>& all_;
  const Architecture& point_;
};

/// What layers are emitted into: the graph and the bit widths in force.
struct Emitter {
  Graph& graph;
  bool one_dimensional = false;
  int weight_bits = 8, activation_bits = 8;

  /// A window of `size` along every dimension there is.
  Extent square(std::int32_t size) const { return {one_dimensional ? 1 : size, size}; }
};

/// A row of the table of layers: a name in YAML, its parameters, and the nodes it makes.
struct LayerType {
  std::string_view name, summary;
  std::vector<ParamSpec> params;
  NodeId (*emit)(Emitter&, const Arguments&, NodeId input);
  bool weighted = false;  ///< has weights, so that it can be said how many bits they have
};

const std::vector<LayerType>& layer_types();
const LayerType* find_layer_type(std::string_view name);
/// The bit-width parameters: of weights, for layers that have some, and of activations, for all.
const std::vector<ParamSpec>& bit_params();
/// Those of residuals and branches: the activation behind the join, and its width.
const std::vector<ParamSpec>& join_params();

struct Layer;
using Block = std::vector<Layer>;

struct Edge {
  std::int32_t from, to;
};

enum class Form : std::uint8_t { op, choice, repeat, branches, residual, cell };
enum class Join : std::uint8_t { add, concat, multiply };

/// One layer of the expanded document.
struct Layer {
  Form form = Form::op;
  const LayerType* type = nullptr;   ///< op
  std::vector<Argument> arguments;   ///< op; residual: act
  std::int32_t decision = -1;        ///< choice: which part; repeat: how many parts
  std::vector<std::int32_t> times;   ///< repeat: turns by alternative, or one fixed number
  std::vector<Block> parts;          ///< alternatives, turns, branches, residual [body, shortcut], one per cell edge
  Join join = Join::add;             ///< branches, cell
  std::vector<Edge> edges;           ///< cell
  std::int32_t cell_nodes = 0;
  bool cell_output_joins = false;    ///< cell: the output is the join of all inner nodes, else the last node
  std::string scope;                 ///< where in the document, for names of nodes
  Config source;                     ///< for errors

  Layer(Form f, std::string s, Config c) : form(f), scope(std::move(s)), source(std::move(c)) {}
};

/// A place where a decision is met; `then` is the group of sites met next, by alternative (-1: none).
/// decision -1 with one `then` includes that group always.
struct Site {
  std::int32_t decision;
  std::vector<std::int32_t> then;
};
using Group = std::vector<Site>;

struct Space::Program {
  std::string name;
  Config document;
  bool one_dimensional = false;
  std::vector<Argument> input;  ///< channels, height, width or fewer
  std::vector<Argument> bits;
  Block layers;

  std::vector<Decision> decisions;
  std::vector<Config> sources;                       ///< where each decision was first written
  std::unordered_map<std::string, std::size_t> by_name;
  std::vector<Group> groups;                         ///< group 0 is where a walk begins
  bool unconditional = true;
  std::vector<char> conditional;                     ///< per decision: some points lack it

  explicit Program(const Config& doc) : document(doc) {}

  /// Calls meet(decision) for every site reached, in order; the value of a decision must be set when it returns.
  template <class Meet>
  void walk(const Architecture& point, Meet&& meet, std::int32_t group = 0) const {
    for (const Site& site : groups[static_cast<std::size_t>(group)]) {
      std::size_t taken = 0;
      if (site.decision >= 0) {
        meet(static_cast<std::size_t>(site.decision));
        taken = static_cast<std::size_t>(point[static_cast<std::size_t>(site.decision)]);
      }
      if (taken < site.then.size() && site.then[taken] >= 0) walk(point, meet, site.then[taken]);
    }
  }
};

/// Compiles a document; throws ConfigError.
std::shared_ptr<const Space::Program> compile_space(const Config& document);
/// The number of points, exactly.
SpaceSize count_points(const Space::Program& program);
Config resolved_document(const Space::Program& program, const Architecture& point);

}  // namespace paretoforge
