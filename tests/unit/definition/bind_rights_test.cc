// What our role has to be allowed, and is told as the grants that it lacks.
#include <gtest/gtest.h>

#include "tests/unit/definition/described_tables.h"

namespace couplet::test {
namespace {

// Two sides with people, whose ids come from a sequence; one mapping, `rest` in line 11.
class BindRightsTest : public testing::Test {
 protected:
  BindRightsTest() {
    for (auto& source : sources_) {
      DescribedTable people = table("people");
      people.id().required("email").text("name").text("note");
      people.column("changed", type_of(TypeKind::kTimestampTz));
      source = {people.made()};
    }
    right().role = "Role of \"r\"";
    right().sequences = {{"id", {"public", "people_id_seq"}, false, true}};
  }

  TableInfo& right() { return sources_[1][0]; }
  ColumnInfo& right(const std::string& name) {
    for (ColumnInfo& column : right().columns) {
      if (column.name == name) {
        return column;
      }
    }
    COUPLET_CHECK(false && "no such column");
  }

  // "error: message | hint", a line each, without its place.
  [[nodiscard]] std::string bound(const std::string& rest) const {
    const LoadResult loaded = load_text(
        "version: 1\nname: shop\nstate: s\n"
        "sources:\n  l: { type: postgres, url: host=l }\n  r: { type: postgres, url: host=r }\n"
        "entities:\n  r.people: { updated_at: changed }\n"
        "mappings:\n  p: { left: l.people, right: r.people, direction: left_to_right,\n"
        "    keys: [ email ], " +
        rest + " }\n");
    EXPECT_EQ(rendered(loaded.diagnostics), "");
    const BindResult result = bind_to(*loaded.definition, sources_);
    std::string out;
    for (const Diagnostic& one : result.diagnostics.items()) {
      out += (one.severity == Severity::kError ? "error: " : "warning: ") + one.message +
             (one.hint.empty() ? "" : " | " + one.hint) + "\n";
    }
    return out;
  }

  DescribedSources sources_ = {{}, {}};
  const std::string to_ = "ON \"public\".\"people\" TO \"Role of \"\"r\"\"\"\n";
};

// One statement a table and right, with every column that the file needs there.
TEST_F(BindRightsTest, AStatementForEachTableAndRight) {
  EXPECT_EQ(bound("attributes: [ name ]"), "");
  right("note").may_select = right("note").may_update = false;
  EXPECT_EQ(bound("attributes: [ name ]"), "") << "nobody asks for it";
  right("name").may_update = false;
  EXPECT_EQ(bound("attributes: [ name ]"),
            "error: our role may not update public.people (name) | GRANT UPDATE (\"name\") " + to_);
  right("name").may_update = true;
  right("email").may_insert = right("name").may_insert = false;
  EXPECT_EQ(bound("attributes: [ name ]"),
            "error: our role may not insert into public.people (email, name) | GRANT INSERT "
            "(\"email\", \"name\") " +
                to_);
  EXPECT_EQ(bound("create: false, attributes: [ name ]"), "");
  right("name").may_select = false;
  EXPECT_EQ(bound("create: false, attributes: [ name ]"),
            "error: our role may not read public.people (name) | GRANT SELECT (\"name\") " + to_);
}

TEST_F(BindRightsTest, ASchemaThatOurRoleMayNotLookIntoAndWhatIsWrongBesides) {
  right().may_use_schema = right().may_select = false;
  for (ColumnInfo& column : right().columns) {
    column.may_select = false;
  }
  EXPECT_EQ(bound("create: false, attributes: [ nmae ]"),
            "error: our role may not look into schema public, so its tables are not seen | GRANT "
            "USAGE ON SCHEMA \"public\" TO \"Role of \"\"r\"\"\"\n"
            "error: our role may not read public.people (changed, email, id, xmin) | GRANT SELECT "
            "(\"changed\", \"email\", \"id\", xmin) " +
                to_ +
                "error: l.people has no column \"nmae\" | did you mean \"name\"?\n"
                "error: r.people has no column \"nmae\" | did you mean \"name\"?\n");
}

TEST_F(BindRightsTest, TheChangeTimeIsReadAndWrittenLikeAnAttribute) {
  right("changed").may_select = right("changed").may_insert = right("changed").may_update = false;
  EXPECT_EQ(bound("attributes: [ name ]"),
            "error: our role may not read public.people (changed) | GRANT SELECT (\"changed\") " +
                to_ +
                "error: our role may not insert into public.people (changed) | GRANT INSERT "
                "(\"changed\") " +
                to_ +
                "error: our role may not update public.people (changed) | GRANT UPDATE "
                "(\"changed\") " +
                to_);
  right("changed").generated = true;
  EXPECT_EQ(
      bound("attributes: [ name ]"),
      "error: our role may not read public.people (changed) | GRANT SELECT (\"changed\") " + to_)
      << "nobody writes a generated column";
}

TEST_F(BindRightsTest, TheSequenceOfIdsThatACreateLeavesToTheDatabase) {
  const std::string grant =
      " | GRANT USAGE ON SEQUENCE \"public\".\"people_id_seq\" TO \"Role of \"\"r\"\"\"\n";
  right().sequences[0].may_use = false;
  EXPECT_EQ(bound("attributes: [ name ]"),
            "error: our role may not use sequence public.people_id_seq, which gives "
            "public.people.id its values: rows cannot be created" +
                grant);
  EXPECT_EQ(bound("create: false, attributes: [ name ]"), "");
  EXPECT_EQ(bound("attributes: [ id ]"), "") << "a create brings it along";
  right().sequences[0].identity = true;
  EXPECT_EQ(bound("attributes: [ name ]"),
            "warning: our role may not use sequence public.people_id_seq, which gives "
            "public.people.id its values: ids of new rows are not known before they are written" +
                grant);
}

}  // namespace
}  // namespace couplet::test
