// C that runs beside exported C: on the emulated core, and inside QEMU.
#pragma once

namespace paretoforge::internal {

extern const char* const mcu_platform;        ///< see write_harness
extern const char* const mcu_linker_script;   ///< VECTORS, FLASH and RAM are defined before it
extern const char* const qemu_plugin_source;  ///< counts instructions by class

}  // namespace paretoforge::internal
