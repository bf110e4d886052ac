#include "space/model_file.hpp"

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include "configs/files.hpp"

namespace paretoforge {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are written as they lie in memory");

constexpr char magic[8] = {'P', 'F', 'M', 'O', 'D', 'E', 'L', '2'};

void put(std::string& out, std::uint64_t number) { out.append(reinterpret_cast<const char*>(&number), sizeof number); }
void put(std::string& out, const std::vector<float>& values) {
  put(out, values.size());
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

class Reader {
 public:
  Reader(std::string_view bytes, const std::filesystem::path& path) : bytes_(bytes), path_(path) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  std::vector<float> floats() {
    const std::uint64_t count = number();
    if (count > bytes_.size() / sizeof(float)) damaged();
    std::vector<float> values(count);
    if (count != 0) std::memcpy(values.data(), take(count * sizeof(float)), count * sizeof(float));
    return values;
  }
  [[noreturn]] void damaged() const { throw std::runtime_error(path_.string() + " is damaged"); }

 private:
  const char* take(std::size_t count) {
    if (count > bytes_.size() - at_) damaged();
    at_ += count;
    return bytes_.data() + at_ - count;
  }
  std::string_view bytes_;
  const std::filesystem::path& path_;
  std::size_t at_ = 0;
};

}  // namespace

void save_model(const std::filesystem::path& path, const Model& model) {
  std::string out(magic, sizeof magic);
  put(out, network_hash(model.graph));
  put(out, model.weights.size());
  for (const Weights& w : model.weights)
    for (const auto* part : {&w.kernel, &w.bias, &w.gamma, &w.beta, &w.mean, &w.variance}) put(out, *part);
  std::vector<float> ends;
  for (const Range& range : model.ranges) ends.insert(ends.end(), {range.low, range.high});
  for (const std::vector<float>* part : {&std::as_const(ends), &model.input.mean, &model.input.deviation, &model.output.mean, &model.output.deviation}) put(out, *part);
  put(out, checksum(out));

  write_file(path, out);
}

Model load_model(const std::filesystem::path& path, const Graph& graph) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string() + ": " + std::strerror(errno));
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::string_view all = bytes;
  Reader reader(all.substr(std::min(all.size(), sizeof magic)), path);
  if (bytes.size() < sizeof magic + 8 || std::memcmp(bytes.data(), magic, sizeof magic) != 0)
    throw std::runtime_error(path.string() + " holds no model of this version");
  std::uint64_t sum = 0;
  std::memcpy(&sum, bytes.data() + bytes.size() - sizeof sum, sizeof sum);
  if (sum != checksum(all.substr(0, all.size() - sizeof sum))) reader.damaged();
  if (reader.number() != network_hash(graph) || reader.number() != static_cast<std::uint64_t>(graph.size()))
    throw std::runtime_error(path.string() + " holds the weights of another network");

  Model model{graph, std::vector<Weights>(static_cast<std::size_t>(graph.size())), {}, {}};
  for (Weights& w : model.weights)
    for (auto* part : {&w.kernel, &w.bias, &w.gamma, &w.beta, &w.mean, &w.variance}) *part = reader.floats();
  const std::vector<float> ends = reader.floats();
  for (std::size_t i = 0; i + 1 < ends.size(); i += 2) model.ranges.push_back({ends[i], ends[i + 1]});
  model.input.mean = reader.floats();
  model.input.deviation = reader.floats();
  model.output.mean = reader.floats();
  model.output.deviation = reader.floats();
  return model;
}

}  // namespace paretoforge
