#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "engine/app/wiring/set_up_streams.h"

// What `setup` and `teardown` print: a script for psql or sqlite3, whole or statement by statement.
// Pure.
namespace couplet {

// "-- why", and the statement; without a line feed at its end.
std::string step_text(const SetupStep& step);
// What a person should know of a source where all steps were carried out; whole lines, or nothing.
std::string notes_text(const StreamSource& source);
// Whether a script for these is one for psql: not where all of them are SQLite files.
bool for_psql(std::span<const StreamSource> sources);
// What begins a script, for psql or sqlite3.
std::string script_head(std::span<const StreamSource> sources);
// What is left to do in one source: the rights that our role lacks, what else an administrator
// mends, the statements that are not done. For psql it refuses to run in another database. Lines
// that are no SQL are comments; for psql (`psql`), so is what is to be done in a SQLite file.
std::string script_text(const StreamSource& source, bool psql);
// How many statements of how many are done.
std::size_t steps_of(const std::vector<StreamSource>& sources);
std::size_t done_of(const std::vector<StreamSource>& sources);

// docs/reference/verbs.md, "JSON". `left`: what stays, null if nothing does.
nlohmann::ordered_json setup_json(const std::vector<StreamSource>& sources,
                                  const std::string& left);

}  // namespace couplet
