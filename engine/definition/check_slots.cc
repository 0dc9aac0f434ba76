// Slots: what is lost between the types of their ends, whether values can be mapped back, whether a
// link leads to one partner.
#include <algorithm>
#include <map>
#include <utility>

#include "engine/definition/binding.h"

namespace couplet {

namespace {

// A slot with all that mappings over its pair do with it.
struct SlotUnion {
  const UseOrigin* first = nullptr;
  std::array<bool, 2> writes = {false, false};
  std::array<const UseOrigin*, 2> writer = {nullptr, nullptr};
  bool identity = false;

  [[nodiscard]] bool two_way() const { return writes[0] && writes[1]; }
  // Where to report: the use that made it what it is.
  [[nodiscard]] const UseOrigin& blamed() const {
    return two_way() && writer[1] != first   ? *writer[1]
           : two_way() && writer[0] != first ? *writer[0]
                                             : *first;
  }
};

class SlotCheck {
 public:
  SlotCheck(Binding& binding, const Pair& pair, Slot& slot, const SlotUnion& use)
      : binding_(binding), pair_(pair), slot_(slot), use_(use) {}

  void check() {
    slot_.canonical = use_.writes[0] && !use_.writes[1] ? Side::kLeft : Side::kRight;
    if (slot_.link) {
      check_partners();
      return;
    }
    if (slot_.constant) {
      return;
    }
    if (!slot_.values.empty()) {
      const Type& type = type_of(slot_.canonical);
      slot_.comparison = *comparison_between(type, type);
      check_values();
    } else {
      check_types();
    }
    if (use_.identity) {
      check_key_types();
    }
  }

 private:
  [[nodiscard]] const Type& type_of(Side side) const {
    return slot_.end(side).columns.front().type;
  }
  [[nodiscard]] std::string name(Side side) const {
    return binding_.bound.entities[pair_.entities[index_of(side)]].name + "." +
           slot_.end(side).text;
  }

  // A reference is translated from the side that is read to the side that is written: the object
  // there must have one partner.
  void check_partners() {
    const Pair& link = binding_.bound.pairs[*slot_.link];
    if (!link.many) {
      return;
    }
    for (const Side target : {Side::kLeft, Side::kRight}) {
      const Side from = slot_.link_flipped ? target : other(target);  // in the link's orientation
      if (!use_.writes[index_of(target)] || from == *link.many) {
        continue;
      }
      const UseOrigin& origin = *use_.writer[index_of(target)];
      const std::string& object = binding_.bound.entities[link.entities[index_of(from)]].name;
      const std::string& partner =
          binding_.bound.entities[link.entities[index_of(*link.many)]].name;
      std::string message = "link: mapping ";
      message.append(origin.attribute->link->value).append(" is many_to_one: ").append(object);
      message.append(" can have several partners in ").append(partner).append(", so ");
      message.append(slot_.end(other(target)).text);
      message.append(" cannot be translated in this direction");
      binding_.error(origin.attribute->link->place, "ambiguous_link", std::move(message));
      return;
    }
  }

  void check_types() {
    for (const Side target : {Side::kLeft, Side::kRight}) {
      if (!use_.writes[index_of(target)]) {
        continue;
      }
      const Conversion conversion = conversion_between(type_of(other(target)), type_of(target));
      const std::string names = name(other(target)) + " to " + name(target);
      const Place place = use_.blamed().attribute->place;
      if (!conversion.possible) {
        binding_.error(place, "wrong_type", names + ": " + conversion.reason,
                       "make the types alike, or say with `values` what is the same on both sides");
      } else if (conversion.loss == Conversion::Loss::kRejected) {
        binding_.warning(place, "may_be_rejected",
                         names + ": " + conversion.reason + "; such objects are parked");
      } else if (conversion.loss == Conversion::Loss::kSilent && use_.two_way()) {
        binding_.error(place, "lossy",
                       names + ": " + conversion.reason +
                           "; two-way, what is lost here would be written back there",
                       use_.identity ? "make the types alike: a key goes both ways"
                                     : "make the types alike, or narrow the attribute's direction");
      } else if (conversion.loss == Conversion::Loss::kSilent) {
        binding_.warning(place, "lossy", names + ": " + conversion.reason);
      }
    }
  }

