// Arithmetic on small constants: what exporters write to compute shapes.
#include <algorithm>
#include <cmath>
#include <functional>

#include "predictors/onnx_file_internal.hpp"
#include "predictors/onnx_step_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

using Numbers = std::vector<double>;
using Inputs = std::vector<const Value*>;
constexpr std::int64_t most_numbers = 4096;

Value made(Dims dims, Numbers numbers, int type) { return {std::move(dims), type, -1, std::move(numbers)}; }

std::optional<Value> with_numbers(Dims dims, int type, const std::function<double(std::int64_t)>& at) {
  Value value{std::move(dims), type};
  if (value.elements() > most_numbers) return value;
  value.numbers.emplace();
  for (std::int64_t i = 0; i < value.elements(); ++i) value.numbers->push_back(at(i));
  return value;
}

/// Where element i of a tensor of shape `to` lies in one of shape `from` that is broadcast to it.
std::size_t broadcast_position(std::int64_t i, const Dims& to, const Dims& from) {
  std::int64_t position = 0, stride = 1;
  for (std::size_t d = 0; d < to.size(); ++d) {
    const std::int64_t size = to[to.size() - 1 - d], at = i % size;
    i /= size;
    if (d >= from.size()) continue;
    const std::int64_t here = from[from.size() - 1 - d];
    position += (here == 1 ? 0 : at) * stride;
    stride *= here;
  }
  return static_cast<std::size_t>(position);
}

std::optional<Value> elementwise(const Inputs& in, const std::function<double(const Numbers&)>& function) {
  Dims dims;
  for (const Value* value : in) {
    if (value == nullptr || !value->numbers) return std::nullopt;
    dims = broadcast(dims, value->dims);
  }
  return with_numbers(dims, in.back()->type, [&](std::int64_t i) {
    Numbers operands;
    for (const Value* value : in) operands.push_back((*value->numbers)[broadcast_position(i, dims, value->dims)]);
    return function(operands);
  });
}

struct Function {
  std::string_view type;
  std::size_t operands;
  double (*function)(const Numbers&);
};

constexpr Function functions[] = {
    {"Add", 2, [](const Numbers& n) { return n[0] + n[1]; }},
    {"Sub", 2, [](const Numbers& n) { return n[0] - n[1]; }},
    {"Mul", 2, [](const Numbers& n) { return n[0] * n[1]; }},
    {"Pow", 2, [](const Numbers& n) { return std::pow(n[0], n[1]); }},
    {"Min", 2, [](const Numbers& n) { return std::min(n[0], n[1]); }},
    {"Max", 2, [](const Numbers& n) { return std::max(n[0], n[1]); }},
    {"Mod", 2, [](const Numbers& n) { return n[1] == 0 ? 0 : n[0] - n[1] * std::floor(n[0] / n[1]); }},
    {"Equal", 2, [](const Numbers& n) { return n[0] == n[1] ? 1.0 : 0; }},
    {"Greater", 2, [](const Numbers& n) { return n[0] > n[1] ? 1.0 : 0; }},
    {"Less", 2, [](const Numbers& n) { return n[0] < n[1] ? 1.0 : 0; }},
    {"And", 2, [](const Numbers& n) { return n[0] != 0 && n[1] != 0 ? 1.0 : 0; }},
    {"Or", 2, [](const Numbers& n) { return n[0] != 0 || n[1] != 0 ? 1.0 : 0; }},
    {"Where", 3, [](const Numbers& n) { return n[0] != 0 ? n[1] : n[2]; }},
    {"Neg", 1, [](const Numbers& n) { return -n[0]; }},
    {"Abs", 1, [](const Numbers& n) { return std::abs(n[0]); }},
    {"Not", 1, [](const Numbers& n) { return n[0] == 0 ? 1.0 : 0; }},
    {"Floor", 1, [](const Numbers& n) { return std::floor(n[0]); }},
    {"Ceil", 1, [](const Numbers& n) { return std::ceil(n[0]); }},
    {"Sqrt", 1, [](const Numbers& n) { return std::sqrt(n[0]); }},
    {"Exp", 1, [](const Numbers& n) { return std::exp(n[0]); }},
    {"Log", 1, [](const Numbers& n) { return std::log(n[0]); }},
    {"Reciprocal", 1, [](const Numbers& n) { return 1 / n[0]; }},
};

std::optional<Value> divided(const Inputs& in) {
  const bool whole =
      in[0] != nullptr && in[0]->type != onnx::TensorProto::FLOAT && in[0]->type != onnx::TensorProto::DOUBLE;
  return elementwise(in, [whole](const Numbers& n) {
    const double ratio = n[1] == 0 ? 0 : n[0] / n[1];
    return whole ? std::trunc(ratio) : ratio;
  });
}

/// Lists of numbers only: what shapes are made of.
bool is_list(const Value* value) { return value != nullptr && value->numbers && value->rank() <= 1; }

std::optional<Value> gathered(const Inputs& in) {
  if (!is_list(in[0]) || in[1] == nullptr || !in[1]->numbers || in[0]->rank() != 1) return std::nullopt;
  Numbers picked;
  for (double index : *in[1]->numbers) {
    const auto size = static_cast<double>(in[0]->numbers->size());
    if (index < 0) index += size;
    if (!(index >= 0 && index < size)) return std::nullopt;
    picked.push_back((*in[0]->numbers)[static_cast<std::size_t>(index)]);
  }
  return made(in[1]->dims, std::move(picked), in[0]->type);
}

