// Recordings: WAV files (RIFF), and the Free Spoken Digit Dataset.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "configs/table.hpp"
#include "configs/table_rows.hpp"
#include "trainers/features.hpp"
#include "trainers/folder_internal.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

struct Recording {
  std::int32_t rate = 0;
  std::vector<float> samples;  ///< -1 to 1, the mean of the channels
};

template <class T>
T number_at(const Bytes& bytes, std::size_t at) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

struct WavForm {
  std::uint16_t format = 0, channels = 0, bits = 0;
  std::uint32_t rate = 0;
};

constexpr std::uint16_t pcm = 1, floating = 3, extensible = 0xfffe;

std::string codec_name(std::uint16_t format) {
  switch (format) {
    case 2:
      return "Microsoft ADPCM";
    case 6:
      return "A-law";
    case 7:
      return "mu-law";
    case 17:
      return "IMA ADPCM";
    case 85:
      return "MP3";
    default:
      return "codec " + std::to_string(format);
  }
}

WavForm read_form(const fs::path& file, const Bytes& bytes, std::size_t at, std::size_t size) {
  if (size < 16) throw DataError(file, "is damaged: its fmt chunk is too short");
  WavForm form{number_at<std::uint16_t>(bytes, at), number_at<std::uint16_t>(bytes, at + 2),
               number_at<std::uint16_t>(bytes, at + 14), number_at<std::uint32_t>(bytes, at + 4)};
  if (form.format == extensible && size >= 26)
    form.format = number_at<std::uint16_t>(bytes, at + 24);  // the GUID begins with it
  const bool whole = form.format == pcm && (form.bits == 8 || form.bits == 16 || form.bits == 24 || form.bits == 32);
  if (!whole && !(form.format == floating && form.bits == 32))
    throw DataError(
        file,
        "is coded as " +
            (form.format == pcm || form.format == floating ? std::to_string(form.bits) + " bits a sample"
                                                           : codec_name(form.format)) +
            ": read are PCM of 8, 16, 24 or 32 bits and floats of 32 (sox IN.wav -e signed -b 16 OUT.wav converts)");
  if (form.channels == 0 || form.channels > 64 || form.rate == 0 || form.rate > 10'000'000)
    throw DataError(file, "is damaged: it has " + std::to_string(form.channels) + " channels at " +
                              std::to_string(form.rate) + " Hz");
  return form;
}

float sample_at(const Bytes& bytes, std::size_t at, const WavForm& form) {
  if (form.format == floating) return number_at<float>(bytes, at);
  if (form.bits == 8) return static_cast<float>(bytes[at] - 128) / 128;
  if (form.bits == 16) return static_cast<float>(number_at<std::int16_t>(bytes, at)) / 32768;
  if (form.bits == 32) return static_cast<float>(number_at<std::int32_t>(bytes, at)) / 2147483648.0f;
  const std::int32_t value = bytes[at] << 8 | bytes[at + 1] << 16 | bytes[at + 2] << 24;
  return static_cast<float>(value) / 2147483648.0f;
}

Recording decode(const fs::path& file, const Bytes& bytes, const WavForm& form, std::size_t begin, std::size_t size) {
  const std::size_t width = form.bits / 8u, frame = width * form.channels;
  Recording recording{static_cast<std::int32_t>(form.rate), {}};
  for (std::size_t at = begin; at + frame <= begin + size; at += frame) {
    float sum = 0;
    for (std::size_t channel = 0; channel < form.channels; ++channel)
      sum += sample_at(bytes, at + channel * width, form);
    if (!std::isfinite(sum)) throw DataError(file, "holds a sample that is not finite");
    recording.samples.push_back(sum / static_cast<float>(form.channels));
  }
  if (recording.samples.empty()) throw DataError(file, "holds no sample");
  return recording;
}

Recording read_wav(const fs::path& file) {
  const Bytes bytes = read_data_file(file);
  const auto tag = [&](std::size_t at) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, 4);
  };
  if (bytes.size() < 12 || tag(0) != "RIFF" || tag(8) != "WAVE")
    throw DataError(file, bytes.empty() ? "is empty" : "is no WAV file: it does not begin with RIFF and WAVE");
  std::optional<WavForm> form;
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::size_t size = number_at<std::uint32_t>(bytes, at + 4), begin = at + 8, left = bytes.size() - begin;
    if (tag(at) == "data") {
      if (!form) throw DataError(file, "is damaged: its samples come before their form");
      // Programs that write to a pipe do not know the length and leave 0 or the greatest number.
      const bool unknown = size == 0xffffffff || (size == 0 && left > 0);
      if (!unknown && size > left)
        throw DataError(file, "is truncated: " + std::to_string(size) + " bytes of samples expected, " +
                                  std::to_string(left) + " found");
      return decode(file, bytes, *form, begin, unknown ? left : size);
    }
    if (size > left) throw DataError(file, "is truncated: a chunk ends behind the file");
    if (tag(at) == "fmt ") form = read_form(file, bytes, begin, size);
    at = begin + size + size % 2;  // chunks begin at even places
  }
  throw DataError(file, "is truncated: it has no data chunk");
}

