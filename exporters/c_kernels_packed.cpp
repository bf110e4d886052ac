// Rows of weights of 4 bits, two to a byte, times columns of inputs.
#include "exporters/c_kernels_internal.hpp"

namespace paretoforge::internal::c_kernels {

constinit const std::string_view packing = R"(
/* Weights of 4 bits lie two to a byte; on x86, where time is dearer than memory, each has a byte of its own. */
#if !defined(USE_AVX2)
#define USE_PACKED
#define PACKED(yes) , yes
#else
#define PACKED(yes)
#endif
)";

constinit const std::string_view multiply_packed = R"(
/* As multiply, with weights of 4 bits. A weight is taken out of its byte as 16 times its value, by which the sum is
   divided at the end: nothing has to be shifted down. */
#if defined(USE_MVE)
/* Of each row, 32 weights lie in 16 bytes: those of the first 16 inputs in the upper halves, those of the second in the
   lower ones. What is left over is halved in the same way. */
NOINLINE void multiply_many_packed(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int32_t step, int32_t count, int8_t *out, int32_t out_step) {
  const int32_t blocks = depth >> 5, half = ((depth & 31) + 1) >> 1, bytes = 16 * blocks + half;
  const int8_t *w0 = l->weights + first * bytes;
  const int32_t *bias = l->bias + first;
  const factor *factors = l->factors + first;
  const int32_t zero = l->out_zero;
  const int8x16_t upper = vdupq_n_s8((int8_t)-16);
  (void)row;
/* One vector of weights at a time: more of them would take more stack. */
#define ROW(s, load) \
  { \
    const int8x16_t w = load; \
    s = vmladavaq_s8(s, low, vandq_s8(w, upper)), s = vmladavaq_s8(s, high, vshlq_n_s8(w, 4)); \
  }
  for (; channels > 0; channels -= 4, w0 += 4 * bytes, bias += 4, factors += 4, out += 4) {
    const int8_t *const w1 = channels > 1 ? w0 + bytes : w0, *const w2 = channels > 2 ? w1 + bytes : w1, *const w3 = channels > 3 ? w2 + bytes : w2;
    const mve_pred16_t lanes = vctp32q((uint32_t)channels);
    const int32x4_t biases = vldrwq_z_s32(bias, lanes);
    const int8_t *column = x;
    int8_t *to = out;
    int32_t left;
    for (left = count; left > 0; --left, column += step, to += out_step) {
      const int8_t *v0 = w0, *v1 = w1, *v2 = w2, *v3 = w3, *v = column;
      int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, i;
      int32x4_t sums;
      for (i = blocks; i > 0; --i) {
        const int8x16_t low = vldrbq_s8(v), high = vldrbq_s8(v + 16);
        ROW(s0, vldrbq_s8(v0)) ROW(s1, vldrbq_s8(v1)) ROW(s2, vldrbq_s8(v2)) ROW(s3, vldrbq_s8(v3))
        v += 32, v0 += 16, v1 += 16, v2 += 16, v3 += 16;
      }
      if (half) {
        const mve_pred16_t tail = vctp8q((uint32_t)half);
        const int8x16_t low = vldrbq_z_s8(v, tail), high = vldrbq_z_s8(v + half, vctp8q((uint32_t)((depth & 31) - half)));
        ROW(s0, vldrbq_z_s8(v0, tail)) ROW(s1, vldrbq_z_s8(v1, tail)) ROW(s2, vldrbq_z_s8(v2, tail)) ROW(s3, vldrbq_z_s8(v3, tail))
      }
      sums = vsetq_lane_s32(s0, biases, 0);
      sums = vsetq_lane_s32(s1, sums, 1);
      sums = vsetq_lane_s32(s2, sums, 2);
      sums = vsetq_lane_s32(s3, sums, 3);
      finish_4(vaddq_s32(vshrq_n_s32(sums, 4), biases), factors, zero, lanes, to);
    }
  }
#undef ROW
}
INLINE void multiply_packed(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int8_t *out) {
  multiply_many_packed(l, first, channels, depth, row, x, 0, 1, out, 0);
}
#elif defined(USE_PACKED)
/* Rows lie in pairs: four bytes of one, then four of the other. Four bytes are eight weights: those of the first four
   inputs in the upper halves, those of the second four in the lower ones. */
