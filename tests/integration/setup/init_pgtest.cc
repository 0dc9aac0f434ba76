// `couplet init` on real catalogs: what it writes is valid, and `plan` runs it.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "tests/integration/setup/setup_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string script(const std::string& name) {
  std::ifstream file(std::filesystem::path(COUPLET_DOCS) / "quickstart" / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

class InitTest : public SetupScene {
 protected:
  // As the superuser, whose rights nothing limits.
  InitTest() {
    environment_["LEFT_URL"] = cluster_.url("shop");
    environment_["RIGHT_URL"] = cluster_.url("billing");
  }

  // The file that init writes; it is valid, and plan runs it.
  std::string written() {
    std::filesystem::remove(file());
    const Ended made = couplet({"init", "-o", file().string()});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    EXPECT_THAT(made.out, IsEmpty());
    const Ended valid = couplet({"validate"});
    EXPECT_EQ(valid.exit_code, 0) << valid.err << read_file();
    planned_ = couplet({"plan"});
    EXPECT_EQ(planned_.exit_code, 0) << planned_.err << read_file();
    return read_file();
  }

  Ended planned_;
};

TEST_F(InitTest, TheQuickstartsDatabases) {
  cluster_.exec("shop", script("daphne.sql"));
  cluster_.exec("billing", script("desire.sql"));
  const std::string text = written();
  EXPECT_THAT(text,
              AllOf(HasSubstr("left: shop.vlan_service_providers\n"),
                    HasSubstr("right: billing.cloud_service_providers"), HasSubstr("- name\n"),
                    HasSubstr("# perhaps - { left: canUpgrade, right: upgrade_allowed }")));
  EXPECT_THAT(text, HasSubstr("#   billing.public.nics: nothing like it in shop"));
  EXPECT_THAT(text, HasSubstr("#   shop.public.objects: a view"));
  EXPECT_THAT(text, HasSubstr("url: { env: LEFT_URL }"));
  EXPECT_THAT(text, Not(HasSubstr("postgresql://")));
  EXPECT_THAT(planned_.out, HasSubstr("= vlan_service_provider  shop.vlan_service_providers/1"));
}

TEST_F(InitTest, OneSchemaOnBothSidesIsMappedWhole) {
  for (const char* database : {"shop", "billing"}) {
    cluster_.exec(database, script("desire.sql"));
  }
  const std::string text = written();
  EXPECT_THAT(text,
              HasSubstr("- { left: provider, right: provider, link: cloud_service_provider }"));
  EXPECT_THAT(text, HasSubstr("- { left: handover, right: handover, link: cloud_handover }"));
  EXPECT_THAT(planned_.out, HasSubstr("16 operations to do: 16 link."));
}

TEST_F(InitTest, DisjointSchemasAreAClearSentenceAndASkeleton) {
  cluster_.exec("shop", "create table customers (id int primary key, name text)");
  cluster_.exec("billing", "create table planets (id int primary key, mass numeric)");
  const Ended ended = couplet({"init", "-o", file().string()});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("couplet: no table of shop looks like one of billing: " +
                                   file().string() + " has a mapping to fill in"));
  const Ended refused = couplet({"validate"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("# fill in: a table of shop, as shop.customers\n"));
}

TEST_F(InitTest, CompositeKeysReferencesAndNamesThatNeedQuoting) {
  const char* const sql =
      "create schema \"Höfe\";"
      "create table \"Höfe\".\"Länder & Co\" (\"select\" text, nr int, name text, primary key "
      "(\"select\", nr));"
      "create table racks (id uuid primary key default gen_random_uuid(), label text not null, "
      "\"land_select\" text not null, land_nr int not null, \"Größe\" numeric(6,2), \"null\" text,"
      " \"a.b\" text, spot point, kind text not null default 'x', unique (land_select, land_nr, "
      "label),"
      " foreign key (land_select, land_nr) references \"Höfe\".\"Länder & Co\");"
      "create table nodes (id int primary key, name text not null unique, parent_id int references "
      "nodes);"
      "create table log (line text);"
      "insert into \"Höfe\".\"Länder & Co\" values ('de', 1, 'Hof');"
      "insert into racks (label, land_select, land_nr) values ('r1', 'de', 1);"
      "insert into nodes values (1, 'a', null), (2, 'b', 1)";
  cluster_.exec("shop", sql);
  cluster_.exec("billing", std::string(sql).substr(0, std::string(sql).find("insert into")));
  const std::string text = written();
  EXPECT_THAT(text, HasSubstr("table: \"Höfe.Länder & Co\""));
  EXPECT_THAT(text, HasSubstr("[ land_select, land_nr ]"));
  EXPECT_THAT(text, HasSubstr("a dot in its name is a step of a path"));
  EXPECT_THAT(text, HasSubstr("log: no primary key"));
  EXPECT_THAT(planned_.out, HasSubstr("4 create"));
  const Ended done = couplet({"reconcile"});
  EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
  for (const char* table : {"\"Höfe\".\"Länder & Co\"", "nodes"}) {
    const std::string all = fmt::format("select * from {} order by 1", table);
    EXPECT_EQ(cluster_.query("shop", all), cluster_.query("billing", all));
  }
  EXPECT_THAT(couplet({"reconcile"}).out, HasSubstr("0 operations."));
}

TEST_F(InitTest, TwoHundredTables) {
  std::string sql;
  for (int i = 0; i < 200; ++i) {
    sql += fmt::format(
        "create table thing_{0}s (id bigint generated always as identity primary key, code text "
        "not "
        "null unique, note text{1});",
        i, i == 0 ? "" : fmt::format(", thing_{0}_id bigint references thing_{0}s", i - 1));
  }
  cluster_.exec("shop", sql);
  cluster_.exec("billing", sql);
  const std::string text = written();
  for (const int i : {0, 1, 57, 199}) {
    EXPECT_THAT(
        text, HasSubstr(fmt::format("left: shop.thing_{0}s\n    right: billing.thing_{0}s\n", i)));
  }
}

TEST_F(InitTest, AnExistingFileIsLeftAlone) {
  std::ofstream(file()) << "mine\n";
  const Ended ended = couplet({"init", "-o", file().string()});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("is there already, and init writes over no file"));
  EXPECT_EQ(read_file(), "mine\n");
}

