// The C text of the kernels. Each section is emitted once, where some layer needs it; the portable form of a kernel
// says what it does, the forms inside #if do the same faster.
#include "exporters/c_writer_internal.hpp"

namespace paretoforge::internal {
namespace {

constexpr std::string_view prologue = R"(
/* A product and the sum behind it are rounded one after the other, as everywhere else this model runs. */
#if defined(__FAST_MATH__)
#error "this model needs float arithmetic as the standard has it: compile this file without -ffast-math"
#elif defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize ("fp-contract=off", "omit-frame-pointer")
#if defined(__ARM_FEATURE_MVE)
#pragma GCC optimize ("no-schedule-insns") /* it holds more vectors than there are registers, and the stack fills */
#endif
#elif defined(_MSC_VER)
#pragma fp_contract (off)
#endif

#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__ARM_BIG_ENDIAN)
#if defined(__ARM_FEATURE_MVE) && __ARM_FEATURE_MVE == 3 && defined(__thumb__)
#define USE_MVE
#elif defined(__ARM_FEATURE_SIMD32) && defined(__ARM_FEATURE_UNALIGNED) && defined(__thumb__)
#define USE_DSP
#endif
#if defined(__ARM_FP) && (__ARM_FP & 4) && defined(__ARM_FEATURE_SAT) && defined(__thumb__)
#define USE_VCVTR
#endif
#endif
/* On x86 the order of bytes is known, and floats are rounded to nearest unless a program says otherwise. */
#if defined(__GNUC__) && defined(__OPTIMIZE__) && defined(__AVX2__)
#define USE_AVX2
#if defined(__AVX512VNNI__) && defined(__AVX512VL__) && defined(__AVX512BW__)
#define USE_VNNI
#endif
#include <immintrin.h>
#endif
#if defined(USE_MVE)
#include <arm_mve.h>
#endif
#if defined(USE_DSP) || defined(USE_VCVTR)
#include <arm_acle.h>
#endif
#if defined(__clang__)
#define INLINE static inline __attribute__((always_inline, unused))
#define NOINLINE static __attribute__((noinline, unused))
#define ALIGNED __attribute__((aligned(16)))
#elif defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline, unused))
#define NOINLINE static __attribute__((noinline, noclone, unused))
#define ALIGNED __attribute__((aligned(16)))
#else
#define INLINE static inline
#define NOINLINE static
#define ALIGNED
#endif

/* What a kernel keeps while it runs; on the stack where it is small, else in the arena. */
typedef union {
  const int8_t *pointer;
  int64_t wide;
  int32_t word;
  int8_t byte;
} cell;

INLINE int8_t saturated(int32_t x) {
#if defined(USE_DSP)
  return (int8_t)__ssat(x, 8);
#else
  return (int8_t)(x < -128 ? -128 : x > 127 ? 127 : x);
#endif
}
)";

constexpr std::string_view rescale = R"(
/* rescale: x times a factor, rounded; beyond +-512 only the sign is kept. */
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
/* multiplier * 2^(shift - 31): the high half of the doubled product, rounded, then shifted and rounded again. */
typedef struct {
  int32_t multiplier, shift;
} factor;
#define FACTOR(real, multiplier, shift) {multiplier, shift}

INLINE int32_t multiplied(int32_t x, factor f) {
  const int32_t left = f.shift > 0 ? f.shift : 0, right = f.shift < 0 ? -f.shift : 0;
  int64_t wide = (int64_t)x * ((int64_t)1 << left);
  int32_t high, mask;
  if (wide > INT32_MAX) wide = INT32_MAX;
  if (wide < INT32_MIN) wide = INT32_MIN;
  high = (int32_t)((wide * f.multiplier + ((int64_t)1 << 30)) >> 31);
  if (right == 0) return high;
  if (right > 31) return 0;
  mask = (int32_t)(((uint32_t)1 << right) - 1);
  return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0));
}

INLINE int32_t rescale(int32_t x, factor f) {
  const int32_t y = multiplied(x, f);
  return y < -512 ? -512 : y > 512 ? 512 : y;
}
#else
typedef float factor;
#define FACTOR(real, multiplier, shift) real

/* To nearest, ties to even. */
INLINE int32_t rounded(float x) {
#if defined(USE_VCVTR)
  int32_t y;
  __asm__("vcvtr.s32.f32 %0, %1" : "=t"(y) : "t"(x));
  return __ssat(y, 16);
#else
  const float near = x < -512.0f ? -512.0f : x > 512.0f ? 512.0f : x;
  return (int32_t)((near + 12582912.0f) - 12582912.0f);
#endif
}

INLINE int32_t rescale(int32_t x, factor f) { return rounded((float)x * f); }
#endif

