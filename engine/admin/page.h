#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/result.h"
#include "engine/model/strong_int.h"

// How a list is cut into pages, and which of its items are wanted.
namespace couplet {

// The lists that have pages: a token of one is none of another.
enum class ListKind : char { kLinks = 'l', kConflicts = 'c', kParked = 'p', kHeld = 'h' };

struct Page {
  std::optional<std::string> after;  // the token that the page before ended with
  std::uint64_t limit = 0;           // items; 0: as many as there are
};

// What came of listing a page.
struct Listed {
  std::uint64_t items = 0;
  std::optional<std::string> next;  // where the next page begins; nullopt: this was the last one
};

// Items of some age: those from before a time, and those not from before another.
struct AgeBounds {
  std::optional<Timestamp> before;
  std::optional<Timestamp> since;
  [[nodiscard]] bool take(Timestamp at) const {
    return (!before || at < *before) && (!since || at >= *since);
  }
};

// A token names the last item that was seen by its key in the state: what is added or removed
// between two pages shifts nothing.
std::string page_token(ListKind list, std::string_view key);
// Errors: kInvalidArgument for what is no token of that list.
Error no_such_place(std::string_view token);
Result<std::string> key_of_token(ListKind list, std::string_view token);

// Counts the items of a page as they come.
class PageCounter {
 public:
  PageCounter(ListKind list, const Page& page) : list_(list), limit_(page.limit) {}
  // False if the page is full: the item is for the next one.
  bool take(std::string_view key);
  [[nodiscard]] const Listed& listed() const { return listed_; }

 private:
  ListKind list_;
  std::uint64_t limit_;
  std::string last_;
  Listed listed_;
};

}  // namespace couplet
