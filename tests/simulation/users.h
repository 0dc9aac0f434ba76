#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/simulation/script.h"

namespace couplet::simulation {

// Users' edits on the databases of a history. What a constraint refuses has not happened.
class Users {
 public:
  Users(const Shape& shape, std::array<MemoryDatabase*, 2> databases)
      : shape_(shape), databases_(databases) {}

  // At `now`, in microseconds since 1970. Says what was done; nullopt: there was nothing to do it
  // to, or it was refused. `hidden`: no read sees it yet (MemoryDatabase::hidden_transaction).
  std::optional<std::string> make(const Edit& edit, std::int64_t now, bool hidden = false);

 private:
  using Cells = memory::Cells;
  [[nodiscard]] MemoryDatabase& database(const Table& table) const {
    return *databases_[index_of(table.side)];
  }
  [[nodiscard]] std::optional<std::string> some_row_of(const Table& table, std::string_view to,
                                                       std::uint64_t number) const;
  [[nodiscard]] Cells row_of(const Table& table, const Edit& edit) const;
  [[nodiscard]] std::optional<Cells> change_of(const Table& table, const Edit& edit) const;
  using Work = std::function<Result<void>(memory::MemoryTransaction&)>;
  Result<void> commit(const Table& table, const Work& work);
  Result<void> insert(const Table& table, const Edit& edit, std::int64_t now, std::string& what);
  Result<void> write(const Table& table, const Edit& edit, std::int64_t now, std::string& what);
  Result<void> swap(const Table& table, const Cells& one, const Cells& two);

  const Shape& shape_;
  std::array<MemoryDatabase*, 2> databases_;
  bool hidden_ = false;
};

}  // namespace couplet::simulation