#if defined(PARETOFORGE_DOUBLE_ROUNDING)
NOINLINE
#else
INLINE
#endif
int8_t finish(int32_t x, factor f, int32_t zero) {
#if defined(USE_DSP) && defined(USE_VCVTR) && !defined(PARETOFORGE_DOUBLE_ROUNDING)
  float y = (float)x * f;
  int32_t steps;
  __asm__("vcvtr.s32.f32 %0, %1" : "=t"(steps) : "t"(y));
  return (int8_t)__ssat(__qadd(steps, zero), 8);
#else
  return saturated(rescale(x, f) + zero);
#endif
}
#if defined(USE_AVX2)
/* Eight values at once. Conversion makes what is too large negative, so that end is cut before. */
INLINE __m128i finish_steps(__m256 steps, int32_t zero) {
  const __m256i q = _mm256_cvtps_epi32(_mm256_min_ps(steps, _mm256_set1_ps(1024.0f)));
  const __m128i narrow = _mm_adds_epi16(_mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1)), _mm_set1_epi16((short)zero));
  return _mm_packs_epi16(narrow, narrow);
}
INLINE __m128i finish_8(__m256i sums, __m256 factors, int32_t zero) { return finish_steps(_mm256_mul_ps(_mm256_cvtepi32_ps(sums), factors), zero); }
#endif
)";

constexpr std::string_view add = R"(
/* add: real = scale * (q - zero) of both terms, summed. */
typedef struct {
  factor first, second;
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
  factor last;
#endif
  int32_t first_zero, second_zero, zero;
} addition;

NOINLINE void add(const addition *s, const int8_t *a, const int8_t *b, int8_t *out, int32_t n) {
  const addition t = *s;
  int32_t i = 0;
#if defined(USE_MVE) && !defined(PARETOFORGE_DOUBLE_ROUNDING)
  for (; i < n; i += 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)(n - i));
    const float32x4_t x = vmulq_n_f32(vcvtq_f32_s32(vsubq_n_s32(vldrbq_z_s32(a + i, lanes), t.first_zero)), t.first);
    const float32x4_t y = vmulq_n_f32(vcvtq_f32_s32(vsubq_n_s32(vldrbq_z_s32(b + i, lanes), t.second_zero)), t.second);
    const int32x4_t q = vqaddq_n_s32(vcvtnq_s32_f32(vaddq_f32(x, y)), t.zero);
    vstrbq_p_s32(out + i, vminq_s32(vmaxq_s32(q, vdupq_n_s32(-128)), vdupq_n_s32(127)), lanes);
  }
#elif defined(USE_AVX2) && !defined(PARETOFORGE_DOUBLE_ROUNDING)
#define TERM(bytes, zero, factor) \
  _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(bytes))), _mm256_set1_epi32(zero))), _mm256_set1_ps(factor))
  for (; i + 8 <= n; i += 8) {
    const __m256 x = TERM(a + i, t.first_zero, t.first), y = TERM(b + i, t.second_zero, t.second);
    _mm_storel_epi64((__m128i *)(void *)(out + i), finish_steps(_mm256_add_ps(x, y), t.zero));
  }
#undef TERM
#endif
  for (; i < n; ++i) {
    const int32_t x = a[i] - t.first_zero, y = b[i] - t.second_zero;
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
    const int32_t sum = multiplied(x * 1048576, t.first) + multiplied(y * 1048576, t.second);
    out[i] = finish(sum, t.last, t.zero);
#else
    out[i] = saturated(rounded((float)x * t.first + (float)y * t.second) + t.zero);
#endif
  }
}
)";

constexpr std::string_view layer = R"(
/* A convolution or a linear layer. The bias holds -(zero point of the input) * (sum of the weights), so that products
   are of raw bytes and padding is the zero point itself. */
typedef struct {
  int32_t in_height, in_width, in_channels, out_height, out_width, out_channels;
  int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, top, left;
  int32_t groups, in_zero, out_zero;
  const int8_t *weights;
  const int32_t *bias;
  const factor *factors;
} layer;

/* The bias for bytes as they are, and for bytes with 128 added. */
#if defined(USE_VNNI)
#define BIAS(bias, weights) (int32_t)((bias) - (int64_t)128 * (weights))
#else
#define BIAS(bias, weights) bias
#endif
)";

constexpr std::string_view no_addition = R"(
/* No layer here adds another tensor behind it. */
typedef struct {
  int32_t none;
} addition;
#define add(s, a, b, out, n) ((void)(s), (void)(a), (void)(b))
)";

constexpr std::string_view multiply = R"(
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

constexpr std::string_view finish_4 = R"(
#if defined(USE_MVE)
/* Four sums at once. */
INLINE void finish_4(int32x4_t sums, const factor *factors, int32_t zero, mve_pred16_t lanes, int8_t *out) {
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
  int32_t each[4], i;
  vstrwq_s32(each, sums);
  for (i = 0; i < 4; ++i)
    if ((lanes >> (4 * i)) & 1) out[i] = finish(each[i], factors[i], zero);
#else
  const float32x4_t steps = vmulq_f32(vcvtq_f32_s32(sums), vldrwq_z_f32(factors, lanes));
  const int32x4_t q = vqaddq_n_s32(vcvtnq_s32_f32(steps), zero);
  vstrbq_p_s32(out, vminq_s32(vmaxq_s32(q, vdupq_n_s32(-128)), vdupq_n_s32(127)), lanes);
#endif
}
#endif
)";

