#include "engine/definition/name_words.h"

#include <algorithm>

namespace couplet {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
// Bytes beyond ASCII are letters of some language.
bool is_part(char c) {
  return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// What a word may be the plural of, itself among it.
std::vector<std::string> stems(const std::string& word) {
  std::vector<std::string> all = {word};
  const auto without = [&](std::size_t count) { return word.substr(0, word.size() - count); };
  if (word.size() > 3 && word.ends_with("s") && !word.ends_with("ss")) {
    all.push_back(without(1));
  }
  if (word.size() > 4 && word.ends_with("es")) {
    all.push_back(without(2));
  }
  if (word.size() > 4 && word.ends_with("ies")) {
    all.push_back(without(3) + "y");
  }
  return all;
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool fresh = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_part(c)) {
      fresh = true;
      continue;
    }
    // A capital begins a word, but for those of an abbreviation: HTTPServer is two words.
    const bool after_small = i > 0 && is_part(name[i - 1]) && !is_upper(name[i - 1]);
    const bool before_small =
        i > 0 && is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1]);
    if (fresh || (is_upper(c) && (after_small || before_small))) {
      words.emplace_back();
    }
    words.back() += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    fresh = false;
  }
  return words;
}

bool same_word(const std::string& a, const std::string& b) {
  if (a == b) {
    return true;
  }
  const std::vector<std::string> of_a = stems(a);
  const std::vector<std::string> of_b = stems(b);
  return std::any_of(of_a.begin(), of_a.end(), [&](const std::string& stem) {
    return std::find(of_b.begin(), of_b.end(), stem) != of_b.end();
  });
}

bool same_words(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_word);
}

std::size_t common_ending(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::size_t count = 0;
  while (count < a.size() && count < b.size() &&
         same_word(a[a.size() - 1 - count], b[b.size() - 1 - count])) {
    ++count;
  }
  return count;
}

std::string singular(const std::string& word) {
  const auto ends = [&](std::string_view ending) { return word.ends_with(ending); };
  if (word.size() > 4 && ends("ies")) {
    return word.substr(0, word.size() - 3) + "y";
  }
  if (ends("ouses") || ends("auses")) {  // houses, clauses: not as buses, statuses
    return word.substr(0, word.size() - 1);
  }
  for (const char* ending : {"sses", "shes", "ches", "xes", "uses"}) {
    if (word.size() > 4 && ends(ending)) {
      return word.substr(0, word.size() - 2);
    }
  }
  return word.size() > 3 && ends("s") && !ends("ss") && !ends("us") && !ends("is")
             ? word.substr(0, word.size() - 1)
             : word;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace couplet