TEST_F(InitTest, ToStdoutAndAsJsonItIsTheSameText) {
  for (const char* database : {"shop", "billing"}) {
    cluster_.exec(database, "create table people (id int primary key, email text not null unique)");
  }
  const Ended plain =
      couplet({"init", "--left", cluster_.url("shop"), "--right=" + cluster_.url("billing")});
  EXPECT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr("1 mapping, 1 place to check"));
  const auto json = nlohmann::json::parse(couplet({"init", "--json"}).out);
  EXPECT_EQ(json.at("definition"), plain.out);
  EXPECT_EQ(json.at("mappings"), 1);
  EXPECT_TRUE(json.at("file").is_null());
}

TEST_F(InitTest, WhatIsWrongWithTheUrlsIsSaidInASentence) {
  EXPECT_THAT(couplet({"init", "--left", "mysql://x"}).err,
              HasSubstr("--left is neither a URL of a database nor a file that is there"));
  environment_["LEFT_URL"] = std::nullopt;
  const Ended unset = couplet({"init"});
  EXPECT_EQ(unset.exit_code, 2);
  EXPECT_THAT(unset.err,
              HasSubstr("neither --left nor the environment variable LEFT_URL is given"));
  environment_["LEFT_URL"] = "mysql://x";
  EXPECT_THAT(couplet({"init"}).err, HasSubstr("couplet: LEFT_URL is neither a URL"));
  environment_["LEFT_URL"] = cluster_.url("billing");
  EXPECT_THAT(couplet({"init"}).err, HasSubstr("--left and --right are one database"));
  environment_["LEFT_URL"] = cluster_.url("nowhere");
  EXPECT_EQ(couplet({"init"}).exit_code, 3);
}

}  // namespace
}  // namespace couplet::test
