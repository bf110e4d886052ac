// What all kernels stand on: the compiler's view of the processor, and sums of products made int8.
#include "exporters/c_kernels_internal.hpp"

namespace paretoforge::internal::c_kernels {

constinit const std::string_view prologue = R"(
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

constinit const std::string_view rescale = R"(
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

constinit const std::string_view add = R"(
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

constinit const std::string_view layer = R"(
/* A convolution or a linear layer. The bias holds -(zero point of the input) * (sum of the weights), so that products
   are of raw bytes and padding is the zero point itself. */
typedef struct {
  int32_t in_height, in_width, in_channels, out_height, out_width, out_channels;
  int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width, top, left;
  int32_t groups, in_zero, out_zero;
  const int8_t *weights;
  const int32_t *bias;
  const factor *factors;
#if defined(USE_PACKED)
  int32_t packed; /* whether the weights lie two to a byte */
#endif
} layer;

/* The bias for bytes as they are, and for bytes with 128 added. */
#if defined(USE_VNNI)
#define BIAS(bias, weights) (int32_t)((bias) - (int64_t)128 * (weights))
#else
#define BIAS(bias, weights) bias
#endif
)";

constinit const std::string_view no_addition = R"(
/* No layer here adds another tensor behind it. */
typedef struct {
  int32_t none;
} addition;
#define add(s, a, b, out, n) ((void)(s), (void)(a), (void)(b))
)";

constinit const std::string_view finish_4 = R"(
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

constinit const std::string_view clamp = R"(
NOINLINE void clamp(int8_t *values, int32_t n, int32_t low, int32_t high) {
  int32_t i;
  for (i = 0; i < n; ++i) values[i] = (int8_t)(values[i] < low ? low : values[i] > high ? high : values[i]);
}
)";

}  // namespace paretoforge::internal::c_kernels
