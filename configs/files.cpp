#include "configs/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace paretoforge {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int reason) {
  throw std::runtime_error("cannot write " + path.string() + ": " + std::strerror(reason));
}

/// 0, or errno.
int write_all(const std::filesystem::path& path, std::string_view content, bool durable) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return errno;
  int reason = 0;
  while (reason == 0 && !content.empty()) {
    const auto count = ::write(file, content.data(), content.size());
    if (count < 0 && errno != EINTR) reason = errno;
    if (count == 0) reason = EIO;
    if (count > 0) content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (reason == 0 && durable && ::fsync(file) != 0) reason = errno;
  if (::close(file) != 0 && reason == 0) reason = errno;
  return reason;
}

}  // namespace

void write_file(const std::filesystem::path& named, std::string_view content) {
  const std::filesystem::path path = std::filesystem::exists(named) ? std::filesystem::canonical(named) : named;
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path)) {
    if (const int reason = write_all(path, content, false); reason != 0) fail(named, reason);
    return;
  }
  std::filesystem::path beside = path;
  beside += ".new";
  int reason = write_all(beside, content, true);
  if (reason == 0 && ::rename(beside.c_str(), path.c_str()) != 0) reason = errno;
  if (reason == 0) return;
  ::unlink(beside.c_str());
  fail(named, reason);
}

std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  return hash;
}

}  // namespace paretoforge
