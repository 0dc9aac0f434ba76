// What is refused when a definition meets the tables of its sources, with the exact words.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/definition/described_tables.h"

namespace couplet::test {
namespace {

// Two small shops. People buy orders; a person may have a boss and lives in a town with a two-part
// id.
DescribedSources shops() {
  const auto made = [] {
    const Type integer = type_of(TypeKind::kInt32);
    return std::vector<TableInfo>{
        table("people")
            .id()
            .required("email")
            .text("name")
            .column("age", integer)
            .column("born", type_of(TypeKind::kDate))
            .column("balance", numeric(10, 2))
            .column("seen", timestamp(6))
            .column("active", type_of(TypeKind::kBool))
            .column("extra", type_of(TypeKind::kJsonb))
            .column("code", type_of(TypeKind::kVarchar, 5))
            .column("country", integer)
            .column("town", integer)
            .constraint({"country", "town"}, "towns", {"country", "town"})
            .foreign_key("boss", "people", true)
            .unknown("home", "point")
            .text("shouted")
            .with([](ColumnInfo& c) { c.generated = true; })
            .text("a.b")
            .made(),
        table("orders")
            .id()
            .required("number")
            .text("note")
            .foreign_key("buyer_id", "people")
            .foreign_key("payer_id", "people", true)
            .column("changed", type_of(TypeKind::kTimestampTz))
            .made(),
        table("towns").id({"country", "town"}).text("label").made(),
        table("logs").text("line").made(),
        table("notes").id().required("title").required("body").required("author").made(),
    };
  };
  DescribedSources sources = {made(), made()};
  // The right's columns are narrower here and there.
  for (ColumnInfo& column : sources[1][0].columns) {
    if (column.name == "balance") {
      column.type = numeric(9, 1);
      column.type_name = column.type->name;
    } else if (column.name == "seen") {
      column.type = timestamp(3);
    } else if (column.name == "code") {
      column.type = type_of(TypeKind::kVarchar, 3);
    }
  }
  return sources;
}

const std::string kHead =
    "version: 1\nname: shop\nstate: s\n"
    "sources:\n  l: { type: postgres, url: host=l }\n  r: { type: postgres, url: host=r }\n";

std::string findings(const std::string& text, const DescribedSources& sources) {
  const LoadResult loaded = load_text(kHead + text);
  EXPECT_EQ(rendered(loaded.diagnostics), "");
  if (!loaded.definition) {
    return "not loaded";
  }
  const BindResult result = bind_to(*loaded.definition, sources);
  EXPECT_EQ(result.definition.has_value(), !result.diagnostics.has_errors());
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics.items()) {
    out += std::to_string(diagnostic.place.line) + ":" + std::to_string(diagnostic.place.column) +
           (diagnostic.severity == Severity::kError ? " " : " warning: ") + diagnostic.message +
           (diagnostic.hint.empty() ? "" : " | " + diagnostic.hint) + "\n";
  }
  return out;
}
std::string findings(const std::string& text) { return findings(text, shops()); }

// One mapping of people; `rest` in line 8 after 2 characters of indentation.
std::string people(const std::string& direction, const std::string& rest) {
  return "mappings:\n  p: { left: l.people, right: r.people, direction: " + direction +
         ", keys: [ email ],\n  " + rest + " }\n";
}
std::string two_way(const std::string& attribute) {
  return findings(people("both", "attributes: [ " + attribute + " ]"));
}
std::string one_way(const std::string& attribute) {
  return findings(people("left_to_right", "attributes: [ " + attribute + " ]"));
}
// The attribute begins in column 17 of line 9.
std::string in_line_9(int column, const std::string& rest) {
  return "9:" + std::to_string(column) + " " + rest + "\n";
}
constexpr int kFirst = 17;

TEST(BindRefusalTest, TheBaseOfTheseTestsIsFine) {
  EXPECT_EQ(two_way("name, age, born, active, extra, country, town"), "");
}

TEST(BindRefusalTest, TheErrorIsQuotedWithACaret) {
  const LoadResult loaded = load_text(kHead + people("both", "attributes: [ nmae ]"));
  EXPECT_EQ(rendered(bind_to(*loaded.definition, shops()).diagnostics),
            "couplet.yaml:9:17: error: l.people has no column \"nmae\"\n"
            "    9 |   attributes: [ nmae ] }\n"
            "      |                 ^\n"
            "    did you mean \"name\"?\n"
            "couplet.yaml:9:17: error: r.people has no column \"nmae\"\n"
            "    9 |   attributes: [ nmae ] }\n"
            "      |                 ^\n"
            "    did you mean \"name\"?\n");
}

TEST(BindRefusalTest, UnknownTables) {
  const std::string rest = ", direction: both, keys: [ email ] }\n";
  EXPECT_EQ(findings("mappings:\n  p: { left: l.poeple, right: r.people" + rest),
            "8:14 l.poeple: source l has no table \"poeple\" | did you mean \"people\"?\n");
  EXPECT_EQ(findings("mappings:\n  p: { left: l.nothing, right: r.people" + rest),
            "8:14 l.nothing: source l has no table \"nothing\" | it was looked for in the first "
            "schema of the search path; l has public.people, public.orders, public.towns, "
            "public.logs, public.notes; where it is called otherwise there, give l.nothing an "
            "entry under entities, with its table\n");
  EXPECT_EQ(findings("entities:\n  l.Person: { table: public.person }\nmappings:\n  p: { left: "
                     "l.Person, right: r.people" +
                     rest),
            "8:22 l.Person: source l has no table \"public.person\" | it was looked for in schema "
            "public; l has public.people, public.orders, public.towns, public.logs, "
            "public.notes\n");
  EXPECT_EQ(findings("entities:\n  l.Person: { table: people }\nmappings:\n  p: { left: "
                     "l.Persn, right: r.people" +
                     rest),
            "8:3 warning: no mapping uses l.Person, and no path leads through it\n"
            "10:14 l.Persn: source l has no table \"Persn\" | did you mean \"Person\"?\n");
}

TEST(BindRefusalTest, Ids) {
  const std::string rest = ", direction: left_to_right, keys: [ line ] }\n";
  EXPECT_EQ(findings("mappings:\n  p: { left: l.logs, right: r.logs" + rest),
            "8:14 l.logs: table public.logs has no primary key | id: [ column ] under entities "
            "says what tells its rows apart\n"
            "8:29 r.logs: table public.logs has no primary key | id: [ column ] under entities "
            "says what tells its rows apart\n");
  const auto with_id = [](const std::string& id) {
    return findings("entities:\n  l.people: { id: [ " + id +
                    " ] }\nmappings:\n  p: { left: "
                    "l.people, right: r.people, direction: left_to_right, keys: [ email ] }\n");
  };
  EXPECT_EQ(with_id("emial"), "8:21 l.people has no column \"emial\" | did you mean \"email\"?\n");
  EXPECT_EQ(with_id("email"),
            "8:21 warning: l.people: no unique key of public.people says that its id is unique | "
            "two rows with one id would be taken for one object\n");
  EXPECT_EQ(with_id("name"),
            "8:21 column l.people.name may be null and cannot be an id | ALTER TABLE public.people "
            "ALTER COLUMN name SET NOT NULL\n");
  EXPECT_EQ(with_id("extra"), "8:21 column l.people.extra is jsonb and cannot be an id\n");
  EXPECT_EQ(with_id("home"),
            "8:21 column l.people.home has the type point, which is not supported yet\n");
}

TEST(BindRefusalTest, Views) {
  DescribedSources sources = shops();
  sources[0][3].kind = TableInfo::Kind::kView;
  const auto bound = [&](const std::string& direction) {
    return findings(
        "entities:\n  l.logs: { id: line }\nmappings:\n  p: { left: l.logs, right: "
        "r.people, direction: " +
            direction + ", keys: [ { left: line, right: email } ] }\n",
        sources);
  };
  EXPECT_EQ(bound("left_to_right"), "");
  EXPECT_EQ(bound("both"), "8:3 l.logs: public.logs is a view; a view can only be read\n");
}

TEST(BindRefusalTest, ChangeTimes) {
  const auto with = [](const std::string& column, const std::string& attributes) {
    return findings("entities: { r.orders: { updated_at: " + column +
                    " } }\nmappings:\n  o: { "
                    "left: l.orders, right: r.orders, direction: left_to_right, keys: [ number ], "
                    "create: false, attributes: [ " +
                    attributes + " ] }\n");
  };
  EXPECT_EQ(with("changed", ""), "");
  EXPECT_EQ(with("chnged", ""),
            "7:37 r.orders has no column \"chnged\" | did you mean \"changed\"?\n");
  EXPECT_EQ(with("note", ""),
            "7:37 updated_at: column r.orders.note has the type text, a change time is a "
            "timestamp\n");
  EXPECT_EQ(with("changed", "changed"),
            "9:114 r.orders.changed is the change time, which is written along with every change | "
            "leave it out of the attributes\n");
}

TEST(BindRefusalTest, OneTableIsOneEntityUnlessItIsOnlyRead) {
  const auto twice = [](const std::string& direction) {
    return findings(
        "entities:\n  l.Buyer: { table: people }\n  l.Seller: { table: people }\n"
        "mappings:\n  b: { left: l.Buyer, right: r.people, direction: " +
        direction +
        ", keys: [ email ] }\n  s: { left: l.Seller, right: r.towns, direction: "
        "left_to_right, keys: [ { left: email, right: label } ], create: false }\n");
  };
  EXPECT_EQ(twice("left_to_right"), "");
  EXPECT_EQ(twice("both"),
            "9:3 l.Buyer and l.Seller are both over table public.people | two entities may share a "
            "table only where both are only read\n");
}

TEST(BindRefusalTest, Paths) {
  EXPECT_EQ(
      one_way("{ left: home, right: name }"),
      in_line_9(kFirst + 8, "column l.people.home has the type point, which is not supported yet"));
  EXPECT_EQ(one_way("{ left: a.b, right: name }"),
            in_line_9(kFirst + 8,
                      "column l.people.a.b has a dot in its name and cannot be mapped yet: a "
                      "dot is a step"));
  EXPECT_EQ(one_way("{ left: boss..name, right: name }"),
            in_line_9(kFirst + 8, "path \"boss..name\" has an empty step"));
  EXPECT_EQ(one_way("{ left: bos.name, right: name }"),
            in_line_9(kFirst + 8, "l.people has no reference \"bos\" | did you mean \"boss\"?"));
  EXPECT_EQ(one_way("{ left: age.name, right: name }"),
            in_line_9(kFirst + 8,
                      "\"age\" of l.people is a plain column, not a reference | name what it "
                      "refers to under entities: references: { NAME: { columns: [ age ], "
                      "entity: … } }"));
  EXPECT_EQ(one_way("{ left: boss.boss.nmae, right: name }"),
            in_line_9(kFirst + 8, "l.people has no column \"nmae\" | did you mean \"name\"?"));
  EXPECT_EQ(one_way("{ left: boss.boss.name, right: name }"), "");
  const auto orders = [](const std::string& left) {
    return findings(
        "mappings:\n  o: { left: l.orders, right: r.orders, direction: left_to_right, "
        "keys: [ number ], create: false,\n  attributes: [ { left: " +
        left + ", right: note } ] }\n");
  };
  EXPECT_EQ(orders("buyer.name"), "");
  EXPECT_EQ(orders("buyer"),
            in_line_9(kFirst + 8,
                      "\"buyer\" of l.orders is a reference and needs a link | link: NAME OF "
                      "A MAPPING, or map its column buyer_id"));
  EXPECT_EQ(orders("buyer_id.name"),
            in_line_9(kFirst + 8,
                      "\"buyer_id\" of l.orders is a plain column, not a reference | its "
                      "reference is called \"buyer\""));
  DescribedSources hidden = shops();
  hidden[0][1].foreign_keys[0].table.schema = "secret";
  EXPECT_EQ(findings("mappings:\n  o: { left: l.orders, right: r.orders, direction: left_to_right, "
                     "keys: [ number ], create: false,\n  attributes: [ { left: buyer.name, right: "
                     "note } ] }\n",
                     hidden),
            in_line_9(kFirst + 8,
                      "reference buyer of l.orders leads to table secret.people, which our "
                      "role cannot see"));
}

TEST(BindRefusalTest, References) {
  const auto with = [](const std::string& references) {
    return findings("entities:\n  l.people:\n    references: { " + references + " }\n" +
                    people("left_to_right", ""));
  };
  EXPECT_EQ(with("chief: boss"), "");
  EXPECT_EQ(with("chief: bos"), "9:26 l.people has no column \"bos\" | did you mean \"boss\"?\n");
  EXPECT_EQ(with("chief: age"),
            "9:26 reference chief of l.people: there is no foreign key on age | say what it refers "
            "to: { columns: [ age ], entity: … }\n");
  EXPECT_EQ(with("chief: { columns: age, entity: l.people }"), "");
  EXPECT_EQ(with("place: { columns: [ town, country ] }"), "");
  EXPECT_EQ(with("place: { columns: age, entity: l.towns }"),
            "9:37 reference place of l.people has 1 columns, the id of l.towns has 2\n");
}

TEST(BindRefusalTest, AReferencePointsAtTheIdOfItsEntity) {
  const auto with = [](const DescribedSources& sources) {
    return findings(
        "mappings:\n  p: { left: l.people, right: r.people, direction: both, keys: [ "
        "email ],\n  attributes: [ { left: boss, right: boss, link: p } ] }\n",
        sources);
  };
  EXPECT_EQ(with(shops()), "");
  DescribedSources sources = shops();
  sources[0][0].foreign_keys[1].target_columns = {"email"};
  EXPECT_EQ(with(sources),
            in_line_9(kFirst + 8,
                      "reference boss of l.people points at l.people.email, which is not its "
                      "id | only ids are translated through links; map a path to that column "
                      "instead"));
}

TEST(BindRefusalTest, Links) {
  const auto linked = [](const std::string& attribute, const std::string& direction) {
    return findings(
        "mappings:\n  p: { left: l.people, right: r.people, direction: left_to_right, "
        "cardinality: many_to_one, keys: [ email ] }\n"
        "  o: { left: l.orders, right: r.orders, direction: " +
        direction + ", create: false, keys: [ number ],\n  attributes: [ { " + attribute +
        " } ] }\n");
  };
  const auto line = [](int column, const std::string& rest) {
    return "10:" + std::to_string(column) + " " + rest + "\n";
  };
  const std::string many =
      "link: mapping p is many_to_one: r.people can have several partners in l.people, so buyer "
      "cannot be translated in this direction";
  EXPECT_EQ(linked("left: buyer, right: buyer, link: p", "left_to_right"), "");
  EXPECT_EQ(linked("left: buyer, right: buyer, link: p", "right_to_left"), line(52, many));
  EXPECT_EQ(linked("left: buyer, right: buyer, link: p", "both"), line(52, many));
  EXPECT_EQ(linked("left: self, right: buyer, link: p", "left_to_right"),
            line(51,
                 "link: mapping p relates l.people and r.people, but self is l.orders and "
                 "buyer is r.people"));
  EXPECT_EQ(linked("left: note, right: note, link: p", "left_to_right"),
            line(25,
                 "\"note\" of l.orders is a plain column, not a reference | name what it refers "
                 "to under entities: references: { NAME: { columns: [ note ], entity: … } }") +
                line(38,
                     "\"note\" of r.orders is a plain column, not a reference | name what it "
                     "refers to under entities: references: { NAME: { columns: [ note ], "
                     "entity: … } }"));
}

// Its direction cannot be narrowed, so the types are all there is to change.
TEST(BindRefusalTest, AKeyWhoseTypesLoseGoesBothWaysAndIsToldSo) {
  EXPECT_EQ(
      findings("mappings:\n  p: { left: l.people, right: r.people, direction: both, create: false, "
               "keys: [ balance ] }\n"),
      "8:81 l.people.balance to r.people.balance: loses digits after the point: numeric(10,2) into "
      "numeric(9,1); two-way, what is lost here would be written back there | make the types "
      "alike: a key goes both ways\n");
}

TEST(BindRefusalTest, TypesThatLose) {
  EXPECT_EQ(two_way("balance"),
            in_line_9(kFirst,
                      "l.people.balance to r.people.balance: loses digits after the point: "
                      "numeric(10,2) into numeric(9,1); two-way, what is lost here would be "
                      "written back there | make the types alike, or narrow the attribute's "
                      "direction"));
  EXPECT_EQ(one_way("balance"),
            "9:17 warning: l.people.balance to r.people.balance: loses digits after the point: "
            "numeric(10,2) into numeric(9,1)\n");
  EXPECT_EQ(findings(people("right_to_left", "attributes: [ balance ]")), "");
  EXPECT_EQ(two_way("seen").substr(0, 64),
            "9:17 l.people.seen to r.people.seen: loses fractions of a second");
  EXPECT_EQ(two_way("code"),
            "9:17 warning: l.people.code to r.people.code: may be too long: "
            "character varying(5) into character varying(3); such objects are parked\n");
  EXPECT_EQ(one_way("{ left: active, right: extra }"),
            in_line_9(kFirst,
                      "active and extra cannot be compared: boolean against jsonb | map columns "
                      "of like types, or say with `values` what is the same on both sides"));
}

// Mappings that carry one fact in opposite directions are one two-way mapping.
TEST(BindRefusalTest, OpposingMappingsAreTwoWay) {
  EXPECT_EQ(findings("mappings:\n"
                     "  a: { left: l.people, right: r.people, direction: left_to_right, keys: [ "
                     "email ], attributes: [ balance ] }\n"
                     "  b: { left: r.people, right: l.people, direction: left_to_right, keys: [ "
                     "email ], attributes: [ balance ] }\n"),
            "9:98 l.people.balance to r.people.balance: loses digits after the point: "
            "numeric(10,2) into numeric(9,1); two-way, what is lost here would be written back "
            "there | make the types alike, or narrow the attribute's direction\n");
}

// So are those that meet because one reads by a path what the other writes.
TEST(BindRefusalTest, MappingsThatMeetByAPathAreTwoWay) {
  const auto meet = [](const std::string& attribute) {
    return findings(
        "mappings:\n"
        "  a: { left: l.people, right: r.people, direction: left_to_right, keys: [ email "
        "], attributes: [ " +
        attribute +
        " ] }\n"
        "  b: { left: r.orders, right: l.people, direction: left_to_right, create: "
        "false, keys: [ { left: number, right: email } ],\n"
        "       attributes: [ { left: buyer.balance, right: balance } ] }\n");
  };
  EXPECT_EQ(meet("age"), "");
  EXPECT_EQ(meet("balance"),
            "8:98 warning: l.people.balance to r.people.balance: loses digits after the point: "
            "numeric(10,2) into numeric(9,1)\n"
            "8:98 balance and balance: loses digits after the point: numeric(10,2) into "
            "numeric(9,1); mapping b would carry what is lost here back | make the types alike\n");
}

TEST(BindRefusalTest, Values) {
  const auto with = [](const std::string& lines, const std::string& direction) {
    return findings(
        people(direction, "attributes: [ { left: age, right: name, values: { " + lines + " } } ]"));
  };
  constexpr int kLines = kFirst + 36;
  EXPECT_EQ(with("1: one, 2: two, null: none", "both"), "");
  EXPECT_EQ(with("one: one", "both"), in_line_9(kLines, "values: 'one' is no integer"));
  EXPECT_EQ(with("1: one, 2: one", "both"),
            in_line_9(kLines + 11,
                      "values: right value \"one\" is here twice; two-way, values must be a "
                      "bijection | give each value one line and a counterpart of its own, or the "
                      "attribute a direction: left_to_right or right_to_left"));
  EXPECT_EQ(with("1: one, 2: one", "left_to_right"),
            "9:64 warning: values: right value \"one\" is here twice: values that differ on the "
            "left become one | give each value a counterpart of its own, if they are to stay "
            "apart\n");
  EXPECT_EQ(with("1: one, 2: one", "right_to_left"),
            in_line_9(kLines + 11,
                      "values: right value \"one\" is here twice | leave one of the two lines "
                      "out"));
  EXPECT_EQ(with("1: one, 01: two", "left_to_right"),
            in_line_9(kLines + 8,
                      "values: left value \"01\" is here twice | leave one of the two lines out"));
}

TEST(BindRefusalTest, Constants) {
  EXPECT_EQ(one_way("{ right: age, const: 7 }"), "");
  EXPECT_EQ(one_way("{ right: age, const: old }"),
            in_line_9(kFirst + 21, "const: 'old' is no integer"));
  EXPECT_EQ(findings("mappings:\n  o: { left: l.orders, right: r.notes, direction: left_to_right, "
                     "keys: [ { left: number, right: title } ], create: false, attributes: [ { "
                     "right: body, const: ~ } ] }\n"),
            "8:159 const: body may not be null\n");
}

TEST(BindRefusalTest, WrittenSides) {
  EXPECT_EQ(one_way("{ left: name, right: boss.name }"),
            in_line_9(kFirst + 21,
                      "r.people.boss.name is reached through references and cannot be "
                      "written; the written side must be a plain attribute or reference"));
  EXPECT_EQ(two_way("{ left: name, right: boss.name }"),
            in_line_9(kFirst + 21,
                      "r.people.boss.name is reached through references and cannot be "
                      "written; the written side must be a plain attribute or reference | "
                      "direction: right_to_left on the attribute"));
  EXPECT_EQ(two_way("{ left: name, right: boss.name, direction: right_to_left }"), "");
  EXPECT_EQ(one_way("{ left: name, right: shouted }"),
            in_line_9(kFirst + 21,
                      "r.people.shouted is generated by the database and cannot be "
                      "written"));
  EXPECT_EQ(
      findings(people("left_to_right", "attributes: [ { left: boss, right: self, link: p } ]")),
      in_line_9(kFirst + 21,
                "the right is written, and `self` cannot be: an object is not what "
                "another says"));
}

TEST(BindRefusalTest, AnAttributeHasOneWriter) {
  EXPECT_EQ(one_way("name, { left: code, right: name }"),
            in_line_9(kFirst + 27, "r.people.name is written twice by mapping p; first at 9:17"));
  EXPECT_EQ(one_way("{ left: name, right: email }"),
            "9:17 warning: l.people.name may be null, r.people.email may not; such objects are "
            "parked\n"
            "9:38 r.people.email is written twice by mapping p; first at 8:75\n");
}

TEST(BindRefusalTest, RequiredColumnsNeedAWriter) {
  const auto notes = [](const std::string& rest) {
    return findings(
        "mappings:\n  n: { left: l.notes, right: r.notes, direction: left_to_right, "
        "keys: [ title ]" +
        rest + " }\n");
  };
  EXPECT_EQ(notes(", attributes: [ body ]"),
            "8:3 mapping n creates objects of r.notes, but nothing writes author, which may not be "
            "null and has no default | map an attribute or a const to it, or create: false\n");
  EXPECT_EQ(notes(", attributes: [ body, { right: author, const: us } ]"), "");
  EXPECT_EQ(notes(", attributes: [ body ], create: false"), "");
  EXPECT_EQ(notes(", attributes: [ body ], where: { right: { author: us } }"), "");
  EXPECT_EQ(notes(", attributes: [ body ], where: { right: { author: [ us, them ] } }"),
            notes(", attributes: [ body ]"));
  EXPECT_EQ(
      findings("mappings:\n"
               "  n: { left: l.notes, right: r.notes, direction: left_to_right, keys: [ title "
               "], attributes: [ body ] }\n"
               "  m: { left: l.people, right: r.notes, direction: left_to_right, create: "
               "false, keys: [ { left: email, right: title } ], attributes: [ { left: email, "
               "right: author } ] }\n"),
      "8:3 not supported yet: objects put together by several mappings: r.notes.author is "
      "required, and mapping m writes it, but n does not | let the mapping write it too, or "
      "create: false\n");
}

TEST(BindRefusalTest, Keys) {
  EXPECT_EQ(findings("mappings:\n  p: { left: l.people, right: r.people, direction: left_to_right, "
                     "create: false, keys: [ extra ] }\n"),
            "8:90 l.people.extra is jsonb and cannot be a key\n"
            "8:90 r.people.extra is jsonb and cannot be a key\n");
  // A key that may be null is fine: a null is no identity.
  EXPECT_EQ(findings("mappings:\n  p: { left: l.people, right: r.people, direction: left_to_right, "
                     "create: false, keys: [ name ] }\n"),
            "");
  const auto two = [](const std::string& second) {
    return findings(
        "mappings:\n  p: { left: l.people, right: r.people, direction: left_to_right, "
        "keys: [ email ] }\n  q: { " +
        second + " }\n");
  };
  EXPECT_EQ(two("left: l.people, right: r.people, direction: both, create: false, keys: [ name ]"),
            "9:79 mappings p and q run in one direction over one pair of entities with different "
            "keys; they would never agree on links | give both the same keys, or make them one "
            "mapping\n");
  EXPECT_EQ(two("left: r.people, right: l.people, direction: left_to_right, create: false, keys: "
                "[ name ]"),
            "");
  EXPECT_EQ(two("left: r.people, right: l.people, direction: left_to_right, create: false, "
                "cardinality: many_to_one, keys: [ email ]"),
            "9:95 mappings p and q are over one pair of entities, whose links they share, but "
            "differ in cardinality\n");
}

TEST(BindRefusalTest, AKeyByWhichNoCounterpartCanBeLookedFor) {
  DescribedSources sources = shops();
  const auto key = [&](const Type& left, const Type& right, const char* direction) {
    for (std::size_t side = 0; side < 2; ++side) {
      for (ColumnInfo& column : sources[side][0].columns) {
        if (column.name == "age") {
          column.type = side == 0 ? left : right;
        }
      }
    }
    return findings("mappings:\n  p: { left: l.people, right: r.people, direction: " +
                        std::string(direction) + ", create: false, keys: [ age ] }\n",
                    sources);
  };
  Type reals = type_of(TypeKind::kArray);
  reals.name = "real[]";
  reals.elements = {type_of(TypeKind::kFloat32)};
  Type doubles = reals;
  doubles.name = "double precision[]";
  doubles.elements = {type_of(TypeKind::kFloat64)};
  const Type real = type_of(TypeKind::kFloat32);
  const Type number = type_of(TypeKind::kNumeric);
  EXPECT_EQ(key(real, number, "left_to_right"),
            "8:90 r.people.age (numeric) cannot be a key with l.people.age (real): several of "
            "its values are the same to the other, and none is looked for so | make the types "
            "alike, or take "
            "another key\n");
  EXPECT_NE(key(reals, doubles, "left_to_right"), "");
  // A number that the float holds exactly is fine.
  EXPECT_EQ(key(type_of(TypeKind::kFloat64), numeric(9, 2), "right_to_left"), "");
  EXPECT_EQ(key(type_of(TypeKind::kFloat64), type_of(TypeKind::kInt32), "right_to_left"), "");
}

TEST(BindRefusalTest, Conditions) {
  const auto with = [](const std::string& where) {
    return findings(people("left_to_right", "where: { left: { " + where + " } }"));
  };
  EXPECT_EQ(with("active: true, age: [ 1, ~ ]"), "");
  EXPECT_EQ(with("activ: true"),
            in_line_9(20, "where: l.people has no column \"activ\" | did you mean \"active\"?"));
  EXPECT_EQ(with("active: 7"), in_line_9(28, "where.active: '7' is no boolean"));
  EXPECT_EQ(with("home: x"),
            in_line_9(20,
                      "where: column l.people.home has the type point, which is not "
                      "supported yet"));
  EXPECT_EQ(
      with("boss.name: x"),
      in_line_9(20,
                "where: l.people has no column \"boss.name\" | a condition is on a column of the "
                "table itself, not on a path"));
}

TEST(BindRefusalTest, ConditionsInSqlAreLeftToTheSource) {
  const LoadResult loaded =
      load_text(kHead + people("left_to_right", "where: { left: { sql: age > 7 } }"));
  const BindResult result = bind_to(*loaded.definition, shops());
  ASSERT_EQ(result.sql_checks.size(), 1U);
  EXPECT_EQ(result.sql_checks[0].source, 0U);
  EXPECT_EQ(result.sql_checks[0].condition.text, "age > 7");
  EXPECT_EQ(result.sql_checks[0].table.table, "people");
  EXPECT_EQ(result.sql_checks[0].place, (Place{9, 25}));
}

TEST(BindRefusalTest, WhatNobodyUsesIsPointedOut) {
  EXPECT_EQ(
      findings("entities: { l.towns: { id: [ country, town ] } }\n" + people("left_to_right", "")),
      "7:13 warning: no mapping uses l.towns, and no path leads through it\n");
}

}  // namespace
}  // namespace couplet::test
