// The version, as CMakeLists.txt has it.
#pragma once

namespace paretoforge {
inline constexpr const char* version = PARETOFORGE_VERSION;
}
