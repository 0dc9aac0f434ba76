#include "engine/definition/load.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "engine/definition/sections.h"
#include "engine/definition/yaml_tree.h"

namespace couplet {

namespace {

constexpr std::uintmax_t kFileBytesMax = 4U << 20U;  // A definition is written by people.

Result<std::string> read_whole_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return fail(ErrorKind::kNotFound, "there is no file " + path.string());
  }
  if (std::filesystem::is_directory(status)) {
    return fail(ErrorKind::kInvalidArgument, path.string() + " is a folder, not a file");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return fail(ErrorKind::kInvalidArgument, path.string() + " cannot be read",
                "check the permissions of the file");
  }
  std::string content;
  char block[65536];
  while (stream.read(block, sizeof block) || stream.gcount() > 0) {
    content.append(block, static_cast<std::size_t>(stream.gcount()));
    if (content.size() > kFileBytesMax) {
      return fail(ErrorKind::kInvalidArgument, path.string() + " is larger than 4 MiB");
    }
  }
  if (stream.bad()) {
    return fail(ErrorKind::kInvalidArgument, path.string() + " cannot be read");
  }
  return content;
}

LoadOptions filled(LoadOptions options) {
  if (!options.environment) {
    options.environment = [](const std::string& name) -> std::optional<std::string> {
      const char* value = std::getenv(name.c_str());
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
  }
  if (!options.read_file) {
    options.read_file = read_whole_file;
  }
  return options;
}

// Values of keys that sound like secrets are hidden even where they do not belong: the line of an
// unknown option is quoted, too.
void hide_secrets(const YamlNode& node, SourceText& source) {
  for (const YamlNode& item : node.items) {
    hide_secrets(item, source);
  }
  for (const YamlMember& member : node.members) {
    if (member.value.is_scalar() && !member.value.is_null() && sounds_secret(member.key.text)) {
      source.hide(member.value.begin, member.value.end);
    }
    hide_secrets(member.value, source);
  }
}

}  // namespace

LoadResult parse_definition(std::string text, const std::filesystem::path& file,
                            const LoadOptions& options) {
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) {
    text.erase(0, 3);
  }
  const auto source = std::make_shared<SourceText>(file.string(), std::move(text));
  LoadResult result{std::nullopt, Diagnostics(source)};
  const auto root = parse_yaml(source->text(), result.diagnostics);
  if (!root) {
    return result;
  }
  hide_secrets(*root, *source);
  source->parsed();

  std::error_code ignored;
  const LoadOptions complete = filled(options);
  const ParseContext context{
      result.diagnostics, *source, complete,
      std::filesystem::absolute(file, ignored).lexically_normal().parent_path()};
  Definition definition;
  definition.text = source;
  const MapReader reader(context, *root, "file", "", {1, 1});
  if (reader.is_map()) {
    read_settings(context, reader, definition);
    read_sources(context, reader, definition);
    read_entities(context, reader, definition);
    read_mappings(context, reader, definition);
  }
  if (!result.diagnostics.has_errors()) {
    result.definition = std::move(definition);
  }
  return result;
}

LoadResult load_definition(const std::filesystem::path& file, const LoadOptions& options) {
  auto text = filled(options).read_file(file);
  if (!text) {
    LoadResult result{std::nullopt,
                      Diagnostics(std::make_shared<SourceText>(file.string(), std::string()))};
    const bool missing = text.error().kind == ErrorKind::kNotFound;
    result.diagnostics.error(
        {}, "unreadable_file", text.error().message,
        missing ? "`couplet init` writes a first one; -c FILE names another" : text.error().hint);
    return result;
  }
  return parse_definition(std::move(*text), file, options);
}

}  // namespace couplet
