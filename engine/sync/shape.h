#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/bound.h"

// The shape of a base: by which slots it is, how each of them is compared, and from which columns
// it was read (docs/state-format.md, `shape/`).
namespace couplet {

struct ShapeLine {
  std::string slot;  // its name, and how it is compared
  // Numbers of the columns it is read from, indexed by Side; empty: they cannot be told.
  std::array<std::string, 2> columns;
};
using Shape = std::vector<ShapeLine>;  // by slot of the pair

Shape shape_of(const Pair& pair);
std::string shape_text(const Shape& shape);
// Lines of versions that did not keep columns have none.
Shape parse_shape(std::string_view text);

// Where a slot of today stands in an older shape.
struct SlotPlace {
  int place = -1;  // -1: nowhere
  // Indexed by Side: it was read from other columns.
  std::array<bool, 2> renewed{};
};
std::vector<SlotPlace> places_in(const Shape& older, const Shape& today);
bool is_same(const Shape& older, const Shape& today);
// The first of the columns that are read there whose number is not the one of `before`.
ColumnRead first_renewed(const Endpoint& end, std::string_view before);
// Gives lines of `shape` that cannot tell their columns those of today. True if any was.
bool complete(Shape& shape, const Shape& today);

}  // namespace couplet
