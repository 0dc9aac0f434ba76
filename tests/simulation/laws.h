#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/sync/report.h"
#include "tests/simulation/chronicle.h"

namespace couplet::simulation {

// What the databases hold once the engine has come to rest, held against what users wrote: the laws
// of DESIGN section 13 that need rest. Written from DESIGN section 5; of the engine it knows only
// what it tells an operator: which objects it holds, parks, defers or reports on (`standing`), who
// is linked to whom, and its conflict log.
class RestLaws {
 public:
  // `links`: by mapping, which left object is linked to which right one.
  using LinkNames = std::map<std::string, std::map<std::string, std::string>>;
  RestLaws(const Shape& shape, const Chronicle& chronicle,
           const std::vector<OperationReport>& standing, const LinkNames& links);

  std::vector<Violation> check();

 private:
  using Row = std::pair<std::size_t, std::string>;  // table, tag

  [[nodiscard]] std::map<std::string, Row> rows_by_name() const;
  void read_standing(const std::vector<OperationReport>& standing,
                     const std::map<std::string, Row>& by_name);
  void excuse_both_ends(const Mapping& mapping);
  void judge(const OperationReport& report, const std::vector<Row>& rows);
  void check_pairs(const Mapping& mapping);
  void check_pair(const Mapping& mapping, const Row& left, const Row& right);
  void check_targets(const Mapping& mapping);
  void check_target(const std::string& column, const Row& target);
  void check_writes();
  void violated(std::string law, std::string what);

  [[nodiscard]] std::size_t table(const Mapping& mapping, Side side) const;
  [[nodiscard]] const memory::Cells& cells(const Row& row) const {
    return rows_[row.first].at(row.second);
  }
  [[nodiscard]] std::string name(const Row& row) const;
  [[nodiscard]] bool in_scope(const Mapping& mapping, Side side, const Row& row) const;
  // The row of a table with this id.
  [[nodiscard]] const memory::Cells* row_with_id(std::size_t table, const std::string& id) const;
  // What a path leads to, as text; of a reference the stamp of what it refers to, or that there is
  // nothing. `known` is false where that cannot be told.
  [[nodiscard]] std::optional<std::string> value(const Field& field, Side side, const Row& row,
                                                 bool& known) const;
  // Whether the one on the other side that has its identity key stands on a worklist itself.
  [[nodiscard]] bool rival_excused(const Mapping& mapping, Side side, const Row& row) const;
  // nullopt: a part of it is null.
  [[nodiscard]] std::optional<std::vector<std::string>> key_of(const Mapping& mapping, Side side,
                                                               const Row& row) const;
  [[nodiscard]] bool carrier_excused(const Field& field, const Row& left) const;
  [[nodiscard]] bool excused_anywhere(const Row& row) const;
  [[nodiscard]] bool may_be_called_otherwise(const Mapping& mapping, const Row& own) const;
  [[nodiscard]] bool contested(const Mapping& mapping, const Row& target) const;
  [[nodiscard]] bool reads_paths() const;
  [[nodiscard]] bool has_key(const Mapping& mapping, Side side, const Row& row) const;
  [[nodiscard]] bool conflict_may_hold() const;
  [[nodiscard]] const std::set<Row>& excused(const Mapping& mapping) const;
  // Whether the source of a one-way field wins every conflict.
  [[nodiscard]] static bool source_wins(const Mapping& mapping, const Field& field);

  const Shape& shape_;
  const Chronicle& chronicle_;
  const Snapshot& rows_;
  // By the tables that are related: who stands on a worklist or is reported on there.
  std::map<std::pair<std::string, std::string>, std::set<Row>> excused_;
  // By mapping: the other end of each left one's link; a row without a tag: it is gone.
  std::map<std::string, std::map<Row, Row>> links_;
  std::set<Row> unseen_;  // targets to which one contributes that is not there
  // How many stand there of whom only the end that is gone is named.
  std::map<std::pair<std::string, std::string>, std::size_t> unnamed_;
  std::vector<Violation> violations_;
};

}  // namespace couplet::simulation
