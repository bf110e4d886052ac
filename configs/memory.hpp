// How much memory there is, and arrays that may be larger than it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace paretoforge {

/// Bytes that this process may still take without the system running short: what Linux says is available, and what is
/// left of a container's limit. Infinite where neither is told. `system` stands for / in tests.
double available_memory(const std::filesystem::path& system = "/");

/// Memory for arrays of any size. A block that would take more than half of the available memory, or more than the
/// environment variable PARETOFORGE_LARGEST_IN_MEMORY says ("2GiB"), and one for which the system gives no memory, lies in
/// a file in TMPDIR, else in /var/tmp: the system reads of it what is used, and drops what is not. Blocks under 1 MiB never
/// do. The file has no name and is gone with the block, or with the process however that ends. Safe to use from many
/// threads. Throws std::bad_alloc where there is no memory, std::runtime_error naming the folder where the file cannot be
/// made as large.
void* allocate_large(std::size_t bytes);
void free_large(void* block) noexcept;

/// Of a std::vector: its elements lie where allocate_large puts them.
template <class T>
struct LargeAllocator {
  using value_type = T;
  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(allocate_large(count * sizeof(T))); }
  void deallocate(T* block, std::size_t) noexcept { free_large(block); }
  friend bool operator==(const LargeAllocator&, const LargeAllocator&) { return true; }
};
template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace paretoforge
