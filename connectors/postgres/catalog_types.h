#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectors/postgres/parameters.h"
#include "engine/model/type.h"

namespace couplet::postgres {

// A type as pg_type and pg_range tell of it. Ids are 0 where a type has no such thing.
struct TypeRow {
  Oid type = 0;
  std::string name;               // Without a schema.
  std::string spelling;           // As SQL spells it, without a modifier.
  char kind = 'b';                // pg_type.typtype.
  Oid array = 0;                  // Of the arrays of it.
  Oid base = 0;                   // Of a domain.
  std::int32_t modifier = -1;     // Of a domain's base.
  Oid element = 0;                // Of an array.
  Oid subtype = 0;                // Of a range.
  bool discrete = false;          // A range whose bounds the server brings into one form.
  Oid range = 0;                  // Of a multirange.
  std::int32_t money_digits = 2;  // After the point, by the session's lc_monetary.
};

// The types that some columns need, and what they are to Couplet. Pure.
class CatalogTypes {
 public:
  void add(TypeRow row);
  // In the server's order.
  void add_label(Oid enumeration, std::string label);
  void add_field(Oid composite, std::string name, Oid type, std::int32_t modifier);

  // A column's type; `name` is what the catalog says. Nested types that hold a type without a
  // binary form of ours (kOpaque) are one themselves, but for arrays of it. nullopt: no column can
  // have it.
  [[nodiscard]] std::optional<Type> type(Oid oid, std::int32_t modifier,
                                         const std::string& name) const;
  // What text is cast to, so that it is a value for a column of this type: of its base type,
  // without a modifier, since a cast would cut off what an assignment refuses.
  [[nodiscard]] std::string cast(Oid oid) const;
  // Enums and composites among them.
  [[nodiscard]] std::vector<Oid> of_kind(char kind) const;
  // Under a collation or an operator by which different values are equal.
  [[nodiscard]] bool is_loosely_compared(Oid oid) const;

 private:
  struct Field {
    std::string name;
    Oid type = 0;
    std::int32_t modifier = -1;
  };

  [[nodiscard]] const TypeRow& base_of(Oid oid, std::int32_t& modifier) const;
  [[nodiscard]] std::optional<Type> part(Oid oid, std::int32_t modifier) const;
  [[nodiscard]] std::optional<Type> nested(const TypeRow& base, std::int32_t modifier) const;
  [[nodiscard]] const TypeRow& row(Oid oid) const;

  std::unordered_map<Oid, TypeRow> rows_;
  std::unordered_map<Oid, std::vector<std::string>> labels_;
  std::unordered_map<Oid, std::vector<Field>> fields_;
};

}  // namespace couplet::postgres
