// Files that somebody's editor, merge tool or disk has been at: findings or a definition, never a
// crash, and no secret in any of it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/definition/seed_definition.h"

namespace couplet::test {
namespace {

// Words that mean something somewhere, in places where they do not.
const std::vector<std::string> kWords = {
    "name",       "parent",      "self",        "link: region",
    "{",          "}",           "[",           "]",
    ":",          "- ",          "\n",          "both",
    "values",     "const: 1",    "many_to_one", "null",
    "&a ",        "*a",          "<<: *a",      "!!str ",
    "'",          "\"",          "#",           "left",
    "right",      "daphne",      "desire.",     "where: {}",
    "\t",         "\xff",        "~",           "parent.parent",
    "updated_at", "externalRef", "keys: []",    "{ env: X }",
    "false"};

std::string mangled() {
  std::string text = kSeedFile;
  const auto cuts = *rc::gen::inRange(1, 6);
  for (int i = 0; i < cuts; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto length = *rc::gen::inRange<std::size_t>(0, 25);
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, *rc::gen::elementOf(kWords));
        break;
      default:
        text.insert(at, text.substr(*rc::gen::inRange<std::size_t>(0, text.size()), length));
        break;
    }
  }
  return text;
}

RC_GTEST_PROP(MangledFileProperty, IsADefinitionOrFindings, ()) {
  const LoadResult loaded = load_text(mangled(), {{"DAPHNE_URL", "host=x password=TOPSECRET"}});
  RC_ASSERT(loaded.definition.has_value() != loaded.diagnostics.has_errors());
  RC_ASSERT(loaded.diagnostics.render().find("TOPSECRET") == std::string::npos);
  RC_CLASSIFY(loaded.definition.has_value(), "loads");
  if (loaded.definition) {
    const BindResult bound = bind_to(*loaded.definition, seed_tables());
    RC_CLASSIFY(bound.definition.has_value(), "binds");
    RC_ASSERT(bound.definition.has_value() != bound.diagnostics.has_errors());
    RC_ASSERT(bound.diagnostics.render().find("TOPSECRET") == std::string::npos);
  }
}

}  // namespace
}  // namespace couplet::test
