#include <cstddef>
#include <cstdint>

#include "readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  paretoforge::fuzz::feed_device({reinterpret_cast<const char*>(data), size});
  return 0;
}
