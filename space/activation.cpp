// The activation functions; see op.hpp for what they are.
#include "space/activation.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace paretoforge {

float activate(ActivationKind kind, float x) {
  const auto hard_sigmoid = [](float v) { return std::min(std::max(v + 3.0f, 0.0f), 6.0f) / 6.0f; };
  switch (kind) {
    case ActivationKind::relu:
      return std::max(x, 0.0f);
    case ActivationKind::relu6:
      return std::min(std::max(x, 0.0f), 6.0f);
    case ActivationKind::hard_swish:
      return x * hard_sigmoid(x);
    case ActivationKind::hard_sigmoid:
      return hard_sigmoid(x);
    case ActivationKind::sigmoid:
      return 1.0f / (1.0f + std::exp(-x));
    case ActivationKind::gelu:
      return 0.5f * x * (1.0f + std::erf(x / std::sqrt(2.0f)));
    case ActivationKind::silu:
      return x / (1.0f + std::exp(-x));
    case ActivationKind::tanh:
      return std::tanh(x);
    case ActivationKind::leaky_relu:
      break;  // its slope is not kept
  }
  throw std::invalid_argument("an activation of no kind");
}

}  // namespace paretoforge