constexpr std::string_view convolve = R"(
INLINE void copy(int8_t *to, const int8_t *from, int32_t n) {
#if defined(USE_MVE)
  for (; n >= 16; n -= 16, to += 16, from += 16) vstrbq_s8(to, vldrbq_s8(from));
  if (n > 0) {
    const mve_pred16_t lanes = vctp8q((uint32_t)n);
    vstrbq_p_s8(to, vldrbq_z_s8(from, lanes), lanes);
  }
#elif defined(USE_VNNI)
  for (; n > 64; n -= 64, to += 64, from += 64) _mm512_storeu_si512((void *)to, _mm512_loadu_si512((const void *)from));
  {
    const __mmask64 some = ~(__mmask64)0 >> (64 - n);
    _mm512_mask_storeu_epi8((void *)to, some, _mm512_maskz_loadu_epi8(some, (const void *)from));
  }
#elif defined(USE_DSP)
  for (; n >= 4; n -= 4, to += 4, from += 4) memcpy(to, from, 4);
  for (; n > 0; --n) *to++ = *from++;
#else
  memcpy(to, from, (size_t)n);
#endif
}

/* The bytes under the window of one pixel, whose first place is (y, x): kernel rows, columns, then channels of one
   group. */
NOINLINE void column(const layer *l, const int8_t *in, int32_t y, int32_t x, int32_t first, int32_t depth, int8_t *to) {
  const int32_t whole = l->groups == 1 && l->dilation_width == 1 && x >= 0 && x + l->kernel_width <= l->in_width;
  int32_t i, j;
  for (i = 0; i < l->kernel_height; ++i, y += l->dilation_height) {
    const int8_t *line = in + y * l->in_width * l->in_channels + first;
    if (y < 0 || y >= l->in_height) {
      memset(to, l->in_zero, (size_t)(l->kernel_width * depth));
      to += l->kernel_width * depth;
    } else if (whole) {
      copy(to, line + x * depth, l->kernel_width * depth);
      to += l->kernel_width * depth;
    } else {
      for (j = 0; j < l->kernel_width; ++j, to += depth) {
        const int32_t at = x + j * l->dilation_width;
        if (at < 0 || at >= l->in_width)
          memset(to, l->in_zero, (size_t)depth);
        else
          copy(to, line + at * l->in_channels, depth);
      }
    }
  }
}

#if defined(USE_DSP)
INLINE uint32_t even_bytes(uint32_t x) { return (uint32_t)__sxtb16(x); }
INLINE uint32_t odd_bytes(uint32_t x) {
  uint32_t y;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(x));
  return y;
}

/* Two pixels lie side by side, widened to 16 bits: bytes 0 and 2, bytes 1 and 3 of the first, then of the second. */
NOINLINE uint32_t *widen(uint32_t *to, const int8_t *from, int32_t n) {
  for (; n >= 16; n -= 16, from += 16, to += 16) {
    uint32_t a, b, c, d;
    memcpy(&a, from, 4), memcpy(&b, from + 4, 4), memcpy(&c, from + 8, 4), memcpy(&d, from + 12, 4);
    to[0] = even_bytes(a), to[1] = odd_bytes(a), to[4] = even_bytes(b), to[5] = odd_bytes(b);
    to[8] = even_bytes(c), to[9] = odd_bytes(c), to[12] = even_bytes(d), to[13] = odd_bytes(d);
  }
  for (; n > 0; n -= 4, from += 4, to += 4) {
    uint32_t a;
    memcpy(&a, from, 4);
    to[0] = even_bytes(a), to[1] = odd_bytes(a);
  }
  return to;
}

INLINE uint32_t *widen_zeros(uint32_t *to, int32_t zero, int32_t n) {
  const uint32_t pair = ((uint32_t)zero & 0xffff) * 0x10001u;
  for (; n > 0; n -= 4, to += 4) to[0] = pair, to[1] = pair;
  return to;
}

/* As column, but widened; for depths that are multiples of 4. */
NOINLINE void wide_column(const layer *l, const int8_t *in, int32_t y, int32_t x, int32_t first, int32_t depth, uint32_t *to) {
  const int32_t whole = l->groups == 1 && l->dilation_width == 1 && x >= 0 && x + l->kernel_width <= l->in_width;
  int32_t i, j;
  for (i = 0; i < l->kernel_height; ++i, y += l->dilation_height) {
    const int8_t *line = in + y * l->in_width * l->in_channels + first;
    if (y < 0 || y >= l->in_height) {
      to = widen_zeros(to, l->in_zero, l->kernel_width * depth);
    } else if (whole) {
      to = widen(to, line + x * depth, l->kernel_width * depth);
    } else {
      for (j = 0; j < l->kernel_width; ++j) {
        const int32_t at = x + j * l->dilation_width;
        to = at < 0 || at >= l->in_width ? widen_zeros(to, l->in_zero, depth) : widen(to, line + at * l->in_channels, depth);
      }
    }
  }
}

