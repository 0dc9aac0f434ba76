#include "engine/definition/suggestion.h"

#include <algorithm>

#include "engine/model/ascii.h"

namespace couplet {
namespace {

using ascii::lower;

constexpr std::size_t kEditsMax = 2;
constexpr std::size_t kLengthMax =
    128;  // Longer words get no suggestion: they are no typing errors.

constexpr std::size_t kBeginningLeast = 3;  // A shorter beginning says too little.

// A path, behind whose first step comes more, is not taken for that step misspelt.
bool begins_with(std::string_view word, std::string_view beginning) {
  return beginning.size() >= kBeginningLeast && word.size() > beginning.size() &&
         word[beginning.size()] != '.' &&
         std::equal(beginning.begin(), beginning.end(), word.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// The one candidate that the word is the beginning of, or that the word begins with.
std::string with_one_beginning(std::string_view word, const std::vector<std::string>& candidates) {
  std::string found;
  for (const std::string& candidate : candidates) {
    if (candidate != word && (begins_with(candidate, word) || begins_with(word, candidate))) {
      if (!found.empty()) {
        return {};
      }
      found = candidate;
    }
  }
  return found;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
          lower(a[i - 2]) == lower(b[j - 1])) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(current);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLengthMax) {
    return {};
  }
  std::string best;
  std::size_t least = std::min(kEditsMax, word.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + kEditsMax || word.size() > candidate.size() + kEditsMax) {
      continue;
    }
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least && candidate != word) {
      least = distance;
      best = candidate;
    }
  }
  return best.empty() ? with_one_beginning(word, candidates) : best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string best = nearest(word, candidates);
  return best.empty() ? std::string() : "did you mean \"" + best + "\"?";
}

}  // namespace couplet
