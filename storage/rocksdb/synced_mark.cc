#include "storage/rocksdb/synced_mark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "storage/rocksdb/status_error.h"

namespace couplet {
namespace {

// The number and its complement in hex: "000000000000002a ffffffffffffffd5\n". Fixed in length, so
// that it is overwritten in place and needs no space on a full disk.
constexpr std::size_t kDigits = 16;
constexpr std::size_t kLength = kDigits + 1 + kDigits + 1;

std::string format_mark(std::uint64_t sequence) {
  return fmt::format("{:016x} {:016x}\n", sequence, ~sequence);
}

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> parse_mark(std::string_view text) {
  if (text.size() != kLength) {
    return std::nullopt;
  }
  const auto sequence = parse_hex(text.substr(0, kDigits));
  const auto complement = parse_hex(text.substr(kDigits + 1, kDigits));
  if (!sequence || !complement || *sequence != ~*complement) {
    return std::nullopt;
  }
  return sequence;
}

tl::unexpected<Error> file_error(const std::filesystem::path& file, const char* action, int code) {
  Error error;
  error.kind = code == ENOENT                                     ? ErrorKind::kNotFound
               : code == ENOSPC || code == EDQUOT                 ? ErrorKind::kDiskFull
               : code == EACCES || code == EPERM || code == EROFS ? ErrorKind::kPrivilege
                                                                  : ErrorKind::kTransient;
  error.message = fmt::format("cannot {} {}: {}", action, file.string(), std::strerror(code));
  if (code == EMFILE || code == ENFILE || code == ENOMEM) {
    error.hint = kResourcesHint;
  }
  return fail(std::move(error));
}

// Whole or not at all: the text is shorter than a sector.
bool write_whole(int descriptor, const std::string& text) noexcept {
  ssize_t written = 0;
  do {
    written = ::pwrite(descriptor, text.data(), text.size(), 0);
  } while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(text.size());
}

// A new name in a folder is durable only once the folder is synced too.
bool sync_folder(const std::filesystem::path& folder) noexcept {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return false;
  }
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return synced;
}

}  // namespace

Result<std::uint64_t> SyncedMark::read(const std::filesystem::path& folder) {
  const auto file = folder / kFileName;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return file_error(file, "open", errno);
  }
  std::array<char, kLength + 1> buffer{};  // One more, so that a longer file shows.
  const ssize_t length = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  const int error = errno;
  ::close(descriptor);
  if (length < 0) {
    return file_error(file, "read", error);
  }
  const auto sequence = parse_mark({buffer.data(), static_cast<std::size_t>(length)});
  if (!sequence) {
    return fail(ErrorKind::kStateCorrupt, fmt::format("{} does not hold a mark", file.string()));
  }
  return *sequence;
}

Result<void> SyncedMark::create(const std::filesystem::path& folder) {
  const auto file = folder / kFileName;
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return file_error(file, "create", errno);
  }
  const bool written =
      write_whole(descriptor, format_mark(0)) && ::fsync(descriptor) == 0 && sync_folder(folder);
  const int error = errno;
  ::close(descriptor);
  if (!written) {
    return file_error(file, "write", error);
  }
  return {};
}

Result<std::unique_ptr<SyncedMark>> SyncedMark::open(const std::filesystem::path& folder) {
  COUPLET_ASSIGN(const std::uint64_t sequence, read(folder));
  const auto file = folder / kFileName;
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return file_error(file, "open", errno);
  }
  return std::unique_ptr<SyncedMark>(new SyncedMark(descriptor, sequence));
}

SyncedMark::~SyncedMark() { ::close(descriptor_); }

void SyncedMark::advance(std::uint64_t sequence) noexcept {
  const std::lock_guard lock(mutex_);
  if (sequence > sequence_ && write_whole(descriptor_, format_mark(sequence))) {
    sequence_ = sequence;
  }
}

}  // namespace couplet
