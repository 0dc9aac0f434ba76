#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectors/postgres/parameters.h"
#include "engine/model/type.h"

namespace couplet::postgres {

// A base type as pg_type and pg_attribute tell of it.
struct BaseType {
  Oid type = 0;
  Oid array = 0;
  std::int32_t modifier = -1;  // atttypmod or, of a domain, typtypmod.
  bool is_enum = false;        // Its labels are filled in by the caller.
};

// nullopt: a type that Couplet does not know. Pure.
std::optional<Type> to_type(const BaseType& base, const std::string& name);

}  // namespace couplet::postgres
