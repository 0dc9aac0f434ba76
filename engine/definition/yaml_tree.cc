#include "engine/definition/yaml_tree.h"

#include <libfyaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace couplet {

namespace {

struct FreeDiag {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};
struct FreeParser {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};

Place place_of(const fy_mark* mark) {
  if (mark == nullptr) {
    return {};
  }
  return {static_cast<std::uint32_t>(mark->line) + 1, static_cast<std::uint32_t>(mark->column) + 1};
}

std::string text_of(fy_token* token) {
  std::size_t length = 0;
  const char* text = token == nullptr ? nullptr : fy_token_get_text(token, &length);
  return text == nullptr ? std::string() : std::string(text, length);
}

// A single-quoted scalar as it stands between its quotes: two quotes are one, a line break is a
// blank, and empty lines are line breaks. The library, asked for its text, takes four quotes in a
// row for three and loses what comes behind.
std::string unquoted(std::string_view raw) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\n') {
      text += raw[i];
      i += raw[i] == '\'' ? 1 : 0;
      continue;
    }
    while (!text.empty() && is_blank(text.back())) {
      text.pop_back();
    }
    std::size_t breaks = 0;
    for (; i < raw.size() && (raw[i] == '\n' || is_blank(raw[i])); ++i) {
      breaks += raw[i] == '\n' ? 1 : 0;
    }
    --i;
    text += breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n');
  }
  return text;
}

std::size_t count_nodes(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) {
    count += count_nodes(item);
  }
  for (const YamlMember& member : node.members) {
    count += 1 + count_nodes(member.value);
  }
  return count;
}

// Builds the tree from the parser's events, which unlike its documents carry a place each and
// cannot blow up on aliases.
class Builder {
 public:
  Builder(const std::string& text, Diagnostics& diagnostics)
      : text_(text), diagnostics_(diagnostics) {}

  // False: stop.
  bool take(fy_event& event);

  std::optional<YamlNode> result() && { return std::move(root_); }
  // The place of the innermost bracket or brace that is still open.
  [[nodiscard]] std::optional<Place> open_bracket() const {
    for (auto frame = stack_.rbegin(); frame != stack_.rend(); ++frame) {
      if (frame->flow) {
        return frame->node.begin;
      }
    }
    return std::nullopt;
  }

 private:
  struct Frame {
    YamlNode node;
    std::string anchor;
    bool flow = false;
    std::optional<YamlNode> key;  // of a mapping: read, its value is awaited
    bool skip = false;            // the value that is awaited is dropped: its key was refused
  };

  bool open(YamlNode node, fy_token* anchor, bool flow);
  bool close();
  [[nodiscard]] Place first_character(std::size_t at, Place place) const;
  void refuse_tag(fy_token* tag);
  void scalar(const fy_event& event);
  bool alias(const fy_event& event);
  void place(YamlNode node, const std::string& anchor);
  void take_key(Frame& frame, YamlNode key);

  const std::string& text_;
  Diagnostics& diagnostics_;
  std::vector<Frame> stack_;
  std::optional<YamlNode> root_;
  std::map<std::string, std::shared_ptr<const YamlNode>> anchors_;
  std::size_t expanded_ = 0;
  int documents_ = 0;
};

bool Builder::take(fy_event& event) {
  const Place begin = place_of(fy_event_start_mark(&event));
  switch (event.type) {
    case FYET_DOCUMENT_START:
      if (++documents_ > 1) {
        diagnostics_.error(begin, "yaml", "a second YAML document begins here; the file is one");
        return false;
      }
      return true;
    case FYET_MAPPING_START: {
      refuse_tag(event.mapping_start.tag);
      YamlNode node;
      node.kind = YamlNode::Kind::kMapping;
      node.begin = begin;
      const bool flow = fy_event_get_node_style(&event) == FYNS_FLOW;
      return open(std::move(node), event.mapping_start.anchor, flow);
    }
    case FYET_SEQUENCE_START: {
      refuse_tag(event.sequence_start.tag);
      YamlNode node;
      node.kind = YamlNode::Kind::kSequence;
      node.begin = begin;
      const bool flow = fy_event_get_node_style(&event) == FYNS_FLOW;
      return open(std::move(node), event.sequence_start.anchor, flow);
    }
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
      return close();
    case FYET_SCALAR:
      scalar(event);
      return true;
    case FYET_ALIAS:
      return alias(event);
    default:
      return true;
  }
}

bool Builder::open(YamlNode node, fy_token* anchor, bool flow) {
  if (stack_.size() >= kDepthMax) {
    diagnostics_.error(node.begin, "yaml",
                       "nested deeper than " + std::to_string(kDepthMax) + " levels");
    return false;
  }
  Frame frame;
  frame.node = std::move(node);
  frame.anchor = text_of(anchor);
  frame.flow = flow;
  if (!frame.anchor.empty()) {
    anchors_[frame.anchor] = nullptr;  // Until it ends: an alias in between is a cycle.
  }
  stack_.push_back(std::move(frame));
  return true;
}

