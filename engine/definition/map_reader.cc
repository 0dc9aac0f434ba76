#include "engine/definition/map_reader.h"

#include <algorithm>
#include <utility>

#include "engine/definition/quantity.h"
#include "engine/definition/suggestion.h"

namespace couplet {

namespace {

bool is_reference(const YamlNode& node) {
  return node.is_mapping() && node.members.size() == 1 &&
         (node.members[0].key.text == "env" || node.members[0].key.text == "file");
}

std::optional<Text> resolve(const ParseContext& context, const YamlNode& node,
                            const std::string& option) {
  const YamlMember& member = node.members[0];
  const bool from_file = member.key.text == "file";
  if (!member.value.is_scalar() || member.value.text.empty()) {
    context.error(member.value.begin, "wrong_type",
                  option + ": " + member.key.text + " needs " +
                      (from_file ? "the path of a file" : "the name of a variable") + ", this is " +
                      member.value.describe());
    return std::nullopt;
  }
  const std::string& name = member.value.text;
  Text text;
  text.place = node.begin;
  text.referenced = true;
  text.known = context.options.resolve_secrets;
  if (!text.known) {
    return text;
  }
  if (from_file) {
    auto content = context.options.read_file(context.folder / name);
    if (!content) {
      context.error(member.value.begin, "missing_secret", option + ": " + content.error().message,
                    content.error().hint);
      return std::nullopt;
    }
    text.value = std::move(*content);
    while (!text.value.empty() && (text.value.back() == '\n' || text.value.back() == '\r')) {
      text.value.pop_back();
    }
  } else {
    auto value = context.options.environment(name);
    if (!value) {
      context.error(member.value.begin, "missing_secret",
                    option + ": the environment variable " + name + " is not set",
                    context.options.file_alone ? "set it, or check the file alone with --no-secrets"
                                               : "export " + name + "=... where couplet runs");
      return std::nullopt;
    }
    text.value = std::move(*value);
  }
  if (text.value.empty()) {
    context.error(member.value.begin, "missing_secret",
                  option + ": " + (from_file ? "the file " : "the environment variable ") + name +
                      " is empty");
    return std::nullopt;
  }
  return text;
}

std::string listed(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

}  // namespace

std::optional<Text> read_text(const ParseContext& context, const YamlNode& node,
                              const std::string& option) {
  if (is_reference(node)) {
    return resolve(context, node, option);
  }
  if (!node.is_scalar() || node.is_null()) {
    context.error(node.begin, "wrong_type", option + " must be a text, this is " + node.describe());
    return std::nullopt;
  }
  if (node.text.empty()) {
    context.error(node.begin, "wrong_type", option + " must not be empty");
    return std::nullopt;
  }
  Text text;
  text.value = node.text;
  text.place = node.begin;
  return text;
}

std::optional<LiteralText> read_literal(const ParseContext& context, const YamlNode& node,
                                        const std::string& option) {
  LiteralText literal;
  literal.place = node.begin;
  if (node.is_null()) {
    return literal;
  }
  if (node.is_scalar()) {
    literal.value = node.text;
    return literal;
  }
  if (!is_reference(node)) {
    context.error(node.begin, "wrong_type",
                  option + " must be a single value, this is " + node.describe());
    return std::nullopt;
  }
  auto text = resolve(context, node, option);
  if (!text) {
    return std::nullopt;
  }
  literal.value = std::move(text->value);
  literal.referenced = true;
  literal.known = text->known;
  return literal;
}

std::vector<Text> read_texts(const ParseContext& context, const YamlNode& node,
                             const std::string& option) {
  std::vector<Text> texts;
  if (!node.is_sequence()) {
    if (auto text = read_text(context, node, option)) {
      texts.push_back(std::move(*text));
    }
    return texts;
  }
  if (node.items.empty()) {
    context.error(node.begin, "wrong_type", option + " is an empty list");
  }
  for (const YamlNode& item : node.items) {
    auto text = read_text(context, item, option);
    if (!text) {
      continue;
    }
    const bool twice = std::any_of(texts.begin(), texts.end(), [&](const Text& other) {
      return other.known && text->known && other.value == text->value;
    });
    if (twice) {
      context.error(text->place, "duplicate_key", option + " names " + quoted(*text) + " twice");
      continue;
    }
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::string quoted(const Text& text) {
  return text.referenced ? "the text referred to" : "\"" + text.value + "\"";
}

bool is_plain_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

MapReader::MapReader(const ParseContext& context, const YamlNode& node, std::string_view section,
                     std::string subject, Place fallback)
    : context_(context),
      node_(node),
      section_(section),
      subject_(std::move(subject)),
      place_(node.begin.line > 0 && !node.is_null() ? node.begin : fallback) {
  if (!node.is_mapping() && !node.is_null()) {
    context_.error(
        place_, "wrong_type",
        (subject_.empty() ? "the file" : subject_) + " must be a map, this is " + node.describe());
    return;
  }
  check_keys();
}

std::string MapReader::option(std::string_view name) const {
  return subject_.empty() ? std::string(name) : subject_ + "." + std::string(name);
}

const YamlMember* MapReader::member(std::string_view name) const { return node_.member(name); }

Place MapReader::place_of(std::string_view name) const {
  const YamlMember* found = member(name);
  return found == nullptr ? place_ : found->value.begin;
}

void MapReader::check_keys() const {
  for (const YamlMember& given : node_.members) {
    const Field* known = field_named(section_, given.key.text);
    if (known == nullptr) {
      context_.error(
          given.key.begin, "unknown_option",
          (subject_.empty() ? "the file" : subject_) + " has no option \"" + given.key.text + "\"",
          did_you_mean(given.key.text, field_names(section_)));
    } else if (!known->later.empty()) {
      context_.error(given.key.begin, "not_supported_yet",
                     "not supported yet: " + std::string(known->later));
    }
  }
  for (const Field& known : fields()) {
    if (known.section == section_ && known.required && member(known.name) == nullptr) {
      context_.error(
          place_, "missing_option",
          (subject_.empty() ? "the file" : subject_) + " lacks \"" + std::string(known.name) + "\"",
          std::string(known.name) + ": " + std::string(known.doc));
    }
  }
}

const Field& MapReader::field(std::string_view name) const {
  const Field* found = field_named(section_, name);
  COUPLET_CHECK(found != nullptr);
  return *found;
}

std::optional<Text> MapReader::scalar(std::string_view name) const {
  const YamlMember* given = member(name);
  return given == nullptr ? std::nullopt : read_text(context_, given->value, option(name));
}

void MapReader::refuse(const Text& text, const std::string& option, const Error& error) const {
  context_.error(text.place, "wrong_value", option + ": " + quoted(text) + " " + error.message,
                 error.hint);
}

std::optional<Text> MapReader::text(std::string_view name) const {
  COUPLET_CHECK(field(name).type == FieldType::kText);
  return scalar(name);
}

std::vector<Text> MapReader::texts(std::string_view name) const {
  COUPLET_CHECK(field(name).type == FieldType::kTexts);
  const YamlMember* given = member(name);
  return given == nullptr ? std::vector<Text>() : read_texts(context_, given->value, option(name));
}

std::optional<Secret> MapReader::secret(std::string_view name) const {
  const FieldType type = field(name).type;
  COUPLET_CHECK(type == FieldType::kSecret || type == FieldType::kConnection);
  const auto text = scalar(name);
  if (!text) {
    return std::nullopt;
  }
  if (!text->known) {
    return Secret();
  }
  if (!text->referenced) {
    const YamlNode& node = member(name)->value;
    const std::string instead = "write " + std::string(name) + ": { env: NAME } or { file: PATH }";
    if (type == FieldType::kSecret) {
      context_.source.hide(node.begin, node.end);
      context_.diagnostics.warning(node.begin, "inline_secret",
                                   option(name) + " stands in the file itself", instead);
    }
    const std::string_view value = text->value;
    for (const MaskedRange& range :
         type == FieldType::kConnection ? masked_ranges(value) : std::vector<MaskedRange>()) {
      // Quoted lines are masked by what they look like; what escapes, quotes or folds it there is
      // hidden as a whole.
      const std::string password(value.substr(range.begin, range.end - range.begin));
      const bool shows = context_.source.quote(node.begin).line.find(password) != std::string::npos;
      if (node.begin.line != node.end.line || shows || value.find('\\') != std::string_view::npos) {
        context_.source.hide(node.begin, node.end);
      }
      context_.diagnostics.warning(node.begin, "inline_secret",
                                   option(name) + " holds a password in the file itself", instead);
    }
  }
  return type == FieldType::kSecret ? Secret::opaque(text->value) : Secret::connection(text->value);
}

std::optional<std::filesystem::path> MapReader::path(std::string_view name) const {
  COUPLET_CHECK(field(name).type == FieldType::kPath);
  const auto text = scalar(name);
  if (!text) {
    return std::nullopt;
  }
  return text->known ? (context_.folder / text->value).lexically_normal() : std::filesystem::path();
}

std::optional<std::int64_t> MapReader::integer(std::string_view name) const {
  const Field& row = field(name);
  COUPLET_CHECK(row.type == FieldType::kInteger);
  const auto text = scalar(name);
  if (!text || !text->known) {
    return std::nullopt;
  }
  const auto count = parse_count(text->value);
  if (!count || *count < static_cast<std::uint64_t>(row.least) ||
      *count > static_cast<std::uint64_t>(row.most)) {
    context_.error(text->place, "wrong_value",
                   option(name) + " must be a whole number" +
                       (row.most == INT64_MAX ? " from " + std::to_string(row.least)
                                              : " from " + std::to_string(row.least) + " to " +
                                                    std::to_string(row.most)) +
                       ", not " + quoted(*text));
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*count);
}

std::optional<double> MapReader::number(std::string_view name) const {
  COUPLET_CHECK(field(name).type == FieldType::kNumber);
  const auto text = scalar(name);
  if (!text || !text->known) {
    return std::nullopt;
  }
  const auto number = parse_number(text->value);
  if (!number) {
    refuse(*text, option(name), number.error());
    return std::nullopt;
  }
  return *number;
}

std::optional<bool> MapReader::boolean(std::string_view name) const {
  COUPLET_CHECK(field(name).type == FieldType::kBoolean);
  const YamlMember* given = member(name);
  if (given == nullptr) {
    return std::nullopt;
  }
  const YamlNode& node = given->value;
  if (node.is_scalar() && node.plain) {
    if (node.text == "true" || node.text == "True" || node.text == "TRUE") {
      return true;
    }
    if (node.text == "false" || node.text == "False" || node.text == "FALSE") {
      return false;
    }
  }
  context_.error(
      node.begin, "wrong_type",
      option(name) + " must be true or false, this is " +
          (node.is_scalar() && !node.is_null() ? "\"" + node.text + "\""
                                               : std::string(node.describe())),
      node.is_scalar() && node.plain ? did_you_mean(node.text, {"true", "false"}) : std::string());
  return std::nullopt;
}

std::optional<std::int64_t> MapReader::duration_us(std::string_view name) const {
  const Field& row = field(name);
  COUPLET_CHECK(row.type == FieldType::kDuration);
  const auto text = scalar(name);
  if (!text || !text->known) {
    return std::nullopt;
  }
  const auto duration = parse_duration_us(text->value);
  if (!duration) {
    refuse(*text, option(name), duration.error());
    return std::nullopt;
  }
  if (*duration < row.least || (row.most > 0 && *duration > row.most)) {
    context_.error(text->place, "wrong_value",
                   option(name) + ": " + quoted(*text) +
                       (*duration < row.least ? " is too short" : " is too long"));
    return std::nullopt;
  }
  return *duration;
}

std::optional<std::uint64_t> MapReader::size_bytes(std::string_view name) const {
  const Field& row = field(name);
  COUPLET_CHECK(row.type == FieldType::kSize);
  const auto text = scalar(name);
  if (!text || !text->known) {
    return std::nullopt;
  }
  const auto size = parse_size_bytes(text->value);
  if (!size) {
    refuse(*text, option(name), size.error());
    return std::nullopt;
  }
  if (*size < static_cast<std::uint64_t>(row.least)) {
    context_.error(text->place, "wrong_value",
                   option(name) + ": " + quoted(*text) + " is less than " +
                       std::to_string(row.least >> 20) + "MiB");
    return std::nullopt;
  }
  return *size;
}

std::optional<std::size_t> MapReader::choice(std::string_view name) const {
  const Field& row = field(name);
  COUPLET_CHECK(!row.choices.empty());
  const auto text = scalar(name);
  if (!text || !text->known) {
    return std::nullopt;
  }
  const auto found = std::find(row.choices.begin(), row.choices.end(), text->value);
  if (found == row.choices.end()) {
    context_.error(text->place, "wrong_value",
                   option(name) + " must be " + listed(row.choices) + ", not " + quoted(*text),
                   text->referenced
                       ? std::string()
                       : did_you_mean(text->value, {row.choices.begin(), row.choices.end()}));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - row.choices.begin());
}

std::optional<LiteralText> MapReader::literal(std::string_view name) const {
  COUPLET_CHECK(field(name).type == FieldType::kLiteral);
  const YamlMember* given = member(name);
  return given == nullptr ? std::nullopt : read_literal(context_, given->value, option(name));
}

}  // namespace couplet
