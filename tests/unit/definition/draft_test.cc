// What `couplet init` guesses, from catalogs made by hand. Whatever it guesses, loading and binding
// take it.

#include "engine/definition/draft.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/definition/name_words.h"
#include "tests/unit/definition/described_tables.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

DescribedTable& unique(DescribedTable& table, const std::vector<std::string>& columns) {
  table.info().unique_keys.push_back({"u", columns, false, false});
  return table;
}

DescribedTable people(const std::string& name) {
  DescribedTable made = table(name);
  made.id().required("email").text("name");
  return unique(made, {"email"});
}

DraftRequest request(std::vector<TableInfo> left, std::vector<TableInfo> right) {
  DraftRequest made;
  made.name = "a-b";
  made.sides[0] = {"a", "public", {{"type", "postgres"}, {"url", "{ env: LEFT_URL }"}}, left};
  made.sides[1] = {"b", "public", {{"type", "postgres"}, {"url", "{ env: RIGHT_URL }"}}, right};
  return made;
}

// The draft's text, after having been loaded and bound as a user's would be.
std::string drafted(const DraftRequest& from) {
  const Result<Draft> draft = draft_definition(from);
  EXPECT_TRUE(draft.has_value()) << draft.error().message;
  if (!draft) {
    return "";
  }
  const LoadResult loaded =
      load_text(draft->text, {{"LEFT_URL", "postgresql://a"}, {"RIGHT_URL", "postgresql://b"}});
  EXPECT_TRUE(loaded.definition.has_value()) << loaded.diagnostics.render() << draft->text;
  if (loaded.definition) {
    const BindResult bound =
        bind_to(*loaded.definition, {from.sides[0].tables, from.sides[1].tables});
    EXPECT_TRUE(bound.definition.has_value()) << bound.diagnostics.render() << draft->text;
  }
  return draft->text;
}

TEST(NameWordsTest, SnakeAndCamelCaseHaveTheSameWords) {
  EXPECT_THAT(words_of("externalRef"), ElementsAre("external", "ref"));
  EXPECT_THAT(words_of("external_ref"), ElementsAre("external", "ref"));
  EXPECT_THAT(words_of("External Ref"), ElementsAre("external", "ref"));
  EXPECT_THAT(words_of("HTTPServer2"), ElementsAre("http", "server2"));
  EXPECT_THAT(words_of(""), ElementsAre());
}

TEST(NameWordsTest, AWordIsTheSameInThePlural) {
  for (const auto& [one, many] :
       std::vector<std::pair<std::string, std::string>>{{"customer", "customers"},
                                                        {"address", "addresses"},
                                                        {"house", "houses"},
                                                        {"category", "categories"},
                                                        {"box", "boxes"},
                                                        {"status", "statuses"}}) {
    EXPECT_TRUE(same_word(one, many)) << one;
    EXPECT_EQ(singular(many), one);
  }
  EXPECT_FALSE(same_word("address", "addressee"));
  EXPECT_EQ(singular("bus"), "bus");
}

TEST(DraftTest, AKeyThatASideComparesLooselyIsToBeChecked) {
  TableInfo loose = people("users").made();
  for (ColumnInfo& column : loose.columns) {
    column.equated_by = column.name == "email" ? "collation nocase" : "";
  }
  EXPECT_THAT(
      drafted(request({people("users").made()}, {loose})),
      HasSubstr("      - email                            # check: b compares it by collation "
                "nocase, Couplet by code points: Ab and ab are two\n"));
}

// The counts are those of the text: whoever goes through it finds as many.
TEST(DraftTest, TheSummaryCountsWhatTheTextHas) {
  const auto nothing_shared = [](const char* column) {
    return DescribedTable("parcels").id().text(column).made();
  };
  const auto lone = [](const char* name) { return people(name).made(); };
  TableInfo not_unique = DescribedTable("teams").id().text("name").made();
  TableInfo unusable = DescribedTable("points").id().unknown("at", "point").made();
  const std::vector<DraftRequest> requests = {
      request({lone("users")}, {lone("users")}),
      request({lone("users"), lone("planets")}, {lone("users")}),
      request({lone("users"), nothing_shared("sender")}, {lone("users"), nothing_shared("weight")}),
      request({lone("users"), not_unique, unusable}, {lone("user"), not_unique, lone("moons")}),
      request({lone("app_users"), not_unique}, {lone("users"), not_unique, unusable})};
  for (const DraftRequest& from : requests) {
    const Result<Draft> draft = draft_definition(from);
    ASSERT_TRUE(draft.has_value()) << draft.error().message;
    const auto count = [&](const std::string& part) {
      std::size_t found = 0;
      for (std::size_t at = draft->text.find(part); at != std::string::npos;
           at = draft->text.find(part, at + 1)) {
        ++found;
      }
      return found;
    };
    EXPECT_EQ(draft->mappings, count("\n    left: ")) << draft->text;
    EXPECT_EQ(draft->checks, count("check:")) << draft->text;
    for (const std::size_t side : {0U, 1U}) {
      EXPECT_EQ(draft->left_out[side], from.sides[side].tables.size() - draft->mappings)
          << draft->text;
    }
  }
}

