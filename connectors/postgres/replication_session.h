#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/postgres/connection.h"
#include "engine/model/position.h"
#include "engine/model/result.h"

namespace couplet::postgres {

// A connection to a walsender that streams (manual, "Streaming Replication Protocol"). Nothing here
// waits, but for the opening. One thread at a time.
class ReplicationSession {
 public:
  struct Frame {
    enum class Kind : std::uint8_t { kNone, kChange, kKeepalive };
    Kind kind = Kind::kNone;
    Lsn at;                     // Of a change; of a keepalive: up to where the server has sent.
    Timestamp sent_at;          // Of a change: by the server's clock.
    bool reply_wanted = false;  // At once.
    std::string_view payload;   // Of a change. Until the next call of next.
  };

  // Starts where the slot is, or at `from`, if that is further. Errors: those of Connection;
  // kTransient with code 55006; kSchema.
  static Result<std::unique_ptr<ReplicationSession>> start(const PostgresSourceSettings& settings,
                                                           Lsn from);
  ~ReplicationSession();
  ReplicationSession(const ReplicationSession&) = delete;
  ReplicationSession& operator=(const ReplicationSession&) = delete;

  // What is there already: kNone when it is nothing. Errors: what the server said, or kTransient
  // where it said nothing.
  Result<Frame> next();
  // Takes from the socket what has come. Errors: kTransient.
  Result<void> receive();
  // "Standby status update". The slot lets go of what was committed up to `flushed`; zero: of
  // nothing. `answer`: a keepalive is wanted back. True when it went out whole; else send_rest when
  // the socket takes more.
  Result<bool> send_status(Lsn written, Lsn flushed, bool answer);
  Result<bool> send_rest();
  // Tells the server that we go, so that it sets the slot free at once. Best effort.
  void finish();

  [[nodiscard]] int socket() const { return PQsocket(connection_->native()); }

 private:
  struct FreeMemory {
    void operator()(char* memory) const { PQfreemem(memory); }
  };

  explicit ReplicationSession(std::string source_name) : source_name_(std::move(source_name)) {}
  [[nodiscard]] Error ended() const;

  std::string source_name_;
  std::uint64_t statements_ = 0;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<char, FreeMemory> buffer_;
};

}  // namespace couplet::postgres