bool Builder::close() {
  Frame frame = std::move(stack_.back());
  stack_.pop_back();
  if (frame.key) {  // A key at the very end whose value never came.
    frame.node.members.push_back({*frame.key, YamlNode{}});
  }
  place(std::move(frame.node), frame.anchor);
  return true;
}

// A block scalar's mark is at the beginning of its first line.
Place Builder::first_character(std::size_t at, Place place) const {
  for (; at < text_.size() && (text_[at] == ' ' || text_[at] == '\n'); ++at) {
    place = text_[at] == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
  return place;
}

void Builder::refuse_tag(fy_token* tag) {
  if (tag != nullptr) {
    diagnostics_.error(place_of(fy_token_start_mark(tag)), "yaml", "tags are not supported",
                       "leave the tag out: options know their own types");
  }
}

void Builder::scalar(const fy_event& event) {
  refuse_tag(event.scalar.tag);
  YamlNode node;
  fy_token* token = event.scalar.value;
  node.plain = true;
  if (token != nullptr) {
    node.begin = place_of(fy_token_start_mark(token));
    node.end = place_of(fy_token_end_mark(token));
    node.text = text_of(token);
    const fy_scalar_style style = fy_token_scalar_style(token);
    node.plain = style == FYSS_PLAIN;
    if (style == FYSS_SINGLE_QUOTED) {
      const std::size_t begin = fy_token_start_mark(token)->input_pos;
      const std::size_t end = fy_token_end_mark(token)->input_pos;
      node.text = unquoted(std::string_view(text_).substr(begin, end - begin));
    }
    if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && node.begin.column > 1) {
      --node.begin.column;  // The mark is behind the opening quote.
    }
    if (style == FYSS_LITERAL || style == FYSS_FOLDED) {
      node.begin = first_character(fy_token_start_mark(token)->input_pos, node.begin);
    }
  } else if (!stack_.empty()) {  // Nothing stands there: its key is the best place.
    const Frame& frame = stack_.back();
    node.begin = frame.key ? frame.key->begin : frame.node.begin;
    node.end = node.begin;
  }
  place(std::move(node), text_of(event.scalar.anchor));
}

bool Builder::alias(const fy_event& event) {
  const std::string name = text_of(event.alias.anchor);
  Place at = place_of(fy_token_start_mark(event.alias.anchor));
  at.column -= at.column > 1 ? 1 : 0;  // The mark is behind the asterisk.
  const auto anchor = anchors_.find(name);
  YamlNode node;
  node.plain = true;
  node.begin = at;
  node.end = at;
  if (anchor == anchors_.end()) {
    diagnostics_.error(at, "yaml", "alias *" + name + " has no anchor &" + name + " before it");
  } else if (anchor->second == nullptr) {
    diagnostics_.error(at, "yaml", "alias *" + name + " stands inside what it names");
  } else {
    expanded_ += count_nodes(*anchor->second);
    if (expanded_ > kAliasNodesMax) {
      diagnostics_.error(
          at, "yaml", "aliases expand to more than " + std::to_string(kAliasNodesMax) + " nodes");
      return false;
    }
    node = *anchor->second;
  }
  place(std::move(node), {});
  return true;
}

void Builder::place(YamlNode node, const std::string& anchor) {
  if (!anchor.empty()) {
    anchors_[anchor] = std::make_shared<const YamlNode>(node);
  }
  if (stack_.empty()) {
    if (!root_) {
      root_ = std::move(node);
    }
    return;
  }
  Frame& frame = stack_.back();
  if (frame.node.is_sequence()) {
    frame.node.items.push_back(std::move(node));
    return;
  }
  if (!frame.key) {
    take_key(frame, std::move(node));
    return;
  }
  if (!frame.skip) {
    frame.node.members.push_back({std::move(*frame.key), std::move(node)});
  }
  frame.key.reset();
  frame.skip = false;
}

void Builder::take_key(Frame& frame, YamlNode key) {
  frame.skip = true;
  if (!key.is_scalar()) {
    diagnostics_.error(key.begin, "yaml",
                       "a key must be a text, this is " + std::string(key.describe()));
  } else if (key.plain && key.text == "<<") {
    diagnostics_.error(key.begin, "yaml", "merge keys (<<) are not supported",
                       "write the options out, or name the whole map by an alias");
  } else {
    const auto same = std::find_if(
        frame.node.members.begin(), frame.node.members.end(), [&](const YamlMember& member) {
          return member.key.text == key.text && member.key.is_null() == key.is_null();
        });
    if (same != frame.node.members.end()) {
      diagnostics_.error(key.begin, "duplicate_key",
                         "\"" + key.text + "\" is here a second time; the first is at " +
                             std::to_string(same->key.begin.line) + ":" +
                             std::to_string(same->key.begin.column));
    } else {
      frame.skip = false;
    }
  }
  frame.key = std::move(key);
}

