#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/result.h"
#include "engine/ports/catalog.h"

// A first couplet.yaml, guessed from what two sources say of their tables. What is not sure says so
// in a comment; what could not be guessed stands there as one. Loading accepts the text and binding
// it to these tables does, given the rights that doctor asks for.
namespace couplet {

struct DraftSide {
  std::string source;          // what the source is called in the file
  std::string default_schema;  // where tables without a schema are; may be empty
  // Options of the source as they are to be written: {"url", "{ env: LEFT_URL }"}.
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<TableInfo> tables;
};

struct DraftRequest {
  std::string name;
  std::array<DraftSide, 2> sides;  // indexed by Side
};

struct Draft {
  std::string text;
  std::size_t mappings = 0;                  // 0: the text has the skeleton of one to fill in
  std::size_t checks = 0;                    // lines that say "check:"
  std::array<std::size_t, 2> left_out = {};  // tables that no mapping is about
};

// If no table of one side looks like one of the other, the text is a skeleton, which loading
// refuses until it is filled in. Errors: kNotFound if a side has no table.
Result<Draft> draft_definition(const DraftRequest& request);

}  // namespace couplet
