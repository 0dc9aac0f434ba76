// Which mapping needs which: creates go parents first.
#include <algorithm>
#include <set>
#include <utility>

#include "engine/definition/binding.h"

namespace couplet {

namespace {

struct Need {
  std::size_t pair = 0;   // whose links are needed
  bool required = false;  // without one the object waits
  Place place;
};

class Dependencies {
 public:
  explicit Dependencies(Binding& binding)
      : binding_(binding),
        needs_(binding.bound.mappings.size()),
        after_(binding.bound.mappings.size()) {
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      gather_links(i);
      gather_foreign_keys(i);
    }
  }

  // A mapping can make its first link once all links that it requires can exist; links of a pair
  // can exist once one mapping over it can.
  void refuse_circles() {
    std::vector<bool> possible(needs_.size(), false);
    for (bool progress = true; progress;) {
      progress = false;
      for (std::size_t i = 0; i < needs_.size(); ++i) {
        if (!possible[i] && !unmet(i, possible)) {
          possible[i] = true;
          progress = true;
        }
      }
    }
    std::set<std::size_t> seen;
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      std::vector<std::size_t> way;
      std::size_t at = i;
      while (!possible[at] && !seen.contains(at)) {
        seen.insert(at);
        way.push_back(at);
        at = binding_.bound.pairs[unmet(at, possible)->pair].mappings.front();
      }
      const auto begin = std::find(way.begin(), way.end(), at);
      if (begin != way.end()) {
        refuse({begin, way.end()}, possible);
      }
    }
  }

  // Those that others need first, else as in the file. Circles are cut where no requirement is.
  [[nodiscard]] std::vector<std::size_t> order() const {
    std::vector<std::size_t> out;
    std::vector<bool> placed(needs_.size(), false);
    while (out.size() < needs_.size()) {
      std::size_t next = needs_.size();
      for (const Readiness wanted :
           {Readiness::kAll, Readiness::kLinks, Readiness::kRequired, Readiness::kNothing}) {
        for (std::size_t i = 0; i < needs_.size() && next == needs_.size(); ++i) {
          if (!placed[i] && ready(i, placed, wanted)) {
            next = i;
          }
        }
      }
      placed[next] = true;
      out.push_back(next);
    }
    return out;
  }

 private:
  // What must be placed before a mapping, from the ideal to the least.
  enum class Readiness : std::uint8_t { kAll, kLinks, kRequired, kNothing };

  void gather_links(std::size_t mapping) {
    const BoundMapping& bound = binding_.bound.mappings[mapping];
    const Pair& pair = binding_.bound.pairs[bound.pair];
    binding_.for_each_use(mapping, [&](const SlotUse& use, const UseOrigin& origin) {
      const Slot& slot = pair.slots[use.slot];
      if (!slot.link) {
        return;
      }
      bool required = use.identity;
      for (const Side side : {Side::kLeft, Side::kRight}) {
        required = required || (use.writes[index_of(side)] && slot.end(side).required);
      }
      needs_[mapping].push_back({*slot.link, required, origin.attribute->link->place});
    });
  }

  // Foreign keys whose columns are written as plain attributes.
  void gather_foreign_keys(std::size_t mapping) {
    const BoundMapping& bound = binding_.bound.mappings[mapping];
    const Pair& pair = binding_.bound.pairs[bound.pair];
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const BoundEntity& entity = binding_.bound.entities[pair.entities[index_of(side)]];
      std::set<std::string> written;
      binding_.for_each_use(mapping, [&](const SlotUse& use, const UseOrigin&) {
        const Slot& slot = pair.slots[use.slot];
        if (use.writes[index_of(side)] && !slot.link) {
          for (const ColumnPath& path : slot.end(side).columns) {
            written.insert(path.column);
          }
        }
      });
      for (const ForeignKey& key : entity.table.foreign_keys) {
        if (std::all_of(key.columns.begin(), key.columns.end(),
                        [&](const std::string& column) { return written.contains(column); })) {
          add_writers(mapping, entity.source, key.table);
        }
      }
    }
  }

  void add_writers(std::size_t mapping, std::size_t source, const TableName& table) {
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      const BoundMapping& bound = binding_.bound.mappings[i];
      for (const Side side : {Side::kLeft, Side::kRight}) {
        const BoundEntity& entity =
            binding_.bound.entities[binding_.bound.pairs[bound.pair].entities[index_of(side)]];
        if (i != mapping && bound.writes[index_of(side)] && entity.source == source &&
            entity.table.name == table) {
          after_[mapping].push_back(i);
        }
      }
    }
  }

  // The first requirement that cannot be met.
  [[nodiscard]] const Need* unmet(std::size_t mapping, const std::vector<bool>& possible) const {
    for (const Need& need : needs_[mapping]) {
      const auto& mappings = binding_.bound.pairs[need.pair].mappings;
      if (need.required && std::none_of(mappings.begin(), mappings.end(),
                                        [&](std::size_t maker) { return possible[maker]; })) {
        return &need;
      }
    }
    return nullptr;
  }

  void refuse(const std::vector<std::size_t>& circle, const std::vector<bool>& possible) {
    std::string names;
    for (std::size_t i = 0; i < circle.size(); ++i) {
      names += (i == 0 ? "" : ", ") + binding_.bound.mappings[circle[i]].name + " needs " +
               (circle.size() == 1 ? "its own"
                                   : binding_.bound.mappings[circle[(i + 1) % circle.size()]].name);
    }
    binding_.error(unmet(circle.front(), possible)->place, "cyclic_links",
                   "cyclic links: " + names + "; none could make its first link",
                   "let one reference be optional: an attribute whose column may be null");
  }

  [[nodiscard]] bool ready(std::size_t mapping, const std::vector<bool>& placed,
                           Readiness wanted) const {
    for (const Need& need : needs_[mapping]) {
      const auto& makers = binding_.bound.pairs[need.pair].mappings;
      const auto is_placed = [&](std::size_t maker) { return maker == mapping || placed[maker]; };
      const bool all = std::all_of(makers.begin(), makers.end(), is_placed);
      const bool any = std::any_of(makers.begin(), makers.end(),
                                   [&](std::size_t maker) { return placed[maker]; });
      if ((wanted <= Readiness::kLinks && !all) ||
          (wanted == Readiness::kRequired && need.required && !any)) {
        return false;
      }
    }
    return wanted != Readiness::kAll ||
           std::all_of(after_[mapping].begin(), after_[mapping].end(),
                       [&](std::size_t earlier) { return placed[earlier]; });
  }

  Binding& binding_;
  std::vector<std::vector<Need>> needs_;         // by mapping
  std::vector<std::vector<std::size_t>> after_;  // by mapping: those that write what it refers to
};

}  // namespace

void order_mappings(Binding& binding) {
  Dependencies dependencies(binding);
  dependencies.refuse_circles();
  binding.bound.order = dependencies.order();
}

}  // namespace couplet
