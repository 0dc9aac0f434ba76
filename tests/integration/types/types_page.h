#pragma once

#include <optional>
#include <string>
#include <vector>

namespace couplet::test {

// docs/reference/types.md, read: what the page promises is what the test checks.
struct TypesPage {
  struct Kind {  // A type of the table of equality.
    std::string type;
    bool id = false;
    bool key = false;
  };
  struct Kept {
    std::string type;
    std::vector<std::string> values;
  };
  struct Example {
    bool forward = true;  // From the first of the two types into the other.
    std::string given;
    std::optional<std::string> stored;  // nullopt: the object is parked.
  };
  struct Conversion {
    std::string one;
    std::string other;
    std::string forward;  // "nothing", "some are refused", "in silence", "no conversion"
    std::string backward;
    std::vector<Example> examples;
  };

  std::string types;  // SQL that makes the types of a user.
  std::vector<Kind> kinds;
  std::vector<Kept> kept;
  std::vector<Conversion> conversions;

  // Fails the test where a line cannot be read.
  static TypesPage read();
};

}  // namespace couplet::test
