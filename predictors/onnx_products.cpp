// Products of matrices in ONNX: with constant weights they are layers, of two computed tensors they are MatMul.
#include <algorithm>
#include <set>

#include "predictors/onnx_file_internal.hpp"
#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

std::int8_t bits_of(const Value& weights) { return static_cast<std::int8_t>(integer_bits(weights.type)); }

bool all_ones(const Dims& dims, std::size_t end) {
  return std::all_of(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(end),
                     [](std::int64_t d) { return d == 1; });
}

void require_inner(const Value& a, std::int64_t k, const Value& b, std::int64_t other) {
  if (k != other) throw StepError(dims_text(a.dims) + " times " + dims_text(b.dims) + " is no product");
}

/// Leading dimensions, each matrix for itself.
Dims stacked(const Value& a, const Value& b) {
  return broadcast(Dims(a.dims.begin(), a.dims.end() - 2), Dims(b.dims.begin(), b.dims.end() - 2));
}

void with_constant_right(Importer& in, const Step& step, const Value& x, const Value& w, bool bias) {
  const auto rank = static_cast<std::size_t>(w.rank());
  require_inner(x, x.dims.back(), w, w.dims[rank - 2]);
  if (all_ones(w.dims, rank - 2) && w.rank() <= x.rank()) return layer(in, step, x, w.dims[rank - 1], bits_of(w), bias);
  if (x.rank() < 2) throw StepError("a vector times a stack of matrices");
  Dims result = stacked(x, w);
  const double macs = static_cast<double>(product(result, 0, result.size())) *
                      static_cast<double>(x.dims[x.dims.size() - 2]) *
                      static_cast<double>(product(w.dims, rank - 2, rank));
  result.insert(result.end(), {x.dims[x.dims.size() - 2], w.dims[rank - 1]});
  in.opaque(step, checked_macs(macs), w.elements(), result);
}

void with_constant_left(Importer& in, const Step& step, const Value& w, const Value& x) {
  const Dims lead = stacked(w, x);
  const auto m = w.dims[w.dims.size() - 2], k = w.dims.back(), n = x.dims.back();
  require_inner(w, k, x, x.dims[x.dims.size() - 2]);
  Dims result = lead;
  result.insert(result.end(), {m, n});
  if (all_ones(lead, lead.size())) {  // the columns of x are places, its rows channels
    const Shape columns{size32(k, "channels"), 1, size32(n, "a width")};
    return in.output(step, result, Conv{size32(m, "outputs"), {}, {}, {}, {}, 1, false, bits_of(w)},
                     {in.as(x, columns)});
  }
  in.opaque(step, checked_macs(static_cast<double>(product(result, 0, result.size())) * static_cast<double>(k)),
            w.elements(), result);
}

void both_computed(Importer& in, const Step& step, const Value& a, const Value& b) {
  const std::size_t ra = a.dims.size(), rb = b.dims.size();
  const std::int64_t m = a.dims[ra - 2], k = a.dims[ra - 1], n = b.dims[rb - 1];
  require_inner(a, k, b, b.dims[rb - 2]);
  Dims result = stacked(a, b);
  const std::int64_t of_a = product(a.dims, 0, ra - 2), of_b = product(b.dims, 0, rb - 2),
                     all = product(result, 0, result.size());
  result.insert(result.end(), {m, n});
  if (of_a != all || of_a % of_b != 0) {
    const double macs =
        static_cast<double>(all) * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
    return in.opaque(step, checked_macs(macs), 0, result);
  }
  const auto stack = [](std::int64_t count, std::int64_t rows, std::int64_t columns) {
    return Shape{size32(count, "matrices"), size32(rows, "rows"), size32(columns, "columns")};
  };
  // Asked for in this order: what a model computes first comes first.
  const NodeId left = in.as(a, stack(of_a, m, k)), right = in.as(b, stack(of_b, k, n));
  in.output(step, result, MatMul{}, {left, right});
}

void multiply(Importer& in, const Step& step, const Value& a, const Value& b, bool bias) {
  if (a.rank() < 1 || b.rank() < 1) throw StepError("a product of matrices needs matrices");
  if (std::max(a.elements(), b.elements()) > most_weights) throw StepError("its matrices are too large");
  if (b.constant() && b.rank() >= 2) return with_constant_right(in, step, a, b, bias);
  if (a.rank() < 2 || b.rank() < 2)
    return in.opaque(step, checked_macs(static_cast<double>(std::max(a.elements(), b.elements()))), in.learned(step));
  a.constant() ? with_constant_left(in, step, a, b) : both_computed(in, step, a, b);
}

