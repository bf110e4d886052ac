// Folders of PNG and JPEG files.
#include <cstdio>
// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <memory>

#include "trainers/folder_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t most_side = 32768;  // a damaged header must not fill the memory

struct Picture {
  std::int32_t height = 0, width = 0;
  Bytes pixels;  ///< channels last
};

void check_size(const fs::path& file, std::uint32_t width, std::uint32_t height) {
  if (width == 0 || height == 0 || width > most_side || height > most_side ||
      std::uint64_t{width} * height > (1u << 28))
    throw DataError(file, "has an impossible size: " + std::to_string(width) + "x" + std::to_string(height));
}

Picture read_png(const fs::path& file, const Bytes& bytes, std::int32_t channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, void (*)(png_image*)> end(&image, &png_image_free);
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0)
    throw DataError(file, std::string("is no good PNG: ") + image.message);
  check_size(file, image.width, image.height);
  image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  Picture picture{static_cast<std::int32_t>(image.height), static_cast<std::int32_t>(image.width),
                  Bytes(PNG_IMAGE_SIZE(image))};
  const png_color black{};  // what lies behind a transparent pixel
  if (png_image_finish_read(&image, &black, picture.pixels.data(), 0, nullptr) == 0)
    throw DataError(file, std::string("is a damaged PNG: ") + image.message);
  return picture;
}

/// libjpeg ends the program on an error unless it is jumped out of, and takes damage for a warning.
struct JpegErrors : jpeg_error_mgr {
  std::jmp_buf out;
  char message[JMSG_LENGTH_MAX] = "";
};

void jpeg_failed(j_common_ptr info) {
  auto* errors = static_cast<JpegErrors*>(info->err);
  (*errors->format_message)(info, errors->message);
  std::longjmp(errors->out, 1);
}
void jpeg_said(j_common_ptr info, int level) {
  if (level < 0) jpeg_failed(info);
}

/// Nothing with a destructor lives between setjmp and what may jump: a jump would pass over it.
bool decode_jpeg(const Bytes& bytes, std::int32_t channels, Picture& picture, JpegErrors& errors, bool& too_large) {
  jpeg_decompress_struct info;
  info.err = jpeg_std_error(&errors);
  errors.error_exit = jpeg_failed;
  errors.emit_message = jpeg_said;
  jpeg_create_decompress(&info);
  if (setjmp(errors.out) != 0) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_mem_src(&info, bytes.data(), bytes.size());
  jpeg_read_header(&info, TRUE);
  too_large = info.image_width > most_side || info.image_height > most_side ||
              std::uint64_t{info.image_width} * info.image_height > (1u << 28);
  if (!too_large) {
    info.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    picture.height = static_cast<std::int32_t>(info.output_height);
    picture.width = static_cast<std::int32_t>(info.output_width);
    picture.pixels.resize(std::size_t{info.output_height} * info.output_width * static_cast<std::size_t>(channels));
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = picture.pixels.data() +
                     std::size_t{info.output_scanline} * info.output_width * static_cast<std::size_t>(channels);
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
  }
  jpeg_destroy_decompress(&info);
  return true;
}

Picture read_jpeg(const fs::path& file, const Bytes& bytes, std::int32_t channels) {
  Picture picture;
  JpegErrors errors;
  bool too_large = false;
  if (!decode_jpeg(bytes, channels, picture, errors, too_large))
    throw DataError(file, std::string("is a damaged JPEG: ") + errors.message);
  if (too_large) throw DataError(file, "has an impossible size");
  return picture;
}

/// By what the file begins with: endings lie.
Picture read_picture(const fs::path& file, std::int32_t channels) {
  const Bytes bytes = read_data_file(file);
  static constexpr std::uint8_t png[] = {0x89, 'P', 'N', 'G'};
  if (bytes.size() > 4 && std::equal(std::begin(png), std::end(png), bytes.begin()))
    return read_png(file, bytes, channels);
  if (bytes.size() > 2 && bytes[0] == 0xff && bytes[1] == 0xd8) return read_jpeg(file, bytes, channels);
  throw DataError(file, bytes.empty() ? "is empty" : "is neither PNG nor JPEG");
}

/// The middle of the picture in the proportions of height to width.
Picture cropped(const Picture& from, std::int32_t height, std::int32_t width, std::int32_t channels) {
  const std::int64_t h = from.height, w = from.width;
  Picture to;
  to.height = static_cast<std::int32_t>(std::clamp<std::int64_t>(w * height / width, 1, h));
  to.width = static_cast<std::int32_t>(std::clamp<std::int64_t>(h * width / height, 1, w));
  const std::int32_t top = (from.height - to.height) / 2, left = (from.width - to.width) / 2;
  for (std::int32_t y = 0; y < to.height; ++y) {
    const auto begin = from.pixels.begin() + (std::ptrdiff_t{top + y} * from.width + left) * channels;
    to.pixels.insert(to.pixels.end(), begin, begin + std::ptrdiff_t{to.width} * channels);
  }
  return to;
}

}  // namespace

Dataset read_image_folder(const Config& section) {
  section.allow(
      {"kind", "folder", "table", "label", "target", "group", "test", "validation", "classes", "damaged", "checksums", "size", "channels", "fit"});
  std::vector<std::int32_t> size;
  for (const Config& side : section.at("size").items())
    size.push_back(static_cast<std::int32_t>(side.integer(1, 4096)));
  if (size.size() != 2) section.at("size").fail("size is [height, width]: what every picture is resized to");
  const auto channels = static_cast<std::int32_t>(section.has("channels") ? section.at("channels").integer(1, 3) : 3);
  if (channels == 2) section.at("channels").fail("pictures have 1 channel (grey) or 3 (red, green, blue)");
  const bool crop = section.has("fit") && section.at("fit").one_of({"stretch", "crop"}) == "crop";
  const Shape shape{channels, size[0], size[1]};
  return read_folder(section, {".png", ".jpg", ".jpeg"}, shape, [&](const fs::path& file, Images& samples) {
    Picture picture = read_picture(file, channels);
    if (crop) picture = cropped(picture, size[0], size[1], channels);
    const Images one = resized(
        {.shape = {channels, picture.height, picture.width}, .pixels = std::move(picture.pixels), .labels = {0}},
        size[0], size[1]);
    samples.pixels.insert(samples.pixels.end(), one.pixels.begin(), one.pixels.end());
  });
}

}  // namespace paretoforge