TEST(DraftTest, TablesAreTheSameByNameInAnyForm) {
  for (const auto& [left, right] : std::vector<std::pair<std::string, std::string>>{
           {"customers", "customers"},
           {"customers", "Customer"},
           {"app_customers", "customers"},
           {"VlanServiceProviders", "vlan_service_provider"}}) {
    const std::string text = drafted(request({people(left).made()}, {people(right).made()}));
    EXPECT_THAT(text, HasSubstr("left: a." + left + "\n"));
    EXPECT_THAT(text, HasSubstr("right: b." + right + "\n"));
    EXPECT_THAT(text, HasSubstr("keys:\n      - email\n"));
    EXPECT_THAT(text, HasSubstr("attributes:\n      - name\n"));
  }
}

TEST(DraftTest, TablesOfOtherNamesAreGuessedByTheirColumnsAndSaySo) {
  const std::string text =
      drafted(request({people("customers").made()}, {people("accounts").made()}));
  EXPECT_THAT(text, HasSubstr("right: b.accounts"));
  EXPECT_THAT(text, HasSubstr("# check: the names differ; guessed by their columns"));
}

TEST(DraftTest, ANaturalKeyIsPreferredToAnIdThatEachSideGivesOut) {
  const std::string text =
      drafted(request({people("customers").made()}, {people("customers").made()}));
  EXPECT_THAT(text, HasSubstr("keys:\n      - email\n"));
  EXPECT_THAT(text, Not(HasSubstr("- id")));
}

TEST(DraftTest, AnIdThatNoDefaultGivesComesAlongWithANewRow) {
  DescribedTable made = people("customers");
  made.info().columns.front().has_default = false;
  EXPECT_THAT(drafted(request({made.made()}, {people("customers").made()})),
              HasSubstr("- { left: id, right: id, policy: init }"));
}

TEST(DraftTest, AKeyThatNothingVouchesForSaysSo) {
  DescribedTable left = table("items");
  left.id().text("code");
  DescribedTable right = table("items");
  right.id().text("code");
  EXPECT_THAT(drafted(request({left.made()}, {right.made()})),
              HasSubstr("# check: nothing says that it is unique\n      - code\n"));
  unique(left, {"code"});
  EXPECT_THAT(drafted(request({left.made()}, {right.made()})),
              HasSubstr("# check: unique in a, not in b\n      - code\n"));
  unique(right, {"code"});
  EXPECT_THAT(drafted(request({left.made()}, {right.made()})),
              HasSubstr("# check: may be null, and a row with a null here is never linked\n"));
}

TEST(DraftTest, AnIdIsTheKeyWhereNothingElseIsShared) {
  DescribedTable left = table("items");
  left.id().text("colour");
  EXPECT_THAT(drafted(request({left.made()}, {left.made()})),
              HasSubstr("# check: nothing but the id is shared: does one id mean one thing on both "
                        "sides?\n      - id\n"));
}

TEST(DraftTest, ReferencesAreTranslatedThroughTheMappingOfTheirParents) {
  DescribedTable orders = table("orders");
  orders.id().required("number").foreign_key("customer_id", "customers");
  unique(orders, {"customer_id", "number"});
  DescribedTable theirs = table("orders");
  theirs.id().required("number").foreign_key("account_id", "accounts");
  unique(theirs, {"account_id", "number"});
  const std::string text = drafted(request({orders.made(), people("customers").made()},
                                           {theirs.made(), people("accounts").made()}));
  EXPECT_THAT(text, HasSubstr("- { left: customer, right: account, link: customer }\n"));
  EXPECT_LT(text.find("  customer:\n"), text.find("  order:\n")) << "parents come first\n" << text;
}

