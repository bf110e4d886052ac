// Kernels without weights: pools, tables, gates, joins, softmax.
#include "exporters/c_kernels_internal.hpp"

namespace paretoforge::internal::c_kernels {

constinit const std::string_view window = R"(
/* A pool's windows: what lies outside the image does not count. */
typedef struct {
  int32_t in_height, in_width, channels, out_height, out_width;
  int32_t kernel_height, kernel_width, stride_height, stride_width, top, left;
} window;
)";

constinit const std::string_view pool_maximum = R"(
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

constinit const std::string_view pool_average = R"(
#if defined(USE_AVX2) && !defined(PARETOFORGE_DOUBLE_ROUNDING)
/* Eight channels of the window whose first place is (y, x). */
INLINE void average_8(const window *w, const int8_t *in, int32_t y, int32_t x, int8_t *out) {
  const int32_t top = y < 0 ? 0 : y, bottom = y + w->kernel_height < w->in_height ? y + w->kernel_height : w->in_height;
  const int32_t first = x < 0 ? 0 : x, last = x + w->kernel_width < w->in_width ? x + w->kernel_width : w->in_width;
  __m256i sums = _mm256_setzero_si256(), q;
  __m128i narrow;
  int32_t i, j;
  for (i = top; i < bottom; ++i)
    for (j = first; j < last; ++j)
      sums = _mm256_add_epi32(sums, _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(in + (i * w->in_width + j) * w->channels))));
  q = _mm256_cvtps_epi32(_mm256_div_ps(_mm256_cvtepi32_ps(sums), _mm256_set1_ps((float)((bottom - top) * (last - first)))));
  narrow = _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
  _mm_storel_epi64((__m128i *)(void *)out, _mm_packs_epi16(narrow, narrow));
}
#endif

NOINLINE void pool_average(const window *w, const int8_t *in, int8_t *out) {
  int32_t y, x, i, j, c;
  for (y = -w->top; y < w->out_height * w->stride_height - w->top; y += w->stride_height)
    for (x = -w->left; x < w->out_width * w->stride_width - w->left; x += w->stride_width) {
      c = 0;
#if defined(USE_AVX2) && !defined(PARETOFORGE_DOUBLE_ROUNDING)
      for (; c + 8 <= w->channels; c += 8, out += 8) average_8(w, in + c, y, x, out);
#endif
      for (; c < w->channels; ++c) {
        int32_t count = 0, sum = 0;
        for (i = y < 0 ? 0 : y; i < y + w->kernel_height && i < w->in_height; ++i)
          for (j = x < 0 ? 0 : x; j < x + w->kernel_width && j < w->in_width; ++j, ++count) sum += in[(i * w->in_width + j) * w->channels + c];
#if defined(PARETOFORGE_DOUBLE_ROUNDING)
        *out++ = (int8_t)((sum + (sum > 0 ? count / 2 : -(count / 2))) / count);
#else
        *out++ = (int8_t)rounded((float)sum / (float)count);
#endif
      }
    }
}
)";

constinit const std::string_view global_average = R"(
NOINLINE void global_average(const int8_t *in, int8_t *out, int32_t pixels, int32_t channels, int32_t in_zero, factor f, int32_t zero) {
  int32_t c = 0, i;
#if defined(USE_AVX2) && !defined(PARETOFORGE_DOUBLE_ROUNDING)
  for (; c + 8 <= channels; c += 8) {
    __m256i sums = _mm256_set1_epi32(-pixels * in_zero);
    for (i = 0; i < pixels; ++i) sums = _mm256_add_epi32(sums, _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(in + i * channels + c))));
    _mm_storel_epi64((__m128i *)(void *)(out + c), finish_8(sums, _mm256_set1_ps(f), zero));
  }
#endif
  for (; c < channels; ++c) {
    int32_t sum = 0;
    for (i = 0; i < pixels; ++i) sum += in[i * channels + c];
    out[c] = finish(sum - pixels * in_zero, f, zero);
  }
}
)";

