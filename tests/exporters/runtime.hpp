// Tests that need ONNX Runtime skip where there is none, saying so.
#pragma once

#include <iostream>

#include "exporters/onnx_runtime.hpp"

namespace paretoforge::test {

inline bool runtime_missing() {
  if (OnnxRuntime::available()) return false;
  std::cout << "SKIPPED: needs ONNX Runtime (npm install --ignore-scripts onnxruntime-node@1.30.0)\n";
  return true;
}

}  // namespace paretoforge::test
