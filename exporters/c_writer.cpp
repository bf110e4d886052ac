// Writing a plan as C: constants of every layer, then one call per step.
#include "exporters/c_writer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <set>
#include <stdexcept>

#include "exporters/c_layout_internal.hpp"
#include "exporters/c_plan_internal.hpp"
#include "exporters/c_writer_internal.hpp"
#include "exporters/reference.hpp"

namespace paretoforge {

using namespace internal;

namespace {

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }
std::string text(std::int64_t n) { return std::to_string(n); }

std::string real(float x) {
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%af", double{x});
  return buffer;
}

std::string fixed(double x) {
  const FixedPoint point = fixed_point(x);
  return text(point.multiplier) + ", " + text(point.shift);
}
std::string factor(float x) { return "FACTOR(" + real(x) + ", " + fixed(double{x}) + ")"; }

std::string upper_case(std::string name) {
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return name;
}

/// What may stand in a comment.
std::string comment(std::string words) {
  for (std::size_t i = 1; i < words.size(); ++i)
    if ((words[i - 1] == '*' && words[i] == '/') || (words[i - 1] == '/' && words[i] == '*')) words[i] = ' ';
  std::replace_if(words.begin(), words.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\\'; }, ' ');
  return words;
}

/// "static const TYPE NAME[] = {...};", lines of at most 120 letters.
std::string array(const std::string& type, const std::string& name, const std::vector<std::string>& items) {
  std::string result = "static const " + type + " " + name + "[] ALIGNED = {\n  ";
  std::size_t column = 2;
  for (const std::string& item : items) {
    if (column + item.size() > 118) {
      result += "\n  ";
      column = 2;
    }
    result += item + ",";
    column += item.size() + 1;
  }
  return result + "};\n";
}

template <class T>
std::vector<std::string> numbers(const std::vector<T>& values) {
  std::vector<std::string> items;
  for (const T value : values) items.push_back(text(value));
  return items;
}

class Writer {
 public:
  Writer(const IntegerModel& model, const std::string& name) : model_(model), name_(name), upper_(upper_case(name)), plan_(c_plan(model)) {
    for (const CStep& step : plan_.steps)
      if (const IntegerNode& layer = node(step.layer); has_weights(layer.op) && !is_depthwise(model, layer)) ++(packs(layer) ? packed_ : unpacked_);
  }

  CSource run() {
    for (const CStep& step : plan_.steps) write_step(step);
    if (model_.output == 0 || plan_.places[size_of(model_.output)] == place_input)
      run_ += "  memcpy(output, input, " + upper_ + "_INPUT_SIZE);\n";
    return {header(), source(), arena_bytes()};
  }

 private:
  std::int64_t arena_bytes() const { return std::max<std::int64_t>(plan_.arena_bytes, 1); }

  std::string header() const {
    const IntegerNode &input = model_.nodes[0], &output = model_.nodes[size_of(model_.output)];
    const auto shape = [](const Shape& s) { return text(s.height) + " x " + text(s.width) + " x " + text(s.channels); };
    return "/* " + name_ + ", made by Paretoforge. real = scale * (q - zero_point); one call runs one sample. */\n#ifndef " + upper_ + "_H\n#define " + upper_ +
           "_H\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n#define " + upper_ + "_INPUT_SIZE " + text(input.shape.elements()) +
           " /* int8: height x width x channels = " + shape(input.shape) + " */\n#define " + upper_ + "_OUTPUT_SIZE " + text(output.shape.elements()) +
           " /* int8: " + shape(output.shape) + " */\n#define " + upper_ + "_ARENA_SIZE " + text(arena_bytes()) +
           " /* bytes, 16-byte aligned; what is in them need not last between calls */\n\nextern const float " + name_ + "_input_scale, " + name_ +
           "_output_scale;\nextern const int8_t " + name_ + "_input_zero_point, " + name_ + "_output_zero_point;\n\n" +
           "/* Input and output may lie at any address, but not over each other or the arena. */\nvoid " + name_ +
           "_run(const int8_t *input, int8_t *output, void *arena);\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
  }

  std::string source() const {
    std::string result = "/* " + name_ + ", made by Paretoforge: C99, no heap, no state. Compile with optimisation (-O2 or -O3) for the processor at hand.\n"
                         "   -DPARETOFORGE_DOUBLE_ROUNDING rounds as TensorFlow Lite Micro and CMSIS-NN do, else as ONNX Runtime and LiteRT do. */\n"
                         "#include \"model.h\"\n\n#include <string.h>\n";
    for (const KernelText& kernel : kernel_texts())
      if (used_.contains(kernel.kernel) && !(kernel.kernel == CKernel::no_addition && used_.contains(CKernel::add))) result += kernel.text;
    const IntegerNode &input = model_.nodes[0], &output = model_.nodes[size_of(model_.output)];
    result += constants_ + "\nconst float " + name_ + "_input_scale = " + real(input.output.scale) + ", " + name_ + "_output_scale = " + real(output.output.scale) +
              ";\nconst int8_t " + name_ + "_input_zero_point = " + text(input.output.zero_point) + ", " + name_ + "_output_zero_point = " + text(output.output.zero_point) + ";\n";
    result += "\nvoid " + name_ + "_run(const int8_t *input, int8_t *output, void *arena) {\n";
    if (run_.find("at ") != std::string::npos || run_.find("at,") != std::string::npos) result += "  int8_t *const at = (int8_t *)arena;\n";
    if (plan_.stack_bytes > 0) result += "  cell scratch[" + text((plan_.stack_bytes + 7) / 8) + "];\n";
    return result + "  (void)input;\n  (void)arena;\n" + run_ + "}\n";
  }

  void use(std::initializer_list<CKernel> kernels) {
    used_.insert(CKernel::prologue);
    used_.insert(kernels);
  }

  const IntegerNode& node(std::int32_t n) const { return model_.nodes[size_of(n)]; }
  std::string where(std::int32_t n) const {
    const std::int32_t place = plan_.places[size_of(n)];
    if (place == place_input) return "input";
    if (place == place_output) return "output";
    return "at + " + text(plan_.buffers[size_of(place)].offset);
  }
  std::string scratch(const CStep& step) const {
    if (step.scratch >= 0) return "(cell *)(void *)(at + " + text(plan_.buffers[size_of(step.scratch)].offset) + ")";
    return step.scratch_bytes > 0 ? "scratch" : "0";
  }
  std::string tag(const CStep& step) const { return text(step.layer); }

  void write_step(const CStep& step) {
    const IntegerNode& layer = node(step.layer);
    const std::string call = std::visit([&](const auto& op) { return call_of(step, layer, op); }, layer.op);
    run_ += "  " + call + "; /* " + comment(layer.name) + (step.other >= 0 ? ", then " + comment(node(step.node).name) : "") + " */\n";
    const IntegerNode& result = node(step.node);
    if (result.low == -128 && result.high == 127) return;
    use({CKernel::clamp});
    run_ += "  clamp(" + where(step.node) + ", " + text(result.shape.elements()) + ", " + text(result.low) + ", " + text(result.high) + ");\n";
  }

  std::string both(const CStep& step, const IntegerNode& layer) const { return where(layer.inputs[0]) + ", " + where(step.node); }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Conv&) { return call_layer(step, layer, is_depthwise(model_, layer) ? "depthwise" : "convolve"); }
  std::string call_of(const CStep& step, const IntegerNode& layer, const Linear&) { return call_layer(step, layer, "linear"); }

  std::string call_layer(const CStep& step, const IntegerNode& layer, const std::string& kernel) {
    use({CKernel::rescale, CKernel::layer, CKernel::no_addition, CKernel::finish_4});
    if (kernel == "depthwise") use({CKernel::depthwise});
    else use({CKernel::multiply, kernel == "linear" ? CKernel::linear : CKernel::convolve});
    if (kernel == "convolve") use({CKernel::columns});
    if (packed_ > 0) use({CKernel::packing, CKernel::multiply_packed, unpacked_ > 0 ? CKernel::some_packed : CKernel::all_packed});
    if (packed_ > 0 && kernel == "convolve") use({CKernel::columns_packed});
    std::string sum = "0, 0";
    if (step.other >= 0) {
      const auto& inputs = node(step.node).inputs;
      sum = "&" + write_addition(step, inputs[0] == step.other ? inputs[1] : inputs[0], step.other) + ", " + where(step.other);
    }
    write_layer(step, layer, kernel == "depthwise");
    return kernel + "(&layer_" + tag(step) + ", " + both(step, layer) + ", " + scratch(step) + ", " + sum + ")";
  }

  void write_layer(const CStep& step, const IntegerNode& layer, bool depthwise) {
    const IntegerNode& in = node(layer.inputs[0]);
    const Conv conv = as_conv(layer.op);
    const Shape &from = in.shape, &to = layer.shape;
    const std::size_t out = size_of(to.channels), depth = layer.kernel.size() / out;
    std::vector<std::string> bias, factors;
    for (std::size_t o = 0; o < out; ++o) {
      bias.push_back(folded_bias(layer, in.output.zero_point, o, depth, depthwise));
      factors.push_back(factor(in.output.scale * layer.kernel_scales[o] / layer.output.scale));
    }
    while (depthwise && bias.size() % 8 != 0) {
      bias.push_back("0");
      factors.push_back(factor(0));
    }
    const std::string id = tag(step);
    constants_ += "\n/* " + comment(layer.name) + " */\n" + weights(layer, "weights_" + id, size_of(conv.groups), depthwise) + array("int32_t", "bias_" + id, bias) + array("factor", "factors_" + id, factors) + "static const layer layer_" + id + " = {";
    for (const std::int32_t value : {from.height, from.width, from.channels, to.height, to.width, to.channels, conv.kernel.height, conv.kernel.width, conv.stride.height,
                                     conv.stride.width, conv.dilation.height, conv.dilation.width, conv.pad.top, conv.pad.left, conv.groups, in.output.zero_point, layer.output.zero_point})
      constants_ += text(value) + ", ";
    constants_ += "weights_" + id + ", bias_" + id + ", factors_" + id;
    if (packed_ > 0) constants_ += std::string(" PACKED(") + (!depthwise && packs(layer) ? "1)" : "0)");
    constants_ += "};\n";
  }

  /// The array of a layer's weights, in the order that each processor's kernels read.
  static std::string weights(const IntegerNode& layer, const std::string& name, std::size_t groups, bool depthwise) {
    const std::size_t out = layer.kernel_scales.size(), depth = layer.kernel.size() / out;
    const auto bytes = [&](const std::vector<std::int8_t>& values) { return array("int8_t", name, numbers(values)); };
    if (depthwise) return bytes(by_blocks(layer.kernel, out, depth));
    const std::string vectors = "#if defined(USE_VNNI)\n" + bytes(by_fours(layer.kernel, out, depth, groups)), rows = bytes(padded_rows(layer.kernel, out, depth));
    if (!packs(layer)) return vectors + "#else\n" + rows + "#endif\n";
    return vectors + "#elif !defined(USE_PACKED)\n" + rows + "#elif defined(USE_MVE)\n" + bytes(nibbles_by_halves(layer.kernel, out, depth)) + "#else\n" +
           bytes(nibbles_by_pairs(layer.kernel, out, depth, groups)) + "#endif\n";
  }

  /// The bias that makes raw bytes do: less (zero point) * (sum of the weights). Some processors want that sum as well,
  /// for bytes that have 128 added.
  static std::string folded_bias(const IntegerNode& layer, std::int32_t zero, std::size_t o, std::size_t depth, bool depthwise) {
    std::int64_t sum = 0, reach = 0;
    for (std::size_t i = 0; i < depth; ++i) {
      sum += layer.kernel[o * depth + i];
      reach += std::abs(std::int64_t{layer.kernel[o * depth + i]});
    }
    if (std::abs(std::int64_t{layer.bias[o]}) + 384 * reach > std::numeric_limits<std::int32_t>::max())
      throw std::invalid_argument("cannot write " + layer.name + " as C: the sum of output channel " + std::to_string(o) + " could leave 32 bits");
    const std::string folded = text(layer.bias[o] - zero * sum);
    return depthwise ? folded : "BIAS(" + folded + "," + text(sum) + ")";
  }

  /// The constants of an Add of two nodes, in this order.
  std::string write_addition(const CStep& step, std::int32_t first, std::int32_t second) {
    use({CKernel::rescale, CKernel::add});
    const Quantisation &a = node(first).output, &b = node(second).output, &out = node(step.node).output;
    const double common = 2 * double{std::max(a.scale, b.scale)};
    const std::string name = "addition_" + tag(step);
    const auto term = [&](float scale) { return "FACTOR(" + real(scale / out.scale) + ", " + fixed(scale / common) + ")"; };
    constants_ += "\n/* " + comment(node(step.node).name) + " */\nstatic const addition " + name + " = {" + term(a.scale) + ", " + term(b.scale) +
                  ",\n#if defined(PARETOFORGE_DOUBLE_ROUNDING)\n  {" + fixed(common / (double{out.scale} * (1 << 20))) + "},\n#endif\n  " + text(a.zero_point) + ", " +
                  text(b.zero_point) + ", " + text(out.zero_point) + "};\n";
    return name;
  }

  std::string call_of(const CStep& step, const IntegerNode& sum, const Add&) {
    const std::string name = write_addition(step, sum.inputs[0], sum.inputs[1]);
    return "add(&" + name + ", " + where(sum.inputs[0]) + ", " + where(sum.inputs[1]) + ", " + where(step.node) + ", " + text(sum.shape.elements()) + ")";
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Pool& pool) {
    const Shape& in = node(layer.inputs[0]).shape;
    const bool average = pool.kind == PoolKind::average;
    use({CKernel::window, average ? CKernel::pool_average : CKernel::pool_maximum});
    if (average) use({CKernel::rescale});
    constants_ += "\n/* " + comment(layer.name) + " */\nstatic const window window_" + tag(step) + " = {";
    for (const std::int32_t value : {in.height, in.width, in.channels, layer.shape.height, layer.shape.width, pool.kernel.height, pool.kernel.width,
                                     pool.stride.height, pool.stride.width, pool.pad.top})
      constants_ += text(value) + ", ";
    constants_ += text(pool.pad.left) + "};\n";
    return std::string(average ? "pool_average" : "pool_maximum") + "(&window_" + tag(step) + ", " + both(step, layer) + ")";
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const GlobalPool& pool) {
    const IntegerNode& in = node(layer.inputs[0]);
    const std::int64_t pixels = std::int64_t{in.shape.height} * in.shape.width;
    const std::string sizes = both(step, layer) + ", " + text(pixels) + ", " + text(in.shape.channels);
    if (pool.kind == PoolKind::maximum) {
      use({CKernel::global_maximum});
      return "global_maximum(" + sizes + ")";
    }
    use({CKernel::rescale, CKernel::global_average});
    return "global_average(" + sizes + ", " + text(in.output.zero_point) + ", " + named_factor(step, 0, in.output.scale / (layer.output.scale * static_cast<float>(pixels))) + ", " +
           text(layer.output.zero_point) + ")";
  }

  std::string named_factor(const CStep& step, std::size_t k, float value) {
    const std::string name = "factor_" + tag(step) + "_" + std::to_string(k);
    constants_ += "\nstatic const factor " + name + " = " + factor(value) + ";\n";
    return name;
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Activation&) {
    use({CKernel::look_up});
    constants_ += "\n/* " + comment(layer.name) + " */\n" + array("int8_t", "table_" + tag(step), numbers(layer.table));
    return "look_up(table_" + tag(step) + ", " + both(step, layer) + ", " + text(layer.shape.elements()) + ")";
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Multiply&) {
    use({CKernel::rescale, CKernel::gate});
    const IntegerNode &in = node(layer.inputs[0]), &by = node(layer.inputs[1]);
    return "gate(" + where(layer.inputs[0]) + ", " + where(layer.inputs[1]) + ", " + where(step.node) + ", " + text(layer.shape.elements()) + ", " + text(by.shape.elements()) + ", " +
           text(in.output.zero_point) + ", " + text(by.output.zero_point) + ", " + named_factor(step, 0, in.output.scale * by.output.scale / layer.output.scale) + ", " +
           text(layer.output.zero_point) + ")";
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Concat&) {
    use({CKernel::rescale, CKernel::join});
    std::string calls;
    std::int32_t first = 0;
    for (std::size_t k = 0; k < layer.inputs.size(); ++k) {
      const IntegerNode& in = node(layer.inputs[k]);
      if (k > 0) calls += ";\n  ";
      calls += "join(" + where(layer.inputs[k]) + ", " + where(step.node) + " + " + text(first) + ", " + text(in.shape.height * in.shape.width) + ", " + text(in.shape.channels) + ", " +
               text(layer.shape.channels) + ", " + text(in.output.zero_point) + ", " + named_factor(step, k, in.output.scale / layer.output.scale) + ", " +
               text(layer.output.zero_point) + ")";
      first += in.shape.channels;
    }
    return calls;
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const ChannelShuffle& shuffle) {
    use({CKernel::transpose});
    return "transpose(" + both(step, layer) + ", " + text(layer.shape.height * layer.shape.width) + ", " + text(shuffle.groups) + ", " + text(layer.shape.channels / shuffle.groups) + ")";
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Flatten&) {
    use({CKernel::transpose});
    const Shape& in = node(layer.inputs[0]).shape;
    return "transpose(" + both(step, layer) + ", 1, " + text(in.height * in.width) + ", " + text(in.channels) + ")";
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Zero&) {
    return "memset(" + where(step.node) + ", " + text(layer.output.zero_point) + ", " + text(layer.shape.elements()) + ")";
  }

  std::string call_of(const CStep& step, const IntegerNode& layer, const Softmax&) {
    use({CKernel::rounded_share, CKernel::softmax});
    const float scale = node(layer.inputs[0]).output.scale;
    std::vector<std::string> powers;
    for (std::int32_t d = 0; d < 256; ++d) {
      const float power = std::exp(static_cast<float>(-d) * scale);
      if (power == 0) break;
      powers.push_back(real(power));
    }
    constants_ += "\n/* " + comment(layer.name) + " */\n" + array("float", "powers_" + tag(step), powers);
    return "softmax(powers_" + tag(step) + ", " + std::to_string(powers.size()) + ", " + both(step, layer) + ", " + text(layer.shape.elements()) + ")";
  }

  template <class Absent>
  std::string call_of(const CStep&, const IntegerNode& layer, const Absent&) {
    static_assert(op_kinds == 20, "an op needs its branch here, or a reason to have none");
    throw std::invalid_argument("cannot write " + layer.name + " as C: there is no " + std::string(op_name(layer.op)) + " in an integer model");
  }

  const IntegerModel& model_;
  std::string name_, upper_;
  CPlan plan_;
  std::string constants_, run_;
  int packed_ = 0, unpacked_ = 0;  ///< layers, but for depthwise ones, with weights two to a byte and one to a byte
  std::set<CKernel> used_ = {CKernel::prologue};
};

bool is_identifier(const std::string& name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

CSource c_source(const IntegerModel& model, const std::string& name) {
  if (!is_identifier(name)) throw std::invalid_argument("'" + name + "' is no lower-case C identifier");
  return Writer(model, name).run();
}

CSource c_source_from(std::string header, std::string source, const std::string& name) {
  const std::string key = "#define " + upper_case(name) + "_ARENA_SIZE ";
  const std::size_t at = header.find(key);
  const std::int64_t bytes = at == std::string::npos ? 0 : std::atoll(header.c_str() + at + key.size());
  if (bytes < 1) throw std::invalid_argument("the header of " + name + " does not say how large its arena is");
  return {std::move(header), std::move(source), bytes};
}

}  // namespace paretoforge
