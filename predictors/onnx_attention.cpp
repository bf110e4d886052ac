// Attention as one operator, and products with weights of few bits: what optimisers of transformers write.
#include <algorithm>

#include "predictors/onnx_importer_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

/// Queries, keys and values of all heads: `rows` queries of `width` numbers against `keys` keys, which weigh values of
/// `deep` numbers.
struct Heads {
  std::int64_t rows, keys, width, deep;
};

/// Two products for each pair of query and key (Vaswani et al. 2017); `before` are those of layers in the operator.
void attend(Importer& in, const Step& step, const Heads& heads, double before, Dims result) {
  const double pairs = static_cast<double>(heads.rows) * static_cast<double>(heads.keys);
  const double deep = size32(heads.width, "a width of heads") + static_cast<double>(size32(heads.deep, "a depth of heads"));
  in.opaque(step, checked_macs(before + pairs * deep), in.learned(step), std::move(result));
}

void require_rows(const Value& x) {
  if (x.rank() != 3) throw StepError("it needs [batch, length, channels], not " + dims_text(x.dims));
}

/// Keys of earlier calls: [2, batch, heads, length, d] or [batch, heads, length, d].
std::int64_t past_length(const Importer& in, const Step& step, std::size_t i) {
  const Value* past = in.optional_input(step, i);
  return past == nullptr || past->rank() < 4 ? 0 : past->dims[past->dims.size() - 2];
}

}  // namespace

/// ONNX Runtime's: x [1, S, C] with the weights of the three layers before it side by side.
void read_whole_attention(Importer& in, const Step& step) {
  const Value &x = in.input(step, 0), &w = in.input(step, 1);
  require_rows(x);
  if (w.rank() != 2 || w.dims[0] != x.dims[2])
    throw StepError("weights " + dims_text(w.dims) + " do not fit an input " + dims_text(x.dims));
  std::int64_t query = w.dims[1] / 3, deep = query;
  if (const auto sizes = step.integers("qkv_hidden_sizes"); sizes && sizes->size() == 3)
    query = (*sizes)[0], deep = (*sizes)[2];
  const std::int64_t rows = product(x.dims, 0, 2);
  const double before = static_cast<double>(rows) * static_cast<double>(product(w.dims, 0, 2));
  attend(in, step, {rows, x.dims[1] + past_length(in, step, 4), query, deep}, before, {x.dims[0], x.dims[1], deep});
}

/// ONNX Runtime's MultiHeadAttention, its layers before it: queries, keys and values [1, length, channels].
void read_head_attention(Importer& in, const Step& step) {
  const Value& q = in.input(step, 0);
  const Value *k = in.optional_input(step, 1), *v = in.optional_input(step, 2);
  if (q.rank() != 3 || k == nullptr || v == nullptr || k->rank() != 3 || v->rank() != 3)
    return in.opaque(step, 0, in.learned(step));  // packed forms
  attend(in, step, {product(q.dims, 0, 2), k->dims[1] + past_length(in, step, 6), q.dims[2], v->dims[2]}, 0,
         {q.dims[0], q.dims[1], v->dims[2]});
}

/// ONNX's own (operator set 23): [1, heads, length, d], or [1, length, heads * d] with the numbers of heads beside.
void read_attention(Importer& in, const Step& step) {
  const Value &q = in.input(step, 0), &k = in.input(step, 1), &v = in.input(step, 2);
  if (q.rank() != k.rank() || q.rank() != v.rank() || q.rank() < 3 || q.rank() > 4)
    throw StepError("its inputs have unlike dimensions");
  const std::int64_t past = past_length(in, step, 4);
  if (q.rank() == 4) {
    const std::int64_t heads = product(q.dims, 0, 2);
    return attend(in, step, {heads * q.dims[2], k.dims[2] + past, q.dims[3], v.dims[3]}, 0,
                  {q.dims[0], q.dims[1], q.dims[2], v.dims[3]});
  }
  const std::int64_t queries = std::max<std::int64_t>(1, step.integer("q_num_heads", 1)),
                     others = std::max<std::int64_t>(1, step.integer("kv_num_heads", queries));
  if (queries > q.dims[2] || others > v.dims[2]) throw StepError("it has more heads than channels");
  const std::int64_t deep = v.dims[2] / others * queries;
  attend(in, step, {product(q.dims, 0, 2), k.dims[1] + past, q.dims[2], deep}, 0, {q.dims[0], q.dims[1], deep});
}

/// ONNX Runtime's: weights of 2 to 8 bits in blocks, K and N as attributes.
void read_packed_product(Importer& in, const Step& step) {
  const Value x = in.input(step, 0);
  const std::int64_t bits = step.integer("bits", 4);
  if (x.rank() < 1 || x.constant() || x.dims.back() != step.integer("K", 0) || bits < 1 || bits > 8)
    throw StepError("K of " + std::to_string(step.integer("K", 0)) + " and " + std::to_string(bits) +
                    " bits do not fit an input " + dims_text(x.dims));
  layer(in, step, x, step.integer("N", 0), static_cast<std::int8_t>(bits), step.has_input(5));
}

}  // namespace paretoforge::onnx_in
