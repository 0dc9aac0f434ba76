#include "connectors/postgres/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "connectors/postgres/relation.h"
#include "engine/model/wire.h"
#include "engine/ports/tuning.h"

namespace couplet::postgres {
namespace {

// Binary COPY (manual, "COPY", Binary Format): signature, flags, length of an extension; then each
// row as a count of fields and, per field, a length and bytes; -1 instead of a count ends it.
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t kCopyHeaderBytes = kSignature.size() + 8;
constexpr std::uint32_t kCriticalFlags = 0xFFFF0000U;

template <typename Int>
std::optional<Int> take(std::string_view& bytes) {
  if (bytes.size() < sizeof(Int)) {
    return std::nullopt;
  }
  const Int value = wire::read<Int>(bytes.data());
  bytes.remove_prefix(sizeof(Int));
  return value;
}

bool take_header(std::string_view& bytes) {
  if (bytes.size() < kCopyHeaderBytes || bytes.substr(0, kSignature.size()) != kSignature) {
    return false;
  }
  bytes.remove_prefix(kSignature.size());
  const auto flags = take<std::uint32_t>(bytes);
  const auto extension = take<std::uint32_t>(bytes);
  if ((*flags & kCriticalFlags) != 0 || bytes.size() < *extension) {
    return false;
  }
  bytes.remove_prefix(*extension);
  return true;
}

struct FreeMemory {
  void operator()(char* memory) const { PQfreemem(memory); }
};

}  // namespace

Result<std::unique_ptr<Scan>> PostgresScan::start(const PostgresSourceSettings& settings,
                                                  ScanText text, std::uint64_t& statements) {
  COUPLET_ASSIGN(std::unique_ptr<Connection> connection,
                 Connection::open(settings, Purpose::kScan, statements));
  COUPLET_TRY(connection->execute(text.copy));
  return std::unique_ptr<Scan>(
      new PostgresScan(settings.name, std::move(connection), std::move(text.fields)));
}

PostgresScan::PostgresScan(std::string source_name, std::unique_ptr<Connection> connection,
                           std::vector<std::size_t> fields)
    : source_name_(std::move(source_name)),
      connection_(std::move(connection)),
      fields_(std::move(fields)),
      row_(*std::max_element(fields_.begin(), fields_.end()) + 1) {}

PostgresScan::~PostgresScan() {
  if (done_) {
    return;
  }
  // Let the server stop at once instead of when it next tries to send.
  if (PGcancel* cancel = PQgetCancel(connection_->native()); cancel != nullptr) {
    std::array<char, 256> reason{};
    PQcancel(cancel, reason.data(), static_cast<int>(reason.size()));
    PQfreeCancel(cancel);
  }
}

bool PostgresScan::take_message(std::string_view message, RowBatch& out) {
  if (!header_read_) {
    if (!take_header(message)) {
      return false;
    }
    header_read_ = true;
  }
  const std::uint32_t kept = out.keep(message);
  const char* const begin = message.data();
  while (!message.empty()) {
    const auto fields = take<std::int16_t>(message);
    if (!fields || trailer_read_) {
      return false;
    }
    if (*fields == -1) {
      trailer_read_ = true;
      continue;
    }
    if (static_cast<std::size_t>(*fields) != row_.size()) {
      return false;
    }
    for (Field& field : row_) {
      const auto length = take<std::int32_t>(message);
      if (!length || *length < Value::kNullLength ||
          (*length > 0 && message.size() < static_cast<std::size_t>(*length))) {
        return false;
      }
      field = {kept + static_cast<std::uint32_t>(message.data() - begin), *length};
      message.remove_prefix(static_cast<std::size_t>(std::max(*length, 0)));
    }
    out.begin_row();
    for (const std::size_t field : fields_) {
      out.push_kept(row_[field].at, row_[field].length);
    }
  }
  return true;
}

Result<bool> PostgresScan::finished(RowBatch& out) {
  const Answer status(PQgetResult(connection_->native()));
  if (status.raw() == nullptr || status.status() != PGRES_COMMAND_OK) {
    return fail(status.raw() == nullptr ? connection_->lost("scanning")
                                        : connection_->error_of(status.raw()));
  }
  if (!trailer_read_) {
    return fail(ErrorKind::kInternal,
                fmt::format("source {}: a scan ended without its trailer", source_name_));
  }
  while (PGresult* rest = PQgetResult(connection_->native())) {
    PQclear(rest);
  }
  done_ = true;
  connection_.reset();
  return !out.empty();
}

Result<bool> PostgresScan::next(RowBatch& out) {
  out.reset(fields_.size());
  if (done_) {
    return false;
  }
  while (out.rows() < tuning::kBatchRows && out.bytes() < tuning::kBatchBytes) {
    char* data = nullptr;
    const int length = PQgetCopyData(connection_->native(), &data, 0);
    const std::unique_ptr<char, FreeMemory> owned(data);
    if (length == -1) {
      return finished(out);
    }
    if (length < 0) {
      return fail(connection_->lost("scanning"));
    }
    if (!take_message({data, static_cast<std::size_t>(length)}, out)) {
      return fail(ErrorKind::kInternal,
                  fmt::format("source {}: a scan brought bytes that are no rows", source_name_));
    }
  }
  return true;
}

}  // namespace couplet::postgres