constinit const std::string_view global_maximum = R"(
NOINLINE void global_maximum(const int8_t *in, int8_t *out, int32_t pixels, int32_t channels) {
  int32_t c;
  memset(out, -128, (size_t)channels);
  for (; pixels > 0; --pixels, in += channels)
    for (c = 0; c < channels; ++c) out[c] = in[c] > out[c] ? in[c] : out[c];
}
)";

constinit const std::string_view look_up = R"(
NOINLINE void look_up(const int8_t *table, const int8_t *in, int8_t *out, int32_t n) {
  int32_t i = 0;
#if defined(USE_VNNI) && defined(__AVX512VBMI__)
  /* The table in four registers: two choose by seven bits, the eighth between them. */
  const __m512i a = _mm512_loadu_si512((const void *)table), b = _mm512_loadu_si512((const void *)(table + 64));
  const __m512i c = _mm512_loadu_si512((const void *)(table + 128)), d = _mm512_loadu_si512((const void *)(table + 192));
  for (; i < n; i += 64) {
    const __mmask64 some = n - i < 64 ? ((__mmask64)1 << (n - i)) - 1 : ~(__mmask64)0;
    const __m512i at = _mm512_xor_si512(_mm512_maskz_loadu_epi8(some, (const void *)(in + i)), _mm512_set1_epi8(-128));
    const __m512i low = _mm512_permutex2var_epi8(a, at, b), high = _mm512_permutex2var_epi8(c, at, d);
    _mm512_mask_storeu_epi8((void *)(out + i), some, _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), low, high));
  }
#endif
  for (; i < n; ++i) out[i] = table[in[i] + 128];
}
)";

constinit const std::string_view gate = R"(
/* gate: products; the second tensor is repeated where it is shorter. */
NOINLINE void gate(const int8_t *in, const int8_t *by, int8_t *out, int32_t n, int32_t by_n, int32_t in_zero, int32_t by_zero, factor f, int32_t zero) {
  int32_t i, j;
  for (i = 0; i < n; i += by_n, in += by_n, out += by_n) {
    j = 0;
#if defined(USE_AVX2) && !defined(PARETOFORGE_DOUBLE_ROUNDING)
#define ABOVE(bytes, zero) _mm256_sub_epi32(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(bytes))), _mm256_set1_epi32(zero))
    for (; j + 8 <= by_n; j += 8) {
      const __m256i products = _mm256_mullo_epi32(ABOVE(in + j, in_zero), ABOVE(by + j, by_zero));
      _mm_storel_epi64((__m128i *)(void *)(out + j), finish_8(products, _mm256_set1_ps(f), zero));
    }
#undef ABOVE
#endif
    for (; j < by_n; ++j) out[j] = finish((in[j] - in_zero) * (by[j] - by_zero), f, zero);
  }
}
)";

constinit const std::string_view join = R"(
/* join: the channels of one tensor among those of a wider one. */
NOINLINE void join(const int8_t *in, int8_t *out, int32_t pixels, int32_t width, int32_t channels, int32_t in_zero, factor f, int32_t zero) {
  int32_t c;
  for (; pixels > 0; --pixels, in += width, out += channels)
    for (c = 0; c < width; ++c) out[c] = finish(in[c] - in_zero, f, zero);
}
)";

constinit const std::string_view transpose = R"(
/* transpose: each of `count` matrices of rows x columns bytes. */
NOINLINE void transpose(const int8_t *in, int8_t *out, int32_t count, int32_t rows, int32_t columns) {
  int32_t r, c;
  for (; count > 0; --count, in += rows * columns)
    for (c = 0; c < columns; ++c)
      for (r = 0; r < rows; ++r) *out++ = in[r * columns + c];
}
)";

constinit const std::string_view rounded_share = R"(
/* To nearest, ties to even; for 0 to 256. */
INLINE int32_t rounded_share(float x) { return (int32_t)((x + 12582912.0f) - 12582912.0f); }
)";

constinit const std::string_view softmax = R"(
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

}  // namespace paretoforge::internal::c_kernels
