// Files of data sets as other programs write them, for tests.
#pragma once

#include <cstdio>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>
#include <lzma.h>
#include <png.h>
#include <zip.h>
#include <zlib.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "configs/memory.hpp"

namespace paretoforge {

using Bytes = LargeVector<std::uint8_t>;

inline void write_bytes(const std::filesystem::path& path, const Bytes& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}
inline void write_text(const std::filesystem::path& path, const std::string& text) {
  write_bytes(path, Bytes(text.begin(), text.end()));
}
inline Bytes read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_gzip(const std::filesystem::path& path, const Bytes& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}
inline Bytes xz(const Bytes& bytes) {
  Bytes packed(bytes.size() + 1024);
  std::size_t used = 0;
  if (lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr, bytes.data(), bytes.size(), packed.data(), &used,
                              packed.size()) != LZMA_OK)
    throw std::runtime_error("cannot pack");
  packed.resize(used);
  return packed;
}

inline Bytes counting(std::size_t size) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

/// The numbers as they lie in memory, which is little-endian.
template <class T>
Bytes raw(const std::vector<T>& numbers) {
  static_assert(std::endian::native == std::endian::little);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(numbers.data());
  return {bytes, bytes + numbers.size() * sizeof(T)};
}

inline Bytes idx(std::uint32_t magic, const std::vector<std::uint32_t>& sizes, const Bytes& content) {
  Bytes bytes;
  const auto number = [&](std::uint32_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(n >> shift));
  };
  number(magic);
  for (const auto size : sizes) number(size);
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

/// As numpy.save writes it: `descr` such as <f4, `shape` such as (2, 3) or (2,).
inline Bytes npy(const std::string& descr, const std::string& shape, const Bytes& content, bool fortran = false) {
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
  header += std::string(63 - (10 + header.size()) % 64, ' ') + "\n";
  std::string file = "\x93NUMPY\x01";
  file += '\0';
  file += static_cast<char>(header.size() & 255);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(content.begin(), content.end());
  return {file.begin(), file.end()};
}

/// As numpy.savez_compressed writes it.
inline void write_npz(const std::filesystem::path& path, const std::vector<std::pair<std::string, Bytes>>& members) {
  int error = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  for (const auto& [name, bytes] : members)
    zip_file_add(archive, (name + ".npy").c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0),
                 ZIP_FL_OVERWRITE);
  zip_close(archive);
}

inline Bytes wav(std::uint32_t rate, std::uint16_t format, std::uint16_t bits, const Bytes& samples,
                 std::uint16_t channels = 1) {
  Bytes bytes;
  const auto text = [&](const char* four) { bytes.insert(bytes.end(), four, four + 4); };
  const auto number = [&](std::uint32_t value, int width) {
    for (int i = 0; i < width; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const auto frame = static_cast<std::uint32_t>(channels * bits / 8);
  text("RIFF"), number(static_cast<std::uint32_t>(36 + samples.size()), 4), text("WAVE");
  text("fmt "), number(16, 4), number(format, 2), number(channels, 2), number(rate, 4), number(rate * frame, 4),
      number(frame, 2), number(bits, 2);
  text("data"), number(static_cast<std::uint32_t>(samples.size()), 4);
  bytes.insert(bytes.end(), samples.begin(), samples.end());
  return bytes;
}

/// `pixels` are rows of grey, or of red, green and blue.
inline void write_png(const std::filesystem::path& path, std::uint32_t width, std::uint32_t height, int channels,
                      const Bytes& pixels) {
  std::filesystem::create_directories(path.parent_path());
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = width, image.height = height;
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  if (png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr) == 0)
    throw std::runtime_error(image.message);
}

inline void write_jpeg(const std::filesystem::path& path, std::uint32_t width, std::uint32_t height, const Bytes& rgb) {
  std::filesystem::create_directories(path.parent_path());
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &out, &size);
  info.image_width = width, info.image_height = height;
  info.input_components = 3, info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  jpeg_start_compress(&info, TRUE);
  for (std::uint32_t y = 0; y < height; ++y) {
    auto* row = const_cast<unsigned char*>(rgb.data() + std::size_t{y} * width * 3);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  write_bytes(path, Bytes(out, out + size));
  jpeg_destroy_compress(&info);
  free(out);
}

}  // namespace paretoforge
