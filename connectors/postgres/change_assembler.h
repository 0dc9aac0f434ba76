#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/pgoutput.h"
#include "connectors/postgres/staged_transaction.h"
#include "connectors/postgres/streamed_relations.h"
#include "engine/model/result.h"
#include "engine/ports/change_stream.h"

namespace couplet::postgres {

// From the messages of one connection to transactions of change events, in parts of
// `tuning::kBatchRows` or about tuning::kBatchBytes. Asks the catalog what a Relation message
// leaves open; else pure.
class ChangeAssembler {
 public:
  // Origins that are `own_marks` and a number are ours: that of "crm_eu" begins like that of "crm".
  ChangeAssembler(const StreamRequest& request, std::string own_marks, StreamCatalog catalog)
      : relations_(request.tables, std::move(catalog)),
        own_marks_(std::move(own_marks)),
        spool_folder_(request.spool_folder) {}

  // Not while draining(). Errors: kTransient (what came makes no sense; code "pgoutput"), kSchema
  // (the slot tells of prepared transactions), those of the catalog and of SpoolFile.
  Result<void> take(const pgoutput::Message& message);
  // The server has nothing up to there that it did not send.
  void keepalive(Lsn end);

  // A large transaction has committed, and its staged events are still to be given, one part by
  // each call of drain.
  [[nodiscard]] bool draining() const { return draining_ != nullptr; }
  Result<void> drain();

  // What is complete, in order: moved out by the caller. Its idle_at is behind all of it.
  ChangeBatch& ready() { return ready_; }
  // It is so much by now that it should be.
  [[nodiscard]] bool should_go() const;

 private:
  struct Streamed {
    explicit Streamed(std::string folder) : events(std::move(folder)) {}
    StagedTransaction events;
    RelationMap relations;  // As this transaction has altered them.
    bool ours = false;
  };

  Result<void> on(const pgoutput::Begin& begin);
  Result<void> on(const pgoutput::Commit& commit);
  Result<void> on(const pgoutput::Origin& origin);
  Result<void> on(const pgoutput::Relation& relation);
  Result<void> on(const pgoutput::TypeName& name) const;
  Result<void> on(const pgoutput::Change& change);
  Result<void> on(const pgoutput::Truncate& truncate);
  Result<void> on(const pgoutput::LogicalMessage& message) const;
  Result<void> on(const pgoutput::StreamStart& start);
  Result<void> on(const pgoutput::StreamStop& stop);
  Result<void> on(const pgoutput::StreamCommit& commit);
  Result<void> on(const pgoutput::StreamAbort& abort);
  Result<void> on(const pgoutput::Prepared& prepared) const;

  [[nodiscard]] const StreamedRelation* known(Oid relation) const;
  [[nodiscard]] bool is_ours(std::string_view origin) const;
  Result<void> add(pgoutput::Xid xid, ChangeEvent event);
  void give_part(bool ended, Lsn end);

  RelationReader relations_;
  std::string own_marks_;
  std::string spool_folder_;
  RelationMap known_;
  bool open_ = false;          // Between Begin and Commit.
  bool any_given_ = false;     // Of `current_`: a part went out.
  ChangeTransaction current_;  // What is open, or draining.
  std::size_t bytes_ = 0;      // Of its events.
  std::map<pgoutput::Xid, std::unique_ptr<Streamed>> streamed_;
  Streamed* block_ = nullptr;  // Whose block is open.
  std::unique_ptr<Streamed> draining_;
  Lsn draining_end_;
  ChangeBatch ready_;
  std::size_t ready_bytes_ = 0;
};

}  // namespace couplet::postgres
