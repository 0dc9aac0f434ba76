#include "connectors/postgres/staged_transaction.h"

#include <algorithm>

#include "engine/model/wire.h"
#include "engine/ports/tuning.h"

namespace couplet::postgres {
namespace {

// Of a transaction, before it goes to a file: the server sends none that is smaller than its
// logical_decoding_work_mem, but several may be under way at a time.
constexpr std::size_t kMemory = 64U << 10U;

// A record: its length, then subtransaction, kind, whether there is a key before, table, lengths of
// the key and of the key before, the two, and the cells.
constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);

void append_record(pgoutput::Xid subtransaction, const ChangeEvent& event, std::string& out) {
  const std::size_t begin = out.size();
  wire::append<std::uint32_t>(out, 0);
  wire::append<std::uint32_t>(out, subtransaction);
  out += static_cast<char>(event.kind);
  out += event.before ? '\1' : '\0';
  wire::append<std::uint32_t>(out, static_cast<std::uint32_t>(event.table));
  wire::append<std::uint32_t>(out, static_cast<std::uint32_t>(event.key.bytes.size()));
  wire::append<std::uint32_t>(
      out, event.before ? static_cast<std::uint32_t>(event.before->bytes.size()) : 0);
  out += event.key.bytes;
  if (event.before) {
    out += event.before->bytes;
  }
  out += event.cells;
  wire::write<std::uint32_t>(out.data() + begin,
                             static_cast<std::uint32_t>(out.size() - begin - kLengthBytes));
}

pgoutput::Xid read_record(std::string_view record, ChangeEvent& event) {
  const auto subtransaction = wire::read<std::uint32_t>(record.data());
  event.kind = static_cast<ChangeEvent::Kind>(record[4]);
  const bool has_before = record[5] != '\0';
  event.table = wire::read<std::uint32_t>(record.data() + 6);
  const auto key = wire::read<std::uint32_t>(record.data() + 10);
  const auto before = wire::read<std::uint32_t>(record.data() + 14);
  record.remove_prefix(18);
  event.key.bytes = record.substr(0, key);
  event.before.reset();
  if (has_before) {
    event.before = ObjectKey{std::string(record.substr(key, before))};
  }
  event.cells = record.substr(key + before);
  return subtransaction;
}

}  // namespace

Result<void> StagedTransaction::add(pgoutput::Xid subtransaction, const ChangeEvent& event) {
  append_record(subtransaction, event, tail_);
  if (tail_.size() >= kMemory) {
    COUPLET_TRY(file_.append(tail_));
    tail_.clear();
  }
  return {};
}

// More of what was staged, behind what of the tail is not used yet. False: there is no more.
Result<bool> StagedTransaction::read_ahead() {
  tail_.erase(0, at_);
  at_ = 0;
  if (read_ < file_.size()) {
    const std::size_t kept = tail_.size();
    tail_.resize(kept + kMemory);
    COUPLET_ASSIGN(const std::size_t got, file_.read(read_, tail_.data() + kept, kMemory));
    tail_.resize(kept + got);
    read_ += got;
    return got > 0;
  }
  tail_ += written_last_;
  const bool more = !written_last_.empty();
  written_last_.clear();
  return more;
}

Result<bool> StagedTransaction::take(std::size_t limit, std::vector<ChangeEvent>& out) {
  if (!reading_) {
    reading_ = true;
    written_last_.swap(tail_);
    std::sort(aborted_.begin(), aborted_.end());
  }
  std::size_t bytes = 0;
  for (std::size_t taken = 0; taken < limit && bytes < tuning::kBatchBytes;) {
    const std::string_view rest = std::string_view(tail_).substr(at_);
    const std::size_t length =
        rest.size() < kLengthBytes ? 0 : wire::read<std::uint32_t>(rest.data());
    if (rest.size() < kLengthBytes || rest.size() - kLengthBytes < length) {
      COUPLET_ASSIGN(const bool more, read_ahead());
      if (!more) {
        return false;
      }
      continue;
    }
    ChangeEvent event;
    const pgoutput::Xid subtransaction = read_record(rest.substr(kLengthBytes, length), event);
    at_ += kLengthBytes + length;
    if (!std::binary_search(aborted_.begin(), aborted_.end(), subtransaction)) {
      bytes += event.bytes();
      ++taken;
      out.push_back(std::move(event));
    }
  }
  return true;
}

}  // namespace couplet::postgres
