// What writing and verifying a bundle share: files, and the form of golden.bin.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge::internal {

using Json = nlohmann::ordered_json;

inline constexpr int bundle_schema = 1;
inline constexpr const char* manifest_name = "manifest.json";

/// A whole file; throws ConfigError naming it.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view bytes);
/// Throws ConfigError where the place that the user named is the reason, std::runtime_error where it is not (a full
/// disk).
[[noreturn]] void refuse_to_write(const std::filesystem::path& path, const std::error_code& reason);

/// {"shape": [c, h, w], "scale": s, "zero_point": z}
Json tensor_json(const IntegerNode& node);
IntegerNode tensor_from(const Json& json);

/// Numbers as they lie in memory.
std::string float_bytes(std::span<const float> values);
std::vector<float> floats_from(const std::string& bytes);
/// The greatest difference over the greatest expected value; infinite where their numbers differ.
double float_difference(std::span<const float> found, std::span<const float> expected);
inline constexpr double greatest_float_difference = 1e-4;

/// The manifest of a folder; throws ConfigError where there is none or it is not one.
Json read_manifest(const std::filesystem::path& folder);

}  // namespace paretoforge::internal
