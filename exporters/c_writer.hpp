// An integer model as one C99 file for microcontrollers (and any other processor), and its header.
#pragma once

#include <cstdint>
#include <string>

#include "exporters/integer_model.hpp"

namespace paretoforge {

struct CSource {
  std::string header, source;     ///< model.h and model.c
  std::int64_t arena_bytes = 0;   ///< what the caller gives; 16-byte aligned
};

/// The model as C: void NAME_run(const int8_t *input, int8_t *output, void *arena), channels last. The code needs
/// stdint.h and string.h, no heap and no state; it gives the same bytes as the IntegerInterpreter, with rounding
/// `single`, or `twice` where PARETOFORGE_DOUBLE_ROUNDING is defined as it is compiled. Inside #if there are faster
/// kernels for Cortex-M with DSP instructions and for Helium (MVE).
/// `name` is a lower-case C identifier. Throws std::invalid_argument where it is none, or naming the node whose sums
/// could leave 32 bits.
CSource c_source(const IntegerModel& model, const std::string& name);
/// The same from files that were written before; throws std::invalid_argument where the header names no arena.
CSource c_source_from(std::string header, std::string source, const std::string& name);

}  // namespace paretoforge
