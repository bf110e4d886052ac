// What can be wrong with the bytes of an ONNX file, before anything is made of them.
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>

#include "configs/config.hpp"
#include "predictors/onnx_file_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

using onnx::TensorProto;
namespace fs = std::filesystem;

double elements_of(const TensorProto& tensor) {
  double count = 1;
  for (const std::int64_t dim : tensor.dims()) count *= static_cast<double>(dim);
  return count;
}

/// How many elements lie in the fields for numbers, and the bits of each there.
double typed_elements(const TensorProto& tensor) {
  const int type = tensor.data_type();
  const auto all = [](const auto& list) { return static_cast<double>(list.size()); };
  switch (type) {
    case TensorProto::FLOAT:
      return all(tensor.float_data());
    case TensorProto::COMPLEX64:
      return all(tensor.float_data()) / 2;
    case TensorProto::DOUBLE:
      return all(tensor.double_data());
    case TensorProto::COMPLEX128:
      return all(tensor.double_data()) / 2;
    case TensorProto::INT64:
      return all(tensor.int64_data());
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return all(tensor.uint64_data());
    case TensorProto::STRING:
      return all(tensor.string_data());
    default:
      return all(tensor.int32_data()) * (type_bits(type) == 4 ? 2 : 1);
  }
}

std::string external_location(const TensorProto& tensor) {
  for (const auto& entry : tensor.external_data())
    if (entry.key() == "location") return entry.value();
  return {};
}

/// The file that external data lies in, which must be in the model's folder or below it, links followed.
fs::path external_path(const TensorProto& tensor, const std::string& file, const fs::path& folder) {
  const std::string location = external_location(tensor);
  const fs::path relative = fs::path(location).lexically_normal();
  const std::string who = "the data of tensor '" + tensor.name() + "' is in another file, '" + location + "'";
  if (folder.empty()) refuse(file, who + ", and this model was given without a folder", "load it from its file");
  const auto leaves = [](const fs::path& path) { return path.empty() || path.is_absolute() || *path.begin() == ".."; };
  if (location.empty() || leaves(relative)) refuse(file, who + ", which lies outside the model's folder");
  std::error_code error;
  const fs::path real = fs::weakly_canonical(folder / relative, error);
  const fs::path home = fs::weakly_canonical(folder, error);
  if (error || leaves(real.lexically_relative(home))) refuse(file, who + ", which leads outside the model's folder");
  return real;
}

double half_to_double(std::uint16_t half) {
  const int exponent = half >> 10 & 31;
  const double fraction = half & 1023;
  const double value = exponent == 0    ? std::ldexp(fraction, -24)
                       : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                        : std::ldexp(1024 + fraction, exponent - 25);
  return half & 0x8000 ? -value : value;
}

template <class T>
std::vector<double> as_numbers(std::string_view raw) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at + sizeof(T) <= raw.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, raw.data() + at, sizeof value);
    numbers.push_back(static_cast<double>(value));
  }
  return numbers;
}