INLINE int32_t pair_bytes(int32_t depth) { return (depth + 7) & ~7; }
INLINE const int8_t *packed_rows(const layer *l, int32_t first, int32_t channels, int32_t depth) {
  return l->weights + first / channels * ((channels + 1) >> 1) * pair_bytes(depth);
}
/* The sum behind the inputs that were taken four at a time: up to three, `lower` says in which halves. */
INLINE int32_t last_inputs(const int8_t *x, const int8_t *w, int32_t n, int32_t lower) {
  int32_t sum = 0, i;
  for (i = 0; i < n; ++i) sum += x[i] * (int8_t)(lower ? (uint8_t)w[i] << 4 : (uint8_t)w[i] & 0xf0);
  return sum;
}
#if defined(USE_DSP)
#define PAIR_1x4(load, shift, s, r) \
  load "and %[u], %[m], %[u]" shift "\n and %[v], %[m], %[v]" shift "\n" \
  "sxtb16 %[t], %[u]\n sxtb16 %[u], %[u], ror #8\n smlad " s ", %[t], %[p], " s "\n smlad " s ", %[u], %[q], " s "\n" \
  "sxtb16 %[t], %[v]\n sxtb16 %[v], %[v], ror #8\n smlad " r ", %[t], %[p], " r "\n smlad " r ", %[v], %[q], " r "\n"
#define INPUTS_1x4 "ldr %[p], [%[x]], #4\n sxtb16 %[q], %[p], ror #8\n sxtb16 %[p], %[p]\n"
#define UPPER_1x4 INPUTS_1x4 \
  PAIR_1x4("ldrd %[u], %[v], [%[w]]\n", "", "%[s0]", "%[s1]") PAIR_1x4("ldrd %[u], %[v], [%[y]]\n", "", "%[s2]", "%[s3]")
#define LOWER_1x4 INPUTS_1x4 \
  PAIR_1x4("ldrd %[u], %[v], [%[w]], #8\n", ", lsl #4", "%[s0]", "%[s1]") \
  PAIR_1x4("ldrd %[u], %[v], [%[y]], #8\n", ", lsl #4", "%[s2]", "%[s3]")
#define PACKED_1x4(steps) \
  __asm__ volatile("1:\n" steps "subs %[n], %[n], #1\n bne 1b\n" \
                   : [x] "+r"(x), [w] "+r"(w), [y] "+r"(y), [n] "+r"(n), [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), \
                     [s3] "+r"(s3), [p] "=&r"(p), [q] "=&r"(q), [u] "=&r"(u), [v] "=&r"(v), [t] "=&r"(t) \
                   : [m] "r"(0xf0f0f0f0u) \
                   : "cc", "memory")

NOINLINE void packed_1x4(const int8_t *x, const int8_t *w, const int8_t *y, int32_t depth, int32_t *sums) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, n = depth >> 4;
  uint32_t p, q, u, v, t;
  if (n > 0) PACKED_1x4(UPPER_1x4 LOWER_1x4 UPPER_1x4 LOWER_1x4);
  n = 1;
  if (depth & 8) PACKED_1x4(UPPER_1x4 LOWER_1x4);
  n = 1;
  if (depth & 4) PACKED_1x4(UPPER_1x4);
  if (depth & 3) {
    const int32_t lower = depth & 4;
    s0 += last_inputs(x, w, depth & 3, lower), s1 += last_inputs(x, w + 4, depth & 3, lower);
    s2 += last_inputs(x, y, depth & 3, lower), s3 += last_inputs(x, y + 4, depth & 3, lower);
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

NOINLINE void multiply_packed(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int8_t *out) {
  const int32_t pair = pair_bytes(depth), zero = l->out_zero;
  const int8_t *w = packed_rows(l, first, channels, depth);
  const int32_t *bias = l->bias + first;
  const factor *factors = l->factors + first;
  (void)row;
  for (; channels > 0; channels -= 4, w += 2 * pair, bias += 4, factors += 4, out += 4) {
    int32_t sums[4];
    packed_1x4(x, w, channels > 2 ? w + pair : w, depth, sums);
    out[0] = finish((sums[0] >> 4) + bias[0], factors[0], zero);
    if (channels > 1) out[1] = finish((sums[1] >> 4) + bias[1], factors[1], zero);
    if (channels > 2) out[2] = finish((sums[2] >> 4) + bias[2], factors[2], zero);
    if (channels > 3) out[3] = finish((sums[3] >> 4) + bias[3], factors[3], zero);
  }
}
#else
NOINLINE void multiply_packed(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *restrict x, int8_t *restrict out) {
  const int8_t *restrict w = packed_rows(l, first, channels, depth);
  int32_t c, i, k;
  (void)row;
  for (c = 0; c < channels; c += 2) {
    int32_t a = 0, b = 0;
    for (i = 0; i + 8 <= depth; i += 8, w += 8)
      for (k = 0; k < 4; ++k) {
        const int32_t low = x[i + k], high = x[i + 4 + k];
        a += low * (int8_t)((uint8_t)w[k] & 0xf0) + high * (int8_t)((uint8_t)w[k] << 4);
        b += low * (int8_t)((uint8_t)w[k + 4] & 0xf0) + high * (int8_t)((uint8_t)w[k + 4] << 4);
      }
    if (i < depth) {
      const int32_t upper = depth - i < 4 ? depth - i : 4;
      a += last_inputs(x + i, w, upper, 0) + last_inputs(x + i + 4, w, depth - i - upper, 1);
      b += last_inputs(x + i, w + 4, upper, 0) + last_inputs(x + i + 4, w + 4, depth - i - upper, 1);
      w += 8;
    }
    out[c] = finish((a >> 4) + l->bias[first + c], l->factors[first + c], l->out_zero);
    if (c + 1 < channels) out[c + 1] = finish((b >> 4) + l->bias[first + c + 1], l->factors[first + c + 1], l->out_zero);
  }
}
#endif
#endif
)";

