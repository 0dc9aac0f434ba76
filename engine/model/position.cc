#include "engine/model/position.h"

namespace couplet {

bool reaches(const Position& end, const Position& place) {
  const Lsn* a = std::get_if<Lsn>(&end);
  const Lsn* b = std::get_if<Lsn>(&place);
  if (a != nullptr && b != nullptr) {
    return *b <= *a;
  }
  return !std::holds_alternative<std::monostate>(end);
}

}  // namespace couplet
