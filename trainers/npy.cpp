// NumPy arrays: .npy files (format versions 1 to 3, NumPy enhancement proposal 1), alone or as members of an .npz file.
#include <zip.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "trainers/array_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

/// The value of a key of the header, a literal of Python: what stands behind "'key':".
std::string_view header_value(const fs::path& file, std::string_view header, std::string_view key) {
  const std::string quoted = "'" + std::string(key) + "'";
  std::size_t at = header.find(quoted);
  if (at != std::string_view::npos) at = header.find_first_not_of(": ", at + quoted.size());
  if (at == std::string_view::npos) throw DataError(file, "has a damaged header: it has no '" + std::string(key) + "'");
  return header.substr(at);
}

ElementType element_type(const fs::path& file, std::string_view descr) {
  if (descr.starts_with("'|O"))
    throw DataError(file, "holds Python objects (dtype=object), not numbers: save it with a dtype of numbers");
  if (descr.starts_with("["))
    throw DataError(file, "holds records with named fields: save each field as an array of its own");
  const std::size_t end = descr.find('\'', 1);
  if (!descr.starts_with('\'') || end == std::string_view::npos || end < 4)
    throw DataError(file, "has a damaged header: its type is unreadable");
  std::size_t bytes = 0;
  std::from_chars(descr.data() + 3, descr.data() + end, bytes);
  const char kind = descr[2];
  if (kind == 'f' && bytes == 2)
    throw DataError(file, "holds numbers of 16 bits (float16): save it as x.astype('float32')");
  return {kind, bytes, descr[1] == '>'};
}

std::vector<std::size_t> header_sizes(const fs::path& file, std::string_view text) {
  std::vector<std::size_t> sizes;
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos)
    throw DataError(file, "has a damaged header: its shape is unreadable");
  for (std::size_t at = 1; at < end;) {
    std::size_t size = 0;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, size);
    if (error != std::errc()) throw DataError(file, "has a damaged header: its shape is unreadable");
    sizes.push_back(size);
    at = text.find_first_not_of(", L", static_cast<std::size_t>(stop - text.data()));
  }
  return sizes;
}

Array parse_npy(const fs::path& file, std::span<const std::uint8_t> bytes) {
  static constexpr std::uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  if (bytes.size() < 10 || !std::equal(std::begin(magic), std::end(magic), bytes.begin()))
    throw DataError(file, "is no NumPy array: it does not begin with \\x93NUMPY");
  const std::size_t wide = bytes[6] == 1 ? 2 : 4;
  if (bytes[6] < 1 || bytes[6] > 3)
    throw DataError(file, "is of a version of .npy that is not read: " + std::to_string(bytes[6]));
  std::size_t length = 0;
  for (std::size_t i = 0; i < wide && 8 + i < bytes.size(); ++i) length |= std::size_t{bytes[8 + i]} << (8 * i);
  if (length > bytes.size() || 8 + wide + length > bytes.size())
    throw DataError(file, "is truncated: its header ends early");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8 + wide, length);
  return make_array(file, header_sizes(file, header_value(file, header, "shape")),
                    element_type(file, header_value(file, header, "descr")), bytes.subspan(8 + wide + length),
                    header_value(file, header, "fortran_order").starts_with("True"));
}

std::string why_not_opened(int error) {
#ifdef ZIP_ER_TRUNCATED_ZIP  // since libzip 1.11; before it was no archive to it
  if (error == ZIP_ER_TRUNCATED_ZIP) error = ZIP_ER_NOZIP;
#endif
  if (error == ZIP_ER_NOZIP) return "is no .npz file: not a zip archive, or truncated";
  zip_error_t reason;
  zip_error_init_with_code(&reason, error);
  const std::string text = zip_error_strerror(&reason);
  zip_error_fini(&reason);
  return "cannot be opened as an .npz file: " + text;
}

class Archive {
 public:
  explicit Archive(const fs::path& path) : path_(path) {
    if (!fs::exists(path)) throw DataError(path, "no such file");
    int error = 0;
    zip_.reset(zip_open(path.c_str(), ZIP_RDONLY, &error));
    if (!zip_) throw DataError(path, why_not_opened(error));
  }

  Bytes member(const std::string& name) const {
    zip_stat_t found;
    if (zip_stat(zip_.get(), name.c_str(), 0, &found) != 0)
      throw DataError(path_, "has no array '" + stem(name) + "'; it has " + members());
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen_index(zip_.get(), found.index, 0),
                                                                 &zip_fclose);
    if (!file) throw DataError(path_, "is damaged: " + name + " cannot be read: " + zip_strerror(zip_.get()));
    Bytes bytes;  // grows as it is read: what a damaged archive promises is not allocated
    for (zip_int64_t got = 1; got > 0;) {
      const std::size_t begin = bytes.size(), piece = std::size_t{1} << 20;
      bytes.resize(begin + piece);
      got = zip_fread(file.get(), bytes.data() + begin, piece);
      if (got < 0) throw DataError(path_, "is damaged: " + name + " cannot be unpacked");
      bytes.resize(begin + static_cast<std::size_t>(got));
    }
    return bytes;
  }

 private:
  static std::string stem(const std::string& name) { return name.substr(0, name.size() - 4); }
  std::string members() const {
    std::string all;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip_.get(), 0); ++i)
      if (const char* name = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), 0))
        all += (all.empty() ? "" : ", ") + fs::path(name).stem().string();
    return all.empty() ? "none" : all;
  }

  fs::path path_;
  std::unique_ptr<zip_t, void (*)(zip_t*)> zip_{nullptr, &zip_discard};
};

/// A file x.npy, or x.npz:name for an array of an archive.
Array read_array(const Config& value) {
  return located(value, [&] {
    const fs::path path = data_path(value);
    const std::size_t member = path.string().rfind(".npz:");
    if (member != std::string::npos) {
      const std::string archive = path.string().substr(0, member + 4);
      return parse_npy(path, Archive(archive).member(path.string().substr(member + 5) + ".npy"));
    }
    if (path.extension() == ".npz")
      throw DataError(path, "which array of it is not said: write " + path.filename().string() + ":NAME");
    return parse_npy(present_file(path), read_data_file(path));
  });
}

}  // namespace

Dataset read_npy(const Config& section) {
  section.allow({"kind", "train", "test", "validation", "classes", "layout", "checksums"});
  const std::string layout = read_layout(section);
  return joined(section, [&](const Config& named) {
    named.allow({"samples", "labels", "targets"});
    Part part = samples_of(read_array(named.at("samples")), layout);
    const auto labels = named.find("labels"), targets = named.find("targets");
    if (labels.has_value() == targets.has_value())
      named.fail("a part has 'labels' (positions in a list of classes) or 'targets' (numbers to predict)");
    if (labels) located(*labels, [&] { set_labels(part, read_array(*labels)); });
    else located(*targets, [&] { set_targets(part, read_array(*targets)); });
    return part;
  });
}

}  // namespace paretoforge