  void check_key_types() {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (!can_be_key(type_of(side))) {
        binding_.error(use_.first->place(side), "wrong_type",
                       name(side) + " is " + type_of(side).name + " and cannot be a key");
      } else if (use_.writes[index_of(side)] && slot_.values.empty() &&
                 comparison_between(type_of(Side::kLeft), type_of(Side::kRight)) &&
                 !can_be_sought(slot_.comparison, type_of(side))) {
        // A counterpart is looked for where it may have to be created.
        binding_.error(
            use_.first->place(side), "wrong_type",
            name(side) + " (" + described(type_of(side)) + ") cannot be a key with " +
                name(other(side)) + " (" + described(type_of(other(side))) +
                "): several of its values are the same to the other, and none is looked for so",
            "make the types alike, or take another key");
      }
    }
  }

  // The canonical form of one side of a line, so that 1 and 01 are one value.
  [[nodiscard]] std::string canonical(Side side, const ValuePair& line) const {
    const auto& value = side == Side::kLeft ? line.left : line.right;
    std::string out;
    if (value) {
      out = "=";
      append_canonical(*comparison_between(type_of(side), type_of(side)), type_of(side),
                       Value(*value), out);
    }
    return out;
  }

  void check_values() {
    const AttributeDefinition& attribute = *use_.first->attribute;
    for (const Side side : {Side::kLeft, Side::kRight}) {
      std::map<std::string, std::size_t> seen;
      for (std::size_t i = 0; i < slot_.values.size(); ++i) {
        const auto [earlier, fresh] = seen.try_emplace(canonical(side, slot_.values[i]), i);
        if (fresh) {
          continue;
        }
        const bool flipped = use_.first->turned;
        const ValueLine& line = attribute.values[i];
        const bool on_left = (side == Side::kLeft) != flipped;
        const LiteralText& literal = on_left ? line.left : line.right;
        // Values of the side that is read must be told apart; those of the other need not, one-way.
        const bool read = use_.writes[index_of(other(side))];
        const std::string twice = "values: " + std::string(on_left ? "left" : "right") + " value " +
                                  shown(literal) + " is here twice";
        if (read) {
          binding_.error(literal.place, "ambiguous_values",
                         twice + (use_.two_way() ? "; two-way, values must be a bijection" : ""),
                         use_.two_way()
                             ? "give each value one line and a counterpart of its own, or the "
                               "attribute a direction: left_to_right or right_to_left"
                             : "leave one of the two lines out");
        } else {
          binding_.warning(
              literal.place, "lossy",
              twice + ": values that differ on the " + (on_left ? "right" : "left") + " become one",
              "give each value a counterpart of its own, if they are to stay apart");
        }
      }
    }
  }

  static std::string shown(const LiteralText& literal) {
    return !literal.value       ? "null"
           : literal.referenced ? "of a text referred to"
                                : "\"" + *literal.value + "\"";
  }

  Binding& binding_;
  const Pair& pair_;
  Slot& slot_;
  const SlotUnion& use_;
};

}  // namespace

void check_slots(Binding& binding) {
  for (Pair& pair : binding.bound.pairs) {
    std::vector<SlotUnion> unions(pair.slots.size());
    for (const std::size_t mapping : pair.mappings) {
      binding.for_each_use(mapping, [&](const SlotUse& use, const UseOrigin& origin) {
        SlotUnion& all = unions[use.slot];
        all.first = all.first == nullptr ? &origin : all.first;
        all.identity = all.identity || use.identity;
        for (std::size_t side = 0; side < 2; ++side) {
          if (use.writes[side] && !all.writes[side]) {
            all.writes[side] = true;
            all.writer[side] = &origin;
          }
        }
      });
    }
    for (std::size_t i = 0; i < pair.slots.size(); ++i) {
      if (unions[i].first != nullptr) {
        SlotCheck(binding, pair, pair.slots[i], unions[i]).check();
      }
    }
  }
}

}  // namespace couplet
