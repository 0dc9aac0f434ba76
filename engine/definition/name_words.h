#pragma once

#include <string>
#include <string_view>
#include <vector>

// Names as people make them, for guessing which ones mean the same.
namespace couplet {

// The words of a name in lower case: "externalRef", "external_ref" and "External Ref" have the
// same.
std::vector<std::string> words_of(std::string_view name);
// Whether two words are one, singular or plural: "address" and "addresses".
bool same_word(const std::string& a, const std::string& b);
bool same_words(const std::vector<std::string>& a, const std::vector<std::string>& b);
// How many words at their ends are the same.
std::size_t common_ending(const std::vector<std::string>& a, const std::vector<std::string>& b);
// A plural without what makes it one, as well as can be told without a dictionary.
std::string singular(const std::string& word);

bool contains(const std::vector<std::string>& names, const std::string& name);

}  // namespace couplet
