#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/postgres/connection.h"
#include "engine/ports/source.h"

namespace couplet::postgres {

// One COPY, read as it comes: the server waits while the caller works, so memory is bounded by a
// batch. The statement is one snapshot. Complete only when the server has said that it is.
class PostgresScan final : public Scan {
 public:
  static Result<std::unique_ptr<Scan>> start(const PostgresSourceSettings& settings,
                                             const std::string& copy, std::size_t width,
                                             std::uint64_t& statements);
  ~PostgresScan() override;
  PostgresScan(const PostgresScan&) = delete;
  PostgresScan& operator=(const PostgresScan&) = delete;

  Result<bool> next(RowBatch& out) override;

 private:
  PostgresScan(std::string source_name, std::unique_ptr<Connection> connection, std::size_t width)
      : source_name_(std::move(source_name)), connection_(std::move(connection)), width_(width) {}
  // Reads what one message holds. False: these are no rows of this COPY.
  bool take_message(std::string_view message, RowBatch& out);
  Result<bool> finished(RowBatch& out);

  std::string source_name_;
  std::unique_ptr<Connection> connection_;
  std::size_t width_;
  bool header_read_ = false;
  bool trailer_read_ = false;
  bool done_ = false;
};

}  // namespace couplet::postgres
