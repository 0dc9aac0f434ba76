// Pages that list what the code has: nothing is missing from them.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "engine/app/verb_table.h"
#include "engine/model/object_key.h"
#include "engine/model/situation.h"
#include "engine/model/wire.h"
#include "engine/ports/state_store.h"
#include "engine/sync/merge.h"
#include "engine/sync/state.h"
#include "tests/unit/documents/page.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAreArray;

const std::filesystem::path kRoot = COUPLET_SOURCE_DIR;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Every page and README of the tree.
std::vector<std::string> pages() {
  std::vector<std::string> found = {"README.md"};
  for (const char* folder : {"connectors", "docker", "docs", "engine", "storage", "tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / folder)) {
      if (entry.path().extension() == ".md") {
        found.push_back(std::filesystem::relative(entry.path(), kRoot).string());
      }
    }
  }
  return found;
}

// First cells of the tables below a heading, without their backquotes.
std::vector<std::string> listed(const Page& page, std::string_view heading, std::size_t cell = 0) {
  std::vector<std::string> found;
  for (const TableLine& line : Page::tables(page.section(heading).value_or(""))) {
    found.push_back(line[cell].substr(1, line[cell].size() - 2));
  }
  return found;
}

TEST(PagesTest, LinksBetweenThemLeadSomewhere) {
  std::size_t links = 0;
  for (const std::string& path : pages()) {
    for (const std::string& link : Page(path).links()) {
      ++links;
      EXPECT_TRUE(std::filesystem::exists((kRoot / path).parent_path() / link))
          << path << " leads to " << link;
    }
  }
  EXPECT_GT(links, 0U);
}

TEST(PagesTest, TheIndexLeadsToEveryPage) {
  const std::vector<std::string> links = Page("docs/README.md").links();
  for (const std::string& path : pages()) {
    if (path.starts_with("docs/") && path != "docs/README.md") {
      EXPECT_THAT(links, Contains(path.substr(5)));
    }
  }
}

TEST(SemanticsPageTest, ListsEverySituation) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kSituations; ++i) {
    names.emplace_back(name_of(static_cast<Situation>(i)));
  }
  EXPECT_THAT(listed(Page("docs/concepts/semantics.md"), "## Situations"),
              UnorderedElementsAreArray(names));
}

TEST(VerbsPageTest, HasASectionForEveryVerbWithItsFlags) {
  const Page page("docs/reference/verbs.md");
  ASSERT_THAT(verbs(), Not(IsEmpty()));
  for (const VerbSpec& verb : verbs()) {
    SCOPED_TRACE(verb.name);
    const auto section = page.section("## " + std::string(verb.name));
    ASSERT_TRUE(section);
    EXPECT_THAT(*section, HasSubstr("`couplet " + std::string(verb.name)));
    for (const FlagSpec& flag : verb.flags) {
      EXPECT_THAT(*section, HasSubstr(std::string(flag.names)));
    }
    for (const OptionSpec& option : verb.options) {
      EXPECT_THAT(*section, HasSubstr(std::string(option.names)));
    }
  }
  for (const FlagSpec& flag : common_flags()) {
    const std::string names(flag.names);
    EXPECT_THAT(page.text(), HasSubstr(names.substr(0, names.find(','))));
  }
}

TEST(VerbsPageTest, NamesTheVerbsOfALaterVersionAndNoOthers) {
  const std::string later =
      Page("docs/reference/verbs.md").section("## Not supported yet").value_or("");
  for (const std::string_view verb : later_verbs()) {
    EXPECT_THAT(later, HasSubstr(code(verb)));
  }
  for (const VerbSpec& verb : verbs()) {
    EXPECT_THAT(later, Not(HasSubstr(code(verb.name))));
  }
}

TEST(VerbsPageTest, ListsEveryOperation) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kOperations; ++i) {
    names.emplace_back(name_of(static_cast<Operation>(i)));
  }
  EXPECT_THAT(listed(Page("docs/reference/verbs.md"), "## Operations", 1),
              UnorderedElementsAreArray(names));
}

