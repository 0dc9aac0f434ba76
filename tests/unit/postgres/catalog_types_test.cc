#include "connectors/postgres/catalog_types.h"

#include <gtest/gtest.h>

#include "connectors/postgres/array_parameter.h"
#include "connectors/postgres/column_text.h"
#include "engine/model/literal.h"

namespace couplet::postgres {
namespace {

constexpr Oid kPoint = 600;
constexpr Oid kMine = 20000;  // From here on a database's own.

TypeRow row(Oid type, const std::string& name, char kind = 'b') {
  TypeRow made;
  made.type = type;
  made.name = name;
  made.spelling = name;
  made.kind = kind;
  made.array = type + 1000;
  return made;
}

class CatalogTypesTest : public testing::Test {
 protected:
  CatalogTypesTest() {
    types_.add(row(oid::kInt4, "integer"));
    types_.add(row(oid::kText, "text"));
    types_.add(row(oid::kInterval, "interval"));
    types_.add(row(kPoint, "point"));
  }
  Oid add(const std::string& name, char kind, const std::function<void(TypeRow&)>& change) {
    TypeRow made = row(kMine + next_++, name, kind);
    change(made);
    types_.add(made);
    return made.type;
  }
  Oid add_array(const std::string& name, Oid element) {
    return add(name, 'b', [&](TypeRow& made) { made.element = element; });
  }
  Oid add_domain(const std::string& name, Oid base, std::int32_t modifier = -1) {
    return add(name, 'd', [&](TypeRow& made) {
      made.base = base;
      made.modifier = modifier;
    });
  }
  Type type(Oid oid, std::int32_t modifier = -1) { return types_.type(oid, modifier, "c").value(); }

