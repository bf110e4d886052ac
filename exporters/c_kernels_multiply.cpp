// Rows of weights times columns of inputs, and fully connected layers.
#include "exporters/c_kernels_internal.hpp"

namespace paretoforge::internal::c_kernels {

constinit const std::string_view multiply = R"(
/* multiply: one pixel's column of `depth` bytes times the weights of `channels` outputs, rows of `row` bytes. */
#if defined(USE_MVE)
/* The same for `count` pixels, whose columns are `step` bytes apart and outputs `out_step`. */
NOINLINE void multiply_many(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int32_t step, int32_t count, int8_t *out, int32_t out_step) {
  const int8_t *w0 = l->weights + first * row;
  const int32_t *bias = l->bias + first;
  const factor *factors = l->factors + first;
  const int32_t zero = l->out_zero, blocks = depth >> 4;
  const mve_pred16_t tail = vctp8q((uint32_t)(depth & 15));
  for (; channels > 0; channels -= 4, w0 += 4 * row, bias += 4, factors += 4, out += 4) {
    const int8_t *const w1 = channels > 1 ? w0 + row : w0, *const w2 = channels > 2 ? w1 + row : w1, *const w3 = channels > 3 ? w2 + row : w2;
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
        const int8x16_t values = vldrbq_s8(v);
        s0 = vmladavaq_s8(s0, values, vldrbq_s8(v0));
        s1 = vmladavaq_s8(s1, values, vldrbq_s8(v1));
        s2 = vmladavaq_s8(s2, values, vldrbq_s8(v2));
        s3 = vmladavaq_s8(s3, values, vldrbq_s8(v3));
        v += 16, v0 += 16, v1 += 16, v2 += 16, v3 += 16;
      }
      if (depth & 15) {
        const int8x16_t values = vldrbq_z_s8(v, tail);
        s0 = vmladavaq_s8(s0, values, vldrbq_z_s8(v0, tail));
        s1 = vmladavaq_s8(s1, values, vldrbq_z_s8(v1, tail));
        s2 = vmladavaq_s8(s2, values, vldrbq_z_s8(v2, tail));
        s3 = vmladavaq_s8(s3, values, vldrbq_z_s8(v3, tail));
      }
      sums = vsetq_lane_s32(s0, biases, 0);
      sums = vsetq_lane_s32(s1, sums, 1);
      sums = vsetq_lane_s32(s2, sums, 2);
      sums = vsetq_lane_s32(s3, sums, 3);
      finish_4(vaddq_s32(sums, biases), factors, zero, lanes, to);
    }
  }
}
INLINE void multiply(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int8_t *out) {
  multiply_many(l, first, channels, depth, row, x, 0, 1, out, 0);
}
#elif defined(USE_VNNI)
/* Weights lie for this: of each group blocks of 16 outputs, in them four bytes of depth of each output at a time. The
   instruction wants one side unsigned, so 128 is added to x, which BIAS takes back. */
#define DOT(sum, u, v) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "v"(v)) /* the intrinsic makes gcc 12 copy the sums */
INLINE void store_16(const layer *l, int32_t c, int32_t channels, __m512i sums, int8_t *out) {
  const __mmask16 lanes = (__mmask16)(channels > 15 ? 0xffff : (1 << channels) - 1);
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
  int32_t each[16], i;
  _mm512_storeu_si512((void *)each, sums);
  for (i = 0; i < 16 && i < channels; ++i) out[i] = finish(each[i], l->factors[c + i], l->out_zero);
  (void)lanes;
#else
  /* Conversion makes what is too large negative, so that end is cut before. */
  const __m512 steps = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_maskz_loadu_ps(lanes, l->factors + c));
  const __m512i q = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_max_ps(_mm512_min_ps(steps, _mm512_set1_ps(1024.0f)), _mm512_set1_ps(-1024.0f))), _mm512_set1_epi32(l->out_zero));
  _mm512_mask_cvtsepi32_storeu_epi8((void *)out, lanes, q);
#endif
}

/* Sixteen or (wide) thirty-two outputs of `pixels` pixels; `wide` and `pixels` are constants. */
INLINE void tile_vnni(const layer *l, const int8_t *w, int32_t c, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int32_t step, int32_t wide, int32_t pixels, int8_t *out, int32_t out_step) {
  const __m512i flip = _mm512_set1_epi8(-128);
  const __m512i bias = _mm512_maskz_loadu_epi32((__mmask16)(channels > 15 ? 0xffff : (1 << channels) - 1), l->bias + c);
  const __m512i more = wide ? _mm512_maskz_loadu_epi32((__mmask16)(channels > 31 ? 0xffff : (1 << (channels - 16)) - 1), l->bias + c + 16) : bias;
  __m512i sums[4], next[4];
  int32_t p, i, four;
#pragma GCC unroll 4
  for (p = 0; p < pixels; ++p) sums[p] = bias, next[p] = more;
  for (i = 0; i + 4 <= depth; i += 4, w += 64) {
    const __m512i v = _mm512_loadu_si512((const void *)w);
    const __m512i v1 = wide ? _mm512_loadu_si512((const void *)(w + 16 * row)) : v;
#pragma GCC unroll 4
    for (p = 0; p < pixels; ++p) {
      __m512i u;
      memcpy(&four, x + p * step + i, 4);
      u = _mm512_xor_si512(_mm512_set1_epi32(four), flip);
      DOT(sums[p], u, v);
      if (wide) DOT(next[p], u, v1);
    }
  }
  if (i < depth) {
    const __m512i v = _mm512_loadu_si512((const void *)w);
    const __m512i v1 = wide ? _mm512_loadu_si512((const void *)(w + 16 * row)) : v;
#pragma GCC unroll 4
    for (p = 0; p < pixels; ++p) {
      __m512i u;
      four = 0;
      memcpy(&four, x + p * step + i, (size_t)(depth - i));
      u = _mm512_xor_si512(_mm512_set1_epi32(four), flip);
      DOT(sums[p], u, v);
      if (wide) DOT(next[p], u, v1);
    }
  }
#pragma GCC unroll 4
  for (p = 0; p < pixels; ++p) {
    store_16(l, c, channels, sums[p], out + p * out_step);
    if (wide) store_16(l, c + 16, channels - 16, next[p], out + p * out_step + 16);
  }
}

