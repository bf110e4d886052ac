// ONNX files as bytes: limits, damage, tensors and their values. Private: it shows protobuf.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paretoforge::onnx_in {

/// "error: MESSAGE", the file, a hint; as ConfigError.
[[noreturn]] void refuse(const std::string& file, const std::string& message, const std::string& hint = {});

/// Protocol buffers as they lie in the file: tags and lengths.
struct WireScan {
  bool whole = false;    ///< every length ends where its message does
  bool crowded = false;  ///< more parts than memory should be spent on, or graphs nested deeper than any real ones
};
WireScan scan_wire(std::string_view bytes);

/// The model as a message. Refused: no ONNX, truncated, or with more parts than memory should be spent on.
onnx::ModelProto parsed_model(std::string_view bytes, const std::string& file);

/// Replaces calls of the model's own functions by their nodes, and each If whose condition is a constant by the nodes of
/// its branch. Refused: functions that call themselves, or make the model too large.
void write_out(onnx::ModelProto& model, const std::string& file, const std::filesystem::path& folder);

/// Refuses tensors that say more than they hold, and external data outside `folder`.
void check_tensor(const onnx::TensorProto& tensor, const std::string& file, const std::filesystem::path& folder);

/// A tensor's elements where they are few (at most few_elements) and numbers; empty otherwise.
inline constexpr std::int64_t few_elements = 4096;
std::optional<std::vector<double>> few_numbers(const onnx::TensorProto& tensor, const std::filesystem::path& folder);

/// Bits of an element of that ONNX type in memory, 0 where it has no fixed size.
int type_bits(int type);
/// Bits of the integer form: those of an integer type up to 16, else 8 (a float is counted as int8).
int integer_bits(int type);

}  // namespace paretoforge::onnx_in
