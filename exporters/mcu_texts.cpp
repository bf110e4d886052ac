// Start-up and semihosting for the emulated cores, the linker script, and the plugin that counts.
#include "exporters/mcu_texts_internal.hpp"

namespace paretoforge::internal {

// Semihosting (Arm's "Semihosting for AArch32 and AArch64"): SYS_OPEN 1, WRITE 5, READ 6, EXIT_EXTENDED 0x20.
// CPACR at 0xe000ed88: full access to coprocessors 10 and 11, which are the FPU and MVE.
const char* const mcu_platform = R"(
extern uint32_t stack_top, stack_bottom, bss_start, bss_end;
int main(void);
static int semihost(int operation, const void *arguments) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory", "cc");
  return r0;
}
static void leave(uint32_t status) {
  const uint32_t arguments[2] = {0x20026, status};
  semihost(0x20, arguments);
  for (;;) {
  }
}
static uint32_t opened(const char *name, uint32_t length, uint32_t mode) {
  const uint32_t arguments[3] = {(uint32_t)(uintptr_t)name, mode, length};
  return (uint32_t)semihost(1, arguments);
}
static uint32_t from, to;
static void take(void *bytes, unsigned long n) {
  if (!from) from = opened("input.bin", 9, 1);
  const uint32_t arguments[3] = {from, (uint32_t)(uintptr_t)bytes, n};
  if (semihost(6, arguments) != 0) leave(9);
}
static void give(const void *bytes, unsigned long n) {
  if (!to) to = opened("output.bin", 10, 5);
  const uint32_t arguments[3] = {to, (uint32_t)(uintptr_t)bytes, n};
  if (semihost(5, arguments) != 0) leave(9);
}
__attribute__((noinline)) void run_ended(void) { __asm__ volatile(""); }
static uint32_t figures[2];
static volatile uint32_t *const systick = (volatile uint32_t *)0xe000e010;
/* Paints the stack below this frame; 64 bytes are left for the call's own frame. */
static uint32_t *painted_from(void) { return (uint32_t *)((uintptr_t)__builtin_frame_address(0) - 64); }
static __attribute__((noinline)) void paint(void) {
  uint32_t *at;
  for (at = &stack_bottom; at < painted_from(); ++at) *at = 0xc5c5c5c5u;
}
static __attribute__((noinline)) uint32_t depth(const void *top) {
  const uint32_t *at = &stack_bottom;
  while (*at == 0xc5c5c5c5u) ++at;
  return (uint32_t)((uintptr_t)top - (uintptr_t)at);
}
#define FIGURES figures
#define BEFORE_RUN {                                                \
    void *top;                                                      \
    uint32_t ticks;                                                 \
    paint();                                                        \
    __asm__ volatile("mov %0, sp" : "=r"(top));                     \
    systick[1] = 0xffffff, systick[2] = 0, systick[0] = 5;          \
    ticks = systick[2];
#define AFTER_RUN                                                   \
    run_ended();                                                    \
    figures[0] = ticks == 0 ? 0xffffff - systick[2] : (ticks - systick[2]) & 0xffffff; \
    figures[1] = depth(top);                                        \
  }
void reset(void);
void fault(void);
void fault(void) { leave(13); }
void reset(void) {
  uint32_t *at;
  *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
  __asm__ volatile("dsb\nisb" ::: "memory");
  for (at = &bss_start; at < &bss_end; ++at) *at = 0;
  leave((uint32_t)main());
}
__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))(uintptr_t)&stack_top, reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault};
)";

const char* const mcu_linker_script = R"(
ENTRY(reset)
SECTIONS {
  .vectors : { KEEP(*(.vectors)) } > VECTORS
  .text : { *(.text*) *(.rodata*) } > FLASH
  .ARM.exidx : { *(.ARM.exidx*) } > FLASH
  .data : { *(.data*) } > RAM
  .bss (NOLOAD) : { . = ALIGN(8); bss_start = .; *(.bss*) *(COMMON) . = ALIGN(8); bss_end = .; } > RAM
  .stack (NOLOAD) : { . = ALIGN(8); stack_bottom = .; . += 16384; stack_top = .; } > RAM
}
)";

