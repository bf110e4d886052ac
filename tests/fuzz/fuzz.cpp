// One fuzzer: the reader that PARETOFORGE_FUZZED names.
#include <cstddef>
#include <cstdint>

#include "readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  paretoforge::fuzz::PARETOFORGE_FUZZED({reinterpret_cast<const char*>(data), size});
  return 0;
}