// Places of bytes that YAML cannot hold. The library passes control characters and NUL on.
bool check_bytes(const std::string& text, Diagnostics& diagnostics) {
  Place place{1, 1};
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    std::size_t length = 1;
    bool valid = true;
    if (byte >= 0x80U) {
      length = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : 2;
      valid = byte >= 0xC2U && byte <= 0xF4U && at + length <= text.size();
      for (std::size_t i = 1; valid && i < length; ++i) {
        valid = (static_cast<unsigned char>(text[at + i]) & 0xC0U) == 0x80U;
      }
      if (valid && length > 2) {  // Overlong forms, surrogates, beyond U+10FFFF.
        const auto second = static_cast<unsigned char>(text[at + 1]);
        valid = !((byte == 0xE0U && second < 0xA0U) || (byte == 0xEDU && second >= 0xA0U) ||
                  (byte == 0xF0U && second < 0x90U) || (byte == 0xF4U && second >= 0x90U));
      }
      if (!valid) {
        diagnostics.error(place, "yaml", "the file is not valid UTF-8 here");
        return false;
      }
    } else if ((byte < 0x20U && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7FU) {
      diagnostics.error(place, "yaml",
                        byte == 0 ? "a NUL byte stands here" : "a control character stands here",
                        "in double quotes it can be written as an escape: \"\\x01\"");
      return false;
    }
    at += length;
    if (byte == '\n') {
      place = {place.line + 1, 1};
    } else {
      ++place.column;
    }
  }
  return true;
}

}  // namespace

bool YamlNode::is_null() const {
  return is_scalar() && plain &&
         (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL");
}

const YamlMember* YamlNode::member(std::string_view key) const {
  for (const YamlMember& candidate : members) {
    if (candidate.key.text == key) {
      return &candidate;
    }
  }
  return nullptr;
}

const char* YamlNode::describe() const {
  if (is_scalar()) {
    return is_null() ? "nothing" : "a text";
  }
  return is_mapping() ? "a map" : "a list";
}

std::optional<YamlNode> parse_yaml(const std::string& text, Diagnostics& diagnostics) {
  if (!check_bytes(text, diagnostics)) {
    return std::nullopt;
  }
  if (!text.empty() && text.front() == '%') {
    diagnostics.error({1, 1}, "yaml", "directives are not supported; the file is YAML 1.2");
    return std::nullopt;
  }
  fy_diag_cfg diag_settings{};
  fy_diag_cfg_default(&diag_settings);
  diag_settings.fp = nullptr;
  const std::unique_ptr<fy_diag, FreeDiag> diag(fy_diag_create(&diag_settings));
  fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg settings{};
  // Sloppy: a closing brace may stand under its key, as other readers of YAML take it.
  settings.flags =
      static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 |
                                      FYPCF_DISABLE_MMAP_OPT | FYPCF_SLOPPY_FLOW_INDENTATION);
  settings.diag = diag.get();

  Builder builder(text, diagnostics);
  bool whole = true;
  {
    const std::unique_ptr<fy_parser, FreeParser> parser(fy_parser_create(&settings));
    fy_parser_set_string(parser.get(), text.data(), text.size());
    while (fy_event* event = fy_parser_parse(parser.get())) {
      const bool go_on = builder.take(*event);
      fy_parser_event_free(parser.get(), event);
      if (!go_on) {
        whole = false;
        break;
      }
    }
    if (whole && fy_parser_get_stream_error(parser.get())) {
      whole = false;
      void* iterator = nullptr;
      const fy_diag_error* error = fy_diag_errors_iterate(diag.get(), &iterator);
      Place place{1, 1};
      std::string message = "this is no YAML";
      if (error != nullptr) {
        place = {static_cast<std::uint32_t>(std::max(1, error->line)),
                 static_cast<std::uint32_t>(std::max(1, error->column))};
        message = error->msg;
        if (message.find("without a closing") != std::string::npos && builder.open_bracket()) {
          place = *builder.open_bracket();
        }
      }
      diagnostics.error(place, "yaml", message);
    }
  }
  if (!whole) {
    return std::nullopt;
  }
  auto root = std::move(builder).result();
  if (!root || root->is_null()) {
    diagnostics.error({1, 1}, "empty_file", "the file is empty",
                      "the smallest file has version, name, state, sources and mappings");
    return std::nullopt;
  }
  return root;
}

}  // namespace couplet
