#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "connectors/sqlite/database.h"
#include "connectors/sqlite/log_facts.h"
#include "connectors/sqlite/settings.h"
#include "engine/ports/change_stream.h"
#include "engine/ports/stream_setup.h"

namespace couplet::sqlite {

// The entries of a file's change log, looked for as often as the settings say. A look that finds
// the file unchanged (PRAGMA data_version) reads nothing. No thread: it reads while it is asked.
//
// Promise of delivery: all that the log held at one look is one transaction, for the log does not
// tell where those of users end, only that none was half done; each at least once. No entry is
// known to be ours: what we have written comes out in step.
//
// Where triggers have gone (a table was made anew by the usual procedure) they are made again, and
// the log begins anew, which is a gap: while a stream is opened, or by an error that has it opened
// again. Where the log itself is gone, nobody wants it any more: kSchema.
class SqliteStream final : public ChangeStream {
 public:
  static Result<std::unique_ptr<ChangeStream>> open(const SqliteSourceSettings& settings,
                                                    const StreamRequest& request);
  ~SqliteStream() override;
  SqliteStream(const SqliteStream&) = delete;
  SqliteStream& operator=(const SqliteStream&) = delete;

  [[nodiscard]] std::optional<StreamGap> gap() const override { return gap_; }
  [[nodiscard]] Position begins_at() const override { return Lsn{begins_at_}; }
  [[nodiscard]] Position opened_at() const override { return Lsn{opened_at_}; }
  Result<ChangeBatch> next(std::chrono::milliseconds wait) override;
  // The entries go with one of the next looks.
  void acknowledge(const Position& position) override;

 private:
  using Clock = std::chrono::steady_clock;

  SqliteStream(SqliteSourceSettings settings, StreamRequest request);
  // While opening.
  Result<void> begin();
  Result<std::string> mend();
  Result<void> find_place();

  Result<void> look(ChangeBatch& batch);
  Result<void> check_file() const;
  Result<void> check_tables(ChangeBatch& batch);
  Result<void> read(ChangeBatch& batch);
  [[nodiscard]] std::optional<ChangeEvent> event_of(const Statement& entry) const;
  Result<void> forget();
  Result<std::int64_t> number(const std::string& sql, std::int64_t bound = 0);

  SqliteSourceSettings settings_;
  StreamRequest request_;
  StreamNeeds needs_;
  std::size_t id_columns_ = 1;
  std::uint64_t statements_ = 0;
  std::unique_ptr<Database> database_;
  std::pair<std::uint64_t, std::uint64_t> file_;  // device and inode

  std::optional<StreamGap> gap_;
  std::uint64_t begins_at_ = 0;
  std::uint64_t opened_at_ = 0;
  std::uint64_t given_ = 0;         // the entry up to which all was given
  std::uint64_t end_ = 0;           // up to here it is one transaction
  bool told_part_ = false;          // of that transaction
  bool more_ = false;               // there was more behind it
  std::uint64_t idle_ = 0;          // told to be idle up to there
  std::int64_t seen_version_ = -1;  // of the data
  std::int64_t seen_schema_ = -1;
  std::map<std::string, std::string> seen_tables_;  // name and how it was made
  Clock::time_point look_at_;
  Clock::time_point forget_at_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::uint64_t forgotten_ = 0;
};

}  // namespace couplet::sqlite
