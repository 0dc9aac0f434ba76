#include "connectors/postgres/postgres_stream.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace couplet::postgres {
namespace {

// What has come and was not taken. Some 60,000 events: enough to hide a slow batch, little beside
// the cap on memory.
constexpr std::size_t kQueueBytes = 8U << 20U;
// A status goes out at a third of the server's timeout, so that two may be late, and now and then
// where the server has none, for who looks at pg_stat_replication.
constexpr std::chrono::milliseconds kLongestSilence{10'000};
// A server that is asked that often and does not answer is no longer there, whatever stands between
// keeps the connection alive. Ten minutes, as a rule: while a large transaction is decoded one may
// have nothing to say for long, and would begin it anew.
constexpr int kUnanswered = 60;
// What was acknowledged is told within this, so that the server can remove its log.
constexpr std::chrono::milliseconds kAcknowledged{1'000};
// Frames between two looks at the clock.
constexpr int kFrames = 64;
// So long is not noticed at the other end, and some tens of messages come in it. So many in a row
// that came closer are no chance.
constexpr std::chrono::microseconds kGathering{100};
constexpr int kGatherFrom = 16;
// The same where a backlog comes, of which nobody misses the next ones.
constexpr std::chrono::microseconds kGatheringBacklog{300};

Lsn lsn_of(const Position& position) {
  const auto* lsn = std::get_if<Lsn>(&position);
  return lsn == nullptr ? Lsn{} : *lsn;
}

std::chrono::milliseconds answer_interval(std::chrono::milliseconds timeout) {
  return timeout.count() == 0
             ? kLongestSilence
             : std::clamp(timeout / 3, std::chrono::milliseconds(1), kLongestSilence);
}

}  // namespace

Result<std::unique_ptr<ChangeStream>> PostgresStream::open(const PostgresSourceSettings& settings,
                                                           const StreamRequest& request) {
  if (settings.slot.empty() || settings.publication.empty()) {
    return fail(
        ErrorKind::kInvalidArgument,
        fmt::format("source {}: a change stream needs a slot and a publication", settings.name));
  }
  std::uint64_t statements = 0;
  COUPLET_ASSIGN(const std::unique_ptr<Connection> connection,
                 Connection::open(settings, Purpose::kLookUp, statements));
  const auto slot = [&] { return read_slot(*connection, settings.slot, settings.publication); };
  COUPLET_ASSIGN(const StreamSlot before, slot());
  COUPLET_TRY(check_slot(settings.name, before));
  // Behind a gap all that the slot still has is wanted.
  const Lsn from = gap_of(before, request.from, request.terms) ? Lsn{} : lsn_of(request.from);
  COUPLET_ASSIGN(std::unique_ptr<ReplicationSession> session,
                 ReplicationSession::start(settings, from));
  // Again: only now that the slot is ours can nobody else move it.
  COUPLET_ASSIGN(const StreamSlot facts, slot());
  std::unique_ptr<PostgresStream> stream(
      new PostgresStream(settings, request, facts, std::move(session)));
  if (stream->wake_up_.descriptor() < 0) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("source {}: the process has no file descriptors left", settings.name));
  }
  try {
    stream->thread_ = std::thread([raw = stream.get()] { raw->run(); });
  } catch (const std::system_error& error) {
    return fail(ErrorKind::kUnavailable, fmt::format("source {}: no thread for its changes: {}",
                                                     settings.name, error.what()));
  }
  return std::unique_ptr<ChangeStream>(std::move(stream));
}

PostgresStream::PostgresStream(const PostgresSourceSettings& settings, const StreamRequest& request,
                               const StreamSlot& facts, std::unique_ptr<ReplicationSession> session)
    : settings_(settings),
      gap_(gap_of(facts, request.from, request.terms)),
      terms_(terms_of(facts)),
      begins_at_(gap_ || !is_known_position(request.from) ? facts.confirmed : request.from),
      opened_at_(facts.written),
      answer_interval_(answer_interval(facts.wal_sender_timeout)),
      session_(std::move(session)),
      catalog_(settings, std::max(answer_interval_, kAcknowledged)),
      assembler_(request, settings.own_marks, catalog_.questions()),
      queue_(kQueueBytes),
      answered_at_(Clock::now()),
      heard_at_(answered_at_) {}

