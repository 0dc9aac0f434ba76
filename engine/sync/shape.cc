#include "engine/sync/shape.h"

#include <algorithm>

namespace couplet {
namespace {

// "3.6", "15.6(1.6)": kind, fraction digits, those of its parts.
void append_comparison(const Comparison& comparison, std::string& text) {
  text += std::to_string(static_cast<int>(comparison.kind)) + "." +
          std::to_string(comparison.fraction_digits);
  for (const Comparison& part : comparison.parts) {
    text += &part == comparison.parts.data() ? "(" : " ";
    append_comparison(part, text);
  }
  text += comparison.parts.empty() ? "" : ")";
}

std::string numbers_of(const Endpoint& end) {
  std::string text;
  for (const ColumnRead& column : end.read) {
    if (column.number == 0) {
      return {};
    }
    text += (text.empty() ? "" : ".") + std::to_string(column.number);
  }
  return text;
}

ShapeLine parse_line(std::string_view line) {
  // One without columns ends in the letter of a side.
  const std::size_t at =
      line.ends_with('l') || line.ends_with('r') ? std::string_view::npos : line.rfind('@');
  if (at == std::string_view::npos) {
    return {std::string(line), {}};
  }
  const std::string_view columns = line.substr(at + 1);
  const std::size_t middle = std::min(columns.find(';'), columns.size());
  const std::size_t second = std::min(middle + 1, columns.size());
  return {std::string(line.substr(0, at)),
          {std::string(columns.substr(0, middle)), std::string(columns.substr(second))}};
}

}  // namespace

Shape shape_of(const Pair& pair) {
  Shape shape;
  for (const Slot& slot : pair.slots) {
    ShapeLine& line = shape.emplace_back();
    line.slot = slot.name + "~";
    append_comparison(slot.comparison, line.slot);
    line.slot += slot.canonical == Side::kLeft ? "l" : "r";
    line.columns = {numbers_of(slot.left), numbers_of(slot.right)};
  }
  return shape;
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const ShapeLine& line : shape) {
    text += line.slot;
    if (!line.columns[0].empty() || !line.columns[1].empty()) {
      text += "@" + line.columns[0] + ";" + line.columns[1];
    }
    text += "\n";
  }
  return text;
}

Shape parse_shape(std::string_view text) {
  Shape shape;
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos;
       end = text.find('\n', start)) {
    shape.push_back(parse_line(text.substr(start, end - start)));
    start = end + 1;
  }
  return shape;
}

std::vector<SlotPlace> places_in(const Shape& older, const Shape& today) {
  std::vector<SlotPlace> places(today.size());
  for (std::size_t slot = 0; slot < today.size(); ++slot) {
    const auto found = std::find_if(older.begin(), older.end(), [&](const ShapeLine& line) {
      return line.slot == today[slot].slot;
    });
    if (found == older.end()) {
      continue;
    }
    places[slot].place = static_cast<int>(found - older.begin());
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      const std::string& before = found->columns[side];
      const std::string& now = today[slot].columns[side];
      places[slot].renewed[side] = !before.empty() && !now.empty() && before != now;
    }
  }
  return places;
}

bool is_same(const Shape& older, const Shape& today) {
  if (older.size() != today.size()) {
    return false;
  }
  const std::vector<SlotPlace> places = places_in(older, today);
  for (std::size_t slot = 0; slot < places.size(); ++slot) {
    if (places[slot].place != static_cast<int>(slot) || places[slot].renewed[0] ||
        places[slot].renewed[1]) {
      return false;
    }
  }
  return true;
}

ColumnRead first_renewed(const Endpoint& end, std::string_view before) {
  for (const ColumnRead& column : end.read) {
    const std::size_t dot = std::min(before.find('.'), before.size());
    if (before.substr(0, dot) != std::to_string(column.number)) {
      return column;
    }
    before.remove_prefix(std::min(dot + 1, before.size()));
  }
  return end.read.back();
}

bool complete(Shape& shape, const Shape& today) {
  bool any = false;
  for (ShapeLine& line : shape) {
    const auto now = std::find_if(today.begin(), today.end(), [&](const ShapeLine& candidate) {
      return candidate.slot == line.slot;
    });
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      if (now != today.end() && line.columns[side].empty() && !now->columns[side].empty()) {
        line.columns[side] = now->columns[side];
        any = true;
      }
    }
  }
  return any;
}

}  // namespace couplet
