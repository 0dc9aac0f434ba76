#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/admin/link_list.h"
#include "engine/ports/source.h"

namespace couplet {

// What is known of the links of one object.
struct ObjectLinks {
  // An attribute of a link, against its base. nullopt: there is nothing to compare, as an end is
  // gone or, many to one, as the base belongs to the target.
  struct Attribute {
    std::string left;  // as the file writes it
    std::string right;
    bool known = false;  // there is a base
    std::optional<bool> left_changed;
    std::optional<bool> right_changed;
  };
  struct One {
    LinkItem link;
    std::vector<std::string> mappings;  // that share it
    std::array<bool, 2> exists{};       // indexed by Side
    std::vector<Attribute> attributes;
  };
  std::string object;
  bool exists = false;
  std::vector<One> links;               // at most kLinksTold
  bool more = false;                    // there are more links than that
  std::vector<std::string> kept_apart;  // objects that it is kept apart from
  std::vector<std::string> gone;        // counterparts that it had, kept in mind by a tombstone
};

inline constexpr std::size_t kLinksTold = 100;

// Errors: kInvalidArgument; kNotFound if there is neither the object nor anything known of it.
Result<ObjectLinks> look_at_links(const BoundDefinition& definition, const State& state,
                                  const std::vector<Source*>& sources, const std::string& object);

}  // namespace couplet