/// The sizes that the letters of one operand of an Einsum stand for; false where it is more than letters.
bool note_sizes(const std::string& letters, const Dims& dims, std::map<char, std::int64_t>& sizes) {
  if (letters.size() != dims.size()) return false;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters[i] < 'A' || letters[i] > 'z') return false;
    std::int64_t& size = sizes[letters[i]];
    size = std::max(size, dims[i]);
  }
  return true;
}

/// With its last two dimensions swapped.
Value turned(Value matrices) {
  if (matrices.dims.size() >= 2) std::swap(matrices.dims.back(), matrices.dims[matrices.dims.size() - 2]);
  return matrices;
}

}  // namespace

std::int64_t checked_macs(double macs) {
  if (macs > 1e15) throw StepError("it would cost more than 10^15 multiply-accumulates");
  return static_cast<std::int64_t>(macs);
}

void layer(Importer& in, const Step& step, const Value& x, std::int64_t out, std::int8_t bits, bool bias) {
  const std::int32_t channels = size32(out, "outputs");
  Dims result = x.dims;
  result.back() = out;
  const Shape rows = rows_shape(x.dims);
  if (rows.height == 1 && rows.width == 1)
    return in.output(step, result, Linear{channels, bias, bits}, {in.as(x, rows)});
  in.output(step, result, Conv{channels, {}, {}, {}, {}, 1, bias, bits}, {in.as(x, rows)});
}

void read_product(Importer& in, const Step& step) {
  Value a = in.input(step, 0), b = in.input(step, 1);
  if (step.integer("transA", 0) != 0) a = turned(std::move(a));  // of FusedMatMul
  if (step.integer("transB", 0) != 0) b = turned(std::move(b));
  multiply(in, step, a, b, step.type == "~BiasedMatMul");
}

void read_qlinear_product(Importer& in, const Step& step) {
  const Value a = in.input(step, 0), b = in.input(step, 3);
  multiply(in, step, a, b, false);
}

void read_gemm(Importer& in, const Step& step) {
  const bool quantised = step.type.ends_with("QGemm");
  const Value a = in.input(step, 0), b = in.input(step, quantised ? 3 : 1);
  if (a.rank() != 2 || b.rank() != 2 || std::max(a.elements(), b.elements()) > most_weights)
    throw StepError("it needs matrices, not " + dims_text(a.dims) + " and " + dims_text(b.dims));
  const bool turn_a = step.integer("transA", 0) != 0, turn_b = step.integer("transB", 0) != 0;
  const std::int64_t m = a.dims[turn_a], k = a.dims[!turn_a], n = b.dims[!turn_b];
  require_inner(a, k, b, b.dims[turn_b]);
  const bool bias = step.has_input(quantised ? 6 : 2);
  const double macs = static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
  if (turn_a || !b.constant() || a.constant()) return in.opaque(step, checked_macs(macs), in.learned(step), Dims{m, n});
  layer(in, step, a, n, bits_of(b), bias);
}

void read_einsum(Importer& in, const Step& step) {
  std::string equation = step.text("equation", "");
  std::erase(equation, ' ');
  std::map<char, std::int64_t> sizes;
  std::size_t begin = 0;
  const std::size_t arrow = std::min(equation.find("->"), equation.size());
  for (const Value* operand : in.inputs(step)) {
    const std::size_t end = std::min(equation.find(',', begin), arrow);
    if (begin > arrow || operand == nullptr || !note_sizes(equation.substr(begin, end - begin), operand->dims, sizes))
      return in.opaque(step, 0, in.learned(step));
    begin = end + 1;
  }
  double macs = step.in.size() > 1 ? 1 : 0;
  for (const auto& [letter, size] : sizes) macs *= static_cast<double>(size);
  std::optional<Dims> result;
  if (arrow + 2 <= equation.size()) {
    result.emplace();
    for (const char letter : equation.substr(arrow + 2)) result->push_back(sizes[letter]);
  }
  if (result && std::find(result->begin(), result->end(), 0) != result->end()) result.reset();
  in.opaque(step, checked_macs(macs), in.learned(step), result);
}

/// LSTM, GRU, RNN: at each step of the sequence each gate multiplies input and state (weights [directions,
/// gates * hidden, input], [directions, gates * hidden, hidden]).
void read_recurrent(Importer& in, const Step& step) {
  const Value& x = in.input(step, 0);
  const Value &w = in.input(step, 1), &r = in.input(step, 2);
  if (x.rank() != 3 || w.rank() != 3 || r.rank() != 3) throw StepError("it needs three dimensions");
  const double turns = static_cast<double>(x.dims[0]) * static_cast<double>(x.dims[1]);
  in.opaque(step, checked_macs(turns * static_cast<double>(w.elements() + r.elements())), in.learned(step));
}

}  // namespace paretoforge::onnx_in
