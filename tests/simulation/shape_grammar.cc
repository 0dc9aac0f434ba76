#include "tests/simulation/shape_grammar.h"

#include <algorithm>
#include <array>

namespace couplet::simulation {
namespace {

using Use = Column::Use;

const std::vector<std::string> kConflicts = {"last_write_wins", "last_write_wins", "left_wins",
                                             "right_wins", "hold"};

Column key(std::string name, bool nullable) { return {Use::kKey, std::move(name), nullable, {}}; }
Column attribute(std::string name) { return {Use::kAttribute, std::move(name), true, {}}; }
Column stamp() { return {Use::kStamp, "stamp", true, {}}; }
Column reference(std::string name, std::string to, bool nullable) {
  return {Use::kReference, std::move(name), nullable, std::move(to)};
}

void set_direction(Mapping& mapping, Dice& dice, unsigned both_percent) {
  if (dice.chance(both_percent)) {
    mapping.to_left = mapping.to_right = true;
  } else {
    mapping.to_right = dice.chance(60);
    mapping.to_left = !mapping.to_right;
  }
}

Field same(const std::string& path, const Mapping& mapping, bool identity) {
  Field field;
  field.left = field.right = path;
  field.identity = identity;
  field.to_left = mapping.to_left;
  field.to_right = mapping.to_right;
  return field;
}

// What tells which rows of the two sides the engine holds for one thing: never edited, and won by
// the side that is read.
Field stamp_of(const Mapping& mapping) {
  Field field = same("stamp", mapping, false);
  field.conflict = mapping.to_right ? "left_wins" : "right_wins";
  return field;
}

// A write of ours the other way carries the target's time to the source: what was newer is no more,
// and the second run writes back what the first has left alone. Until DESIGN says which of them is
// right, such an attribute has a rule without times.
void settle(const Mapping& mapping, Field& field) {
  const std::string& rule = field.conflict.empty() ? mapping.conflict : field.conflict;
  if (rule == "last_write_wins" && field.policy == "enforce" && mapping.to_left &&
      mapping.to_right && !(field.to_left && field.to_right)) {
    field.conflict = field.to_right ? "left_wins" : "right_wins";
  }
}

Field attribute_of(const std::string& name, const Mapping& mapping, Dice& dice) {
  Field field = same(name, mapping, false);
  if (mapping.to_left && mapping.to_right && dice.chance(15)) {
    (dice.chance(50) ? field.to_left : field.to_right) = false;
  }
  const bool one_way = !(field.to_left && field.to_right);
  if (one_way && dice.chance(30)) {
    field.policy = dice.chance(50) ? "follow" : "init";
  }
  if (dice.chance(20)) {
    field.conflict = dice.one_of(kConflicts);
  }
  settle(mapping, field);
  return field;
}

void set_rules(Mapping& mapping, Dice& dice) {
  mapping.conflict = dice.one_of(kConflicts);
  if (dice.chance(30)) {
    mapping.tie = dice.chance(50) ? "left" : "right";
  }
  if (dice.chance(8)) {
    const bool right = mapping.to_right && (!mapping.to_left || dice.chance(50));
    mapping.create = right ? "right" : "left";
    if (dice.chance(30)) {
      mapping.create = "false";
    }
  }
}

void add_pair(Shape& shape, const Table& left, const std::string& right_name, Dice& dice) {
  Table right = left;
  right.side = Side::kRight;
  right.name = right_name;
  for (Column& column : right.columns) {
    if (column.use == Use::kReference) {
      column.to = "r" + column.to.substr(1);
    }
  }
  right.has_time = dice.chance(60);
  right.keys_unique = left.natural_id ? left.keys_unique : dice.chance(50);
  shape.tables.push_back(left);
  shape.tables.push_back(right);
}

// Two tables of one kind, one mapping.
void flat(Shape& shape, Dice& dice, const std::string& number) {
  Table left;
  left.name = "l" + number;
  left.has_time = dice.chance(60);
  const bool nullable = dice.chance(70);
  left.natural_id = dice.chance(25);
  left.columns = {key("k0", nullable && !left.natural_id)};
  if (dice.chance(25)) {
    left.columns.push_back(key("k1", true));
  }
  left.columns.push_back(stamp());
  const std::size_t attributes = 1 + dice.below(3);
  for (std::size_t i = 0; i < attributes; ++i) {
    left.columns.push_back(attribute("a" + std::to_string(i)));
  }
  const bool scoped = dice.chance(15);
  if (scoped) {
    left.columns.push_back({Use::kScope, "kind", true, {}});
  }
  left.keys_unique = !left.natural_id && dice.chance(50);
  for (const Column& column : left.columns) {
    if (column.use == Use::kKey) {
      left.unique.push_back(column.name);
    }
  }
  Mapping mapping;
  mapping.name = "m" + number;
  mapping.left = left.name;
  mapping.right = "r" + number;
  set_direction(mapping, dice, 60);
  set_rules(mapping, dice);
  for (const Column& column : left.columns) {
    if (column.use == Use::kKey) {
      mapping.fields.push_back(same(column.name, mapping, true));
    } else if (column.use == Use::kStamp) {
      mapping.fields.push_back(stamp_of(mapping));
    } else if (column.use == Use::kAttribute) {
      mapping.fields.push_back(attribute_of(column.name, mapping, dice));
    }
  }
  mapping.scoped_left = scoped && dice.chance(60);
  mapping.scoped_right = scoped && (!mapping.scoped_left || dice.chance(50));
  add_pair(shape, left, mapping.right, dice);
  shape.mappings.push_back(std::move(mapping));
}

// Children whose key is a name and their parent.
void family(Shape& shape, Dice& dice) {
  const std::size_t levels = 2 + dice.below(2);
  const unsigned both = dice.chance(70) ? 100 : 50;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::string number = std::to_string(level);
    Table left;
    left.name = "l" + number;
    left.has_time = dice.chance(60);
    left.columns = {key("k0", true), stamp(), attribute("a0")};
    left.unique = {"k0"};
    Mapping mapping;
    mapping.name = "m" + number;
    mapping.left = left.name;
    mapping.right = "r" + number;
    set_direction(mapping, dice, both);
    set_rules(mapping, dice);
    mapping.create.clear();
    mapping.fields = {same("k0", mapping, true), stamp_of(mapping),
                      attribute_of("a0", mapping, dice)};
    if (level > 0) {
      const bool nullable = dice.chance(50);
      left.columns.push_back(reference("parent_id", "l" + std::to_string(level - 1), nullable));
      left.unique.emplace_back("parent_id");
      Field parent = same("parent", mapping, dice.chance(80));
      parent.link = "m" + std::to_string(level - 1);
      mapping.fields.push_back(parent);
    }
    left.keys_unique = dice.chance(50);
    add_pair(shape, left, mapping.right, dice);
    shape.mappings.push_back(std::move(mapping));
  }
}

// Left rows contribute to right ones, from one table or from two.
void many(Shape& shape, Dice& dice) {
  Table target;
  target.side = Side::kRight;
  target.name = "r0";
  target.has_time = dice.chance(60);
  target.columns = {key("k0", true), attribute("a0"), attribute("a1")};
  target.unique = {"k0"};
  target.keys_unique = dice.chance(50);
  const std::size_t sources = dice.chance(40) ? 2 : 1;
  for (std::size_t i = 0; i < sources; ++i) {
    Table left;
    left.name = "l" + std::to_string(i);
    left.has_time = dice.chance(60);
    left.columns = {key("k0", true), attribute("a0"), attribute("a1")};
    left.unique = {"k0"};
    Mapping mapping;
    mapping.name = "m" + std::to_string(i);
    mapping.left = left.name;
    mapping.right = target.name;
    mapping.to_right = true;
    mapping.many_to_one = true;
    set_rules(mapping, dice);
    mapping.create.clear();
    mapping.fields = {same("k0", mapping, true)};
    for (const char* name : {"a0", "a1"}) {
      if (dice.chance(75)) {
        Field field = same(name, mapping, false);
        if (dice.chance(15)) {
          field.policy = dice.chance(50) ? "follow" : "init";
        }
        mapping.fields.push_back(field);
      }
    }
    shape.tables.push_back(left);
    shape.mappings.push_back(std::move(mapping));
  }
  shape.tables.push_back(target);
}

// Rows that refer to each other, as they like.
void circle(Shape& shape, Dice& dice) {
  const bool itself = dice.chance(50);
  const std::size_t count = itself ? 1 : 2;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    Table left;
    left.name = "l" + number;
    left.has_time = dice.chance(60);
    left.columns = {key("k0", true), stamp(), attribute("a0"),
                    reference("mate_id", "l" + std::to_string((i + 1) % count), true)};
    left.unique = {"k0"};
    left.keys_unique = dice.chance(50);
    left.declared_references = !itself || dice.chance(40);
    Mapping mapping;
    mapping.name = "m" + number;
    mapping.left = left.name;
    mapping.right = "r" + number;
    set_direction(mapping, dice, 75);
    set_rules(mapping, dice);
    mapping.create.clear();
    Field mate = same("mate", mapping, false);
    mate.link = "m" + std::to_string((i + 1) % count);
    mapping.fields = {same("k0", mapping, true), stamp_of(mapping),
                      attribute_of("a0", mapping, dice), mate};
    add_pair(shape, left, mapping.right, dice);
    shape.mappings.push_back(std::move(mapping));
  }
}

