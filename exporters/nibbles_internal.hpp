// Weights of 4 bits as files store them. Private to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace paretoforge::internal {

/// Two values of [-8, 7] to a byte, the first in the lower half; an odd count is padded with zero. As ONNX and TFLite have it.
inline std::string nibbles(const std::vector<std::int8_t>& values) {
  std::string bytes((values.size() + 1) / 2, '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    bytes[i / 2] = static_cast<char>(static_cast<unsigned char>(bytes[i / 2]) | (values[i] & 15) << (i % 2 * 4));
  return bytes;
}

}  // namespace paretoforge::internal
