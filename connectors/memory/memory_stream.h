#pragma once

#include <memory>
#include <string>

#include "connectors/memory/memory_database.h"
#include "engine/ports/change_stream.h"

namespace couplet::memory {

// The stream of a MemoryDatabase's commit log. Begins behind what its slot has acknowledged,
// wherever we were: so what was done and not acknowledged comes again. Never waits. It reads the
// log while it is asked, and so has no thread.
class MemoryStream final : public ChangeStream {
 public:
  // Errors: kSchema: no slot; kTransient: another stream holds it.
  static Result<std::unique_ptr<ChangeStream>> open(std::shared_ptr<MemoryDatabase> database,
                                                    const StreamRequest& request);
  ~MemoryStream() override;
  MemoryStream(const MemoryStream&) = delete;
  MemoryStream& operator=(const MemoryStream&) = delete;

  [[nodiscard]] std::optional<StreamGap> gap() const override { return gap_; }
  [[nodiscard]] Position begins_at() const override { return begins_at_; }
  [[nodiscard]] Position opened_at() const override { return opened_at_; }
  [[nodiscard]] std::string terms() const override { return terms_; }
  Result<bool> has_lapsed() override;
  Result<ChangeBatch> next(std::chrono::milliseconds wait) override;
  void acknowledge(const Position& position) override;

 private:
  MemoryStream(std::shared_ptr<MemoryDatabase> database, StreamRequest request)
      : database_(std::move(database)), request_(std::move(request)) {}
  [[nodiscard]] std::optional<ChangeEvent> event_of(const LoggedChange& change) const;

  std::shared_ptr<MemoryDatabase> database_;
  StreamRequest request_;
  std::optional<StreamGap> gap_;
  std::string terms_;
  Lsn begins_at_;
  Lsn opened_at_;
  Lsn given_;                   // the last transaction that was given whole
  std::size_t given_part_ = 0;  // changes of the next one
  Lsn idle_;                    // told to be idle up to there
};

}  // namespace couplet::memory