std::optional<Value> joined(const Inputs& in) {
  Numbers all;
  for (const Value* value : in) {
    if (!is_list(value) || value->rank() != 1) return std::nullopt;
    all.insert(all.end(), value->numbers->begin(), value->numbers->end());
  }
  const auto count = static_cast<std::int64_t>(all.size());
  return made({count}, std::move(all), in[0]->type);
}

std::optional<Value> sliced(const Step& step, const Inputs& in) {
  if (!is_list(in[0]) || in[0]->rank() != 1) return std::nullopt;
  const auto given = [&](std::size_t i, std::string_view key) -> std::optional<double> {
    if (i < in.size())
      return in[i] != nullptr && in[i]->numbers && in[i]->elements() == 1 ? std::optional(in[i]->numbers->front())
                                                                          : std::nullopt;
    const auto list = step.integers(key);
    return list && list->size() == 1 ? std::optional(static_cast<double>(list->front())) : std::nullopt;
  };
  const auto begin = given(1, "starts"), end = given(2, "ends");
  const auto stride = in.size() > 4 ? given(4, "") : std::optional(1.0);
  if (!begin || !end || !stride || !(std::abs(*stride) >= 1)) return std::nullopt;
  const auto size = static_cast<double>(in[0]->numbers->size());
  const auto within = [&](double at) {
    return std::clamp(at < 0 ? at + size : at, *stride < 0 ? -1.0 : 0.0, *stride < 0 ? size - 1 : size);
  };
  Numbers picked;
  for (double at = within(*begin); *stride > 0 ? at < within(*end) : at > within(*end); at += *stride)
    picked.push_back((*in[0]->numbers)[static_cast<std::size_t>(at)]);
  const auto count = static_cast<std::int64_t>(picked.size());
  return made({count}, std::move(picked), in[0]->type);
}

std::optional<Value> reduced(const Step& step, const Inputs& in) {
  if (!is_list(in[0])) return std::nullopt;
  double result = step.type == "ReduceProd" ? 1 : 0;
  for (const double number : *in[0]->numbers) result = step.type == "ReduceProd" ? result * number : result + number;
  return made(step.integer("keepdims", 1) != 0 ? Dims(in[0]->dims.size(), 1) : Dims{}, {result}, in[0]->type);
}

std::optional<Value> filled(const Step& step, const Inputs& in) {
  if (!is_list(in[0])) return std::nullopt;
  Dims dims;
  for (const double size : *in[0]->numbers) {
    if (!(size >= 0 && size < 1e12)) return std::nullopt;
    dims.push_back(static_cast<std::int64_t>(size));
  }
  double number = 0;
  int type = onnx::TensorProto::FLOAT;
  if (const auto* attribute = step.attribute("value"); attribute != nullptr && attribute->has_t()) {
    type = attribute->t().data_type();
    if (const auto given = few_numbers(attribute->t(), {}); given && given->size() == 1) number = given->front();
  }
  return with_numbers(dims, type, [&](std::int64_t) { return number; });
}

std::optional<Value> ranged(const Inputs& in) {
  for (const Value* value : in)
    if (value == nullptr || !value->numbers || value->elements() != 1) return std::nullopt;
  const double begin = in[0]->numbers->front(), end = in[1]->numbers->front(), stride = in[2]->numbers->front();
  const double count = std::max(0.0, std::ceil((end - begin) / stride));
  if (!(count < 1e9)) return std::nullopt;
  return with_numbers({static_cast<std::int64_t>(count)}, in[0]->type,
                      [&](std::int64_t i) { return begin + static_cast<double>(i) * stride; });
}

/// The same numbers under the shape that onnx infers.
std::optional<Value> viewed(const Step& step, const Inputs& in, int opset) {
  if (in[0] == nullptr) return std::nullopt;
  auto shapes = inferred_outputs(step, in, opset);
  if (shapes.empty() || !shapes[0]) return std::nullopt;
  if (shapes[0]->elements() == in[0]->elements()) shapes[0]->numbers = in[0]->numbers;
  return shapes[0];
}

std::optional<Value> numbers_of(const Step& step, const Inputs& in, int opset) {
  const std::string& type = step.type;
  for (const Function& known : functions)
    if (type == known.type && in.size() == known.operands) return elementwise(in, known.function);
  if (type == "Div" && in.size() == 2) return divided(in);
  if (type == "Gather" && in.size() == 2) return gathered(in);
  if (type == "Concat" && !in.empty()) return joined(in);
  if (type == "Slice" && !in.empty()) return sliced(step, in);
  if ((type == "ReduceProd" || type == "ReduceSum") && !in.empty()) return reduced(step, in);
  if (type == "ConstantOfShape" && in.size() == 1) return filled(step, in);
  if (type == "Range" && in.size() == 3) return ranged(in);
  if ((type == "Squeeze" || type == "Unsqueeze" || type == "Reshape") && !in.empty()) return viewed(step, in, opset);
  return std::nullopt;
}

}  // namespace

std::optional<Value> folded_constant(const Step& step, const std::vector<const Value*>& inputs, int opset) {
  std::optional<Value> value = numbers_of(step, inputs, opset);
  if (!value) {
    auto shapes = inferred_outputs(step, inputs, opset);
    if (!shapes.empty()) value = shapes[0];
  }
  if (!value) return std::nullopt;
  // Weights of few bits that are only turned stay what they are; onnx was told of floats.
  const auto moves = {"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Slice"};
  if (std::find(moves.begin(), moves.end(), step.type) != moves.end() && inputs[0] != nullptr)
    value->type = inputs[0]->type;
  for (const Value* input : inputs)
    value->learned = value->learned || (input != nullptr && input->learned && input->elements() > 1);
  return value;
}

}  // namespace paretoforge::onnx_in
