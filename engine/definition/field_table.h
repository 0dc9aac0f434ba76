#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// The one table of what couplet.yaml may hold. The parser asks it which keys a map may have, which
// it must have and what each is; the JSON Schema and the reference page are made from the same
// rows.
namespace couplet {

enum class FieldType : std::uint8_t {
  kText,         // any scalar, or {env: NAME}, {file: PATH}
  kPath,         // a file or folder, relative to the folder of the file
  kConnection,   // a text that may hold passwords
  kSecret,       // a text that is one
  kInteger,      // `least` to `most`
  kNumber,       // not negative
  kBoolean,      // true or false
  kDuration,     // 10s
  kSize,         // 64MiB
  kChoice,       // one of `choices`
  kLiteral,      // a scalar in the sense of a column's type; null allowed
  kTexts,        // a text or a list of texts
  kSection,      // a map whose keys are the fields of section `of`
  kSections,     // a map keyed by names, each a map of section `of`
  kSectionList,  // a list of maps of section `of`
  kOther,        // a shape of its own: `doc` tells
};

struct Field {
  std::string_view section;  // "file", "postgres", "sqlite", "entity", "mapping", "attribute", …
  std::string_view name;
  FieldType type = FieldType::kText;
  bool required = false;
  std::string_view default_text;  // as it would be written; empty: none, or `doc` tells
  std::string_view doc;
  std::string_view of;                    // kSection, kSections, kSectionList
  std::vector<std::string_view> choices;  // kChoice
  std::int64_t least = 0;                 // kInteger; kDuration in us; kSize in bytes
  std::int64_t most = 0;                  // the same; 0: no bound
  // What it would be, if it belongs to a later version: given, it is refused as "not supported
  // yet".
  std::string_view later;
};

// All rows, those of a section together and in the order of the reference.
std::span<const Field> fields();
// nullptr if the section has none of that name.
const Field* field_named(std::string_view section, std::string_view name);
// Names of a section's fields that are supported, for suggestions.
std::vector<std::string> field_names(std::string_view section);

}  // namespace couplet