constinit const std::string_view columns_packed = R"(
#if defined(USE_DSP)
/* As multiply_2: eight weights of two rows are read in one go. */
#define HALVES_2x2(load, shift) \
  load "ldrd %[p], %[q], [%[x]], #8\n and %[u], %[m], %[u]" shift "\n and %[v], %[m], %[v]" shift "\n" \
  "sxtb16 %[t], %[u]\n sxtb16 %[u], %[u], ror #8\n sxtb16 %[r], %[v]\n sxtb16 %[v], %[v], ror #8\n" \
  "smlad %[a], %[t], %[p], %[a]\n smlad %[b], %[r], %[p], %[b]\n" \
  "smlad %[a], %[u], %[q], %[a]\n smlad %[b], %[v], %[q], %[b]\n ldrd %[p], %[q], [%[x]], #8\n" \
  "smlad %[c], %[t], %[p], %[c]\n smlad %[d], %[r], %[p], %[d]\n" \
  "smlad %[c], %[u], %[q], %[c]\n smlad %[d], %[v], %[q], %[d]\n"
#define UPPER_2x2 HALVES_2x2("ldrd %[u], %[v], [%[w]]\n", "")
#define LOWER_2x2 HALVES_2x2("ldrd %[u], %[v], [%[w]], #8\n", ", lsl #4")
#define PACKED_2x2(steps) \
  __asm__ volatile("1:\n" steps "subs %[n], %[n], #1\n bne 1b\n" \
                   : [x] "+r"(x), [w] "+r"(w), [n] "+r"(n), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), \
                     [p] "=&r"(p), [q] "=&r"(q), [u] "=&r"(u), [v] "=&r"(v), [t] "=&r"(t), [r] "=&r"(r) \
                   : [m] "r"(0xf0f0f0f0u) \
                   : "cc", "memory")

NOINLINE void multiply_2_packed(const layer *l, int32_t first, int32_t channels, int32_t row, const uint32_t *columns, int8_t *out, int8_t *next) {
  const int8_t *w = packed_rows(l, first, channels, row);
  const int32_t *bias = l->bias + first;
  const factor *factors = l->factors + first;
  const int32_t zero = l->out_zero;
  for (;; channels -= 2, bias += 2, factors += 2) {
    const uint32_t *x = columns;
    int32_t a = 0, b = 0, c = 0, d = 0, n = row >> 4;
    uint32_t p, q, r, t, u, v;
    if (n > 0) PACKED_2x2(UPPER_2x2 LOWER_2x2 UPPER_2x2 LOWER_2x2);
    n = 1;
    if (row & 8) PACKED_2x2(UPPER_2x2 LOWER_2x2);
    n = 1;
    if (row & 4) {
      PACKED_2x2(UPPER_2x2);
      w += 8;
    }
    *out++ = finish((a >> 4) + bias[0], factors[0], zero);
    *next++ = finish((c >> 4) + bias[0], factors[0], zero);
    if (channels == 1) return;
    *out++ = finish((b >> 4) + bias[1], factors[1], zero);
    *next++ = finish((d >> 4) + bias[1], factors[1], zero);
    if (channels == 2) return;
  }
}
#endif
)";

constinit const std::string_view some_packed = R"(
/* Some layers have weights of 4 bits, some have wider ones. */
#if defined(USE_PACKED)
#define multiply(l, ...) ((l)->packed ? multiply_packed(l, __VA_ARGS__) : multiply(l, __VA_ARGS__))
#define multiply_many(l, ...) ((l)->packed ? multiply_many_packed(l, __VA_ARGS__) : multiply_many(l, __VA_ARGS__))
#define multiply_2(l, ...) ((l)->packed ? multiply_2_packed(l, __VA_ARGS__) : multiply_2(l, __VA_ARGS__))
#endif
)";

constinit const std::string_view all_packed = R"(
/* All layers but depthwise ones have weights of 4 bits. */
#if defined(USE_PACKED)
#define multiply multiply_packed
#define multiply_many multiply_many_packed
#define multiply_2 multiply_2_packed
#endif
)";

}  // namespace paretoforge::internal::c_kernels
