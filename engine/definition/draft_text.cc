// The draft as a text of YAML that a person reads.
#include <algorithm>
#include <string_view>

#include "engine/definition/draft_model.h"

namespace couplet {
namespace {

// A scalar: plain where that is what it says, else in double quotes.
std::string scalar(const std::string& text) {
  const bool plain =
      !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c >= 0x80U;
      });
  static constexpr std::string_view kMeaningful[] = {"null", "true", "false", "yes", "no",
                                                     "on",   "off",  "y",     "n"};
  std::string small = text;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (plain &&
      std::find(std::begin(kMeaningful), std::end(kMeaningful), small) == std::end(kMeaningful)) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    constexpr const char* kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20U || byte == 0x7FU) {
      quoted += std::string("\\x") + kDigits[byte >> 4U] + kDigits[byte & 0xFU];
    } else {
      quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
  }
  return quoted + "\"";
}

std::string flow_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    list += (list.empty() ? "[ " : ", ") + scalar(name);
  }
  return list + " ]";
}

// A comment is one line, whatever a name in it holds.
std::string in_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20U || c == 0x7FU; }, ' ');
  return text;
}

constexpr std::size_t kCommentColumn = 40;

class Writer {
 public:
  explicit Writer(const DraftModel& model) : model_(model) {}

  DraftText write() {
    write_head();
    write_sources();
    write_entities();
    line("");
    line("mappings:");
    for (std::size_t i = 0; i < model_.mappings.size(); ++i) {
      if (model_.mappings[i].refused.empty()) {
        owner_ = {i, kNoMapping};
        write_mapping(model_.mappings[i]);
        ++out_.mappings;
      }
    }
    owner_ = {};
    if (out_.mappings == 0) {
      write_skeleton();
    }
    write_rest();
    return std::move(out_);
  }

 private:
  void line(const std::string& text) {
    out_.text += text + "\n";
    out_.owners.push_back(owner_);
  }
  void comment(const std::string& indent, const std::string& text) {
    line(indent + "# " + in_one_line(text));
  }
  // With "# check: …" behind it, if there is something to check.
  void checked(std::string text, const std::string& check) {
    if (!check.empty()) {
      text += std::string(text.size() < kCommentColumn ? kCommentColumn - text.size() : 1, ' ');
      text += " # check: " + in_one_line(check);
      ++out_.checks;
    }
    line(text);
  }

  void write_head() {
    const std::string name = scalar(model_.request->name);
    comment(
        "",
        "A first guess by `couplet init`, from what the two databases say of their tables. Read");
    comment("",
            "it from top to bottom: where it says \"check\", it is not sure. Nothing is written "
            "before");
    comment("", "you say so:");
    comment("", "  couplet validate     is the file right?");
    comment("", "  couplet doctor       do roles, indexes and settings do?");
    comment("", "  couplet plan         what would be done?");
    comment("", "  couplet reconcile    do it");
    comment(
        "",
        "An editor checks it while you type, once `couplet schema > couplet.schema.json` has run.");
    comment("", "yaml-language-server: $schema=couplet.schema.json");
    line("version: 1");
    line("name: " + name + "  # names replication origins and the state: keep it once it has run");
    line("state: state  # a folder beside this file; for good /var/lib/couplet/" +
         in_one_line(model_.request->name));
    line("");
  }

  void write_sources() {
    line("sources:");
    for (const DraftSide& side : model_.request->sides) {
      line("  " + side.source + ":");
      for (const auto& [option, value] : side.options) {
        line("    " + option + ": " + value);
      }
    }
  }

  void write_entities() {
    bool begun = false;
    for (std::size_t i = 0; i < model_.mappings.size(); ++i) {
      const DraftMapping& mapping = model_.mappings[i];
      for (std::size_t side = 0; side < 2 && mapping.refused.empty(); ++side) {
        const DraftEntity& entity = model_.entities[side][mapping.entities[side]];
        if (!entity.listed && entity.updated_at.empty() && entity.references.empty()) {
          continue;
        }
        if (!begun) {
          line("");
          line("entities:  # what the catalogs cannot tell");
          begun = true;
        }
        owner_ = {i, kNoMapping};
        write_entity(entity, model_.request->sides[side]);
        owner_ = {};
      }
    }
  }

  void write_entity(const DraftEntity& entity, const DraftSide& side) {
    line("  " + entity.name + ":");
    const TableName& name = entity.table->name;
    if (entity.listed) {
      const bool bare =
          name.schema == side.default_schema && name.table.find('.') == std::string::npos;
      line("    table: " + scalar(bare ? name.table : name.schema + "." + name.table));
    }
    if (!entity.updated_at.empty()) {
      line("    updated_at: " + scalar(entity.updated_at) +
           "  # decides who wins where both sides changed");
    }
    if (!entity.references.empty()) {
      line("    references:");
      for (const auto& [reference, columns] : entity.references) {
        line("      " + scalar(reference) + ": " + flow_list(columns));
      }
    }
  }

