#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/draft.h"
#include "engine/model/situation.h"

// Internal to drafting: what has been guessed so far. draft_match.cc pairs tables and columns,
// draft.cc makes mappings of them and lets loading and binding have their say, draft_text.cc
// writes.
namespace couplet {

inline constexpr std::size_t kNoMapping = static_cast<std::size_t>(-1);

// A table of one side.
struct DraftEntity {
  const TableInfo* table = nullptr;
  std::string name;     // "shop.customers"
  bool listed = false;  // its name does not tell its table
  std::string updated_at;
  // Names for foreign keys that have none by themselves.
  std::vector<std::pair<std::string, std::vector<std::string>>> references;
};

struct DraftAttribute {
  std::array<std::string, 2> path;
  std::size_t link = kNoMapping;  // the mapping whose links translate it
  bool on_create = false;         // written by a create alone
  std::string check;              // what a person should look at
  std::string refused;            // why it is left out
};

struct DraftMapping {
  std::string name;
  std::array<std::size_t, 2> entities = {0, 0};  // into DraftModel::entities of the side
  std::string check;
  std::string direction = "both";
  std::string direction_check;
  std::string create = "true";
  std::vector<std::string> unwritten;  // "crm.vat_id": what a create would need
  std::string key_check;
  std::vector<DraftAttribute> keys;
  std::vector<DraftAttribute> attributes;
  std::vector<std::string> notes;
  std::string refused;
};

struct DraftModel {
  const DraftRequest* request = nullptr;
  std::array<std::vector<DraftEntity>, 2> entities;
  std::vector<DraftMapping> mappings;  // parents first
  std::vector<std::string> left_out;   // "shop.audit_log: …"
  std::array<std::size_t, 2> left_out_count = {};
};

// Two tables that may mean the same.
struct TablePair {
  std::array<const TableInfo*, 2> tables;
  std::string check;  // empty: the names say so
};
struct ColumnPair {
  std::array<const ColumnInfo*, 2> columns;
  std::string check;
};

// Why a table cannot take part; empty: it can.
std::string why_not(const TableInfo& table);
// Each table at most once, the surest pairs first.
std::vector<TablePair> pair_tables(const DraftRequest& request);
// Columns that are neither left out for a reason nor in `taken`, each at most once.
std::vector<ColumnPair> pair_columns(const std::array<const TableInfo*, 2>& tables,
                                     const std::array<std::vector<std::string>, 2>& taken);
// Why a column cannot be mapped at all; empty: it can.
std::string why_not(const ColumnInfo& column);
// A number or uuid that each side gives out by itself: it says nothing across.
bool is_surrogate(const TableInfo& table, const std::string& column);
// A column of a foreign key that holds such ones.
bool refers_by_id(const TableInfo& table, const std::string& column);
// The column that holds the change time, by its name; nullptr if none does.
const ColumnInfo* change_time_of(const TableInfo& table);

// Whose line of the text it is: a mapping and one of its keys and attributes (in that order), if it
// is about one.
struct LineOwner {
  std::size_t mapping = kNoMapping;
  std::size_t attribute = kNoMapping;
};
struct DraftText {
  std::string text;
  std::vector<LineOwner> owners;  // by line, from 0
  std::size_t mappings = 0;
  std::size_t checks = 0;
};
DraftText write_draft(const DraftModel& model);

}  // namespace couplet
