// The table of the kernels' texts.
#include "exporters/c_kernels_internal.hpp"
#include "exporters/c_writer_internal.hpp"

namespace paretoforge::internal {

std::span<const KernelText> kernel_texts() {
  static const std::array table{
      KernelText{CKernel::prologue, c_kernels::prologue},
      KernelText{CKernel::rescale, c_kernels::rescale},
      KernelText{CKernel::add, c_kernels::add},
      KernelText{CKernel::packing, c_kernels::packing},
      KernelText{CKernel::layer, c_kernels::layer},
      KernelText{CKernel::no_addition, c_kernels::no_addition},
      KernelText{CKernel::finish_4, c_kernels::finish_4},
      KernelText{CKernel::multiply, c_kernels::multiply},
      KernelText{CKernel::multiply_packed, c_kernels::multiply_packed},
      KernelText{CKernel::columns, c_kernels::columns},
      KernelText{CKernel::columns_packed, c_kernels::columns_packed},
      KernelText{CKernel::some_packed, c_kernels::some_packed},
      KernelText{CKernel::all_packed, c_kernels::all_packed},
      KernelText{CKernel::convolve, c_kernels::convolve},
      KernelText{CKernel::linear, c_kernels::linear},
      KernelText{CKernel::depthwise, c_kernels::depthwise},
      KernelText{CKernel::window, c_kernels::window},
      KernelText{CKernel::pool_maximum, c_kernels::pool_maximum},
      KernelText{CKernel::pool_average, c_kernels::pool_average},
      KernelText{CKernel::global_average, c_kernels::global_average},
      KernelText{CKernel::global_maximum, c_kernels::global_maximum},
      KernelText{CKernel::look_up, c_kernels::look_up},
      KernelText{CKernel::gate, c_kernels::gate},
      KernelText{CKernel::join, c_kernels::join},
      KernelText{CKernel::transpose, c_kernels::transpose},
      KernelText{CKernel::rounded_share, c_kernels::rounded_share},
      KernelText{CKernel::softmax, c_kernels::softmax},
      KernelText{CKernel::clamp, c_kernels::clamp},
  };
  return table;
}

}  // namespace paretoforge::internal
