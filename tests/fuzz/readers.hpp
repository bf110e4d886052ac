// Every reader of files that others write, fed with any bytes: it reads them or refuses them, and nothing else.
#pragma once

#include <string_view>

namespace paretoforge::fuzz {

/// True where the bytes were read, false where they were refused as ConfigError. Whatever was read is used: counted,
/// predicted, sampled, written and read again; data sets are resized. Any other exception leaves.
bool feed_onnx(std::string_view bytes);
bool feed_table(std::string_view bytes);
bool feed_space(std::string_view bytes);
bool feed_device(std::string_view bytes);
#ifdef PARETOFORGE_FUZZ_DATA  // not in a build without LibTorch that is not for fuzzing
bool feed_npy(std::string_view bytes);
bool feed_csv(std::string_view bytes);
bool feed_idx(std::string_view bytes);
bool feed_records(std::string_view bytes);
bool feed_picture(std::string_view bytes);
bool feed_wav(std::string_view bytes);
#endif

struct Reader {
  std::string_view name;  ///< also the folder of its corpus
  bool (*feed)(std::string_view bytes);
};
inline constexpr Reader readers[] = {
    {"onnx", feed_onnx},     {"table", feed_table},     {"space", feed_space}, {"device", feed_device},
#ifdef PARETOFORGE_FUZZ_DATA
    {"npy", feed_npy},       {"csv", feed_csv},         {"idx", feed_idx},     {"records", feed_records},
    {"picture", feed_picture}, {"wav", feed_wav},
#endif
};

}  // namespace paretoforge::fuzz