// Debian's QEMU exports the functions of its plugin interface (version 1, docs/devel/tcg-plugins) without a header, so
// what is used is declared here. Arguments: out=FILE, end=ADDRESS, begin=ADDRESS (any number of them); addresses in hex.
const char* const qemu_plugin_source = R"(
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*)(unsigned, void *), int, void *);
__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { load, store, multiply, divide, branch, real, vector, other, classes };
static uint64_t counts[classes], at_begin[classes];
static uint64_t begins[4096], end_at;
static int begin_count, running;
static FILE *out;

static int begins_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

/* By the name of the instruction. Vectors: MVE's names have a type of lanes behind the dot and q registers. */
static int class_of(const char *text) {
  const char *operands = strchr(text, ' ');
  if (!operands) operands = strchr(text, '\t');
  if (begins_with(text, "vdiv") || begins_with(text, "vsqrt") || begins_with(text, "sdiv") || begins_with(text, "udiv")) return divide;
  if (text[0] == 'v') {
    const int lanes = operands && (strstr(operands, "q0") || strstr(operands, "q1") || strstr(operands, "q2") || strstr(operands, "q3") ||
                                   strstr(operands, "q4") || strstr(operands, "q5") || strstr(operands, "q6") || strstr(operands, "q7"));
    if (lanes) return vector;
    if (begins_with(text, "vldr") || begins_with(text, "vldm") || begins_with(text, "vpop")) return load;
    if (begins_with(text, "vstr") || begins_with(text, "vstm") || begins_with(text, "vpush")) return store;
    return real;
  }
  if (begins_with(text, "ldr") || begins_with(text, "ldm") || begins_with(text, "pop")) return load;
  if (begins_with(text, "str") || begins_with(text, "stm") || begins_with(text, "push")) return store;
  if (begins_with(text, "sml") || begins_with(text, "smu") || begins_with(text, "smm") || begins_with(text, "mul") || begins_with(text, "mla") ||
      begins_with(text, "mls") || begins_with(text, "uml") || begins_with(text, "umu"))
    return multiply;
  if (begins_with(text, "bic") || begins_with(text, "bfi") || begins_with(text, "bfc") || begins_with(text, "bkpt")) return other;
  if (text[0] == 'b' || begins_with(text, "cb") || begins_with(text, "le\t") || begins_with(text, "le ") || begins_with(text, "tb")) return branch;
  return other;
}

static void begun(unsigned cpu, void *data) {
  (void)cpu, (void)data;
  if (!running) memcpy(at_begin, counts, sizeof counts);
  running = 1;
}
static void ended(unsigned cpu, void *data) {
  int c;
  (void)cpu, (void)data;
  if (!running) return;
  running = 0;
  for (c = 0; c < classes; ++c) fprintf(out, "%llu ", (unsigned long long)(counts[c] - at_begin[c]));
  fputc('\n', out);
  fflush(out);
}

static void translated(plugin_id id, struct qemu_plugin_tb *block) {
  size_t i;
  (void)id;
  for (i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn *const insn = qemu_plugin_tb_get_insn(block, i);
    const uint64_t at = qemu_plugin_insn_vaddr(insn);
    char *const text = qemu_plugin_insn_disas(insn);
    int b;
    for (b = 0; b < begin_count; ++b)
      if (at == begins[b]) qemu_plugin_register_vcpu_insn_exec_cb(insn, begun, 0, 0);
    if (at == end_at) qemu_plugin_register_vcpu_insn_exec_cb(insn, ended, 0, 0);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, 0, &counts[text ? class_of(text) : other], 1);
    free(text);
  }
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv) {
  int i;
  (void)info;
  for (i = 0; i < argc; ++i) {
    if (begins_with(argv[i], "out=")) out = fopen(argv[i] + 4, "w");
    if (begins_with(argv[i], "end=")) end_at = strtoull(argv[i] + 4, 0, 16);
    if (begins_with(argv[i], "begin=") && begin_count < 4096) begins[begin_count++] = strtoull(argv[i] + 6, 0, 16);
  }
  if (!out) return 1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
)";

}  // namespace paretoforge::internal
