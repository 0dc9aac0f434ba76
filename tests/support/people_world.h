#pragma once

#include <string>

#include "tests/support/sync_world.h"

namespace couplet::test {

// left.people and right.persons: key, name, mail, age; `touched` is their change time.
class PeopleWorld : public SyncWorld {
 public:
  explicit PeopleWorld(bool marks = true) : SyncWorld(marks) {
    const auto columns = [](const char* table) {
      return DescribedTable(table)
          .id()
          .text("key")
          .text("name")
          .text("mail")
          .column("age", type_of(TypeKind::kInt32))
          .column("touched", type_of(TypeKind::kTimestampTz));
    };
    create(*left, columns("people"));
    create(*right, columns("persons"));
  }

  // `options` are lines of the mapping: "direction: both, conflict: hold".
  void map(const std::string& options, const std::string& entities = {}) {
    define(
        "entities:\n  left.people: { updated_at: touched }\n" +
        (entities.empty() ? "  right.persons: { updated_at: touched }\n" : entities) +
        "mappings:\n  person: { left: left.people, right: right.persons, keys: [ key ], " +
        (options.find("attributes:") == std::string::npos ? "attributes: [ name, mail ], " : "") +
        options + " }\n");
  }

  // "key name mail" of each row, in order.
  static std::vector<std::string> people(const MemoryDatabase& database, const char* table) {
    std::vector<std::string> found;
    for (const auto& row : database.rows(table)) {
      found.push_back(row.at("key").value_or("-") + " " + row.at("name").value_or("-") + " " +
                      row.at("mail").value_or("-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  [[nodiscard]] std::vector<std::string> lefts() const { return people(*left, "people"); }
  [[nodiscard]] std::vector<std::string> rights() const { return people(*right, "persons"); }

  void left_has(const Cells& row) { left->insert("people", row); }
  void right_has(const Cells& row) { right->insert("persons", row); }
  void left_sets(const std::string& key, const Cells& cells) {
    COUPLET_CHECK(left->update("people", {{"key", key}}, cells) == 1);
  }
  void right_sets(const std::string& key, const Cells& cells) {
    COUPLET_CHECK(right->update("persons", {{"key", key}}, cells) == 1);
  }
};

// A reconcile that comes to rest, after which nothing is left to do.
inline Summary settle(SyncWorld& world) {
  const Summary summary = world.reconcile().summary;
  COUPLET_CHECK(summary.converged);
  return summary;
}

}  // namespace couplet::test
