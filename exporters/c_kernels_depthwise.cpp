// Depthwise convolutions.
#include "exporters/c_kernels_internal.hpp"

namespace paretoforge::internal::c_kernels {

constinit const std::string_view depthwise = R"(
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

}  // namespace paretoforge::internal::c_kernels
