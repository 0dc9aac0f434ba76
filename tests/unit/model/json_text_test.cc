#include "engine/model/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace couplet {
namespace {

std::string canonical(std::string_view text) {
  std::string out;
  append_json_canonical(text, out);
  return out;
}

TEST(JsonTextTest, OnlyWholeDocumentsAreJson) {
  for (const char* text :
       {"null", " true ", "false", "0", "-0", "1.5e-10", "1E+2", R"("")", R"("\u00e9\n\/")", "[]",
        "[1, [2]]", "{}", R"({"a": {"b": null}})", R"("\ud83d\ude00")"}) {
    EXPECT_TRUE(is_json(text, JsonForm::kJsonb)) << text;
  }
  for (const char* text :
       {"",         " ",        "nul",         "True",   "01",     "+1",         "1.",
        ".5",       "1e",       "[1,]",        "[1 2]",  "{a: 1}", R"({"a" 1})", R"({"a": 1,})",
        "\"a\nb\"", R"("\x")",  R"("\u12g4")", "\"open", "[",      "{",          "1 2",
        "'a'",      "\"\xFF\"", "NaN"}) {
    EXPECT_FALSE(is_json(text, JsonForm::kJson)) << text;
  }
}

TEST(JsonTextTest, WhatJsonKeepsAndJsonbRefusesIsJsonAlone) {
  for (const char* text :
       {R"("\u0000")", R"("\ud800")", R"("\udc00\ud800")", R"("\ud800\u0041")"}) {
    EXPECT_TRUE(is_json(text, JsonForm::kJson)) << text;
    EXPECT_FALSE(is_json(text, JsonForm::kJsonb)) << text;
  }
  EXPECT_NE(canonical(R"("\ud800")"), canonical(R"("\udc00")"));
}

TEST(JsonTextTest, MembersAndSpacesAndEscapesDoNotMatter) {
  EXPECT_EQ(canonical(R"({"a":1,"b":[true,null]})"),
            canonical(R"({ "b" : [true, null], "a": 1 })"));
  EXPECT_EQ(canonical(R"("é/")"), canonical(R"("\u00e9\/")"));
  EXPECT_EQ(canonical(R"("😀")"), canonical(R"("\ud83d\ude00")"));
  EXPECT_EQ(canonical(R"({"a":1,"a":2})"), canonical(R"({"a":2})"));
  EXPECT_NE(canonical(R"({"a":1,"a":2})"), canonical(R"({"a":1})"));
  EXPECT_EQ(canonical(R"({"a":{"x":1},"a":{"y":2,"x":3}})"), canonical(R"({"a":{"x":3,"y":2}})"));
}

TEST(JsonTextTest, NumbersAreComparedByValueWhateverTheirSize) {
  EXPECT_EQ(canonical("1"), canonical("1.0"));
  EXPECT_EQ(canonical("1"), canonical("10e-1"));
  EXPECT_EQ(canonical("0"), canonical("-0.0"));
  EXPECT_EQ(canonical("1e3"), canonical("1000"));
  EXPECT_NE(canonical("9007199254740993"), canonical("9007199254740992"));
  EXPECT_NE(canonical("0.1"), canonical("0.1000000000000000055511151231257827"));
  EXPECT_EQ(canonical("1e100000"), canonical("10e99999"));
  EXPECT_NE(canonical("1e999999999"), canonical("1e999999998"));
}

TEST(JsonTextTest, DifferentStructuresDiffer) {
  const std::string_view texts[] = {
      "null",         "false",        "true",        "0",        "\"0\"",        "\"\"",
      "[]",           "{}",           "[null]",      "[[],[]]",  "[[[]]]",       "[1,2]",
      "[2,1]",        "[12]",         R"({"a":[]})", R"(["a"])", R"({"a":"b"})", R"({"ab":""})",
      R"({"":"ab"})", R"(["a","b"])", R"(["ab"])",   "nonsense"};
  for (const auto& a : texts) {
    for (const auto& b : texts) {
      EXPECT_EQ(canonical(a) == canonical(b), a == b) << a << " and " << b;
    }
  }
}

TEST(JsonTextTest, DocumentsNestedTooDeepStandForThemselves) {
  const std::string deep(100'000, '[');
  const std::string closed = deep + std::string(100'000, ']');
  EXPECT_FALSE(is_json(closed, JsonForm::kJson));
  EXPECT_EQ(canonical(closed), canonical(closed));
  EXPECT_NE(canonical(closed), canonical(closed + " "));

  const std::string at_limit =
      std::string(kJsonDepthMax, '[') + "1" + std::string(kJsonDepthMax, ']');
  EXPECT_TRUE(is_json(at_limit, JsonForm::kJson));
  EXPECT_EQ(canonical(at_limit), canonical(at_limit + " "));
  EXPECT_FALSE(is_json("[" + at_limit + "]", JsonForm::kJson));
}

}  // namespace
}  // namespace couplet