  CatalogTypes types_;
  Oid next_ = 0;
};

TEST_F(CatalogTypesTest, DomainsAreFollowedToTheirBaseWithTheModifierOfTheLast) {
  types_.add(row(oid::kVarchar, "character varying"));
  const Oid inner = add_domain("inner", oid::kVarchar, 4 + 10);
  const Oid outer = add_domain("outer", inner);
  EXPECT_EQ(type(outer).kind, TypeKind::kVarchar);
  EXPECT_EQ(type(outer).length, 10);
  EXPECT_EQ(type(outer).source_type, oid::kVarchar);
  EXPECT_EQ(types_.cast(outer), "character varying");
}

TEST_F(CatalogTypesTest, TheModifierOfAnIntervalHoldsItsFieldsAndItsFraction) {
  EXPECT_EQ(type(oid::kInterval).precision, -1);
  EXPECT_EQ(type(oid::kInterval, 0x7FFF0003).fraction_digits, 3);
  EXPECT_EQ(type(oid::kInterval, 0x7FFF0003).precision, -1);
  EXPECT_EQ(type(oid::kInterval, 0x0006FFFF).precision, 6);
  EXPECT_EQ(type(oid::kInterval, 0x0006FFFF).fraction_digits, 6);
}

TEST_F(CatalogTypesTest, WhatHoldsATypeWithoutABinaryFormOfOursIsText) {
  const Oid shape = add("shape", 'c', [](TypeRow&) {});
  types_.add_field(shape, "name", oid::kText, -1);
  types_.add_field(shape, "at", kPoint, -1);
  EXPECT_EQ(type(shape).kind, TypeKind::kOpaque);
  EXPECT_EQ(type(shape).base, "shape");
  const Oid range = add("points", 'r', [](TypeRow& made) { made.subtype = kPoint; });
  EXPECT_EQ(type(range).kind, TypeKind::kOpaque);
  const Oid array = add_array("shape[]", shape);
  EXPECT_EQ(type(array).kind, TypeKind::kArray);
  EXPECT_EQ(type(array).elements.at(0).base, "shape");
  EXPECT_EQ(answer_type(type(array)), oid::kTextArray);
  // An array of such arrays (by a domain) is one of texts too.
  const Oid domain = add_domain("shapes", array);
  const Oid outer = add_array("shapes[]", domain);
  EXPECT_EQ(type(outer).elements.at(0).kind, TypeKind::kOpaque);
  EXPECT_EQ(type(outer).elements.at(0).base, "shapes");
}

TEST_F(CatalogTypesTest, CompositesKeepTheirFieldsInOrder) {
  const Oid list = add_array("integer[]", oid::kInt4);
  const Oid pair = add("pair", 'c', [](TypeRow&) {});
  types_.add_field(pair, "Left", list, -1);
  types_.add_field(pair, "b\"c", oid::kText, -1);
  EXPECT_EQ(type(pair).fields, (std::vector<std::string>{"Left", "b\"c"}));
  EXPECT_EQ(type(pair).elements.at(0).elements.at(0).kind, TypeKind::kInt32);
  EXPECT_EQ(answer_type(type(pair)), pair);
  EXPECT_EQ(array_type(type(pair)), oid::kTextArray);
}

TEST_F(CatalogTypesTest, APseudoTypeIsNoColumns) {
  EXPECT_FALSE(types_.type(add("anyarray", 'p', [](TypeRow&) {}), -1, "c").has_value());
}

TEST_F(CatalogTypesTest, CitextIsTextThatIsComparedLoosely) {
  const Oid citext = add("citext", 'b', [](TypeRow&) {});
  EXPECT_EQ(type(citext).kind, TypeKind::kText);
  EXPECT_EQ(type(citext).source_type, citext);
  EXPECT_TRUE(types_.is_loosely_compared(add_domain("email", citext)));
  EXPECT_FALSE(types_.is_loosely_compared(oid::kText));
  EXPECT_EQ(equals_text("t.c", "o.k", type(citext), {true, "citext"}),
            "t.c = o.k and t.c::text collate \"C\" = o.k::text collate \"C\"");
  EXPECT_EQ(key_order_text("c", type(citext)), "c::text collate \"C\"");
  EXPECT_EQ(key_order_text("c", type(oid::kText)), "c collate \"C\"");
}

TEST_F(CatalogTypesTest, NestedValuesAreSentAsTextAndCastToTheirType) {
  const Type list = type(add_array("integer[]", oid::kInt4));
  const Type places = type(add_array("point[]", kPoint));
  const Type place = type(kPoint);
  const ColumnTraits traits{false, "\"My Type\"[]"};
  EXPECT_EQ(read_text("t.c", list), "t.c");
  EXPECT_EQ(written_text("o.c0", list, traits), "o.c0::\"My Type\"[]");
  EXPECT_EQ(equals_text("t.c", "o.k", list, traits), "t.c = o.k::\"My Type\"[]");
  EXPECT_EQ(read_text("t.c", places), "t.c::text[]");
  EXPECT_EQ(written_text("o.c0", places, {false, "point[]"}), "o.c0::text[]::point[]");
  EXPECT_EQ(equals_text("t.c", "o.k", places, {}), "t.c::text[] = o.k::text[]");
  EXPECT_EQ(read_text("t.c", place), "t.c::text");
  EXPECT_EQ(written_text("o.c0", place, {false, "point"}), "o.c0::point");
  EXPECT_EQ(equals_text("t.c", "o.k", place, {}), "t.c::text = o.k");
  EXPECT_EQ(read_text("t.c", type(oid::kInt4)), "t.c");
  EXPECT_EQ(written_text("o.c0", type(oid::kInt4), {false, "integer"}), "o.c0");
}

TEST_F(CatalogTypesTest, AnArrayParameterOfNestedValuesHoldsTheirTexts) {
  const Type list = type(add_array("integer[]", oid::kInt4));
  RowBatch rows(1);
  std::string bytes;
  ASSERT_TRUE(parse_literal(list, "{1,NULL}", bytes).has_value());
  rows.begin_row();
  rows.push(bytes);
  rows.begin_row();
  rows.push_null();
  ArrayParameter expected(oid::kText);
  expected.push(Value("{1,NULL}"));
  expected.push_null();
  EXPECT_EQ(array_of_column(list, rows, 0), expected.take());
}

}  // namespace
}  // namespace couplet::postgres
