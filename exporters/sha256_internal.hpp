// SHA-256 (FIPS 180-4), for the sums in a bundle's manifest.
#pragma once

#include <string>
#include <string_view>

namespace paretoforge::internal {

/// The digest as 64 hexadecimal digits in lower case.
std::string sha256(std::string_view bytes);

}  // namespace paretoforge::internal
