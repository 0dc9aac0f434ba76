#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace couplet {

// The number of characters to insert, delete, replace or swap with their neighbour that lead from
// one word to the other (optimal string alignment), letter case ignored. Counts bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, if it is at most two edits away and not further than half the
// word; of equals the first. Else the only one that begins like it, in three letters or more. Empty
// if none.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// `did you mean "…"?` about the nearest candidate, else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace couplet
