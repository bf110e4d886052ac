// The few entries of ONNX Runtime's C function table that are used here. The table only ever grows at its end, so
// an entry's position is its name: entry 0 is CreateStatus, and each `skipped` stands for entries not needed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace paretoforge::internal {

struct OrtStatus;
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtMemoryInfo;
struct OrtValue;
struct OrtTypeInfo;
struct OrtTensorInfo;
struct OrtAllocator;

using Unused = void (*)();

/// Version 1 of the table, to entry 130. All functions but the releases return null or a status to be released.
struct OrtApi {
  Unused skipped_0[2];
  const char* (*get_error_message)(const OrtStatus*);                     // 2
  OrtStatus* (*create_env)(int log_level, const char* log_id, OrtEnv**);  // 3
  Unused skipped_4[3];
  OrtStatus* (*create_session)(const OrtEnv*, const char* path, const OrtSessionOptions*, OrtSession**);  // 7
  OrtStatus* (*create_session_from_array)(const OrtEnv*, const void* data, std::size_t size, const OrtSessionOptions*,
                                          OrtSession**);  // 8
  OrtStatus* (*run)(OrtSession*, const OrtRunOptions*, const char* const* input_names, const OrtValue* const* inputs,
                    std::size_t input_count, const char* const* output_names, std::size_t output_count,
                    OrtValue** outputs);                                         // 9
  OrtStatus* (*create_session_options)(OrtSessionOptions**);                     // 10
  OrtStatus* (*set_optimized_model_path)(OrtSessionOptions*, const char* path);  // 11
  Unused skipped_12[2];
  OrtStatus* (*enable_profiling)(OrtSessionOptions*, const char* prefix);  // 14
  Unused skipped_15[8];
  OrtStatus* (*set_optimization_level)(OrtSessionOptions*, int level);  // 23
  OrtStatus* (*set_intra_op_threads)(OrtSessionOptions*, int threads);  // 24
  OrtStatus* (*set_inter_op_threads)(OrtSessionOptions*, int threads);  // 25
  Unused skipped_26[4];
  OrtStatus* (*input_count)(const OrtSession*, std::size_t*);   // 30
  OrtStatus* (*output_count)(const OrtSession*, std::size_t*);  // 31
  Unused skipped_32;
  OrtStatus* (*input_type)(const OrtSession*, std::size_t, OrtTypeInfo**);   // 33
  OrtStatus* (*output_type)(const OrtSession*, std::size_t, OrtTypeInfo**);  // 34
  Unused skipped_35;
  OrtStatus* (*input_name)(const OrtSession*, std::size_t, OrtAllocator*, char**);   // 36
  OrtStatus* (*output_name)(const OrtSession*, std::size_t, OrtAllocator*, char**);  // 37
  Unused skipped_38[11];
  OrtStatus* (*create_tensor)(const OrtMemoryInfo*, void* data, std::size_t bytes, const std::int64_t* dims,
                              std::size_t rank, int element_type, OrtValue**);  // 49
  Unused skipped_50[5];
  OrtStatus* (*tensor_info)(const OrtTypeInfo*, const OrtTensorInfo**);  // 55
  Unused skipped_56[4];
  OrtStatus* (*element_type)(const OrtTensorInfo*, int*);                           // 60
  OrtStatus* (*dimension_count)(const OrtTensorInfo*, std::size_t*);                // 61
  OrtStatus* (*dimensions)(const OrtTensorInfo*, std::int64_t*, std::size_t rank);  // 62
  Unused skipped_63[6];
  OrtStatus* (*create_cpu_memory_info)(int allocator_type, int memory_type, OrtMemoryInfo**);  // 69
  Unused skipped_70[6];
  OrtStatus* (*allocator_free)(OrtAllocator*, void*);  // 76
  Unused skipped_77;
  OrtStatus* (*default_allocator)(OrtAllocator**);  // 78
  Unused skipped_79[14];
  void (*release_status)(OrtStatus*);           // 93
  void (*release_memory_info)(OrtMemoryInfo*);  // 94
  void (*release_session)(OrtSession*);         // 95
  void (*release_value)(OrtValue*);             // 96
  Unused skipped_97;
  void (*release_type_info)(OrtTypeInfo*);  // 98
  Unused skipped_99;
  void (*release_session_options)(OrtSessionOptions*);  // 100
  Unused skipped_101[29];
  OrtStatus* (*add_config_entry)(OrtSessionOptions*, const char* key, const char* value);  // 130
};

static_assert(offsetof(OrtApi, create_tensor) == 49 * sizeof(Unused));
static_assert(offsetof(OrtApi, default_allocator) == 78 * sizeof(Unused));
static_assert(offsetof(OrtApi, release_status) == 93 * sizeof(Unused));
static_assert(offsetof(OrtApi, add_config_entry) == 130 * sizeof(Unused));

/// What the exported OrtGetApiBase returns.
struct OrtApiBase {
  const OrtApi* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

inline constexpr std::uint32_t ort_api_version = 11;  ///< the table is asked for in this version: entry 130 is old
inline constexpr int ort_log_error = 3, ort_optimize_none = 0, ort_optimize_all = 99;
inline constexpr int ort_float = 1, ort_arena_allocator = 1, ort_default_memory = 0;

}  // namespace paretoforge::internal
