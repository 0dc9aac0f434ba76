#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/bind.h"
#include "engine/definition/definition.h"
#include "engine/model/result.h"
#include "engine/ports/source.h"

namespace couplet {

// The definition's sources, in its order. Nothing is connected yet.
std::vector<std::unique_ptr<Source>> make_sources(const Definition& definition);

// What a URL of the command line opens, and how a file says the same. Nothing is connected yet.
struct UrlSource {
  std::unique_ptr<Source> source;
  // Options of the source, in YAML; a URL itself stays outside, in `variable`, as it may hold a
  // password.
  std::vector<std::pair<std::string, std::string>> options;
};
// `url`: a URL of PostgreSQL, or the path of a SQLite file; `given_as`: where it was said
// ("--left", or `variable`); `folder`: of the file that has the options, empty: this one. Errors:
// kInvalidArgument if it is neither.
Result<UrlSource> source_of_url(const std::string& name, const std::string& url,
                                const std::string& given_as, const std::string& variable,
                                const std::filesystem::path& folder);

// Connects to each and asks which database it is.
Result<std::vector<std::string>> identify(const std::vector<std::unique_ptr<Source>>& sources);

// Binds the definition to what the sources say of their tables, SQL conditions included. Errors:
// the sources'; what is wrong with the file is in the diagnostics.
Result<BindResult> bind_to_sources(const Definition& definition,
                                   const std::vector<std::unique_ptr<Source>>& sources);

// The part of it that asks the sources about SQL conditions: what is none is an error of `bound`.
Result<void> check_conditions(BindResult& bound,
                              const std::vector<std::unique_ptr<Source>>& sources);

}  // namespace couplet