NOINLINE void multiply_many(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int32_t step, int32_t count, int8_t *out, int32_t out_step) {
  const int8_t *w = l->weights + first / channels * ((channels + 15) & ~15) * row;
  int32_t c, p;
#define TILE(wide, pixels) tile_vnni(l, w, first + c, channels - c, depth, row, x + p * step, step, wide, pixels, out + p * out_step + c, out_step)
  for (c = 0; c + 16 < channels; c += 32, w += 32 * row) {
    for (p = 0; p + 4 <= count; p += 4) TILE(1, 4);
    for (; p < count; ++p) TILE(1, 1);
  }
  for (; c < channels; c += 16, w += 16 * row) {
    for (p = 0; p + 4 <= count; p += 4) TILE(0, 4);
    for (; p < count; ++p) TILE(0, 1);
  }
#undef TILE
}
INLINE void multiply(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int8_t *out) {
  multiply_many(l, first, channels, depth, row, x, 0, 1, out, 0);
}
#elif defined(USE_DSP)
/* Four bytes of x and of four rows; the loop is spelled out because the compiler runs out of registers. */
#define STEP_1x4 \
  "ldr %[p], [%[x]], #4\n sxtb16 %[q], %[p], ror #8\n sxtb16 %[p], %[p]\n" \
  ROW_1x4("%[w0]", "%[s0]") ROW_1x4("%[w1]", "%[s1]") ROW_1x4("%[w2]", "%[s2]") ROW_1x4("%[w3]", "%[s3]")
#define ROW_1x4(w, s) \
  "ldr %[u], [" w "], #4\n sxtb16 %[v], %[u]\n sxtb16 %[u], %[u], ror #8\n" \
  "smlad " s ", %[v], %[p], " s "\n smlad " s ", %[u], %[q], " s "\n"
#define TILE_1x4(steps) \
  __asm__ volatile("1:\n" steps "subs %[n], %[n], #1\n bne 1b\n" \
                   : [x] "+r"(x), [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3), [n] "+r"(n), [s0] "+r"(s0), \
                     [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [p] "=&r"(p), [q] "=&r"(q), [u] "=&r"(u), [v] "=&r"(v) \
                   : \
                   : "cc", "memory")

NOINLINE void tile_1x4(const int8_t *x, const int8_t *w0, const int8_t *w1, const int8_t *w2, const int8_t *w3, int32_t depth, int32_t *sums) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, n = depth >> 4;
  uint32_t p, q, u, v;
  if (n > 0) TILE_1x4(STEP_1x4 STEP_1x4 STEP_1x4 STEP_1x4);
  n = (depth >> 2) & 3;
  if (n > 0) TILE_1x4(STEP_1x4);
  for (n = depth & 3; n > 0; --n, ++x) s0 += *x * *w0++, s1 += *x * *w1++, s2 += *x * *w2++, s3 += *x * *w3++;
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

NOINLINE void multiply(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int8_t *out) {
  const int8_t *w = l->weights + first * row;
  const int32_t *bias = l->bias + first;
  const factor *factors = l->factors + first;
  const int32_t zero = l->out_zero;
  for (; channels > 0; channels -= 4, w += 4 * row, bias += 4, factors += 4, out += 4) {
    const int8_t *w1 = channels > 1 ? w + row : w, *w2 = channels > 2 ? w1 + row : w1, *w3 = channels > 3 ? w2 + row : w2;
    int32_t sums[4];
    tile_1x4(x, w, w1, w2, w3, depth, sums);
    out[0] = finish(sums[0] + bias[0], factors[0], zero);
    if (channels > 1) out[1] = finish(sums[1] + bias[1], factors[1], zero);
    if (channels > 2) out[2] = finish(sums[2] + bias[2], factors[2], zero);
    if (channels > 3) out[3] = finish(sums[3] + bias[3], factors[3], zero);
  }
}
#else
NOINLINE void multiply(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *restrict x, int8_t *restrict out) {
  const int8_t *restrict w = l->weights + first * row;
  int32_t c, i;
  for (c = 0; c < channels; ++c, w += row) {
    int32_t sum = l->bias[first + c];
    for (i = 0; i < depth; ++i) sum += (int16_t)x[i] * (int16_t)w[i];
    out[c] = finish(sum, l->factors[first + c], l->out_zero);
  }
}
#endif
)";

constinit const std::string_view linear = R"(
/* linear: scratch for the output where something is added behind it. */
INLINE void linear(const layer *l, const int8_t *in, int8_t *out, cell *scratch, const addition *sum, const int8_t *other) {
  multiply(l, 0, l->out_channels, l->in_channels, (l->in_channels + 3) & ~3, in, sum ? &scratch->byte : out);
  if (sum) add(sum, &scratch->byte, other, out, l->out_channels);
}
)";

}  // namespace paretoforge::internal::c_kernels
