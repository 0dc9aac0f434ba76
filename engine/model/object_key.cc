#include "engine/model/object_key.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "engine/model/ascii.h"
#include "engine/model/literal.h"
#include "engine/model/numeric.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

constexpr char kEscape = '\0';
constexpr char kEscapedZero = '\xFF';
constexpr char kEnd = '\0';

template <typename Signed>
std::make_unsigned_t<Signed> flipped(Signed value) {
  using Unsigned = std::make_unsigned_t<Signed>;
  constexpr Unsigned kSign = Unsigned{1} << (8 * sizeof(Unsigned) - 1);
  return static_cast<Unsigned>(static_cast<Unsigned>(value) ^ kSign);
}

// Positive floats sort by their bits, negative ones the other way round below them. There is one
// zero and one NaN, which is the largest, as for the server.
template <typename Bits, typename Float>
Bits ordered_bits(Float value) {
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  if (std::isnan(value)) {
    value = std::numeric_limits<Float>::quiet_NaN();
  } else if (value == 0) {
    value = 0;
  }
  const Bits bits = std::bit_cast<Bits>(value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

template <typename Bits>
Bits bits_of_ordered(Bits ordered) {
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  return (ordered & kSign) != 0 ? ordered ^ kSign : ~ordered;
}

void append_text_key(std::string_view text, std::string& out) {
  for (const char c : text) {
    out += c;
    if (c == kEscape) {
      out += kEscapedZero;
    }
  }
  out += kEscape;
  out += kEnd;
}

bool take_text_key(std::string_view& key, std::string& out) {
  for (std::size_t i = 0; i + 1 < key.size(); ++i) {
    if (key[i] != kEscape) {
      out += key[i];
      continue;
    }
    ++i;
    if (key[i] == kEnd) {
      key.remove_prefix(i + 1);
      return true;
    }
    if (key[i] != kEscapedZero) {
      return false;
    }
    out += kEscape;
  }
  return false;
}

void append_component(const Type& type, std::string_view bytes, std::string& out) {
  const TypeKind kind = type.kind;
  COUPLET_CHECK(has_shape_of(type, bytes));
  switch (kind) {
    case TypeKind::kBool:
      out += bytes[0] != 0 ? '\1' : '\0';
      return;
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
    case TypeKind::kOid:
      wire::append(out, flipped(read_integer(kind, bytes)));
      return;
    case TypeKind::kNumeric:
      append_numeric_key(*NumericView::read(bytes), out);
      return;
    case TypeKind::kFloat32:
      wire::append(out, ordered_bits<std::uint32_t>(wire::read_float(bytes.data())));
      return;
    case TypeKind::kFloat64:
      wire::append(out, ordered_bits<std::uint64_t>(wire::read_double(bytes.data())));
      return;
    case TypeKind::kDate:
      wire::append(out, flipped(wire::read<std::int32_t>(bytes.data())));
      return;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTime:
    case TypeKind::kMoney:
      wire::append(out, flipped(wire::read<std::int64_t>(bytes.data())));
      return;
    case TypeKind::kUuid:
    case TypeKind::kLsn:
    case TypeKind::kMacaddr:
    case TypeKind::kMacaddr8:
      out += bytes;
      return;
    case TypeKind::kTimeTz:
    case TypeKind::kInterval:
    case TypeKind::kInet:
    case TypeKind::kCidr:
    case TypeKind::kBit:
    case TypeKind::kVarbit: {
      std::string text;
      append_literal(type, bytes, text);
      append_text_key(text, out);
      return;
    }
    case TypeKind::kChar:
      append_text_key(ascii::without_trailing_blanks(bytes), out);
      return;
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kEnum:
    case TypeKind::kBytea:
      append_text_key(bytes, out);
      return;
    case TypeKind::kJson:
    case TypeKind::kJsonb:
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
    case TypeKind::kOpaque:
      break;
  }
  COUPLET_CHECK(false && "a type that cannot be an id");
}

std::size_t size_of_bytes(TypeKind kind) {
  return kind == TypeKind::kUuid ? 16 : kind == TypeKind::kMacaddr ? 6 : 8;
}

template <typename Int>
bool take_int(std::string_view& key, Int& value) {
  if (key.size() < sizeof(Int)) {
    return false;
  }
  value = wire::read<Int>(key.data());
  key.remove_prefix(sizeof(Int));
  return true;
}

// Takes one component off the front of `key` and appends the cell's bytes.
bool take_component(const Type& type, std::string_view& key, std::string& out) {
  const TypeKind kind = type.kind;
  std::uint32_t word = 0;
  std::uint64_t wide = 0;
  switch (kind) {
    case TypeKind::kBool:
      if (key.empty() || (key[0] != '\0' && key[0] != '\1')) {
        return false;
      }
      out += key[0];
      key.remove_prefix(1);
      return true;
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
    case TypeKind::kOid:
      return take_int(key, wide) &&
             append_integer(
                 kind, static_cast<std::int64_t>(flipped(static_cast<std::int64_t>(wide))), out);
    case TypeKind::kNumeric:
      return take_numeric_key(key, out);
    case TypeKind::kFloat32:
      if (!take_int(key, word)) {
        return false;
      }
      wire::append(out, bits_of_ordered(word));
      return true;
    case TypeKind::kFloat64:
      if (!take_int(key, wide)) {
        return false;
      }
      wire::append(out, bits_of_ordered(wide));
      return true;
    case TypeKind::kDate:
      if (!take_int(key, word)) {
        return false;
      }
      wire::append(out, flipped(static_cast<std::int32_t>(word)));
      return true;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTime:
    case TypeKind::kMoney:
      if (!take_int(key, wide)) {
        return false;
      }
      wire::append(out, flipped(static_cast<std::int64_t>(wide)));
      return true;
    case TypeKind::kUuid:
    case TypeKind::kLsn:
    case TypeKind::kMacaddr:
    case TypeKind::kMacaddr8: {
      const std::size_t size = size_of_bytes(kind);
      if (key.size() < size) {
        return false;
      }
      out += key.substr(0, size);
      key.remove_prefix(size);
      return true;
    }
    case TypeKind::kTimeTz:
    case TypeKind::kInterval:
    case TypeKind::kInet:
    case TypeKind::kCidr:
    case TypeKind::kBit:
    case TypeKind::kVarbit: {
      std::string text;
      return take_text_key(key, text) && parse_literal(type, text, out).has_value();
    }
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kEnum:
    case TypeKind::kBytea:
      return take_text_key(key, out);
    case TypeKind::kJson:
    case TypeKind::kJsonb:
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
    case TypeKind::kOpaque:
      break;
  }
  return false;
}

// ---- the ID part of a name

bool stands_for_itself(char c) {
  constexpr std::string_view kPlain = "-_.:+@~";
  return ascii::is_letter(c) || ascii::is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         kPlain.find(c) != std::string_view::npos;
}

void append_escaped(std::string_view text, std::string& out) {
  if (text.empty()) {
    out += '%';
    return;
  }
  for (const char c : text) {
    if (stands_for_itself(c)) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

bool unescape(std::string_view text, std::string& out) {
  if (text == "%") {
    return true;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? ascii::hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? ascii::hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return false;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

}  // namespace

bool append_key(std::span<const Type> types, std::span<const Value> cells, std::string& out) {
  COUPLET_CHECK(types.size() == cells.size());
  for (const Value& cell : cells) {
    if (!cell.has_bytes()) {
      return false;
    }
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    append_component(types[i], cells[i].bytes(), out);
  }
  return true;
}

ObjectKey key_of_row(const RowBatch& rows, std::size_t row, std::span<const Type> types) {
  COUPLET_CHECK(types.size() <= rows.width());
  ObjectKey key;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Value cell = rows.at(row, i);
    COUPLET_CHECK(cell.has_bytes());
    append_component(types[i], cell.bytes(), key.bytes);
  }
  return key;
}

Result<void> decode_key(std::span<const Type> types, std::string_view key, std::string& arena,
                        std::vector<Value>& out) {
  arena.clear();
  out.clear();
  std::string_view rest = key;
  std::vector<std::size_t> ends;
  ends.reserve(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (!take_component(types[i], rest, arena)) {
      return fail(ErrorKind::kStateCorrupt,
                  fmt::format("a key of {} bytes has no {} as its component {} of {}", key.size(),
                              name_of(types[i].kind), i + 1, types.size()));
    }
    ends.push_back(arena.size());
  }
  if (!rest.empty()) {
    return fail(ErrorKind::kStateCorrupt,
                fmt::format("a key of {} bytes has {} bytes after its last component", key.size(),
                            rest.size()));
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    out.emplace_back(std::string_view(arena).substr(begin, end - begin));
    begin = end;
  }
  return {};
}

std::string format_key(std::span<const Type> types, const ObjectKey& key) {
  std::string arena;
  std::vector<Value> cells;
  std::string out;
  if (!decode_key(types, key.bytes, arena, cells)) {
    // Made under other types than the columns have now. Only shown, so bytes are better than none.
    out = "0x";
    for (const char c : key.bytes) {
      fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<unsigned char>(c));
    }
    return out;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) {
      out += ',';
    }
    append_escaped(format_literal(types[i], cells[i]), out);
  }
  return out;
}

Result<ObjectKey> parse_key(std::span<const Type> types, std::string_view text) {
  std::vector<std::string_view> components;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    components.push_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(comma + 1);
  }
  if (components.size() != types.size()) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("the id '{}' has {} components where {} are expected", text,
                            components.size(), types.size()),
                "separate components by commas; write a comma inside one as %2C");
  }
  ObjectKey key;
  std::string bytes;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto complaint = [&](std::string_view what) {
      return fail(ErrorKind::kInvalidArgument,
                  fmt::format("component {} of the id '{}': {}; expected {}", i + 1, text, what,
                              name_of(types[i].kind)));
    };
    if (components[i].empty()) {
      return complaint("it is empty (an empty text is written as %)");
    }
    if (!can_be_id(types[i])) {
      return complaint("its type cannot be an id");
    }
    std::string plain;
    if (!unescape(components[i], plain)) {
      return complaint("after % come two hexadecimal digits");
    }
    bytes.clear();
    if (auto parsed = parse_literal(types[i], plain, bytes); !parsed) {
      return complaint(parsed.error().message);
    }
    append_component(types[i], bytes, key.bytes);
  }
  return key;
}

}  // namespace couplet
