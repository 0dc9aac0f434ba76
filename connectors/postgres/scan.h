#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/select_text.h"
#include "engine/ports/source.h"

namespace couplet::postgres {

// One COPY, read as it comes: the server waits while the caller works, so memory is bounded by a
// batch. The statement is one snapshot. Complete only when the server has said that it is.
class PostgresScan final : public Scan {
 public:
  static Result<std::unique_ptr<Scan>> start(const PostgresSourceSettings& settings, ScanText text,
                                             std::uint64_t& statements);
  ~PostgresScan() override;
  PostgresScan(const PostgresScan&) = delete;
  PostgresScan& operator=(const PostgresScan&) = delete;

  Result<bool> next(RowBatch& out) override;

 private:
  PostgresScan(std::string source_name, std::unique_ptr<Connection> connection,
               std::vector<std::size_t> fields);
  // Reads what one message holds. False: these are no rows of this COPY.
  bool take_message(std::string_view message, RowBatch& out);
  Result<bool> finished(RowBatch& out);

  std::string source_name_;
  std::unique_ptr<Connection> connection_;
  std::vector<std::size_t> fields_;  // by column of the rows
  // The fields of a row: where they stand in the message, and their lengths.
  struct Field {
    std::uint32_t at = 0;
    std::int32_t length = 0;
  };
  std::vector<Field> row_;
  bool header_read_ = false;
  bool trailer_read_ = false;
  bool done_ = false;
};

}  // namespace couplet::postgres