std::optional<std::vector<double>> raw_numbers(std::string_view raw, int type) {
  switch (type) {
    case TensorProto::FLOAT:
      return as_numbers<float>(raw);
    case TensorProto::DOUBLE:
      return as_numbers<double>(raw);
    case TensorProto::INT64:
      return as_numbers<std::int64_t>(raw);
    case TensorProto::UINT64:
      return as_numbers<std::uint64_t>(raw);
    case TensorProto::INT32:
      return as_numbers<std::int32_t>(raw);
    case TensorProto::UINT32:
      return as_numbers<std::uint32_t>(raw);
    case TensorProto::INT16:
      return as_numbers<std::int16_t>(raw);
    case TensorProto::UINT16:
      return as_numbers<std::uint16_t>(raw);
    case TensorProto::INT8:
      return as_numbers<std::int8_t>(raw);
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return as_numbers<std::uint8_t>(raw);
    case TensorProto::FLOAT16: {
      std::vector<double> numbers;
      for (const double bits : as_numbers<std::uint16_t>(raw))
        numbers.push_back(half_to_double(static_cast<std::uint16_t>(bits)));
      return numbers;
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::vector<double>> typed_numbers(const TensorProto& tensor) {
  const auto all = [](const auto& list) { return std::vector<double>(list.begin(), list.end()); };
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return all(tensor.float_data());
    case TensorProto::DOUBLE:
      return all(tensor.double_data());
    case TensorProto::INT64:
      return all(tensor.int64_data());
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return all(tensor.uint64_data());
    case TensorProto::INT32:
    case TensorProto::INT16:
    case TensorProto::UINT16:
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return all(tensor.int32_data());
    default:
      return std::nullopt;
  }
}

/// The bytes of a small tensor that lie in another file; empty where they cannot be had.
std::string external_bytes(const TensorProto& tensor, const fs::path& folder, std::size_t count) {
  std::uint64_t offset = 0;
  for (const auto& entry : tensor.external_data())
    if (entry.key() == "offset") offset = std::strtoull(entry.value().c_str(), nullptr, 10);
  std::ifstream stream(external_path(tensor, "model", folder), std::ios::binary);
  std::string bytes(count, '\0');
  stream.seekg(static_cast<std::streamoff>(offset));
  stream.read(bytes.data(), static_cast<std::streamsize>(count));
  return stream ? bytes : std::string();
}

}  // namespace

void refuse(const std::string& file, const std::string& message, const std::string& hint) {
  throw ConfigError("error: " + message + "\n  --> " + file + (hint.empty() ? "" : "\n   = " + hint));
}

onnx::ModelProto parsed_model(std::string_view bytes, const std::string& file) {
  if (bytes.size() > std::size_t{INT32_MAX})
    refuse(file, "an ONNX file holds 2 GiB at most", "keep the weights in a file beside it");
  const WireScan scan = scan_wire(bytes);
  if (scan.crowded) refuse(file, "this model has more parts, or deeper nesting, than any real model");
  onnx::ModelProto model;
  if (bytes.empty() || !scan.whole || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    refuse(file, "this is no ONNX model, or it is truncated");
  if (!model.has_graph() || (model.graph().node().empty() && model.graph().output().empty()))
    refuse(file, "this is no ONNX model: it has no graph");
  return model;
}

int type_bits(int type) {
  switch (type) {
    case TensorProto::UINT8:
    case TensorProto::INT8:
    case TensorProto::BOOL:
      return 8;
    case TensorProto::UINT16:
    case TensorProto::INT16:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return 16;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 32;
    case TensorProto::INT64:
    case TensorProto::UINT64:
    case TensorProto::DOUBLE:
    case TensorProto::COMPLEX64:
      return 64;
    case TensorProto::COMPLEX128:
      return 128;
    case 17:
    case 18:
    case 19:
    case 20:
      return 8;  // the four FLOAT8, since IR version 9
    case 21:
    case 22:
    case 23:
      return 4;  // UINT4 and INT4, since IR version 10, FLOAT4E2M1
    default:
      return 0;
  }
}

int integer_bits(int type) {
  switch (type) {
    case TensorProto::INT16:
    case TensorProto::UINT16:
      return 16;
    case 21:
    case 22:
      return 4;
    default:
      return 8;
  }
}

void check_tensor(const TensorProto& tensor, const std::string& file, const fs::path& folder) {
  const std::string who = "tensor '" + tensor.name() + "'";
  for (const std::int64_t dim : tensor.dims())
    if (dim < 0) refuse(file, who + " has a dimension of " + std::to_string(dim));
  const double elements = elements_of(tensor);
  if (elements > 1e12) refuse(file, who + " says it has " + std::to_string(elements) + " elements");
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    external_path(tensor, file, folder);
    return;
  }
  const bool raw = tensor.has_raw_data();
  const double bits = type_bits(tensor.data_type());
  const double wanted = raw ? std::ceil(elements * bits / 8) : elements;
  const double held = raw ? static_cast<double>(tensor.raw_data().size()) : typed_elements(tensor);
  const bool odd_half = !raw && bits == 4 && held == wanted + 1;
  if (held != wanted && !odd_half)
    refuse(file,
           who + " says it has " + std::to_string(static_cast<std::int64_t>(wanted)) + (raw ? " bytes" : " elements") +
               " and holds " + std::to_string(static_cast<std::int64_t>(held)),
           "the file is damaged or truncated");
}

std::optional<std::vector<double>> few_numbers(const TensorProto& tensor, const fs::path& folder) {
  const double elements = elements_of(tensor);
  const bool elsewhere = tensor.data_location() == TensorProto::EXTERNAL;
  if (!(elements >= 0 && elements <= few_elements) || (elsewhere && folder.empty())) return std::nullopt;
  const auto bytes = static_cast<std::size_t>(elements * type_bits(tensor.data_type()) / 8);
  std::optional<std::vector<double>> numbers;
  if (elsewhere) {
    numbers = raw_numbers(external_bytes(tensor, folder, bytes), tensor.data_type());
  } else {
    numbers = tensor.has_raw_data() ? raw_numbers(tensor.raw_data(), tensor.data_type()) : typed_numbers(tensor);
  }
  if (numbers && numbers->size() != static_cast<std::size_t>(elements)) return std::nullopt;
  return numbers;
}

}  // namespace paretoforge::onnx_in
