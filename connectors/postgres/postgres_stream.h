#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "connectors/postgres/backlog.h"
#include "connectors/postgres/change_assembler.h"
#include "connectors/postgres/change_queue.h"
#include "connectors/postgres/pgoutput_decoder.h"
#include "connectors/postgres/replication_session.h"
#include "connectors/postgres/slot.h"
#include "connectors/postgres/stream_catalog.h"
#include "connectors/postgres/wake_up.h"
#include "engine/ports/change_stream.h"

namespace couplet::postgres {

// A slot's stream of changes. A thread of its own receives, decodes and answers the server. When
// nobody takes what has come, it stops reading, never answering: a server whose socket is full
// still counts what it is told.
//
// Promise of delivery: whole transactions in the order of their commits, each at least once; after
// a crash all that committed behind what was acknowledged come again. What was not acknowledged is
// never reported as flushed.
class PostgresStream final : public ChangeStream {
 public:
  static Result<std::unique_ptr<ChangeStream>> open(const PostgresSourceSettings& settings,
                                                    const StreamRequest& request);
  ~PostgresStream() override;
  PostgresStream(const PostgresStream&) = delete;
  PostgresStream& operator=(const PostgresStream&) = delete;

  [[nodiscard]] std::optional<StreamGap> gap() const override { return gap_; }
  [[nodiscard]] Position begins_at() const override { return begins_at_; }
  [[nodiscard]] Position opened_at() const override { return opened_at_; }
  [[nodiscard]] std::string terms() const override { return terms_; }
  Result<bool> has_lapsed() override;
  Result<ChangeBatch> next(std::chrono::milliseconds wait) override;
  bool ring_for(Bell& bell) override;
  void acknowledge(const Position& position) override;

 private:
  using Clock = std::chrono::steady_clock;

  PostgresStream(const PostgresSourceSettings& settings, const StreamRequest& request,
                 const StreamSlot& facts, std::unique_ptr<ReplicationSession> session);
  // The thread.
  void run();
  Result<void> receive_all();
  Result<void> take(const ReplicationSession::Frame& frame);
  void give();
  void let_go();
  Result<void> answer(bool at_once);
  Result<void> leave_if_it_goes_down();
  Result<void> wait(bool for_socket);
  void let_gather();
  [[nodiscard]] Error with_advice(Error error) const;

  const PostgresSourceSettings settings_;
  std::optional<StreamGap> gap_;
  std::string terms_;
  Position begins_at_;
  Position opened_at_;
  std::chrono::milliseconds answer_interval_;
  std::unique_ptr<ReplicationSession> session_;
  StreamCatalogSession catalog_;
  pgoutput::Decoder decoder_;
  ChangeAssembler assembler_;
  ChangeQueue queue_;
  Backlog backlog_;
  Lsn received_;
  Lsn told_;              // As flushed, last.
  Timestamp sent_at_;     // Of the last change.
  bool sending_ = false;  // A status is not out whole yet.
  Clock::time_point answered_at_;
  Clock::time_point heard_at_;      // Something came, or was not waited for.
  Clock::time_point looked_after_;  // Whether the server goes down.
  Clock::time_point gathered_at_;   // Of let_gather: when it was called last,
  int gathered_ = 0;                // and how often it was in a row, soon after another.
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<bool> stopping_{false};
  WakeUp wake_up_;
  std::thread thread_;
};

}  // namespace couplet::postgres
