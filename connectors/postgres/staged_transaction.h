#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectors/postgres/pgoutput.h"
#include "engine/model/result.h"
#include "engine/ports/change_stream.h"
#include "engine/ports/spool_file.h"

namespace couplet::postgres {

// The events of a transaction that the server tells of before it has committed. Beyond a few
// kilobytes they wait in a file: a transaction of any size needs bounded memory, but for four bytes
// a subtransaction that was rolled back.
class StagedTransaction {
 public:
  // `folder`: as SpoolFile has it.
  explicit StagedTransaction(std::string folder) : file_(std::move(folder)) {}

  // Errors: those of SpoolFile.
  Result<void> add(pgoutput::Xid subtransaction, const ChangeEvent& event);
  // What this subtransaction did did not happen.
  void abort(pgoutput::Xid subtransaction) { aborted_.push_back(subtransaction); }
  // Appends the next events of what committed, at most `limit`, and no more behind the one with
  // which they come to tuning::kBatchBytes. False: there are none behind them. Nothing may be added
  // or aborted once this was called.
  Result<bool> take(std::size_t limit, std::vector<ChangeEvent>& out);

 private:
  Result<bool> read_ahead();

  SpoolFile file_;
  std::string tail_;  // Written to, behind what is in the file; then read from, in pieces of it.
  std::uint64_t read_ = 0;  // Of the file.
  std::size_t at_ = 0;      // In the tail.
  bool reading_ = false;
  std::string written_last_;  // What had not gone to the file when reading began.
  std::vector<pgoutput::Xid> aborted_;
};

}  // namespace couplet::postgres