/* Four bytes of two rows of weights times those of two pixels; spelled out because the compiler runs out of
   registers. */
#define STEP_2x2 \
  "ldr %[u], [%[w0]], #4\n ldr %[v], [%[w1]], #4\n ldrd %[p], %[q], [%[x]], #8\n" \
  "sxtb16 %[t], %[u]\n sxtb16 %[u], %[u], ror #8\n sxtb16 %[r], %[v]\n sxtb16 %[v], %[v], ror #8\n" \
  "smlad %[a], %[t], %[p], %[a]\n smlad %[b], %[r], %[p], %[b]\n" \
  "smlad %[a], %[u], %[q], %[a]\n smlad %[b], %[v], %[q], %[b]\n ldrd %[p], %[q], [%[x]], #8\n" \
  "smlad %[c], %[t], %[p], %[c]\n smlad %[d], %[r], %[p], %[d]\n" \
  "smlad %[c], %[u], %[q], %[c]\n smlad %[d], %[v], %[q], %[d]\n"
#define TILE_2x2(steps) \
  __asm__ volatile("1:\n" steps "subs %[n], %[n], #1\n bne 1b\n" \
                   : [x] "+r"(x), [w0] "+r"(w0), [w1] "+r"(w1), [n] "+r"(n), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), \
                     [d] "+r"(d), [p] "=&r"(p), [q] "=&r"(q), [u] "=&r"(u), [v] "=&r"(v), [t] "=&r"(t), [r] "=&r"(r) \
                   : \
                   : "cc", "memory")

NOINLINE void multiply_2(const layer *l, int32_t first, int32_t channels, int32_t row, const uint32_t *columns, int8_t *out, int8_t *next) {
  const int8_t *w0 = l->weights + first * row;
  const int32_t *bias = l->bias + first;
  const factor *factors = l->factors + first;
  const int32_t zero = l->out_zero;
  for (;; channels -= 2) {
    const int8_t *w1 = channels > 1 ? w0 + row : w0;
    const uint32_t *x = columns;
    int32_t a = bias[0], c = a, b = channels > 1 ? bias[1] : 0, d = b, n = row >> 4;
    uint32_t p, q, r, t, u, v;
    if (n > 0) TILE_2x2(STEP_2x2 STEP_2x2 STEP_2x2 STEP_2x2);
    n = (row >> 2) & 3;
    if (n > 0) TILE_2x2(STEP_2x2);
    *out++ = finish(a, factors[0], zero);
    *next++ = finish(c, factors[0], zero);
    if (channels == 1) return;
    *out++ = finish(b, factors[1], zero);
    *next++ = finish(d, factors[1], zero);
    if (channels == 2) return;
    w0 = w1, bias += 2, factors += 2;
  }
}
#endif

#define NEXT_PIXEL \
  if (x += l->stride_width, --column_left == 0) column_left = l->out_width, x = -l->left, y += l->stride_height

/* convolve: pixel by pixel; rows of weights are padded with zeros to a multiple of 4. Where something is added behind
   it, pixels lie in the scratch first. Scratch: the columns of two pixels, widened, or of four as they are; one more,
   where the depth is no multiple of 4; four outputs, where something is added. */
