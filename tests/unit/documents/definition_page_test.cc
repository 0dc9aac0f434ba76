// docs/reference/definition.md against the table that parses the file.
#include <gmock/gmock.h>

#include <map>

#include "engine/definition/field_table.h"
#include "engine/definition/load.h"
#include "tests/unit/documents/page.h"

namespace couplet::test {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::size_t kColumns = 4;  // option, type, default, meaning

const std::map<std::string_view, std::string> kHeadings = {
    {"file", "## The file"},
    {"reconcile", "## `reconcile`"},
    {"http", "## `http`"},
    {"log", "## `log`"},
    {"postgres", "## A PostgreSQL source"},
    {"sqlite", "## A SQLite source"},
    {"entity", "## An entity"},
    {"reference", "## A reference"},
    {"mapping", "## A mapping"},
    {"mapping_where", "## `where` of a mapping"},
    {"limits", "## `limits`"},
    {"limit", "## A limit"},
    {"attribute", "## An attribute"},
};

const Page& page() {
  static const Page kPage("docs/reference/definition.md");
  return kPage;
}

std::vector<TableLine> lines_of(std::string_view section) {
  return Page::tables(page().section(kHeadings.at(section)).value_or(""));
}

// How the page calls a type.
std::string word_of(const Field& field) {
  switch (field.type) {
    case FieldType::kText:
      return "text";
    case FieldType::kPath:
      return "path";
    case FieldType::kConnection:
      return "connection";
    case FieldType::kSecret:
      return "secret";
    case FieldType::kInteger:
      return "integer";
    case FieldType::kNumber:
      return "number";
    case FieldType::kBoolean:
      return "boolean";
    case FieldType::kDuration:
      return "duration";
    case FieldType::kSize:
      return "size";
    case FieldType::kChoice:
      return "choice";
    case FieldType::kLiteral:
      return "literal";
    case FieldType::kTexts:
      return "text or list";
    case FieldType::kSection:
    case FieldType::kSections:
      return "map";
    case FieldType::kSectionList:
      return "list";
    case FieldType::kOther:
      return field.choices.empty() ? "map" : "choice";
  }
  return "";
}

TEST(DefinitionPageTest, EveryOptionStandsThereWithItsTypeAndItsDefault) {
  for (const Field& field : fields()) {
    if (!field.later.empty()) {
      continue;
    }
    SCOPED_TRACE(std::string(field.section) + ": " + std::string(field.name));
    ASSERT_TRUE(kHeadings.contains(field.section));
    const TableLine* found = nullptr;
    const std::vector<TableLine> lines = lines_of(field.section);
    for (const TableLine& line : lines) {
      found = line[0] == code(field.name) ? &line : found;
    }
    ASSERT_NE(found, nullptr) << "not in the page";
    ASSERT_EQ(found->size(), kColumns);
    EXPECT_THAT((*found)[1], StartsWith(word_of(field)));
    if (field.required) {
      EXPECT_EQ((*found)[2], "required");
    } else if (field.default_text.empty()) {
      EXPECT_THAT((*found)[2], AnyOf(Not(HasSubstr("`")), HasSubstr(" `"), HasSubstr("couplet_")))
          << "it has no default that could be written";
      EXPECT_NE((*found)[2], "required");
    } else {
      EXPECT_EQ((*found)[2], code(field.default_text));
    }
    for (const std::string_view choice : field.choices) {
      EXPECT_THAT((*found)[2] + (*found)[3], HasSubstr(code(choice)));
    }
  }
}

TEST(DefinitionPageTest, NothingElseStandsThere) {
  for (const auto& [section, heading] : kHeadings) {
    const std::vector<TableLine> lines = lines_of(section);
    EXPECT_THAT(lines, Not(IsEmpty())) << heading;
    for (const TableLine& line : lines) {
      const std::string name = line[0].substr(1, line[0].size() - 2);
      const Field* field = field_named(section, name);
      EXPECT_TRUE(field != nullptr && field->later.empty()) << heading << ": " << line[0];
    }
  }
}

TEST(DefinitionPageTest, OptionsOfALaterVersionAreSaidToBe) {
  const std::string later = page().section("## Not supported yet").value_or("");
  for (const Field& field : fields()) {
    if (!field.later.empty()) {
      EXPECT_THAT(later, HasSubstr(code(field.name)));
    }
  }
}

TEST(DefinitionPageTest, TheMistakeThatIsShownIsToldAsShown) {
  const LoadResult loaded = parse_definition(R"(version: 1
name: inventory
state: state
sources:
  left: { type: postgres, url: postgresql://db1/a }
  right: { type: postgres, url: postgresql://db2/b }
mappings:
  customer:
    left: left.customers
    right: right.clients
    direction: both
    keys: [ email ]
    conflcit: hold
)",
                                             "couplet.yaml");
  EXPECT_THAT(page().blocks("text"), Contains(loaded.diagnostics.render()));
}

}  // namespace
}  // namespace couplet::test
