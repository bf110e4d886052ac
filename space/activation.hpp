// The activation functions, number by number.
#pragma once

#include "space/op.hpp"

namespace paretoforge {

/// In float; throws std::invalid_argument for leaky_relu, whose slope is not kept.
float activate(ActivationKind kind, float x);

}  // namespace paretoforge