void check_rate(const fs::path& file, std::int32_t found, const AudioFeatures& features) {
  if (found == features.sample_rate) return;
  throw DataError(file, "has " + std::to_string(found) + " samples a second, features: sample_rate says " +
                            std::to_string(features.sample_rate) + ": say so, or convert (sox IN.wav -r " +
                            std::to_string(features.sample_rate) + " OUT.wav)");
}

void append_features(const FeatureExtractor& extractor, std::span<const float> recording, Images& samples) {
  const std::vector<float> features = extractor(recording);
  samples.values.insert(samples.values.end(), features.begin(), features.end());
}

constexpr std::int32_t fsdd_rate = 8000;

/// As published: one WAV file a recording, DIGIT_SPEAKER_TAKE.wav.
void read_fsdd_files(const fs::path& folder, const AudioFeatures& features, Dataset& data) {
  const FeatureExtractor extractor(features);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".wav") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string name = file.stem().string();
    const std::size_t last = name.rfind('_');
    const auto take = last == std::string::npos ? std::nullopt : cell_number(name.substr(last + 1));
    if (!take || name[0] < '0' || name[0] > '9' || name[1] != '_')
      throw DataError(file, "is not called DIGIT_SPEAKER_TAKE.wav");
    const Recording recording = read_wav(file);
    check_rate(file, recording.rate, features);
    Images& part = *take < 5 ? data.test : data.train;
    append_features(extractor, recording.samples, part);
    part.labels.push_back(static_cast<Label>(name[0] - '0'));
  }
}

/// Packed: samples one after another, signed 16 bits, and a table that says which are whose.
void read_fsdd_packed(const fs::path& folder, const AudioFeatures& features, Dataset& data) {
  const FeatureExtractor extractor(features);
  const Table index = Table::load(folder / "fsdd_index.csv");
  const fs::path file = folder / "fsdd_pcm16le_8khz.bin";
  const Bytes bytes = read_data_file(file);
  const std::size_t digit = index.column("digit"), take = index.column("take"), offset = index.column("offset_samples"),
                    count = index.column("n_samples");
  for (std::size_t row = 0; row < index.rows(); ++row) {
    const auto number = [&](std::size_t column, double most) {
      const double value = index.number(row, column);
      if (!(value >= 0 && value <= most) || value != std::floor(value))
        throw DataError(index.name() + ":" + std::to_string(index.line(row)),
                        "column '" + index.columns()[column] + "' holds " + index.cell(row, column) +
                            ", allowed are whole numbers from 0 to " + number_text(most));
      return static_cast<std::size_t>(value);
    };
    const double samples = static_cast<double>(bytes.size() / 2);
    const std::size_t begin = number(offset, samples), size = number(count, samples - static_cast<double>(begin));
    std::vector<float> recording(size);
    for (std::size_t i = 0; i < size; ++i)
      recording[i] = static_cast<float>(number_at<std::int16_t>(bytes, 2 * (begin + i))) / 32768;
    Images& part = number(take, 1e6) < 5 ? data.test : data.train;
    append_features(extractor, recording, part);
    part.labels.push_back(static_cast<Label>(number(digit, 9)));
  }
}

}  // namespace

Dataset read_wav_folder(const Config& section) {
  section.allow({"kind", "folder", "table", "label", "target", "group", "test", "validation", "classes", "damaged", "checksums", "features"});
  const AudioFeatures features =
      section.has("features") ? AudioFeatures::read(section.at("features")) : AudioFeatures{};
  const FeatureExtractor extractor(features);
  Dataset data = read_folder(section, {".wav"}, features.shape(), [&](const fs::path& file, Images& samples) {
    const Recording recording = read_wav(file);
    check_rate(file, recording.rate, features);
    append_features(extractor, recording.samples, samples);
  });
  data.features = features.text();
  return data;
}

Dataset read_fsdd(const fs::path& folder, const Config* section) {
  AudioFeatures features;
  features.sample_rate = fsdd_rate;
  if (section != nullptr && section->has("features")) features = AudioFeatures::read(section->at("features"), features);
  if (features.sample_rate != fsdd_rate)
    section->at("features").fail_at_key("sample_rate", "the recordings have 8000 samples a second");
  Dataset data;
  data.name = "fsdd";
  data.features = features.text();
  data.shape = data.train.shape = data.test.shape = features.shape();
  data.classes = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
  if (fs::exists(folder / "fsdd_index.csv"))
    read_fsdd_packed(folder, features, data);
  else
    read_fsdd_files(fs::is_directory(folder / "recordings") ? folder / "recordings" : folder, features, data);
  if (data.train.size() == 0 || data.test.size() == 0)
    throw DataError(folder, "holds neither recordings/*.wav nor fsdd_index.csv with its samples");
  return data;
}

}  // namespace paretoforge