TEST(DraftTest, CompositeKeysAndReferencesAreNamed) {
  DescribedTable sites = table("sites");
  sites.id({"country", "number"}).text("name");
  DescribedTable racks = table("racks");
  racks.id().required("label");
  racks.column("site_country", type_of(TypeKind::kInt64), false);
  racks.column("site_number", type_of(TypeKind::kInt64), false);
  racks.constraint({"site_country", "site_number"}, "sites", {"country", "number"});
  unique(racks, {"label"});
  const std::string text =
      drafted(request({racks.made(), sites.made()}, {racks.made(), sites.made()}));
  EXPECT_THAT(text, HasSubstr("keys:\n      - country\n      - number\n"));
  EXPECT_THAT(text, HasSubstr("site: [ site_country, site_number ]"));
  EXPECT_THAT(text, HasSubstr("- { left: site, right: site, link: site }\n"));
}

TEST(DraftTest, ATableThatRefersToItselfHasItsParentAsAnAttribute) {
  DescribedTable made = table("categories");
  made.id().required("name").foreign_key("parent_id", "categories", true);
  unique(made, {"name"});
  EXPECT_THAT(drafted(request({made.made()}, {made.made()})),
              HasSubstr("attributes:\n      - { left: parent, right: parent, link: category }\n"));
}

TEST(DraftTest, NamesThatNeedQuotingAreQuoted) {
  DescribedTable made = table("Order Lines");
  made.id().required("it's 50%").text("select").text("null").text("a: b").text("größe");
  unique(made, {"it's 50%"});
  const std::string text = drafted(request({made.made()}, {made.made()}));
  EXPECT_THAT(text, HasSubstr("table: \"Order Lines\""));
  EXPECT_THAT(text, HasSubstr("left: a.order_lines\n"));
  EXPECT_THAT(text, HasSubstr("- \"it's 50%\"\n"));
  EXPECT_THAT(text, HasSubstr("- \"null\"\n"));
  EXPECT_THAT(text, HasSubstr("- \"a: b\"\n"));
  EXPECT_THAT(text, HasSubstr("- größe\n"));
}

TEST(DraftTest, WhatCannotBeMappedIsLeftOutWithTheReason) {
  DescribedTable made = people("customers");
  made.text("a.b").text("self").unknown("place", "geometry");
  DescribedTable bare = table("log");
  bare.text("line");
  TableInfo view = people("active").made();
  view.kind = TableInfo::Kind::kView;
  const std::string text =
      drafted(request({made.made(), bare.made(), view}, {made.made(), bare.made(), view}));
  EXPECT_THAT(text, HasSubstr("# a.a.b: a dot in its name is a step of a path\n"));
  EXPECT_THAT(text, HasSubstr("# a.self: `self` is the object itself\n"));
  EXPECT_THAT(text, HasSubstr("# a.place: type geometry is not supported yet\n"));
  EXPECT_THAT(text, HasSubstr("#   a.public.log: no primary key"));
  EXPECT_THAT(text, HasSubstr("#   b.public.active: a view"));
}

TEST(DraftTest, AnAttributeThatWouldLoseDigitsIsLeftOutWithTheReason) {
  DescribedTable left = people("customers");
  left.column("balance", numeric(12, 4));
  DescribedTable right = people("customers");
  right.column("balance", numeric(12, 2));
  EXPECT_THAT(drafted(request({left.made()}, {right.made()})),
              HasSubstr("      # - balance: a.customers.balance to b.customers.balance: "));
}

TEST(DraftTest, NothingIsCreatedWhereARowNeedsMoreThanIsMapped) {
  DescribedTable right = people("customers");
  right.required("vat_id");
  EXPECT_THAT(drafted(request({people("customers").made()}, {right.made()})),
              HasSubstr("create: left  # a row needs what is not mapped: b.vat_id\n"));
}

TEST(DraftTest, ASideThatTheRoleMayNotWriteIsOnlyRead) {
  DescribedTable left = people("customers");
  left.info().may_update = left.info().may_insert = false;
  left.info().role = "couplet";
  for (ColumnInfo& column : left.info().columns) {
    column.may_update = column.may_insert = false;
  }
  const DraftRequest from = request({left.made()}, {people("customers").made()});
  const Result<Draft> draft = draft_definition(from);
  EXPECT_THAT(draft->text,
              HasSubstr("direction: left_to_right             # check: our role may not write "
                        "a.public.customers; for `both`: GRANT INSERT, UPDATE ON "
                        "\"public\".\"customers\" TO \"couplet\"\n"));
  EXPECT_EQ(draft->checks, 1U) << "a guess is to be checked";
}

