#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/definition.h"
#include "engine/definition/diagnostic.h"
#include "engine/definition/field_table.h"
#include "engine/definition/load.h"
#include "engine/definition/yaml_tree.h"

// Internal to loading: reads maps of the tree by the rows of the field table.
namespace couplet {

struct ParseContext {
  Diagnostics& diagnostics;
  SourceText& source;
  const LoadOptions& options;  // its functions are set
  std::filesystem::path folder;

  void error(Place place, std::string code, std::string message, std::string hint = {}) const {
    diagnostics.error(place, std::move(code), std::move(message), std::move(hint));
  }
};

// The scalar of `node`, or what {env: NAME} or {file: PATH} stands for; nullopt, reported, if it is
// neither or cannot be had. `option` names it in messages: "sources.crm.url".
std::optional<Text> read_text(const ParseContext& context, const YamlNode& node,
                              const std::string& option);
// The same where null is a value. Lists and maps are refused.
std::optional<LiteralText> read_literal(const ParseContext& context, const YamlNode& node,
                                        const std::string& option);
// A text or a list of texts, at least one.
std::vector<Text> read_texts(const ParseContext& context, const YamlNode& node,
                             const std::string& option);

// `"value"`, or `what VARIABLE holds` where diagnostics must not quote it.
std::string quoted(const Text& text);

// Letters, digits, `_` and `-`, beginning with a letter.
bool is_plain_name(std::string_view name);

// One map of one section. Making it reports what is wrong with its keys: unknown ones, those of
// later versions, required ones that are missing. The getters report what is wrong with the values;
// nullopt: not there, or reported.
class MapReader {
 public:
  // `subject` names the map in messages ("sources.crm"); empty for the file itself. `fallback` is
  // where a map with nothing in it is reported.
  MapReader(const ParseContext& context, const YamlNode& node, std::string_view section,
            std::string subject, Place fallback);

  [[nodiscard]] bool is_map() const { return node_.is_mapping(); }
  [[nodiscard]] Place place() const { return place_; }
  [[nodiscard]] std::string option(std::string_view name) const;
  // nullptr if not there. A value of nothing counts as there.
  [[nodiscard]] const YamlMember* member(std::string_view name) const;
  [[nodiscard]] Place place_of(std::string_view name) const;  // of its value, else of the map

  [[nodiscard]] std::optional<Text> text(std::string_view name) const;
  [[nodiscard]] std::vector<Text> texts(std::string_view name) const;
  [[nodiscard]] std::optional<Secret> secret(std::string_view name) const;  // and kConnection
  [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] std::optional<double> number(std::string_view name) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> duration_us(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> size_bytes(std::string_view name) const;
  // The index of the choice in the table's row.
  [[nodiscard]] std::optional<std::size_t> choice(std::string_view name) const;
  [[nodiscard]] std::optional<LiteralText> literal(std::string_view name) const;

 private:
  const Field& field(std::string_view name) const;
  void check_keys() const;
  std::optional<Text> scalar(std::string_view name) const;
  void refuse(const Text& text, const std::string& option, const Error& error) const;

  const ParseContext& context_;
  const YamlNode& node_;
  std::string_view section_;
  std::string subject_;
  Place place_;
};

}  // namespace couplet
