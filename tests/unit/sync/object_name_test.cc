// Objects as people name them.
#include "engine/sync/object_name.h"

#include <gmock/gmock.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;

class ObjectNameTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    create(*left, DescribedTable("people").id().text("name"));
    DescribedTable tags("tags");
    tags.required("code").required("area", type_of(TypeKind::kInt32)).text("name");
    tags.info().primary_key = {"code", "area"};
    tags.info().unique_keys.push_back({"pkey", {"code", "area"}, false, true});
    create(*left, tags);
    create(*right, DescribedTable("people").id().text("name"));
    DescribedTable notes("notes");
    notes.required("id").text("name");
    notes.info().primary_key = {"id"};
    notes.info().unique_keys.push_back({"pkey", {"id"}, false, true});
    create(*right, notes);
    define(
        "mappings:\n"
        "  person: { left: left.people, right: right.people, direction: both, keys: [ name ] }\n"
        "  tag: { left: left.tags, right: right.notes, direction: left_to_right, create: false,\n"
        "    keys: [ name ] }\n");
  }

  // The name as the program says it back.
  std::string said(const std::string& text) {
    const auto parsed = parse_object(definition(), text);
    return parsed ? object_name(definition().entities[parsed->entity], parsed->key)
                  : "error: " + parsed.error().message + "; " + parsed.error().hint;
  }
};

TEST_F(ObjectNameTest, WhatIsSaidIsWhatIsUnderstood) {
  EXPECT_EQ(said("left.people/7"), "left.people/7");
  EXPECT_EQ(said("left.people/-7"), "left.people/-7");
  EXPECT_EQ(said("right.notes/abc"), "right.notes/abc");
  EXPECT_EQ(said("left.tags/eu,3"), "left.tags/eu,3");
}

TEST_F(ObjectNameTest, SlashesCommasPercentSignsAndSpacesAreEscapedAndUnderstoodBothWays) {
  for (const auto& [written, escaped] : std::vector<std::pair<std::string, std::string>>{
           {"a/b", "a%2Fb"},
           {"a%2Fb", "a%2Fb"},
           {"/", "%2F"},
           {"a%2Cb", "a%2Cb"},
           {"100%25", "100%25"},
           {"a b", "a%20b"},
           {" ", "%20"},
           {"%20", "%20"},
           {"a%0Ab", "a%0Ab"},
           {"%C3%A9", "é"},
           {"é", "é"},
           {"%", "%"},  // the empty text
       }) {
    EXPECT_EQ(said("right.notes/" + written), "right.notes/" + escaped);
  }
  EXPECT_EQ(said("left.tags/a%2Cb,3"), "left.tags/a%2Cb,3");
  EXPECT_EQ(said("left.tags/%,3"), "left.tags/%,3");
  EXPECT_EQ(said("left.tags/a/b c,3"), "left.tags/a%2Fb%20c,3");
}

TEST_F(ObjectNameTest, NamesOfDifferentObjectsAreDifferent) {
  const auto key = [&](const std::string& text) {
    return parse_object(definition(), text).value();
  };
  EXPECT_EQ(key("right.notes/a%2Fb"), key("right.notes/a/b"));
  EXPECT_NE(key("right.notes/a%252Fb"), key("right.notes/a/b"));
  EXPECT_NE(key("right.notes/%20"), key("right.notes/%"));
  EXPECT_NE(key("left.tags/a,1"), key("left.tags/a,11"));
}

TEST_F(ObjectNameTest, WhatIsOffIsToldWithTheArgumentAndTheWayOut) {
  EXPECT_THAT(said("7"), HasSubstr("\"7\": not the name of an object; objects are named "
                                   "source.Entity/ID"));
  EXPECT_THAT(said(""), HasSubstr("\"\": not the name of an object"));
  EXPECT_THAT(said("left.peple/7"),
              HasSubstr("no entity left.peple; did you mean \"left.people\"?"));
  EXPECT_THAT(said("nowhere/7"), HasSubstr("entities: left.people, right.people"));
  EXPECT_THAT(said("left.people/"), HasSubstr("\"left.people/\": component 1 of the id '': it is "
                                              "empty"));
  EXPECT_THAT(said("left.people/seven"), HasSubstr("expected bigint"));
  EXPECT_THAT(said("left.people/7,8"), HasSubstr("2 components where 1 are expected"));
  EXPECT_THAT(said("left.tags/eu"), HasSubstr("1 components where 2 are expected"));
  EXPECT_THAT(said("left.tags/eu,"), HasSubstr("component 2"));
  EXPECT_THAT(said("right.notes/50%"), HasSubstr("after % come two hexadecimal digits"));
  EXPECT_THAT(said("right.notes/%G1"), HasSubstr("after % come two hexadecimal digits"));
  EXPECT_THAT(said("right.notes/a,b"), HasSubstr("write a comma inside one as %2C"));
}

}  // namespace
}  // namespace couplet::test
