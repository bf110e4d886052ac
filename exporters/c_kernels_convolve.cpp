// Convolutions: pixels gathered into columns, and multiplied.
#include "exporters/c_kernels_internal.hpp"

namespace paretoforge::internal::c_kernels {

constinit const std::string_view columns = R"(
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
)";

constinit const std::string_view convolve = R"(
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

}  // namespace paretoforge::internal::c_kernels
