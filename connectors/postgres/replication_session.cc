#include "connectors/postgres/replication_session.h"

#include <fmt/format.h>

#include <chrono>

#include "connectors/postgres/slot.h"
#include "connectors/postgres/sql_text.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

constexpr int kOldestServer = 140000;  // Binary values and protocol 2.
// A change: letter, where it stands, how far the server has sent, when. A keepalive: letter, how
// far the server has sent, when, whether it wants a reply.
constexpr std::size_t kChangeHead = 25;
constexpr std::size_t kSentAt = 17;
constexpr std::size_t kKeepaliveSize = 18;

std::int64_t now() {
  constexpr std::chrono::seconds kEpoch{946'684'800};  // 2000-01-01
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch() - kEpoch)
      .count();
}

std::string start_command(const PostgresSourceSettings& settings, Lsn from) {
  return fmt::format(
      "START_REPLICATION SLOT {} LOGICAL {} (proto_version '2', publication_names {}, "
      "binary 'true', streaming 'on')",
      quote_identifier(settings.slot), to_string(from),
      quote_literal(quote_identifier(settings.publication)));
}

}  // namespace

Result<std::unique_ptr<ReplicationSession>> ReplicationSession::start(
    const PostgresSourceSettings& settings, Lsn from) {
  std::unique_ptr<ReplicationSession> session(new ReplicationSession(settings.name));
  Result<std::unique_ptr<Connection>> opened =
      Connection::open(settings, Purpose::kReplication, session->statements_);
  if (!opened) {
    Error& error = opened.error();
    if (error.kind == ErrorKind::kPrivilege && error.hint.empty()) {
      error.hint = "Give the role the right to stream: alter role … replication.";
    }
    return fail(std::move(error));
  }
  session->connection_ = std::move(*opened);
  Connection& connection = *session->connection_;
  if (PQserverVersion(connection.native()) < kOldestServer) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("source {}: its server is older than PostgreSQL 14, whose change "
                            "stream is the first that Couplet reads",
                            settings.name),
                "Set stream: false in the source's options; what changes there is found by "
                "reconcile.");
  }
  // A walsender knows the simple protocol alone.
  const Answer answer(PQexec(connection.native(), start_command(settings, from).c_str()));
  if (answer.status() != PGRES_COPY_BOTH) {
    return fail(connection.error_of(answer.raw()));
  }
  if (PQsetnonblocking(connection.native(), 1) != 0) {
    return fail(connection.lost("starting replication"));
  }
  return session;
}

ReplicationSession::~ReplicationSession() = default;

// The server has ended the stream: it says why, or goes down.
Error ReplicationSession::ended() const {
  const Answer answer(PQgetResult(connection_->native()));
  if (answer.raw() == nullptr) {
    return connection_->lost("receiving changes");
  }
  if (answer.status() == PGRES_FATAL_ERROR || answer.status() == PGRES_BAD_RESPONSE) {
    return connection_->error_of(answer.raw());
  }
  Error error;
  error.kind = ErrorKind::kTransient;
  error.message = fmt::format(
      "source {}: the server has ended the stream of changes: it is shutting down", source_name_);
  return error;
}

Result<ReplicationSession::Frame> ReplicationSession::next() {
  char* data = nullptr;
  const int size = PQgetCopyData(connection_->native(), &data, 1);
  buffer_.reset(data);
  if (size == 0) {
    return Frame();
  }
  if (size == -1) {
    return fail(ended());
  }
  if (size < 0) {
    return fail(connection_->lost("receiving changes"));
  }
  const std::string_view bytes(data, static_cast<std::size_t>(size));
  Frame frame;
  if (bytes[0] == 'w' && bytes.size() > kChangeHead) {
    frame.kind = Frame::Kind::kChange;
    frame.at = Lsn{wire::read<std::uint64_t>(data + 1)};
    frame.sent_at = Timestamp{wire::read<std::int64_t>(data + kSentAt)};
    frame.payload = bytes.substr(kChangeHead);
    return frame;
  }
  if (bytes[0] == 'k' && bytes.size() == kKeepaliveSize) {
    frame.kind = Frame::Kind::kKeepalive;
    frame.at = Lsn{wire::read<std::uint64_t>(data + 1)};
    frame.reply_wanted = bytes[kKeepaliveSize - 1] != '\0';
    return frame;
  }
  return fail(ErrorKind::kTransient,
              fmt::format("source {}: a frame of {} bytes is neither a change nor a keepalive",
                          source_name_, size));
}

Result<void> ReplicationSession::receive() {
  if (PQconsumeInput(connection_->native()) == 0) {
    return fail(connection_->lost("receiving changes"));
  }
  return {};
}

Result<bool> ReplicationSession::send_status(Lsn written, Lsn flushed, bool answer) {
  std::string status = "r";
  wire::append<std::uint64_t>(status, written.value);
  wire::append<std::uint64_t>(status, flushed.value);
  wire::append<std::uint64_t>(status, flushed.value);
  wire::append<std::int64_t>(status, now());
  status += answer ? '\1' : '\0';
  if (PQputCopyData(connection_->native(), status.data(), static_cast<int>(status.size())) < 0) {
    return fail(connection_->lost("telling how far changes are durable"));
  }
  return send_rest();
}

Result<bool> ReplicationSession::send_rest() {
  const int left = PQflush(connection_->native());
  if (left < 0) {
    return fail(connection_->lost("telling how far changes are durable"));
  }
  return left == 0;
}

void ReplicationSession::finish() {
  if (PQputCopyEnd(connection_->native(), nullptr) == 1) {
    PQflush(connection_->native());
  }
}

}  // namespace couplet::postgres