// A finding is made as {level, source, "code", …} or add(level, "code", …).
TEST(VerbsPageTest, ListsEveryCodeOfDoctor) {
  static const std::regex kMade(
      R"re((?:Level::k\w+|\blevel),\s*(?:"",\s*|[^",(){}]+,\s*)?"([a-z_]+)")re");
  static const std::regex kCode("`([a-z_]+)`");
  std::set<std::string> made;
  const auto gather = [](const std::string& text, const std::regex& pattern,
                         std::set<std::string>& into) {
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
      into.insert((*at)[1]);
    }
  };
  gather(read(kRoot / "engine/app/verbs/doctor.cc"), kMade, made);
  for (const auto& file : std::filesystem::directory_iterator(kRoot / "engine/app/doctor")) {
    if (file.path().extension() == ".cc") {
      gather(read(file.path()), kMade, made);
    }
  }
  ASSERT_GT(made.size(), 20U);
  std::set<std::string> told;
  const Page page("docs/reference/verbs.md");
  for (const TableLine& line : Page::tables(page.section("## doctor").value_or(""))) {
    gather(line[0], kCode, told);
  }
  EXPECT_THAT(told, testing::ElementsAreArray(made));
}

TEST(VerbsPageTest, ListsEveryRuleOfAnExplanation) {
  EXPECT_THAT(listed(Page("docs/reference/verbs.md"), "## explain"),
              UnorderedElementsAreArray(because::kAll));
}

TEST(StateFormatPageTest, NamesEveryFamilyAndItsNumber) {
  const std::string page = Page("docs/state-format.md").text();
  for (std::size_t i = 0; i < kFamilies; ++i) {
    std::string spaced;  // Lines of the page end where they end.
    std::istringstream words(page);
    for (std::string word; words >> word;) {
      spaced += word + " ";
    }
    EXPECT_THAT(spaced, HasSubstr(std::to_string(i) + " " + code(name_of(static_cast<Family>(i)))));
  }
}

TEST(StateFormatPageTest, NamesEveryKeyOfMeta) {
  const std::string meta = Page("docs/state-format.md").section("### `meta`").value_or("");
  for (const char* key : {meta_key::kFormat, meta_key::kName, meta_key::kDefinition,
                          meta_key::kSecret, meta_key::kSource, meta_key::kPair, meta_key::kMapping,
                          meta_key::kShape, meta_key::kRenewed, meta_key::kLastRun}) {
    EXPECT_THAT(meta, HasSubstr("| " + code(key)));
  }
  EXPECT_THAT(meta, HasSubstr("`u16`: " + std::to_string(State::kFormatVersion) + " |"));
  EXPECT_THAT(meta, HasSubstr(std::to_string(Digester::kSecretBytes) + " bytes"));
}

TEST(StateFormatPageTest, NamesEveryWayToBeLinked) {
  const std::string page = Page("docs/state-format.md").text();
  for (const LinkedBy by :
       {LinkedBy::kMatched, LinkedBy::kCreated, LinkedBy::kManual, LinkedBy::kSucceeded}) {
    EXPECT_THAT(page, HasSubstr(std::to_string(static_cast<int>(by)) + " " + name_of(by)));
  }
}

TEST(StateFormatPageTest, TheObjectKeyThatIsShownIsTheKey) {
  Type number;
  number.kind = TypeKind::kInt64;
  Type text;
  text.kind = TypeKind::kText;
  std::string seven;
  wire::append(seven, std::int64_t{7});
  std::string key;
  ASSERT_TRUE(append_key(std::vector{number, text}, std::vector{Value(seven), Value("eu")}, key));
  std::string hex;
  constexpr const char* kDigits = "0123456789abcdef";
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    hex += hex.empty() ? "" : " ";
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xFU];
  }
  EXPECT_THAT(Page("docs/state-format.md").text(), HasSubstr("is " + code(hex)));
}

// What the page tells people to run is what the quickstart runs with.
TEST(PrivilegesPageTest, ShowsTheGrantsOfTheQuickstart) {
  const std::string grants = read(kRoot / "docs/quickstart/privileges.sql");
  const std::vector<std::string> blocks = Page("docs/reference/privileges.md").blocks("sql");
  ASSERT_THAT(blocks, Not(IsEmpty()));
  EXPECT_EQ(blocks.front(), grants.substr(grants.find("GRANT")));
}

}  // namespace
}  // namespace couplet::test
