// Binary records, one after another: a label of one or more bytes, then a sample of unsigned bytes; CIFAR-10 is such.
#include "trainers/array_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

struct RecordForm {
  std::size_t label_bytes = 1;  ///< the last one is the label: CIFAR-100 has the coarse label before it
  std::vector<std::size_t> sizes;
  std::string layout;
};

std::size_t sample_bytes(const RecordForm& form) {
  std::size_t bytes = 1;
  for (const std::size_t size : form.sizes) bytes *= size;
  return bytes;
}

/// The records of these files, in their order.
Part read_record_files(const std::vector<fs::path>& files, const RecordForm& form) {
  const std::size_t sample = sample_bytes(form), record = form.label_bytes + sample;
  Bytes labels, samples;
  for (const fs::path& name : files) {
    const fs::path path = present_file(name);
    const Bytes bytes = read_data_file(path);
    if (bytes.empty() || bytes.size() % record != 0)
      throw DataError(path, "is truncated, or its records are of another size: " + std::to_string(bytes.size()) +
                                " bytes are no whole number of records of " + std::to_string(record));
    for (std::size_t begin = 0; begin < bytes.size(); begin += record) {
      labels.push_back(bytes[begin + form.label_bytes - 1]);
      const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(begin + form.label_bytes);
      samples.insert(samples.end(), first, first + static_cast<std::ptrdiff_t>(sample));
    }
  }
  std::vector<std::size_t> sizes{labels.size()};
  sizes.insert(sizes.end(), form.sizes.begin(), form.sizes.end());
  const ElementType bytes{'u', 1, false};
  Part part = samples_of(make_array(files.front(), std::move(sizes), bytes, samples), form.layout);
  set_labels(part, make_array(files.front(), {labels.size()}, bytes, labels));
  return part;
}

}  // namespace

Dataset read_records(const Config& section) {
  section.allow({"kind", "train", "test", "validation", "classes", "layout", "label_bytes", "sizes", "checksums"});
  RecordForm form;
  form.layout = read_layout(section);
  if (section.has("label_bytes")) form.label_bytes = static_cast<std::size_t>(section.at("label_bytes").integer(1, 64));
  for (const Config& size : section.at("sizes").items())
    form.sizes.push_back(static_cast<std::size_t>(size.integer(1, 65536)));
  if (form.sizes.empty() || form.sizes.size() > 3)
    section.at("sizes").fail("a sample has one to three axes", "such as  sizes: [3, 32, 32]  with  layout: chw");
  return joined(section, [&](const Config& named) { return read_record_files(data_paths(named), form); });
}

Dataset read_cifar10(const fs::path& folder, const Config*) {
  Dataset data;
  data.name = "cifar10";
  data.shape = data.train.shape = data.test.shape = {3, 32, 32};
  data.classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  // One file after another, so that what is wrong is said of the right one.
  const auto append = [&](const std::string& name, Images& to) {
    const Images part =
        labelled(read_record_files({folder / name}, {1, {3, 32, 32}, "chw"}), data.classes.size(), folder / name);
    to.pixels.insert(to.pixels.end(), part.pixels.begin(), part.pixels.end());
    to.labels.insert(to.labels.end(), part.labels.begin(), part.labels.end());
  };
  for (int batch = 1; batch <= 5; ++batch) append("data_batch_" + std::to_string(batch) + ".bin", data.train);
  append("test_batch.bin", data.test);
  return data;
}

}  // namespace paretoforge
