#include "engine/definition/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>

namespace couplet::test {
namespace {

struct Parsed {
  std::optional<YamlNode> tree;
  std::string findings;
};

Parsed parse(const std::string& text) {
  Diagnostics diagnostics(std::make_shared<SourceText>("f", text));
  Parsed parsed;
  parsed.tree = parse_yaml(text, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    parsed.findings += std::to_string(diagnostic.place.line) + ":" +
                       std::to_string(diagnostic.place.column) + " " + diagnostic.message + "\n";
  }
  return parsed;
}

TEST(YamlTreeTest, EveryNodeKnowsItsPlace) {
  const std::string text =
      "plain: word\n"
      "\"quoted\": 'single'\n"
      "flow: { a: [ 1, \"two\" ] }\n"
      "block:\n"
      "  - x\n"
      "  - y: z\n"
      "folded: >-\n"
      "  over\n"
      "  lines\n"
      "ünlaut: [ é, last ]\n"
      "nothing:\n";
  const auto tree = parse(text).tree;
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->begin, (Place{1, 1}));
  const auto value = [&](const char* key) { return tree->member(key)->value; };
  EXPECT_EQ(value("plain").begin, (Place{1, 8}));
  EXPECT_EQ(value("plain").end, (Place{1, 12}));
  EXPECT_EQ(tree->member("quoted")->key.begin, (Place{2, 1}));
  EXPECT_EQ(value("quoted").begin, (Place{2, 11}));
  EXPECT_FALSE(value("quoted").plain);
  EXPECT_EQ(value("flow").begin, (Place{3, 7}));
  EXPECT_EQ(value("flow").members[0].value.begin, (Place{3, 12}));
  EXPECT_EQ(value("flow").members[0].value.items[1].begin, (Place{3, 17}));
  EXPECT_EQ(value("block").begin, (Place{5, 3}));
  EXPECT_EQ(value("block").items[1].members[0].value.begin, (Place{6, 8}));
  EXPECT_EQ(value("folded").begin, (Place{8, 3}));
  EXPECT_EQ(value("folded").text, "over lines");
  EXPECT_EQ(value("ünlaut").items[1].begin, (Place{10, 14}));  // Columns count characters.
  EXPECT_TRUE(value("nothing").is_null());
  EXPECT_EQ(value("nothing").begin, (Place{11, 1}));
}

TEST(YamlTreeTest, OnlyWhatIsUnquotedIsNull) {
  const auto tree = parse("[ null, ~, Null, NULL, 'null', \"~\", nil ]").tree;
  std::string seen;
  for (const YamlNode& item : tree->items) {
    seen += item.is_null() ? '0' : 'x';
  }
  EXPECT_EQ(seen, "0000xxx");
}

TEST(YamlTreeTest, ADuplicateKeyNamesBothPlaces) {
  EXPECT_EQ(parse("a: 1\nb: 2\n\"a\": 3\n").findings,
            "3:1 \"a\" is here a second time; the first is at 1:1\n");
  EXPECT_EQ(parse("x: { a: 1, a: 2, a: 3 }\n").findings,
            "1:12 \"a\" is here a second time; the first is at 1:6\n"
            "1:18 \"a\" is here a second time; the first is at 1:6\n");
  EXPECT_EQ(parse("{ null: 1, \"null\": 2 }").findings, "");  // Null and the text null.
}

TEST(YamlTreeTest, WhatOthersReadDifferentlyIsRefused) {
  EXPECT_EQ(parse("a: !!str 1\nb: !mine 2\n").findings,
            "1:4 tags are not supported\n2:4 tags are not supported\n");
  EXPECT_EQ(parse("a: &x { b: 1 }\nc: { <<: *x }\n").findings,
            "2:6 merge keys (<<) are not supported\n");
  EXPECT_EQ(parse("%YAML 1.1\n---\na: 1\n").findings,
            "1:1 directives are not supported; the file is YAML 1.2\n");
  EXPECT_EQ(parse("a: 1\n---\nb: 2\n").findings,
            "2:1 a second YAML document begins here; the file is one\n");
  EXPECT_EQ(parse("{ [ a ]: 1 }").findings, "1:3 a key must be a text, this is a list\n");
}

TEST(YamlTreeTest, AliasesAreCopies) {
  const auto parsed = parse("a: &x { b: 1 }\nc: *x\n");
  EXPECT_EQ(parsed.findings, "");
  EXPECT_EQ(parsed.tree->member("c")->value.member("b")->value.text, "1");
}

TEST(YamlTreeTest, AnAliasMustNameSomethingBeforeIt) {
  EXPECT_EQ(parse("a: *x\nb: &x 1\n").findings, "1:4 alias *x has no anchor &x before it\n");
  EXPECT_EQ(parse("a: &x [ 1, *x ]\n").findings, "1:12 alias *x stands inside what it names\n");
}

TEST(YamlTreeTest, AnAliasBombIsRefusedAtOnce) {
  std::string bomb = "a0: &a0 [ x, x, x, x, x, x, x, x, x, x ]\n";
  for (int level = 1; level <= 30; ++level) {
    const std::string before = "*a" + std::to_string(level - 1);
    const std::string name = "a" + std::to_string(level);
    bomb.append(name).append(": &").append(name).append(" [ ").append(before);
    for (int i = 1; i < 10; ++i) {
      bomb.append(", ").append(before);
    }
    bomb.append(" ]\n");
  }
  const auto parsed = parse(bomb);
  EXPECT_FALSE(parsed.tree);
  EXPECT_EQ(parsed.findings, "4:46 aliases expand to more than 10000 nodes\n");
}

TEST(YamlTreeTest, TenThousandNodesOfAliasesAreStillFine) {
  std::string text = "base: &base [ a, b, c, d, e, f, g, h, i ]\nmany:\n";
  for (int i = 0; i < 1000; ++i) {
    text += "  - *base\n";
  }
  EXPECT_EQ(parse(text).findings, "");
  EXPECT_EQ(parse(text + "  - *base\n").findings,
            "1003:5 aliases expand to more than 10000 nodes\n");
}

TEST(YamlTreeTest, DepthIsBounded) {
  EXPECT_EQ(parse(std::string(50, '[') + std::string(50, ']')).findings, "");
  EXPECT_EQ(parse(std::string(51, '[') + std::string(51, ']')).findings,
            "1:51 nested deeper than 50 levels\n");
  std::string block;
  for (int level = 0; level < 60; ++level) {
    block += std::string(static_cast<std::size_t>(level), ' ') + "a:\n";
  }
  EXPECT_EQ(parse(block).findings, "51:51 nested deeper than 50 levels\n");
}

TEST(YamlTreeTest, AnEmptyFileIsReportedAtItsStart) {
  for (const char* text : {"", "\n\n", "# only a remark\n", "---\n", "~\n"}) {
    EXPECT_EQ(parse(text).findings, "1:1 the file is empty\n") << text;
  }
}

TEST(YamlTreeTest, BytesThatAreNoTextAreReportedWhereTheyAre) {
  EXPECT_EQ(parse("a: 1\nb: \"x\xffy\"\n").findings, "2:6 the file is not valid UTF-8 here\n");
  EXPECT_EQ(parse("a: \xc3").findings, "1:4 the file is not valid UTF-8 here\n");
  EXPECT_EQ(parse("a: \xed\xa0\x80").findings, "1:4 the file is not valid UTF-8 here\n");
  EXPECT_EQ(parse(std::string("a: x\0y\n", 7)).findings, "1:5 a NUL byte stands here\n");
  EXPECT_EQ(parse("ü: \x01\n").findings, "1:4 a control character stands here\n");
}

TEST(YamlTreeTest, SyntaxErrorsHaveAPlace) {
  EXPECT_EQ(parse("a: 1\nb: [ 1, 2\nc: 3\n").findings,
            "2:4 flow sequence without a closing bracket\n");
  EXPECT_EQ(parse("a:\n\t- x\n").findings, "2:1 tab character may not be used as indentation\n");
  EXPECT_EQ(parse("a: \"x\n").findings, "1:5 double-quoted scalar without closing quote\n");
  EXPECT_FALSE(parse("a: }\n").findings.empty());
}

TEST(YamlTreeTest, LineEndsOfWindowsAreLineEnds) {
  const auto parsed = parse("a: x\r\nb: y\r\n");
  EXPECT_EQ(parsed.findings, "");
  EXPECT_EQ(parsed.tree->member("a")->value.text, "x");
  EXPECT_EQ(parsed.tree->member("b")->key.begin, (Place{2, 1}));
}

// Whatever the bytes: a tree, or a finding, and never a crash.
RC_GTEST_PROP(YamlTreeProperty, AnyTextIsATreeOrAFinding, ()) {
  static const std::string kAlphabet = "ab:-[]{}&*!|>'\"%#?,.~ \n\t\xc3\xa4";
  const auto picks = *rc::gen::container<std::vector<std::size_t>>(
      rc::gen::inRange<std::size_t>(0, kAlphabet.size()));
  std::string text;
  for (const std::size_t pick : picks) {
    text += kAlphabet[pick];
  }
  const auto parsed = parse(text);
  RC_ASSERT(parsed.tree.has_value() || !parsed.findings.empty());
}

TEST(YamlTreeTest, SingleQuotedScalarsAreReadAsYamlHasThem) {
  for (const auto& [written, read] : std::vector<std::pair<std::string, std::string>>{
           {"''", ""},
           {"''''", "'"},
           {"'x''y'", "x'y"},
           {"'x''''y'", "x''y"},
           {"''''''", "''"},
           {"'''''x'''''", "''x''"},
           {"'é''''ü # : \\n'", "é''ü # : \\n"},
           {"' a '", " a "},
           {"'a \n   b\n\n \n  c''''d '", "a b\n\nc''d "}}) {
    const auto tree = parse("ü: x\nkey: " + written + "\nnext: y\n").tree;
    ASSERT_TRUE(tree) << written;
    EXPECT_EQ(tree->members.at(1).value.text, read) << written;
    EXPECT_EQ(tree->members.at(2).value.text, "y") << written;
  }
}

}  // namespace
}  // namespace couplet::test
