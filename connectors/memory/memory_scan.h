#pragma once

#include <deque>
#include <memory>

#include "connectors/memory/memory_database.h"
#include "connectors/memory/projection_reader.h"
#include "engine/ports/source.h"

namespace couplet::memory {

// The rows of one moment: all of them are read, sorted and cut into batches when the scan is made.
// So it costs memory like the table, which a model may; a real source streams.
class MemoryScan final : public Scan {
 public:
  MemoryScan(std::shared_ptr<MemoryDatabase> database, const ProjectionReader& reader);

  Result<bool> next(RowBatch& out) override;

 private:
  std::shared_ptr<MemoryDatabase> database_;
  std::size_t width_;
  std::deque<RowBatch> batches_;
};

}  // namespace couplet::memory