PostgresStream::~PostgresStream() {
  stopping_ = true;
  wake_up_.ring();
  if (thread_.joinable()) {
    thread_.join();
  }
}

Result<ChangeBatch> PostgresStream::next(std::chrono::milliseconds wait) {
  bool room_made = false;
  Result<ChangeBatch> batch = queue_.take(wait, room_made);
  if (room_made) {
    wake_up_.ring();
  }
  return batch;
}

Result<bool> PostgresStream::has_lapsed() {
  std::uint64_t statements = 0;
  COUPLET_ASSIGN(const std::unique_ptr<Connection> connection,
                 Connection::open(settings_, Purpose::kLookUp, statements));
  COUPLET_ASSIGN(const StreamSlot now,
                 read_slot(*connection, settings_.slot, settings_.publication));
  return terms_of(now) != terms_;
}

bool PostgresStream::ring_for(Bell& bell) {
  queue_.ring(bell);
  return true;
}

void PostgresStream::acknowledge(const Position& position) {
  const std::uint64_t lsn = lsn_of(position).value;
  std::uint64_t now = acknowledged_;
  while (now < lsn && !acknowledged_.compare_exchange_weak(now, lsn)) {
  }
}

void PostgresStream::run() {
  Result<void> received;
  while (received && !stopping_) {
    received = receive_all();
  }
  if (!received) {
    queue_.put(assembler_.ready());
    queue_.close(with_advice(std::move(received.error())));
  } else if (answer(true)) {
    session_->finish();
  }
  session_.reset();  // The slot is free again.
}

// Everything that is there, until the queue is full or nothing is left; then a wait.
Result<void> PostgresStream::receive_all() {
  for (int frames = 0; frames < kFrames; ++frames) {
    if (!queue_.has_room()) {
      COUPLET_TRY(answer(false));
      heard_at_ = Clock::now();
      return wait(false);
    }
    if (assembler_.draining()) {
      COUPLET_TRY(assembler_.drain());
      give();
      continue;
    }
    COUPLET_ASSIGN(ReplicationSession::Frame frame, session_->next());
    if (frame.kind == ReplicationSession::Frame::Kind::kNone) {
      // Often more has come meanwhile: looking costs less than waiting for it.
      COUPLET_TRY(session_->receive());
      COUPLET_ASSIGN(frame, session_->next());
    }
    if (frame.kind == ReplicationSession::Frame::Kind::kNone) {
      give();
      COUPLET_TRY(answer(false));
      let_gather();
      return wait(true);
    }
    COUPLET_TRY(take(frame));
    if (assembler_.should_go()) {
      give();
    }
  }
  give();
  return answer(false);
}

// What is complete.
void PostgresStream::give() {
  const auto& transactions = assembler_.ready().transactions;
  std::size_t events = 0;
  for (const ChangeTransaction& transaction : transactions) {
    events += std::max<std::size_t>(transaction.events.size(), 1);
  }
  const Timestamp committed_at = transactions.empty() ? sent_at_ : transactions.back().committed_at;
  const bool more_comes = backlog_.came(events, committed_at, sent_at_, Clock::now());
  queue_.put(assembler_.ready(), more_comes);
}

// What is complete, and what waits for more.
void PostgresStream::let_go() {
  backlog_.no_more_comes();
  queue_.put(assembler_.ready());
}

Result<void> PostgresStream::take(const ReplicationSession::Frame& frame) {
  received_ = std::max(received_, frame.at);
  heard_at_ = Clock::now();
  if (frame.kind == ReplicationSession::Frame::Kind::kKeepalive) {
    assembler_.keepalive(frame.at);
    if (!frame.reply_wanted) {
      return {};
    }
    COUPLET_TRY(answer(true));
    let_go();
    return leave_if_it_goes_down();
  }
  sent_at_ = frame.sent_at;
  COUPLET_ASSIGN(const pgoutput::Message message, decoder_.decode(frame.payload));
  if (std::holds_alternative<pgoutput::Relation>(message)) {  // The catalog may have to be asked.
    let_go();
  }
  return assembler_.take(message);
}