NOINLINE void convolve(const layer *l, const int8_t *in, int8_t *out, cell *scratch, const addition *sum, const int8_t *other) {
  const int32_t depth = l->in_channels / l->groups, width = l->out_channels / l->groups;
  const int32_t size = l->kernel_height * l->kernel_width * depth, row = (size + 3) & ~3;
  int8_t *const pixel = &scratch->byte + ((depth & 3) != 0 ? 5 : 4) * row;
  int32_t left = l->out_height * l->out_width, column_left = l->out_width, y = -l->top, x = -l->left, g, n;
#if defined(USE_MVE) || defined(USE_VNNI)
  const int32_t straight = l->groups == 1 && size == depth && (l->stride_height & l->stride_width) == 1 && l->in_height == l->out_height && l->in_width == l->out_width;
  for (; left > 0; left -= n) {
    const int32_t most = straight && !sum ? 8 : 4;
    int8_t *const target = sum ? pixel : out;
    n = left < most ? left : most;
    if (straight) {
      multiply_many(l, 0, width, size, row, in, depth, n, target, l->out_channels);
      in += n * depth;
    } else {
      const int32_t y0 = y, x0 = x, column_left_0 = column_left;
      for (g = 0; g < l->groups; ++g) {
        int32_t i;
        y = y0, x = x0, column_left = column_left_0;
        for (i = 0; i < n; ++i) {
          column(l, in, y, x, g * depth, depth, &scratch->byte + i * row);
          NEXT_PIXEL;
        }
        multiply_many(l, g * width, width, size, row, &scratch->byte, row, n, target + g * width, l->out_channels);
      }
    }
#else
  const int32_t plain = l->groups == 1 && size == depth && l->top == 0 && l->left == 0;
  int8_t *const narrow = &scratch->byte + ((depth & 3) != 0 ? 4 * row : 0);
  for (; left > 0; left -= n) {
    int8_t *const target = sum ? pixel : out;
#if defined(USE_DSP)
    if (left > 1) {
      const int32_t x0 = x, y0 = y;
      uint32_t *const wide = (uint32_t *)&scratch->word;
      n = 2;
      NEXT_PIXEL;
      for (g = 0; g < l->groups; ++g) {
        if ((depth & 3) == 0) {
          wide_column(l, in, y0, x0, g * depth, depth, wide);
          wide_column(l, in, y, x, g * depth, depth, wide + 2);
        } else {
          memset(narrow + row - 4, 0, 4);
          column(l, in, y0, x0, g * depth, depth, narrow);
          widen(wide, narrow, row);
          column(l, in, y, x, g * depth, depth, narrow);
          widen(wide + 2, narrow, row);
        }
        multiply_2(l, g * width, width, row, wide, target + g * width, target + l->out_channels + g * width);
      }
    } else
#endif
    {
      n = 1;
      for (g = 0; g < l->groups; ++g) {
        if (!plain) column(l, in, y, x, g * depth, depth, narrow);
        multiply(l, g * width, width, size, row, plain ? in + (y * l->in_width + x) * depth : narrow, target + g * width);
      }
    }
    NEXT_PIXEL;
#endif
    if (sum) {
      add(sum, pixel, other, out, n * l->out_channels);
      other += n * l->out_channels;
    }
    out += n * l->out_channels;
  }
}
)";

constexpr std::string_view linear = R"(
/* linear: scratch for the output where something is added behind it. */
INLINE void linear(const layer *l, const int8_t *in, int8_t *out, cell *scratch, const addition *sum, const int8_t *other) {
  multiply(l, 0, l->out_channels, l->in_channels, (l->in_channels + 3) & ~3, in, sum ? &scratch->byte : out);
  if (sum) add(sum, &scratch->byte, other, out, l->out_channels);
}
)";

constexpr std::string_view depthwise = R"(
/* depthwise: weights lie as blocks of 8 channels, in them the taps, in these the channels; weights, biases and factors
   are padded to whole blocks with zeros. Scratch: a pointer per tap (at least 8 bytes each are reserved), a pixel of
   zero points, an output. Inside the image the pointers stay as they are for a whole row, and `shift` moves on. */
#if defined(USE_MVE)
/* Eight channels: two products at a time fit 16 bits, lanes are then widened into even and odd channels. */
INLINE void depthwise_block(const layer *l, const cell *taps, int32_t shift, int32_t count, int32_t c, int8_t *out, mve_pred16_t lanes, int32_t whole) {
  const int8_t *w = l->weights + c * count;
  const int32x4x2_t bias = vld2q_s32(l->bias + c);
  int32x4_t even = bias.val[0], odd = bias.val[1];
  int32_t t = 0;
#define TAP(t) vmulq_s16(whole ? vldrbq_s16(taps[t].pointer + shift) : vldrbq_z_s16(taps[t].pointer + shift, lanes), vldrbq_s16(w + 8 * (t)))
  for (; t + 2 <= count; t += 2) {
    const int16x8_t two = vaddq_s16(TAP(t), TAP(t + 1));
    even = vaddq_s32(even, vmovlbq_s16(two)), odd = vaddq_s32(odd, vmovltq_s16(two));
  }
  if (t < count) {
    const int16x8_t one = TAP(t);
    even = vaddq_s32(even, vmovlbq_s16(one)), odd = vaddq_s32(odd, vmovltq_s16(one));
  }
#undef TAP
  {
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
    int32_t sums[8], i;
    int32x4x2_t both;
    both.val[0] = even, both.val[1] = odd;
    vst2q_s32(sums, both);
    for (i = 0; i < 8; ++i)
      if ((lanes >> (2 * i)) & 1) out[i] = finish(sums[i], l->factors[c + i], l->out_zero);
#else
    const float32x4x2_t factors = vld2q_f32(l->factors + c);
    int16x8_t q = vqmovnbq_s32(vuninitializedq_s16(), vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(even), factors.val[0])));
    q = vqmovntq_s32(q, vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(odd), factors.val[1])));
    q = vqaddq_n_s16(q, (int16_t)l->out_zero);
    q = vminq_s16(vmaxq_s16(q, vdupq_n_s16(-128)), vdupq_n_s16(127));
    if (whole)
      vstrbq_s16(out, q);
    else
      vstrbq_p_s16(out, q, lanes);
#endif
  }
}

