// Every reader of files that others write, fed with any bytes: it reads them or refuses them, and nothing else.
#pragma once

#include <string_view>

namespace paretoforge::fuzz {

/// True where the bytes were read, false where they were refused as ConfigError. Whatever was read is used: counted,
/// predicted, sampled, written and read again. Any other exception leaves.
bool feed_onnx(std::string_view bytes);
bool feed_table(std::string_view bytes);
bool feed_space(std::string_view bytes);
bool feed_device(std::string_view bytes);

struct Reader {
  std::string_view name;  ///< also the folder of its corpus
  bool (*feed)(std::string_view bytes);
};
inline constexpr Reader readers[] = {
    {"onnx", feed_onnx}, {"table", feed_table}, {"space", feed_space}, {"device", feed_device}};

}  // namespace paretoforge::fuzz
