#include "engine/sync/nominee_spool.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace couplet {
namespace {

// About 4 MiB with short keys.
constexpr std::size_t kInMemory = 65'536;

Error spool_error(const char* what) {
  return {
      errno == ENOSPC ? ErrorKind::kDiskFull : ErrorKind::kInternal,
      std::string("cannot ") + what + " the list of objects to look at: " + std::strerror(errno),
      "free some space in the state's folder",
      {},
      {},
      {}};
}

}  // namespace

Result<void> NomineeSpool::add(const Nominee& nominee) {
  tail_.push_back(nominee);
  ++size_;
  return tail_.size() >= kInMemory ? spill() : Result<void>{};
}

Result<void> NomineeSpool::spill() {
  if (!file_) {
    std::string path = (folder_.empty() ? std::string("/tmp") : folder_) + "/nominees-XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    if (descriptor < 0) {
      return fail(spool_error("make"));
    }
    ::unlink(path.c_str());
    file_.reset(::fdopen(descriptor, "w+b"));
    if (!file_) {
      return fail(spool_error("make"));
    }
  }
  std::string bytes;
  for (const Nominee& nominee : tail_) {
    const auto size = static_cast<std::uint32_t>(nominee.key.bytes.size());
    bytes.push_back(static_cast<char>(nominee.side));
    std::array<char, sizeof(size)> length{};
    std::memcpy(length.data(), &size, sizeof(size));
    bytes.append(length.data(), length.size());
    bytes += nominee.key.bytes;
  }
  if (std::fseek(file_.get(), 0, SEEK_END) != 0 ||
      std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() ||
      std::fflush(file_.get()) != 0) {
    return fail(spool_error("write"));
  }
  in_file_ += tail_.size();
  tail_.clear();
  return {};
}

Result<std::vector<Nominee>> NomineeSpool::take(std::size_t limit) {
  std::vector<Nominee> taken;
  while (taken.size() < limit && size_ > 0) {
    if (head_at_ < head_.size()) {
      taken.push_back(std::move(head_[head_at_++]));
      --size_;
      continue;
    }
    head_.clear();
    head_at_ = 0;
    if (in_file_ == 0) {
      head_.swap(tail_);
      continue;
    }
    if (std::fseek(file_.get(), static_cast<long>(read_at_), SEEK_SET) != 0) {
      return fail(spool_error("read"));
    }
    for (; in_file_ > 0 && head_.size() < kInMemory; --in_file_) {
      Nominee nominee;
      std::uint32_t size = 0;
      const int side = std::fgetc(file_.get());
      if (side < 0 || std::fread(&size, sizeof(size), 1, file_.get()) != 1) {
        return fail(spool_error("read"));
      }
      nominee.side = static_cast<Side>(side);
      nominee.key.bytes.resize(size);
      if (size != 0 && std::fread(nominee.key.bytes.data(), size, 1, file_.get()) != 1) {
        return fail(spool_error("read"));
      }
      head_.push_back(std::move(nominee));
    }
    read_at_ = static_cast<std::uint64_t>(std::ftell(file_.get()));
  }
  return taken;
}

}  // namespace couplet
