// The program that node runs to drive LiteRT. Private: of the runner.
#pragma once

namespace paretoforge::internal {
extern const char* const litert_script;
}