TEST(DraftTest, ASideOfWhichSomeColumnsMayBeWrittenIsWritten) {
  DescribedTable left = people("customers");
  left.info().may_update = left.info().may_insert = false;
  EXPECT_THAT(draft_definition(request({left.made()}, {people("customers").made()}))->text,
              HasSubstr("direction: both"));
}

TEST(DraftTest, AChangeTimeIsSeenByItsName) {
  DescribedTable made = people("customers");
  made.column("updatedAt", timestamp(6));
  const std::string text = drafted(request({made.made()}, {made.made()}));
  EXPECT_THAT(text, HasSubstr("  a.customers:\n    updated_at: updatedAt"));
  EXPECT_THAT(text, Not(HasSubstr("- updatedAt")));
}

TEST(DraftTest, WhereNothingIsAlikeThereIsASkeletonThatSaysWhatToFillIn) {
  DescribedTable planets = table("planets");
  planets.id().text("mass");
  const auto draft = draft_definition(request({people("customers").made()}, {planets.made()}));
  ASSERT_TRUE(draft.has_value()) << draft.error().message;
  EXPECT_EQ(draft->mappings, 0U);
  EXPECT_THAT(draft->left_out, ElementsAre(1U, 1U));
  EXPECT_THAT(draft->text, HasSubstr("#   a.customers: id, email, name\n"));
  EXPECT_THAT(draft->text, HasSubstr("#   b.planets: id, mass\n"));
  const std::map<std::string, std::string> urls = {{"LEFT_URL", "postgresql://a"},
                                                   {"RIGHT_URL", "postgresql://b"}};
  const std::string told = load_text(draft->text, urls).diagnostics.render();
  for (const char* missing :
       {"mappings.first.left must be a text, this is nothing",
        "    left:  # fill in: a table of a, as a.customers\n",
        "mappings.first.right must be a text, this is nothing",
        "    right:  # fill in: a table of b, as b.planets\n",
        "    keys:  # fill in: the columns that tell which rows are the same"}) {
    EXPECT_THAT(told, HasSubstr(missing));
  }
  // Filled in as it says, it is right.
  std::string filled = draft->text;
  const auto fill = [&](const std::string& place, const std::string& what) {
    const std::size_t at = filled.find(place);
    ASSERT_NE(at, std::string::npos) << place;
    filled.replace(at, place.size(), what);
  };
  fill("    left:", "    left: a.customers");
  fill("    right:", "    right: b.planets");
  fill("    #  - { left: COLUMN, right: COLUMN }", "      - { left: email, right: mass }");
  fill("    # attributes:", "    attributes:");
  fill("    #  - { left: COLUMN, right: COLUMN }", "      - { left: name, right: mass }");
  const LoadResult loaded = load_text(filled, urls);
  EXPECT_TRUE(loaded.definition.has_value()) << loaded.diagnostics.render() << filled;
}

TEST(DraftTest, OfASideWithoutTablesThereIsNothingToFillIn) {
  const auto draft = draft_definition(request({people("customers").made()}, {}));
  ASSERT_FALSE(draft.has_value());
  EXPECT_EQ(draft.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(draft.error().message,
            "our role sees no table of b: GRANT USAGE ON its schema and SELECT on its tables");
}

TEST(DraftTest, TwoHundredTablesAreAMatterOfSeconds) {
  std::vector<TableInfo> tables;
  for (int i = 0; i < 200; ++i) {
    DescribedTable made =
        people("thing_" + std::string(1, static_cast<char>('a' + i % 26)) + std::to_string(i));
    if (i > 0) {
      made.foreign_key("parent_id", tables.back().name.table, true);
    }
    tables.push_back(made.made());
  }
  const std::string text = drafted(request(tables, tables));
  for (const TableInfo& one : tables) {
    EXPECT_THAT(text,
                HasSubstr("left: a." + one.name.table + "\n    right: b." + one.name.table + "\n"));
  }
}

}  // namespace
}  // namespace couplet::test
