#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/diagnostic.h"

// YAML 1.2 as a tree of nodes that know their places. What the definition must not rest on is
// refused here: tags, merge keys, directives, several documents, duplicate keys, keys that are no
// scalars, more than `kDepthMax` levels, aliases that expand to more than `kAliasNodesMax` nodes.
namespace couplet {

struct YamlMember;

struct YamlNode {
  enum class Kind : std::uint8_t { kScalar, kSequence, kMapping };
  Kind kind = Kind::kScalar;
  Place begin;         // quoted scalars: of the quote; maps and sequences: of their first character
  Place end;           // scalars: one beyond the last character
  std::string text;    // scalars
  bool plain = false;  // scalars: unquoted
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;  // in the order of the file, keys unique

  [[nodiscard]] bool is_scalar() const { return kind == Kind::kScalar; }
  [[nodiscard]] bool is_sequence() const { return kind == Kind::kSequence; }
  [[nodiscard]] bool is_mapping() const { return kind == Kind::kMapping; }
  // Nothing at all, or an unquoted `null` or `~`.
  [[nodiscard]] bool is_null() const;
  [[nodiscard]] const YamlMember* member(std::string_view key) const;
  // "a map", "a list", "a text" for messages.
  [[nodiscard]] const char* describe() const;
};

struct YamlMember {
  YamlNode key;  // a scalar
  YamlNode value;
};

inline constexpr std::size_t kDepthMax = 50;
inline constexpr std::size_t kAliasNodesMax = 10'000;

// The tree of `text`, which has no byte order mark; nullopt if it is no YAML, or empty. What is
// wrong is in `diagnostics`; a tree with errors is still worth looking at.
std::optional<YamlNode> parse_yaml(const std::string& text, Diagnostics& diagnostics);

}  // namespace couplet