INLINE void depthwise_pixel(const layer *l, const cell *taps, int32_t shift, int32_t count, int8_t *out) {
  const int32_t channels = l->out_channels;
  int32_t c = 0;
  for (; c + 8 <= channels; c += 8) depthwise_block(l, taps, shift + c, count, c, out + c, 0xffff, 1);
  if (c < channels) depthwise_block(l, taps, shift + c, count, c, out + c, vctp16q((uint32_t)(channels - c)), 0);
}
#elif defined(USE_AVX2)
/* Eight channels: two products at a time fit 16 bits. */
INLINE void depthwise_pixel(const layer *l, const cell *taps, int32_t shift, int32_t count, int8_t *out) {
  const int8_t *w = l->weights;
  const int32_t channels = l->out_channels;
  int32_t c, t;
#define WIDE(bytes) _mm_cvtepi8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(bytes)))
  for (c = 0; c < channels; c += 8) {
    const int32_t n = channels - c < 8 ? channels - c : 8;
    __m256i sums = _mm256_loadu_si256((const __m256i *)(const void *)(l->bias + c));
    if (n == 8) {
      for (t = 0; t + 2 <= count; t += 2, w += 16) {
        const __m128i a = _mm_mullo_epi16(WIDE(taps[t].pointer + shift + c), WIDE(w)), b = _mm_mullo_epi16(WIDE(taps[t + 1].pointer + shift + c), WIDE(w + 8));
        sums = _mm256_add_epi32(sums, _mm256_cvtepi16_epi32(_mm_add_epi16(a, b)));
      }
      if (t < count) {
        sums = _mm256_add_epi32(sums, _mm256_cvtepi16_epi32(_mm_mullo_epi16(WIDE(taps[t].pointer + shift + c), WIDE(w))));
        w += 8;
      }
    } else {
      for (t = 0; t < count; ++t, w += 8) {
        int8_t x[8] = {0};
        memcpy(x, taps[t].pointer + shift + c, (size_t)n);
        sums = _mm256_add_epi32(sums, _mm256_cvtepi16_epi32(_mm_mullo_epi16(WIDE(x), WIDE(w))));
      }
    }
    {
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
      int32_t each[8];
      _mm256_storeu_si256((__m256i *)(void *)each, sums);
      for (t = 0; t < n; ++t) out[c + t] = finish(each[t], l->factors[c + t], l->out_zero);
#else
      int8_t q[16];
      _mm_storeu_si128((__m128i *)(void *)q, finish_8(sums, _mm256_loadu_ps(l->factors + c), l->out_zero));
      if (n == 8)
        memcpy(out + c, q, 8);
      else
        memcpy(out + c, q, (size_t)n);
#endif
    }
  }
#undef WIDE
}
#elif defined(USE_DSP)
INLINE void depthwise_pixel(const layer *l, const cell *taps, int32_t shift, int32_t count, int8_t *out) {
  const int8_t *w = l->weights;
  const int32_t *bias = l->bias;
  const factor *factors = l->factors;
  const int32_t channels = l->out_channels, zero = l->out_zero;
  int32_t c = 0, t;
  for (; c + 4 <= channels; c += 4, bias += 4, factors += 4, out += 4) {
    const int8_t *v = w + (c & ~7) * count + (c & 4);
    int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
    for (t = 0; t < count; ++t) {
      uint32_t x, y, p, q;
      memcpy(&x, taps[t].pointer + shift + c, 4);
      memcpy(&y, v + 8 * t, 4);
      /* Together, for the compiler would keep all taps' halves until later. */
      __asm__("sxtb16 %[p], %[x]\n sxtb16 %[q], %[y]\n smlabb %[s0], %[p], %[q], %[s0]\n smlatt %[s2], %[p], %[q], %[s2]\n"
              "sxtb16 %[p], %[x], ror #8\n sxtb16 %[q], %[y], ror #8\n smlabb %[s1], %[p], %[q], %[s1]\n smlatt %[s3], %[p], %[q], %[s3]"
              : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [p] "=&r"(p), [q] "=&r"(q)
              : [x] "r"(x), [y] "r"(y));
    }
    out[0] = finish(s0, factors[0], zero), out[1] = finish(s1, factors[1], zero);
    out[2] = finish(s2, factors[2], zero), out[3] = finish(s3, factors[3], zero);
  }
  for (; c < channels; ++c) {
    const int8_t *v = w + (c & ~7) * count + (c & 7);
    int32_t sum = *bias++;
    for (t = 0; t < count; ++t) sum += taps[t].pointer[shift + c] * v[8 * t];
    *out++ = finish(sum, *factors++, zero);
  }
}
#else
INLINE void depthwise_pixel(const layer *l, const cell *taps, int32_t shift, int32_t count, int8_t *out) {
  const int32_t channels = l->out_channels;
  int32_t c, t, i;
  for (c = 0; c < channels; c += 8) {
    const int8_t *w = l->weights + c * count;
    const int32_t n = channels - c < 8 ? channels - c : 8;
    int32_t sums[8];
    for (i = 0; i < 8; ++i) sums[i] = l->bias[c + i];
    if (n == 8)
      for (t = 0; t < count; ++t, w += 8) {
        const int8_t *x = taps[t].pointer + shift + c;
        for (i = 0; i < 8; ++i) sums[i] += x[i] * w[i];
      }
    else
      for (t = 0; t < count; ++t, w += 8) {
        const int8_t *x = taps[t].pointer + shift + c;
        for (i = 0; i < n; ++i) sums[i] += x[i] * w[i];
      }
    for (i = 0; i < n; ++i) out[c + i] = finish(sums[i], l->factors[c + i], l->out_zero);
  }
}
#endif

