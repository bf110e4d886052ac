// tcmalloc's memory in pages of 2 MB where the system gives them when asked (transparent_hugepage: madvise, Debian's
// default, or always): a training walks through tens of megabytes a step, and in pages of 4 KB a tenth of its time goes
// into finding them. Linked into programs, see paretoforge_allocator.
#include <gperftools/malloc_extension.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

std::size_t rounded_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

class HugePages : public SysAllocator {
 public:
  /// Null where there is no memory left: tcmalloc says so to whoever asked.
  void* Alloc(std::size_t size, std::size_t* got, std::size_t alignment) override {
    const std::size_t step = std::max(alignment, huge_page);
    size = rounded_up(size, huge_page);
    const auto first = mapped(size + step);
    if (first == 0) return nullptr;
    const std::uintptr_t at = rounded_up(first, step);
    unmap(first, at), unmap(at + size, first + size + step);
    auto* memory = reinterpret_cast<void*>(at);
    madvise(memory, size, MADV_HUGEPAGE);  // a wish: small pages do as well
    if (got != nullptr) *got = size;
    return memory;
  }

 private:
  static std::uintptr_t mapped(std::size_t size) {
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? 0 : reinterpret_cast<std::uintptr_t>(memory);
  }
  static void unmap(std::uintptr_t first, std::uintptr_t last) {
    if (first < last) munmap(reinterpret_cast<void*>(first), last - first);
  }
};

/// Never destroyed: memory is asked for until the very end.
alignas(HugePages) std::byte room[sizeof(HugePages)];

[[maybe_unused]] const bool installed = [] {
  MallocExtension::instance()->SetSystemAllocator(new (room) HugePages);
  return true;
}();

}  // namespace
