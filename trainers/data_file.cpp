// A file of a data set read whole, unpacked by what it begins with.
#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "trainers/data_files_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_bytes = std::size_t{1} << 34;  // a damaged file must not fill the memory
constexpr std::size_t piece = std::size_t{1} << 20;

Bytes read_raw(const fs::path& path) {
  if (fs::is_directory(path)) throw DataError(path, "is a folder, not a file");
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw DataError(path, errno == ENOENT ? "no such file" : std::string("cannot be read: ") + std::strerror(errno));
  Bytes bytes;
  for (std::size_t got = piece; got == piece;) {
    const std::size_t begin = bytes.size();
    if (begin > most_bytes) throw DataError(path, "is larger than 16 GiB");
    bytes.resize(begin + piece);
    file.read(reinterpret_cast<char*>(bytes.data() + begin), static_cast<std::streamsize>(piece));
    got = static_cast<std::size_t>(file.gcount());
    bytes.resize(begin + got);
  }
  if (file.bad()) throw DataError(path, "cannot be read to its end");
  return bytes;
}

/// Makes room for the next piece of what comes out.
void grow(Bytes& out, std::size_t used, const fs::path& path) {
  if (used > most_bytes) throw DataError(path, "is larger than 16 GiB when unpacked");
  out.resize(used + piece);
}

Bytes gunzipped(const Bytes& packed, const fs::path& path) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) throw DataError(path, "cannot be unpacked: zlib cannot begin");
  const std::unique_ptr<z_stream, int (*)(z_streamp)> end(&stream, &inflateEnd);
  Bytes out;
  std::size_t used = 0, fed = 0;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    grow(out, used, path);
    if (stream.avail_in == 0) {
      const std::size_t part = std::min(packed.size() - fed, piece);
      if (part == 0) throw DataError(path, "is truncated: the gzip stream ends early");
      stream.next_in = const_cast<Bytef*>(packed.data() + fed);
      stream.avail_in = static_cast<uInt>(part);
      fed += part;
    }
    stream.next_out = out.data() + used;
    stream.avail_out = static_cast<uInt>(piece);
    state = inflate(&stream, Z_NO_FLUSH);
    used += piece - stream.avail_out;
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
      throw DataError(path, std::string("is damaged: ") + (stream.msg != nullptr ? stream.msg : "not gzip"));
  }
  out.resize(used);
  return out;
}

Bytes unxzed(const Bytes& packed, const fs::path& path) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
    throw DataError(path, "cannot be unpacked: liblzma cannot begin");
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> end(&stream, &lzma_end);
  Bytes out;
  std::size_t used = 0;
  stream.next_in = packed.data();
  stream.avail_in = packed.size();
  for (lzma_ret state = LZMA_OK; state != LZMA_STREAM_END;) {
    grow(out, used, path);
    stream.next_out = out.data() + used;
    stream.avail_out = piece;
    state = lzma_code(&stream, LZMA_FINISH);
    used += piece - stream.avail_out;
    if (state == LZMA_BUF_ERROR) throw DataError(path, "is truncated: the xz stream ends early");
    if (state != LZMA_OK && state != LZMA_STREAM_END)
      throw DataError(path, "is damaged: its xz stream cannot be unpacked");
  }
  out.resize(used);
  return out;
}

bool begins(const Bytes& bytes, std::initializer_list<int> with) {
  return bytes.size() >= with.size() && std::equal(with.begin(), with.end(), bytes.begin());
}

}  // namespace

fs::path present_file(const fs::path& name) {
  if (fs::exists(name)) return name;
  for (const char* ending : {".gz", ".xz"}) {
    fs::path packed = name;
    packed += ending;
    if (fs::exists(packed)) return packed;
  }
  return name;
}

Bytes read_data_file(const fs::path& named) {
  const fs::path path = present_file(named);
  Bytes bytes = read_raw(path);
  if (begins(bytes, {0x1f, 0x8b})) return gunzipped(bytes, path);
  if (begins(bytes, {0xfd, '7', 'z', 'X', 'Z', 0})) return unxzed(bytes, path);
  return bytes;
}

}  // namespace paretoforge