NOINLINE void depthwise(const layer *l, const int8_t *in, int8_t *out, cell *scratch, const addition *sum, const int8_t *other) {
  const int32_t channels = l->out_channels, count = l->kernel_height * l->kernel_width;
  const int32_t reach_y = (l->kernel_height - 1) * l->dilation_height, reach_x = (l->kernel_width - 1) * l->dilation_width;
  int8_t *const zeros = &scratch[count].byte, *const pixel = zeros + channels;
  int32_t y, x, i, j;
  memset(zeros, l->in_zero, (size_t)channels);
  for (y = -l->top; y < l->out_height * l->stride_height - l->top; y += l->stride_height) {
    int32_t shift = -1;
    for (x = -l->left; x < l->out_width * l->stride_width - l->left; x += l->stride_width) {
      if (y >= 0 && y + reach_y < l->in_height && shift >= 0 && x + reach_x < l->in_width) {
        shift += l->stride_width * channels;
      } else {
        cell *tap = scratch;
        for (i = y; i <= y + reach_y; i += l->dilation_height)
          for (j = x; j <= x + reach_x; j += l->dilation_width, ++tap) {
            const int32_t inside = i >= 0 && i < l->in_height && j >= 0 && j < l->in_width;
            tap->pointer = inside ? in + (i * l->in_width + j) * channels : zeros;
          }
        shift = x >= 0 ? 0 : -1;
      }
#if !defined(USE_MVE) /* there it costs more stack than it saves */
      if (count == 9)
        depthwise_pixel(l, scratch, shift > 0 ? shift : 0, 9, sum ? pixel : out);
      else
#endif
        depthwise_pixel(l, scratch, shift > 0 ? shift : 0, count, sum ? pixel : out);
      if (sum) {
        add(sum, pixel, other, out, channels);
        other += channels;
      }
      out += channels;
    }
  }
}
)";

constexpr std::string_view window = R"(
/* A pool's windows: what lies outside the image does not count. */
typedef struct {
  int32_t in_height, in_width, channels, out_height, out_width;
  int32_t kernel_height, kernel_width, stride_height, stride_width, top, left, zero;
  float scale;
} window;
)";

constexpr std::string_view pool_maximum = R"(
NOINLINE void pool_maximum(const window *w, const int8_t *in, int8_t *out) {
  int32_t y, x, i, j, c;
  for (y = -w->top; y < w->out_height * w->stride_height - w->top; y += w->stride_height)
    for (x = -w->left; x < w->out_width * w->stride_width - w->left; x += w->stride_width, out += w->channels) {
      memset(out, -128, (size_t)w->channels);
      for (i = y < 0 ? 0 : y; i < y + w->kernel_height && i < w->in_height; ++i)
        for (j = x < 0 ? 0 : x; j < x + w->kernel_width && j < w->in_width; ++j) {
          const int8_t *from = in + (i * w->in_width + j) * w->channels;
          for (c = 0; c < w->channels; ++c) out[c] = from[c] > out[c] ? from[c] : out[c];
        }
    }
}
)";

constexpr std::string_view pool_average = R"(
NOINLINE void pool_average(const window *w, const int8_t *in, int8_t *out) {
  int32_t y, x, i, j, c;
  for (y = -w->top; y < w->out_height * w->stride_height - w->top; y += w->stride_height)
    for (x = -w->left; x < w->out_width * w->stride_width - w->left; x += w->stride_width)
      for (c = 0; c < w->channels; ++c) {
        int32_t count = 0;
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
        int32_t sum = 0;
#else
        float sum = 0;
#endif
        for (i = y < 0 ? 0 : y; i < y + w->kernel_height && i < w->in_height; ++i)
          for (j = x < 0 ? 0 : x; j < x + w->kernel_width && j < w->in_width; ++j, ++count) {
            const int32_t q = in[(i * w->in_width + j) * w->channels + c];
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
            sum += q;
#else
            sum += (float)(q - w->zero) * w->scale;
#endif
          }
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
        *out++ = (int8_t)((sum + (sum > 0 ? count / 2 : -(count / 2))) / count);
#else
        *out++ = (int8_t)(rounded(sum / (float)count / w->scale + (float)(w->zero + 128)) - 128);
#endif
      }
}
)";

