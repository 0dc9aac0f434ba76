#include "engine/definition/diagnostic.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace couplet::test {
namespace {

Diagnostics about(const std::string& text) {
  const auto source = std::make_shared<SourceText>("couplet.yaml", text);
  source->parsed();
  return Diagnostics(source);
}

TEST(DiagnosticTest, TheCaretStandsUnderTheColumn) {
  Diagnostics diagnostics = about("a: 1\nsources:\n  crm: { prot: 5432 }\n");
  diagnostics.error({3, 10}, "unknown_option", "sources.crm has no option \"prot\"",
                    "did you mean \"port\"?");
  EXPECT_EQ(diagnostics.render(),
            "couplet.yaml:3:10: error: sources.crm has no option \"prot\"\n"
            "    3 |   crm: { prot: 5432 }\n"
            "      |          ^\n"
            "    did you mean \"port\"?\n");
}

TEST(DiagnosticTest, ColumnsCountCharactersNotBytes) {
  Diagnostics diagnostics = about("größe: ä, bad\n");
  diagnostics.error({1, 11}, "x", "here");
  EXPECT_EQ(diagnostics.render(),
            "couplet.yaml:1:11: error: here\n"
            "    1 | größe: ä, bad\n"
            "      |           ^\n");
}

TEST(DiagnosticTest, AFileWithoutAPlaceIsNamedAlone) {
  Diagnostics diagnostics = about("");
  diagnostics.error({}, "unreadable_file", "there is no file couplet.yaml");
  EXPECT_EQ(diagnostics.render(), "couplet.yaml: error: there is no file couplet.yaml\n");
}

TEST(DiagnosticTest, FindingsComeInTheOrderOfTheFileAndOnce) {
  Diagnostics diagnostics = about("a\nb\nc\n");
  diagnostics.warning({3, 1}, "w", "third");
  diagnostics.error({1, 1}, "e", "first");
  diagnostics.error({2, 1}, "e", "second");
  diagnostics.error({1, 1}, "e", "first");
  EXPECT_EQ(diagnostics.errors(), 2U);
  EXPECT_EQ(diagnostics.warnings(), 1U);
  ASSERT_EQ(diagnostics.items().size(), 3U);
  EXPECT_EQ(diagnostics.items()[0].message, "first");
  EXPECT_EQ(diagnostics.items()[1].message, "second");
  EXPECT_EQ(diagnostics.items()[2].message, "third");
}

TEST(DiagnosticTest, AMaskMovesTheCaretAlong) {
  Diagnostics diagnostics = about("{ url: \"postgresql://ada:hunter2@db/x\", prot: 1 }\n");
  diagnostics.error({1, 41}, "unknown_option", "no prot");
  EXPECT_EQ(diagnostics.render(),
            "couplet.yaml:1:41: error: no prot\n"
            "    1 | { url: \"postgresql://ada:***@db/x\", prot: 1 }\n"
            "      |                                     ^\n");
}

TEST(DiagnosticTest, WhatIsHiddenIsNeverQuoted) {
  const auto source =
      std::make_shared<SourceText>("f", "token: abc # why\nkey: |\n  one\n  two\nnext: 1\n");
  source->hide({1, 8}, {1, 11});
  source->hide({3, 3}, {5, 1});
  source->parsed();
  EXPECT_EQ(source->quote({1, 1}).line, "token: *** # why");
  EXPECT_EQ(source->quote({1, 12}).column, 12U);
  EXPECT_EQ(source->quote({3, 1}).line, "  ***");
  EXPECT_EQ(source->quote({4, 3}).line, "***");
  EXPECT_EQ(source->quote({5, 1}).line, "next: 1");
}

// Before the file is understood nobody knows what is a secret in it: what sounds like one is.
TEST(DiagnosticTest, AFileThatIsNoYamlHidesWhatSoundsSecret) {
  const SourceText source("f", "http: { token: abc, listen: [ }\npassword:  x y\nname: fine\n");
  EXPECT_EQ(source.quote({1, 1}).line, "http: { token: ***");
  EXPECT_EQ(source.quote({2, 1}).line, "password:  ***");
  EXPECT_EQ(source.quote({3, 1}).line, "name: fine");
}

TEST(DiagnosticTest, MessagesAreMaskedToo) {
  Diagnostics diagnostics = about("x\n");
  diagnostics.error({1, 1}, "e", "cannot use postgresql://ada:hunter2@db", "not password=hunter2");
  EXPECT_EQ(diagnostics.render().find("hunter2"), std::string::npos);
  EXPECT_EQ(diagnostics.to_json().dump().find("hunter2"), std::string::npos);
}

TEST(DiagnosticTest, LongLinesAreCutAroundThePlace) {
  const std::string line = std::string(500, 'a') + "X" + std::string(500, 'b');
  const SourceText source("f", line);
  const SourceText::Quote quote = source.quote({1, 501});
  EXPECT_LT(quote.line.size(), 200U);
  EXPECT_EQ(quote.line.rfind("…", 0), 0U);
  // One character for the dots before it.
  EXPECT_EQ(quote.line[quote.column - 1 + std::string("…").size() - 1], 'X');
}

TEST(DiagnosticTest, JsonIsThatOfTheReference) {
  Diagnostics diagnostics = about("a: 1\n");
  diagnostics.error({1, 1}, "unknown_option", "no a", "did you mean \"b\"?");
  diagnostics.warning({1, 4}, "unused", "for nothing");
  EXPECT_EQ(diagnostics.to_json(), nlohmann::json::parse(R"({
    "valid": false,
    "errors": [{"code": "unknown_option", "file": "couplet.yaml", "line": 1, "column": 1,
                "message": "no a", "hint": "did you mean \"b\"?"}],
    "warnings": [{"code": "unused", "file": "couplet.yaml", "line": 1, "column": 4,
                  "message": "for nothing", "hint": ""}]})"));
  EXPECT_EQ(about("").to_json()["valid"], true);
}

}  // namespace
}  // namespace couplet::test
