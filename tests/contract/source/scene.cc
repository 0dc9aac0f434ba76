#include "tests/contract/source/scene.h"

namespace couplet::contract {

TableSpec customers() {
  TableSpec spec;
  spec.table = "customers";
  spec.columns = {{"id", integer64(), false, Default::kSequence},
                  {"name", text(), false},
                  {"email", varchar(40)},
                  {"city", text(), false, Default::kConstant, "Berlin"},
                  {"age", integer32(), true, Default::kNone, "", 0}};
  spec.primary_key = {"id"};
  spec.unique_keys = {{"customers_email_key", {"email"}}};
  return spec;
}

TableSpec providers() {
  TableSpec spec;
  spec.table = "providers";
  spec.columns = {{"id", integer64(), false}, {"name", text()}};
  spec.primary_key = {"id"};
  return spec;
}

TableSpec regions() {
  TableSpec spec;
  spec.table = "regions";
  spec.columns = {{"id", integer64(), false},
                  {"name", text()},
                  {"provider_id", integer64()},
                  {"parent_id", integer64()}};
  spec.primary_key = {"id"};
  spec.foreign_keys = {{"regions_provider_id_fkey", {"provider_id"}, {"", "providers"}, {"id"}},
                       {"regions_parent_id_fkey", {"parent_id"}, {"", "regions"}, {"id"}}};
  return spec;
}

TableSpec nics() {
  TableSpec spec;
  spec.table = "nics";
  spec.columns = {{"id", integer64(), false},
                  {"name", text()},
                  {"region_id", integer64()},
                  {"backup_id", integer64()}};
  spec.primary_key = {"id"};
  spec.foreign_keys = {{"nics_region_id_fkey", {"region_id"}, {"", "regions"}, {"id"}},
                       {"nics_backup_id_fkey", {"backup_id"}, {"", "regions"}, {"id"}}};
  return spec;
}

std::string bytes_of(const Type& type, const std::string& literal) {
  std::string bytes;
  EXPECT_TRUE(parse_literal(type, literal, bytes).has_value()) << literal;
  return bytes;
}

}  // namespace couplet::contract