  void write_mapping(const DraftMapping& mapping) {
    const DraftEntity& left = model_.entities[0][mapping.entities[0]];
    const DraftEntity& right = model_.entities[1][mapping.entities[1]];
    line("  " + mapping.name + ":");
    line("    left: " + left.name);
    checked("    right: " + right.name, mapping.check);
    checked(
        "    direction: " + mapping.direction +
            (mapping.direction == "both" ? "  # left_to_right or right_to_left where one side leads"
                                         : ""),
        mapping.direction_check);
    if (mapping.create != "true") {
      std::string columns;
      for (const std::string& column : mapping.unwritten) {
        columns += (columns.empty() ? "" : ", ") + column;
      }
      line("    create: " + mapping.create + "  # a row needs what is not mapped: " + columns);
    }
    checked("    keys:", mapping.key_check);
    write_attributes(mapping.keys, 0);
    if (std::any_of(mapping.attributes.begin(), mapping.attributes.end(),
                    [](const DraftAttribute& attribute) { return attribute.refused.empty(); })) {
      line("    attributes:");
    }
    write_attributes(mapping.attributes, mapping.keys.size());
    for (const std::string& note : mapping.notes) {
      comment("    ", note);
    }
  }

  // Where nothing could be guessed: what a mapping looks like, with what goes into it. Loading
  // refuses what is not filled in, and quotes the line.
  void write_skeleton() {
    const auto& sides = model_.request->sides;
    comment("  ",
            "Nothing could be guessed: fill in what two tables have in common, and write one");
    comment("  ", "mapping for each two. `couplet validate` tells what is missing still.");
    line("  first:  # a name for what both tables hold");
    for (std::size_t side = 0; side < 2; ++side) {
      const std::string text = side == 0 ? "    left:" : "    right:";
      line(text + "  # fill in: a table of " + sides[side].source + ", as " +
           in_one_line(example_table(sides[side])));
    }
    line("    direction: both  # left_to_right or right_to_left where one side leads");
    line("    keys:  # fill in: the columns that tell which rows are the same, as the next line");
    line("    #  - { left: COLUMN, right: COLUMN }  # or - COLUMN where both call it alike");
    line("    # attributes:  # the columns to keep in step");
    line("    #  - { left: COLUMN, right: COLUMN }");
    for (const DraftSide& side : sides) {
      line("");
      comment("", "Tables of " + side.source + ", with their columns:");
      for (const TableInfo& table : side.tables) {
        std::string columns;
        for (const ColumnInfo& column : table.columns) {
          columns += (columns.empty() ? "" : ", ") + column.name;
        }
        comment("", "  " + table_text(side, table) + ": " + columns);
      }
    }
  }

  // As a mapping would name it, where no quotes are needed.
  static std::string table_text(const DraftSide& side, const TableInfo& table) {
    return side.source + "." +
           (table.name.schema == side.default_schema ? table.name.table : to_string(table.name));
  }

  static std::string example_table(const DraftSide& side) {
    const auto usable = std::find_if(side.tables.begin(), side.tables.end(),
                                     [](const TableInfo& table) { return why_not(table).empty(); });
    return table_text(side, usable == side.tables.end() ? side.tables.front() : *usable);
  }

  void write_attributes(const std::vector<DraftAttribute>& attributes, std::size_t first) {
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      const DraftAttribute& attribute = attributes[i];
      const LineOwner of = owner_;
      owner_.attribute = first + i;
      const std::string item = text_of(attribute);
      if (attribute.refused.empty()) {
        checked("      - " + item, attribute.check);
      } else {
        comment("      ", "- " + item + ": " + attribute.refused);
      }
      owner_ = of;
    }
  }

  [[nodiscard]] std::string text_of(const DraftAttribute& attribute) const {
    const auto& [left, right] = attribute.path;
    if (left == right && attribute.link == kNoMapping && !attribute.on_create) {
      return scalar(left);
    }
    std::string text = "{ left: " + scalar(left) + ", right: " + scalar(right);
    if (attribute.link != kNoMapping) {
      text += ", link: " + model_.mappings[attribute.link].name;
    }
    return text + (attribute.on_create ? ", policy: init }" : " }");
  }

  void write_rest() {
    std::vector<std::string> rest = model_.left_out;
    for (const DraftMapping& mapping : model_.mappings) {
      if (!mapping.refused.empty()) {
        rest.push_back(model_.entities[0][mapping.entities[0]].name + " and " +
                       model_.entities[1][mapping.entities[1]].name + ": " + mapping.refused);
      }
    }
    if (rest.empty()) {
      return;
    }
    line("");
    comment("", "Not mapped:");
    for (const std::string& one : rest) {
      comment("", "  " + one);
    }
  }

  const DraftModel& model_;
  DraftText out_;
  LineOwner owner_;
};

}  // namespace

DraftText write_draft(const DraftModel& model) { return Writer(model).write(); }

}  // namespace couplet
