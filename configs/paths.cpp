// Paths in a document, made independent of where it lies.
#include "configs/paths.hpp"

#include <algorithm>

#include "configs/node_internal.hpp"

namespace paretoforge {
namespace {

/// `is_path`: a scalar here is one.
Config absolute(const Config& value, std::span<const std::string_view> keys, const std::filesystem::path& base,
                bool is_path) {
  auto copy = std::make_shared<Config::Node>(Config::Node::of(value));
  if (value.is_scalar()) {
    if (!is_path) return value;
    copy->text = std::filesystem::absolute(base / copy->text).lexically_normal().string();
    copy->quoted = true;
  }
  for (Config& item : copy->items) item = absolute(item, keys, base, is_path);
  for (auto& [key, entry] : copy->entries)
    entry = absolute(entry, keys, base, std::find(keys.begin(), keys.end(), key) != keys.end());
  return Config(copy);
}

}  // namespace

Config absolute_paths(const Config& document, std::span<const std::string_view> keys,
                      const std::filesystem::path& base) {
  return absolute(document, keys, base, false);
}

}  // namespace paretoforge