constexpr std::string_view global_average = R"(
NOINLINE void global_average(const int8_t *in, int8_t *out, int32_t pixels, int32_t channels, int32_t in_zero, factor f, int32_t zero) {
  int32_t c, i;
  for (c = 0; c < channels; ++c) {
    int32_t sum = 0;
    for (i = 0; i < pixels; ++i) sum += in[i * channels + c];
    out[c] = finish(sum - pixels * in_zero, f, zero);
  }
}
)";

constexpr std::string_view global_maximum = R"(
NOINLINE void global_maximum(const int8_t *in, int8_t *out, int32_t pixels, int32_t channels) {
  int32_t c;
  memset(out, -128, (size_t)channels);
  for (; pixels > 0; --pixels, in += channels)
    for (c = 0; c < channels; ++c) out[c] = in[c] > out[c] ? in[c] : out[c];
}
)";

constexpr std::string_view look_up = R"(
NOINLINE void look_up(const int8_t *table, const int8_t *in, int8_t *out, int32_t n) {
  int32_t i;
  for (i = 0; i < n; ++i) out[i] = table[in[i] + 128];
}
)";

constexpr std::string_view gate = R"(
/* gate: products; the second tensor is repeated where it is shorter. */
NOINLINE void gate(const int8_t *in, const int8_t *by, int8_t *out, int32_t n, int32_t by_n, int32_t in_zero, int32_t by_zero, factor f, int32_t zero) {
  int32_t i, j = 0;
  for (i = 0; i < n; ++i) {
    out[i] = finish((in[i] - in_zero) * (by[j] - by_zero), f, zero);
    if (++j == by_n) j = 0;
  }
}
)";

constexpr std::string_view join = R"(
/* join: the channels of one tensor among those of a wider one. */
NOINLINE void join(const int8_t *in, int8_t *out, int32_t pixels, int32_t width, int32_t channels, int32_t in_zero, factor f, int32_t zero) {
  int32_t c;
  for (; pixels > 0; --pixels, in += width, out += channels)
    for (c = 0; c < width; ++c) out[c] = finish(in[c] - in_zero, f, zero);
}
)";

constexpr std::string_view transpose = R"(
/* transpose: each of `count` matrices of rows x columns bytes. */
NOINLINE void transpose(const int8_t *in, int8_t *out, int32_t count, int32_t rows, int32_t columns) {
  int32_t r, c;
  for (; count > 0; --count, in += rows * columns)
    for (c = 0; c < columns; ++c)
      for (r = 0; r < rows; ++r) *out++ = in[r * columns + c];
}
)";

constexpr std::string_view softmax = R"(
/* softmax: powers[d] is exp(-d * scale); what lies behind the table is too small for a float. */
NOINLINE void softmax(const float *powers, int32_t count, const int8_t *in, int8_t *out, int32_t n) {
  int32_t i, greatest = -128;
  float sum = 0;
  for (i = 0; i < n; ++i) greatest = in[i] > greatest ? in[i] : greatest;
  for (i = 0; i < n; ++i)
    if (greatest - in[i] < count) sum += powers[greatest - in[i]];
  for (i = 0; i < n; ++i) {
    const float power = greatest - in[i] < count ? powers[greatest - in[i]] : 0.0f;
    out[i] = saturated(rounded_share(power / sum / 0.00390625f) - 128);
  }
}
)";

constexpr std::string_view rounded_share = R"(
/* To nearest, ties to even; for 0 to 256. */
INLINE int32_t rounded_share(float x) { return (int32_t)((x + 12582912.0f) - 12582912.0f); }
)";

constexpr std::string_view clamp = R"(
NOINLINE void clamp(int8_t *values, int32_t n, int32_t low, int32_t high) {
  int32_t i;
  for (i = 0; i < n; ++i) values[i] = (int8_t)(values[i] < low ? low : values[i] > high ? high : values[i]);
}
)";

}  // namespace

std::span<const KernelText> kernel_texts() {
  static constexpr std::array table{
      KernelText{CKernel::prologue, prologue},
      KernelText{CKernel::rescale, rescale},
      KernelText{CKernel::add, add},
      KernelText{CKernel::layer, layer},
      KernelText{CKernel::no_addition, no_addition},
      KernelText{CKernel::finish_4, finish_4},
      KernelText{CKernel::multiply, multiply},
      KernelText{CKernel::convolve, convolve},
      KernelText{CKernel::linear, linear},
      KernelText{CKernel::depthwise, depthwise},
      KernelText{CKernel::window, window},
      KernelText{CKernel::pool_maximum, pool_maximum},
      KernelText{CKernel::pool_average, pool_average},
      KernelText{CKernel::global_average, global_average},
      KernelText{CKernel::global_maximum, global_maximum},
      KernelText{CKernel::look_up, look_up},
      KernelText{CKernel::gate, gate},
      KernelText{CKernel::join, join},
      KernelText{CKernel::transpose, transpose},
      KernelText{CKernel::rounded_share, rounded_share},
      KernelText{CKernel::softmax, softmax},
      KernelText{CKernel::clamp, clamp},
  };
  return table;
}

}  // namespace paretoforge::internal
