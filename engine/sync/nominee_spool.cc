#include "engine/sync/nominee_spool.h"

#include <algorithm>

#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

// About 4 MiB with short keys.
constexpr std::size_t kInMemory = 65'536;
constexpr std::size_t kReadBytes = 1U << 20U;

}  // namespace

Result<void> NomineeSpool::add(const Nominee& nominee) {
  tail_.push_back(nominee);
  ++size_;
  return tail_.size() >= kInMemory ? spill() : Result<void>{};
}

Result<void> NomineeSpool::spill() {
  std::string bytes;
  ByteWriter out(bytes);
  for (const Nominee& nominee : tail_) {
    out.u8(static_cast<std::uint8_t>(nominee.side));
    out.u8(static_cast<std::uint8_t>((nominee.unlinked ? 1U : 0U) | (nominee.told ? 2U : 0U)));
    out.text(nominee.key.bytes);
  }
  COUPLET_TRY(file_.append(bytes));
  in_file_ += tail_.size();
  tail_.clear();
  return {};
}

Result<void> NomineeSpool::read_ahead() {
  for (std::size_t room = kReadBytes; head_.empty(); room *= 2) {
    std::string bytes(room, '\0');
    COUPLET_ASSIGN(const std::size_t size, file_.read(read_at_, bytes.data(), bytes.size()));
    ByteReader in(std::string_view(bytes).substr(0, size));
    while (in_file_ > 0) {
      const std::size_t left = in.rest().size();
      const auto side = static_cast<Side>(in.u8());
      const std::uint8_t flags = in.u8();
      const std::string_view key = in.text();
      if (!in.ok()) {  // The last one goes on behind what was read.
        break;
      }
      head_.push_back({side, {std::string(key)}, (flags & 1U) != 0, (flags & 2U) != 0});
      --in_file_;
      read_at_ += left - in.rest().size();
    }
    COUPLET_CHECK(!head_.empty() || size == room);
  }
  return {};
}

Result<std::vector<Nominee>> NomineeSpool::take(std::size_t limit) {
  std::vector<Nominee> taken;
  taken.reserve(std::min<std::uint64_t>(limit, size_));
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
    } else {
      COUPLET_TRY(read_ahead());
    }
  }
  return taken;
}

}  // namespace couplet