// One mapping each way over one pair of tables.
void opposing(Shape& shape, Dice& dice) {
  Table left;
  left.name = "l0";
  left.has_time = dice.chance(60);
  left.columns = {key("k0", true), stamp(), attribute("a0"), attribute("a1")};
  left.unique = {"k0"};
  left.keys_unique = dice.chance(50);
  const bool import_first = dice.chance(50);
  for (const bool second : {false, true}) {
    Mapping mapping;
    mapping.to_left = import_first != second;
    mapping.to_right = !mapping.to_left;
    mapping.name = mapping.to_left ? "import" : "export";
    mapping.left = "l0";
    mapping.right = "r0";
    mapping.conflict = dice.one_of(kConflicts);
    mapping.fields = {same("k0", mapping, true)};
    Field mark = same("stamp", mapping, false);
    mark.conflict = "left_wins";
    mapping.fields.push_back(mark);
    for (const char* name : {"a0", "a1"}) {
      if (dice.chance(80)) {
        mapping.fields.push_back(same(name, mapping, false));
      }
    }
    shape.mappings.push_back(std::move(mapping));
  }
  for (Mapping& mapping : shape.mappings) {
    for (Field& field : mapping.fields) {
      if (!shape.two_way(mapping, field)) {  // As in `settle`.
        field.conflict = field.to_right ? "left_wins" : "right_wins";
      }
    }
  }
  add_pair(shape, left, "r0", dice);
}

