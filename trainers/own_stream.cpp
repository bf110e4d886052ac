#include <c10/core/impl/VirtualGuardImpl.h>

#include "trainers/gpu_internal.hpp"

namespace paretoforge {

OwnStream::OwnStream(at::Device device) {
  if (device.is_cpu()) return;
  const c10::impl::VirtualGuardImpl devices(device.type());
  guard_.emplace(devices.getStreamFromGlobalPool(device));
}

}  // namespace paretoforge