// Tells the server that we are here, and how far it may let go.
Result<void> PostgresStream::answer(bool at_once) {
  if (sending_) {
    COUPLET_ASSIGN(const bool sent, session_->send_rest());
    sending_ = !sent;
  }
  const Lsn flushed{acknowledged_.load()};
  const auto now = Clock::now();
  const auto silent = now - answered_at_;
  const bool due =
      at_once || silent >= answer_interval_ || (flushed != told_ && silent >= kAcknowledged);
  if (!due) {
    return {};
  }
  if (now - heard_at_ >= kUnanswered * answer_interval_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - heard_at_);
    return fail(ErrorKind::kTransient,
                fmt::format("source {}: the server has not answered for {} s", settings_.name,
                            seconds.count()));
  }
  COUPLET_ASSIGN(const bool sent, session_->send_status(std::max(received_, flushed), flushed,
                                                        now - heard_at_ >= answer_interval_));
  sending_ = !sent;
  told_ = flushed;
  answered_at_ = now;
  return {};
}

// A server that is shut down waits until all it has sent is acknowledged, and asks for that again
// and again: it would wait as long as a target stands still. It does not say why it asks, and we
// are otherwise too quick to be asked.
Result<void> PostgresStream::leave_if_it_goes_down() {
  constexpr const char* kCannotConnectNow = "57P03";
  const auto now = Clock::now();
  if (now - looked_after_ < kAcknowledged) {
    return {};
  }
  std::uint64_t statements = 0;
  const auto connection = Connection::open(settings_, Purpose::kLookUp, statements);
  looked_after_ = Clock::now();
  if (!connection && connection.error().code == kCannotConnectNow) {
    return fail(connection.error());
  }
  return {};
}

// A server that has much to send sends each message by itself: in the midst of them each would cost
// a wait of its own. Where the last ones came soon after each other, the next ones are let come.
void PostgresStream::let_gather() {
  const auto now = Clock::now();
  gathered_ = now - gathered_at_ < kGathering ? gathered_ + 1 : 0;
  if (backlog_.lasts() || gathered_ > kGatherFrom) {
    std::this_thread::sleep_for(backlog_.lasts() ? kGatheringBacklog : kGathering);
  }
  gathered_at_ = Clock::now();
}

// Until something comes, the queue has room again, an answer is due, or what waits for more in the
// queue has waited for nothing.
Result<void> PostgresStream::wait(bool for_socket) {
  const auto longest =
      std::min(answer_interval_, backlog_.lasts() ? Backlog::kNoMore : kAcknowledged);
  short events = for_socket ? POLLIN : 0;
  events = static_cast<short>(events | (sending_ ? POLLOUT : 0));
  std::array<pollfd, 2> descriptors{
      {{wake_up_.descriptor(), POLLIN, 0}, {events == 0 ? -1 : session_->socket(), events, 0}}};
  const int ready =
      ::poll(descriptors.data(), descriptors.size(), static_cast<int>(longest.count()));
  if (ready < 0 && errno != EINTR) {
    return fail(ErrorKind::kTransient,
                fmt::format("source {}: cannot wait for changes", settings_.name));
  }
  if ((descriptors[0].revents & POLLIN) != 0) {
    wake_up_.clear();
  }
  if (ready == 0) {
    let_go();
  }
  return {};
}

// What the server says in the middle of a stream, with what mends it.
Error PostgresStream::with_advice(Error error) const {
  constexpr const char* kUndefinedObject = "42704";
  if (error.code == "pgoutput") {
    error.message = fmt::format("source {}: {}", settings_.name, error.message);
  }
  if (error.code == kUndefinedObject) {
    error.code = "publication_missing";
    error.hint = fmt::format(
        "Slot {} cannot pass what was written while publication {} did not exist, even if it is "
        "made again: couplet teardown, then couplet setup; a reconcile finds what happened.",
        settings_.slot, settings_.publication);
  }
  return error;
}

}  // namespace couplet::postgres
