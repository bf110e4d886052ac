// A first look at the bytes of an ONNX file, which builds nothing: is it whole, and how much would it become?
#include "predictors/onnx_file_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

/// Parts of a message become objects of a few hundred bytes, however few bytes they take in the file: a file of
/// nothing but empty nodes would fill any memory. Large models have some 100,000 parts.
constexpr std::size_t most_parts = 3'000'000;
/// Bytes of numbers that grow eightfold when read. Weights are written otherwise.
constexpr std::size_t most_packed = std::size_t{128} << 20;
constexpr int deepest = 32;  ///< graphs inside nodes inside graphs

/// Kinds of messages whose parts are counted one by one; the parts of all others are taken for two bytes each.
enum class Kind { model, graph, node, attribute, tensor, other };

Kind part_kind(Kind whole, std::uint64_t field) {
  switch (whole) {
    case Kind::model:
      return field == 7 ? Kind::graph : Kind::other;
    case Kind::graph:
      return field == 1 ? Kind::node : field == 5 ? Kind::tensor : Kind::other;
    case Kind::node:
      return field == 5 ? Kind::attribute : Kind::other;
    case Kind::attribute:
      return field == 5 || field == 10 ? Kind::tensor : field == 6 || field == 11 ? Kind::graph : Kind::other;
    default:
      return Kind::other;
  }
}

/// Walks the wire format (tags, lengths) without building anything.
class Scan {
 public:
  explicit Scan(std::string_view bytes) : bytes_(bytes) {}

  /// False where the bytes are no message.
  bool run() { return message(bytes_.size(), Kind::model, 0); }
  bool crowded() const { return parts_ > most_parts || packed_ > most_packed || deep_; }

 private:
  bool varint(std::size_t end, std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 70 && at_ < end; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool skip(std::size_t end, std::size_t count) {
    if (count > end - at_) return false;
    at_ += count;
    return true;
  }

  bool message(std::size_t end, Kind kind, int depth) {
    if (depth > deepest) deep_ = true;
    while (at_ < end && !crowded()) {
      std::uint64_t tag = 0, length = 0;
      if (!varint(end, tag)) return false;
      ++parts_;
      const unsigned wire = tag & 7;
      if (wire == 0 && !varint(end, length)) return false;
      if ((wire == 1 && !skip(end, 8)) || (wire == 5 && !skip(end, 4))) return false;
      if (wire == 3 || wire == 4 || wire > 5) return false;  // groups: ONNX has none
      if (wire == 2 && (!varint(end, length) || length > end - at_ || !part(tag >> 3, length, kind, depth)))
        return false;
    }
    return true;
  }

  bool part(std::uint64_t field, std::uint64_t length, Kind whole, int depth) {
    const std::size_t end = at_ + length;
    const Kind kind = part_kind(whole, field);
    if (kind != Kind::other) {
      if (!message(end, kind, depth + (kind == Kind::graph))) return false;
    } else if (whole == Kind::tensor) {
      // 5, 7, 11: integers in as few bytes as they need. Others lie in memory as in the file.
      if (field == 5 || field == 7 || field == 11) packed_ += length;
    } else if (whole != Kind::node && !(whole == Kind::attribute && field != 10)) {
      parts_ += length / 2;
    } else {
      parts_ += length / 64;  // texts and lists of numbers
    }
    at_ = end;
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 0, parts_ = 0, packed_ = 0;
  bool deep_ = false;
};

}  // namespace

WireScan scan_wire(std::string_view bytes) {
  Scan scan(bytes);
  const bool whole = scan.run();
  return {whole, scan.crowded()};
}

}  // namespace paretoforge::onnx_in
