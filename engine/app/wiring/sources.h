#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/bind.h"
#include "engine/definition/definition.h"
#include "engine/model/result.h"
#include "engine/ports/source.h"
#include "engine/ports/stream_setup.h"

namespace couplet {

// The definition's sources, in its order. Nothing is connected yet.
std::vector<std::unique_ptr<Source>> make_sources(const Definition& definition);

// Null: a source of its type keeps nothing for a change stream.
std::unique_ptr<StreamSetup> make_stream_setup(const Definition& definition, std::size_t source);

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

// As the sources described them to our role; by source and name.
using DescribedTables = std::map<std::pair<std::size_t, TableName>, TableInfo>;
// The same as if our role might do everything, so that what it may not can be told as the grants
// that it lacks: `tables` says what it may.
Result<BindResult> bind_as_if_allowed(const Definition& definition,
                                      const std::vector<std::unique_ptr<Source>>& sources,
                                      DescribedTables& tables);

// The part of it that asks the sources about SQL conditions: what is none is an error of `bound`.
Result<void> check_conditions(BindResult& bound,
                              const std::vector<std::unique_ptr<Source>>& sources);

}  // namespace couplet
