#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "engine/definition/definition.h"
#include "engine/definition/diagnostic.h"
#include "engine/model/result.h"

// couplet.yaml -> Definition, with everything that can be checked without a database. What is found
// is a diagnostic, never an exception; all errors of the file come at once.
namespace couplet {

struct LoadOptions {
  // False: references to secrets are left alone (`validate --no-secrets`). The definition can then
  // be looked at, not run.
  bool resolve_secrets = true;
  // True: nothing but the file is asked for, so a reference that leads nowhere may be left alone.
  bool file_alone = false;
  // Looks an environment variable up; unset: the process's own.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  // Reads a whole file; unset: from disk.
  std::function<Result<std::string>(const std::filesystem::path& path)> read_file;
};

struct LoadResult {
  std::optional<Definition> definition;  // there if there is no error
  Diagnostics diagnostics;               // warnings too
};

// Reads `file`; relative paths in it are relative to its folder. A file that cannot be read is an
// error at line 0.
LoadResult load_definition(const std::filesystem::path& file, const LoadOptions& options = {});

// The same of a text at hand. `file` is what diagnostics call it and where its folder is.
LoadResult parse_definition(std::string text, const std::filesystem::path& file,
                            const LoadOptions& options = {});

}  // namespace couplet
