// Files of a bundle, and the pieces of its manifest.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "configs/config.hpp"
#include "exporters/bundle_internal.hpp"

namespace paretoforge::internal {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream bytes;
  if (stream) bytes << stream.rdbuf();
  if (!stream) throw ConfigError("error: cannot read " + path.string());
  return std::move(bytes).str();
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) refuse_to_write(path, std::error_code(errno, std::generic_category()));
}

void refuse_to_write(const std::filesystem::path& path, const std::error_code& reason) {
  const std::string message = "error: cannot write " + path.string() + ": " + reason.message();
  for (const std::errc named_wrong : {std::errc::permission_denied, std::errc::operation_not_permitted, std::errc::read_only_file_system,
                                      std::errc::no_such_file_or_directory, std::errc::not_a_directory, std::errc::is_a_directory, std::errc::filename_too_long})
    if (reason == named_wrong) throw ConfigError(message);
  throw std::runtime_error(message);
}

Json tensor_json(const IntegerNode& node) {
  const Shape& shape = node.shape;
  return {{"shape", {shape.channels, shape.height, shape.width}},
          {"scale", double{node.output.scale}},
          {"zero_point", node.output.zero_point}};
}

IntegerNode tensor_from(const Json& json) {
  IntegerNode node;
  node.shape = {json.at("shape").at(0), json.at("shape").at(1), json.at("shape").at(2)};
  node.output = {json.at("scale"), json.at("zero_point")};
  return node;
}

std::string float_bytes(std::span<const float> values) { return {reinterpret_cast<const char*>(values.data()), values.size_bytes()}; }

std::vector<float> floats_from(const std::string& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

double float_difference(std::span<const float> found, std::span<const float> expected) {
  if (found.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double greatest = 0, size = std::numeric_limits<float>::min();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(double{found[i]} - double{expected[i]});
    greatest = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(greatest, difference);
    size = std::max(size, std::abs(double{expected[i]}));
  }
  return greatest / size;
}

Json read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / manifest_name;
  if (!std::filesystem::is_regular_file(path))
    throw ConfigError("error: " + folder.string() + " is no bundle: it has no " + manifest_name);
  Json manifest = Json::parse(read_file(path), nullptr, false);
  if (!manifest.is_object() || manifest.value("kind", "") != "paretoforge-bundle")
    throw ConfigError("error: " + path.string() + " is not the manifest of a bundle");
  if (manifest.value("schema", 0) != bundle_schema)
    throw ConfigError("error: " + path.string() + " is of another version; this program reads version " +
                      std::to_string(bundle_schema));
  return manifest;
}

}  // namespace paretoforge::internal
