// IDX files (LeCun's format for MNIST): a magic number that says type and number of axes, big-endian sizes, elements.
#include "trainers/array_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

std::uint32_t big_endian_number(const Bytes& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
         bytes[at + 3];
}

ElementType element_type(const fs::path& path, std::uint8_t code) {
  switch (code) {
    case 0x08:
      return {'u', 1, true};
    case 0x09:
      return {'i', 1, true};
    case 0x0b:
      return {'i', 2, true};
    case 0x0c:
      return {'i', 4, true};
    case 0x0d:
      return {'f', 4, true};
    case 0x0e:
      return {'f', 8, true};
    default:
      throw DataError(path, "is no IDX file: its type " + std::to_string(code) + " is none of 8, 9, 11, 12, 13, 14");
  }
}

/// Of labels: one axis; of samples: more.
Array read_idx_file(const fs::path& name, bool labels) {
  const fs::path path = present_file(name);
  const Bytes bytes = read_data_file(path);
  if (bytes.size() < 4) throw DataError(path, "is truncated: it has no header");
  if (bytes[0] != 0 || bytes[1] != 0)
    throw DataError(path, "is no IDX file: magic number " + std::to_string(big_endian_number(bytes, 0)) +
                              " does not begin with two zeros");
  const ElementType type = element_type(path, bytes[2]);
  const std::size_t axes = bytes[3], header = 4 + 4 * axes;
  if (labels ? axes != 1 : axes < 2 || axes > 4)
    throw DataError(path, "is no IDX file of " + std::string(labels ? "labels" : "samples") + ": magic number " +
                              std::to_string(big_endian_number(bytes, 0)) + " says " + std::to_string(axes) +
                              (axes == 1 ? " axis" : " axes"));
  if (bytes.size() < header) throw DataError(path, "is truncated: its header ends early");
  std::vector<std::size_t> sizes;
  for (std::size_t axis = 0; axis < axes; ++axis) sizes.push_back(big_endian_number(bytes, 4 + 4 * axis));
  return make_array(path, std::move(sizes), type, std::span(bytes).subspan(header));
}

Part read_pair(const fs::path& samples, const fs::path& labels, const std::string& layout) {
  Part part = samples_of(read_idx_file(samples, false), layout);
  set_labels(part, read_idx_file(labels, true));
  return part;
}

/// Debian's files, whose classes are known: no class need occur.
Images read_part(const fs::path& folder, const std::string& prefix, std::size_t classes) {
  for (const char* kind : {"-images-idx3-ubyte", "-labels-idx1-ubyte"})
    if (const fs::path file = folder / (prefix + kind); !fs::exists(present_file(file)))
      throw DataError(file.string() + ".gz", "no such file (Debian's package dataset-fashion-mnist brings it)");
  const fs::path labels = present_file(folder / (prefix + "-labels-idx1-ubyte"));
  return labelled(read_pair(folder / (prefix + "-images-idx3-ubyte"), labels, {}), classes, labels);
}

}  // namespace

Dataset read_idx(const Config& section) {
  section.allow({"kind", "train", "test", "validation", "classes", "layout", "checksums"});
  const std::string layout = read_layout(section);
  return joined(section, [&](const Config& named) {
    named.allow({"samples", "labels"});
    return read_pair(data_path(named.at("samples")), data_path(named.at("labels")), layout);
  });
}

Dataset read_fashion_mnist(const fs::path& folder, const Config*) {
  Dataset data;
  data.name = "fashion-mnist";
  data.classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                  "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  data.train = read_part(folder, "train", data.classes.size());
  data.test = read_part(folder, "t10k", data.classes.size());
  data.shape = data.train.shape;
  if (data.test.shape != data.shape)
    throw DataError(folder,
                    "training images are " + to_string(data.shape) + ", test images " + to_string(data.test.shape));
  return data;
}

}  // namespace paretoforge