// Left rows hold in columns what is a chain of rows on the right: read by a path, written as
// regions and handovers that many left rows share.
void deep(Shape& shape, Dice& dice) {
  const auto table = [&](Side side, const char* name, std::vector<Column> columns,
                         std::vector<std::string> unique) {
    Table made;
    made.side = side;
    made.name = name;
    made.columns = std::move(columns);
    made.unique = std::move(unique);
    made.has_time = dice.chance(40);
    made.keys_unique = dice.chance(40);
    shape.tables.push_back(std::move(made));
  };
  table(Side::kLeft, "l0", {key("k0", false), stamp(), attribute("a0")}, {"k0"});
  table(Side::kRight, "r0", {key("k0", false), stamp(), attribute("a0")}, {"k0"});
  table(Side::kLeft, "l1",
        {key("name", false), key("region", true), key("pop", true), stamp(), attribute("a0"),
         reference("parent_id", "l0", false)},
        {"name", "region", "pop", "parent_id"});
  table(Side::kRight, "r1",
        {key("name", false), attribute("a0"), reference("parent_id", "r0", false)},
        {"name", "parent_id"});
  table(Side::kRight, "r2",
        {key("name", false), attribute("a0"), reference("parent_id", "r1", false)},
        {"name", "parent_id"});
  table(Side::kRight, "r3",
        {key("name", false), stamp(), attribute("a0"), reference("parent_id", "r2", false)},
        {"name", "parent_id"});

  const auto mapping = [&](const char* name, const char* left, const char* right, bool to_left,
                           bool to_right) {
    Mapping made;
    made.name = name;
    made.left = left;
    made.right = right;
    made.to_left = to_left;
    made.to_right = to_right;
    return made;
  };
  const auto field = [](const Mapping& of, const char* left, const char* right, bool identity,
                        const char* link) {
    Field made;
    made.left = left;
    made.right = right;
    made.identity = identity;
    made.link = link;
    made.to_left = of.to_left;
    made.to_right = of.to_right;
    return made;
  };
  Mapping provider = mapping("provider", "l0", "r0", true, true);
  provider.fields = {same("k0", provider, true), stamp_of(provider), same("a0", provider, false)};
  Mapping region = mapping("region", "l1", "r1", false, true);
  region.many_to_one = true;
  region.fields = {field(region, "region", "name", true, ""),
                   field(region, "parent", "parent", true, "provider"),
                   field(region, "a0", "a0", false, "")};
  Mapping handover = mapping("handover", "l1", "r2", false, true);
  handover.many_to_one = true;
  handover.fields = {field(handover, "pop", "name", true, ""),
                     field(handover, "self", "parent", true, "region"),
                     field(handover, "a0", "a0", false, "")};
  Mapping import = mapping("import", "l1", "r3", true, false);
  import.fields = {field(import, "name", "name", true, ""),
                   field(import, "region", "parent.parent.name", true, ""),
                   field(import, "pop", "parent.name", true, ""),
                   field(import, "parent", "parent.parent.parent", true, "provider"),
                   field(import, "stamp", "stamp", false, ""),
                   field(import, "a0", "a0", false, "")};
  Mapping back = mapping("export", "l1", "r3", false, true);
  back.fields = {field(back, "name", "name", true, ""),
                 field(back, "self", "parent", true, "handover"),
                 field(back, "stamp", "stamp", false, ""), field(back, "a0", "a0", false, "")};
  for (Mapping* opposite : {&import, &back}) {
    opposite->conflict = dice.one_of(kConflicts);
    for (Field& of : opposite->fields) {
      if (of.left == "stamp") {
        of.conflict = "left_wins";
      }
    }
  }
  shape.mappings = {provider, region, handover};
  if (dice.chance(50)) {
    shape.mappings.push_back(import);
    shape.mappings.push_back(back);
  } else {
    shape.mappings.push_back(back);
    shape.mappings.push_back(import);
  }
}

}  // namespace

Shape random_shape(Dice& dice) {
  Shape shape;
  shape.marks = dice.chance(70);
  switch (dice.below(12)) {
    case 0:
    case 1:
    case 2:
      shape.name = "flat";
      flat(shape, dice, "0");
      break;
    case 3:
      shape.name = "two flat";
      flat(shape, dice, "0");
      flat(shape, dice, "1");
      break;
    case 4:
    case 5:
      shape.name = "family";
      family(shape, dice);
      break;
    case 6:
    case 7:
      shape.name = "many to one";
      many(shape, dice);
      break;
    case 8:
    case 9:
      shape.name = "circle";
      circle(shape, dice);
      break;
    case 10:
      shape.name = "opposing";
      opposing(shape, dice);
      break;
    default:
      shape.name = "deep";
      deep(shape, dice);
      break;
  }
  return shape;
}

}  // namespace couplet::simulation
