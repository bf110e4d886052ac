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
/* Four outputs of `pixels` pixels (1 or 4), 32 bytes of depth at a time. The instruction wants one side unsigned, so
   128 is added to x, which BIAS takes back. */
#define DOT(sum, u, v) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "v"(v)) /* the intrinsic makes gcc 12 copy the sums */
INLINE void tile_vnni(const layer *l, int32_t c, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int32_t step, int32_t pixels, int8_t *out, int32_t out_step) {
  const __m256i flip = _mm256_set1_epi8(-128);
  const __m256i zero = _mm256_setzero_si256();
  const int8_t *const w = l->weights + c * row;
  const int32_t rows[4] = {0, channels > 1 ? row : 0, channels > 2 ? 2 * row : 0, channels > 3 ? 3 * row : 0};
  __m256i sums[4][4], pairs[4];
  int32_t p, k, i;
#pragma GCC unroll 4
  for (p = 0; p < 4; ++p) sums[p][0] = sums[p][1] = sums[p][2] = sums[p][3] = zero;
  for (i = 0; i + 32 <= depth; i += 32) {
    __m256i v[4];
#pragma GCC unroll 4
    for (k = 0; k < 4; ++k) v[k] = _mm256_loadu_si256((const __m256i *)(const void *)(w + rows[k] + i));
#pragma GCC unroll 4
    for (p = 0; p < pixels; ++p) {
      const __m256i u = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)(x + p * step + i)), flip);
#pragma GCC unroll 4
      for (k = 0; k < 4; ++k) DOT(sums[p][k], u, v[k]);
    }
  }
  if (i < depth) {
    const __mmask32 tail = (__mmask32)((1u << (depth - i)) - 1);
    __m256i v[4];
#pragma GCC unroll 4
    for (k = 0; k < 4; ++k) v[k] = _mm256_maskz_loadu_epi8(tail, w + rows[k] + i);
#pragma GCC unroll 4
    for (p = 0; p < pixels; ++p) {
      const __m256i u = _mm256_xor_si256(_mm256_maskz_loadu_epi8(tail, x + p * step + i), flip);
#pragma GCC unroll 4
      for (k = 0; k < 4; ++k) DOT(sums[p][k], u, v[k]);
    }
  }
#pragma GCC unroll 4
  for (p = 0; p < 4; ++p) {
    const __m256i a = _mm256_add_epi32(_mm256_unpacklo_epi32(sums[p][0], sums[p][1]), _mm256_unpackhi_epi32(sums[p][0], sums[p][1]));
    const __m256i b = _mm256_add_epi32(_mm256_unpacklo_epi32(sums[p][2], sums[p][3]), _mm256_unpackhi_epi32(sums[p][2], sums[p][3]));
    pairs[p] = _mm256_add_epi32(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
  }
  {
    const __mmask8 lanes = (__mmask8)(channels > 3 ? 15 : (1 << channels) - 1);
    const __m256i bias = _mm256_broadcastsi128_si256(_mm_maskz_loadu_epi32(lanes, l->bias + c));
#pragma GCC unroll 2
    for (p = 0; p < pixels; p += 2) {
      const __m256i both = _mm256_add_epi32(bias, _mm256_add_epi32(_mm256_permute2x128_si256(pairs[p], pairs[p + 1], 0x20), _mm256_permute2x128_si256(pairs[p], pairs[p + 1], 0x31)));
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
      int32_t each[8];
      _mm256_storeu_si256((__m256i *)(void *)each, both);
      for (i = 0; i < 8; ++i)
        if ((i & 3) < channels && p + (i >> 2) < pixels) out[(p + (i >> 2)) * out_step + (i & 3)] = finish(each[i], l->factors[c + (i & 3)], l->out_zero);
#else
      const __m128i q = finish_8(both, _mm256_broadcast_f32x4(_mm_maskz_loadu_ps(lanes, l->factors + c)), l->out_zero);
      const int32_t first = _mm_cvtsi128_si32(q), second = _mm_extract_epi32(q, 1);
      if (channels > 3) {
        memcpy(out + p * out_step, &first, 4);
        if (pixels > 1) memcpy(out + (p + 1) * out_step, &second, 4);
      } else {
        memcpy(out + p * out_step, &first, (size_t)channels);
        if (pixels > 1) memcpy(out + (p + 1) * out_step, &second, (size_t)channels);
      }
#endif
    }
  }
}

NOINLINE void multiply_many(const layer *l, int32_t first, int32_t channels, int32_t depth, int32_t row, const int8_t *x, int32_t step, int32_t count, int8_t *out, int32_t out_step) {
  int32_t c, p;
  for (c = 0; c < channels; c += 4) {
    for (p = 0; p + 4 <= count; p += 4) tile_vnni(l, first + c, channels - c, depth, row, x + p * step, step, 4, out + p * out_step + c, out_step);
    for (; p < count; ++p) tile_vnni(l, first + c, channels - c, depth, row, x + p * step, step, 1, out + p * out_step + c, out_step);
  }
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
