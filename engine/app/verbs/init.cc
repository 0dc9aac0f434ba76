#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/sources.h"
#include "engine/definition/definition.h"
#include "engine/definition/draft.h"

namespace couplet {
namespace {

constexpr std::array<const char*, 2> kSides = {"left", "right"};
constexpr std::size_t kSourceNameMax = 17;  // couplet_<a>-<b>_<b> is to have 63 bytes at most
constexpr std::array<const char*, 2> kVariables = {"LEFT_URL", "RIGHT_URL"};

Error output_error(const std::string& file, int error) {
  Error out;
  out.kind = error == ENOSPC ? ErrorKind::kDiskFull : ErrorKind::kInvalidArgument;
  out.code = "output";
  if (error == EEXIST) {
    out.message = file + " is there already, and init writes over no file";
    out.hint = "name another file with -o, or move that one away";
  } else {
    out.message = fmt::format("cannot write {}: {}", file, std::strerror(error));
  }
  return out;
}

// Never over an existing file, even one that has appeared in the meantime.
Result<void> write_new_file(const std::string& file, const std::string& text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return fail(output_error(file, errno));
  }
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = ::write(descriptor, text.data() + done, text.size() - done);
    if (size < 0 && errno != EINTR) {
      const int error = errno;
      ::close(descriptor);
      ::unlink(file.c_str());
      return fail(output_error(file, error));
    }
    done += size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  ::close(descriptor);
  return {};
}

// A URL, and who said it.
struct GivenUrl {
  std::string text;
  std::string as;
};

Result<GivenUrl> url_of(const Invocation& invocation, std::size_t side) {
  const std::string& given = side == 0 ? invocation.left : invocation.right;
  const char* variable = std::getenv(kVariables[side]);
  if (given.empty() && (variable == nullptr || *variable == '\0')) {
    return fail(Error{ErrorKind::kInvalidArgument,
                      fmt::format("`couplet init` knows no {0} database: neither --{0} nor the "
                                  "environment variable {1} is given",
                                  kSides[side], kVariables[side]),
                      fmt::format("--{} URL, or export {}=URL", kSides[side], kVariables[side]),
                      {},
                      "usage",
                      {}});
  }
  return given.empty() ? GivenUrl{variable, kVariables[side]}
                       : GivenUrl{given, std::string("--") + kSides[side]};
}

// What a source tells of itself, as the draft wants it.
struct Asked {
  DraftSide side;
  std::string database;
  std::string identity;
};

Result<Asked> ask(const UrlSource& opened) {
  Source& source = *opened.source;
  Asked asked;
  COUPLET_ASSIGN(asked.identity, source.identity());
  COUPLET_ASSIGN(const Inspection found, source.inspect({}));
  asked.database = found.database;
  asked.side.options = opened.options;
  COUPLET_ASSIGN(const std::vector<TableName> names, source.tables());
  COUPLET_ASSIGN(asked.side.tables, source.describe(names));
  // Which schema a name without one is looked for in: any table of it tells.
  std::vector<TableName> bare = names;
  for (TableName& name : bare) {
    name.schema.clear();
  }
  COUPLET_ASSIGN(const std::vector<TableInfo> usual, source.describe(bare));
  if (!usual.empty()) {
    asked.side.default_schema = usual.front().name.schema;
  }
  return asked;
}

// Sources are called after their databases where that tells them apart.
void name_sides(std::array<Asked, 2>& asked) {
  const auto plain = [](const std::string& name) {
    return !name.empty() && name.size() <= kSourceNameMax &&
           std::isalpha(static_cast<unsigned char>(name[0])) &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
             return c < 0x80U && (std::isalnum(c) != 0 || c == '_' || c == '-');
           });
  };
  const bool by_database =
      plain(asked[0].database) && plain(asked[1].database) &&
      replication_name("", asked[0].database) != replication_name("", asked[1].database);
  for (std::size_t side = 0; side < 2; ++side) {
    asked[side].side.source = by_database ? asked[side].database : kSides[side];
  }
}

Result<Draft> draft_of(const Invocation& invocation, DraftRequest& request) {
  std::array<Asked, 2> asked;
  for (std::size_t side = 0; side < 2; ++side) {
    COUPLET_ASSIGN(const GivenUrl url, url_of(invocation, side));
    COUPLET_ASSIGN(const UrlSource opened,
                   source_of_url(kSides[side], url.text, url.as, kVariables[side],
                                 std::filesystem::path(invocation.output).parent_path()));
    COUPLET_ASSIGN(asked[side], ask(opened));
  }
  if (asked[0].identity == asked[1].identity) {
    return fail(ErrorKind::kInvalidArgument, "--left and --right are one database",
                "give the URLs of two");
  }
  name_sides(asked);
  request.name = asked[0].side.source + "-" + asked[1].side.source;
  for (std::size_t side = 0; side < 2; ++side) {
    request.sides[side] = std::move(asked[side].side);
  }
  return draft_definition(request);
}

std::string count(std::size_t number, const char* one, const char* many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

Result<ExitCode> run_init(const Invocation& invocation, Console& console) {
  const std::string& file = invocation.output;
  if (!file.empty() && ::access(file.c_str(), F_OK) == 0) {
    return fail(output_error(file, EEXIST));
  }
  DraftRequest request;
  COUPLET_ASSIGN(const Draft draft, draft_of(invocation, request));
  if (!file.empty()) {
    COUPLET_TRY(write_new_file(file, draft.text));
  }
  if (invocation.json) {
    nlohmann::ordered_json json = {
        {"file", file.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(file)},
        {"mappings", draft.mappings},
        {"checks", draft.checks},
        {"definition", draft.text}};
    console.data(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return ExitCode::kDone;
  }
  if (file.empty()) {
    std::string text = draft.text;
    text.pop_back();  // Its last line feed comes with the data.
    console.data(text);
  }
  if (draft.mappings == 0) {
    console.talk(fmt::format(
        "couplet: no table of {} looks like one of {}: {} has a mapping to fill in, and `couplet "
        "validate` tells what is missing",
        request.sides[0].source, request.sides[1].source, file.empty() ? "the text" : file));
  } else if (!invocation.quiet) {
    const std::string where = file.empty() ? "guessed" : file;
    console.talk(fmt::format("{}: {}, {} to check; not mapped: {} of {}, {} of {}", where,
                             count(draft.mappings, "mapping", "mappings"),
                             count(draft.checks, "place", "places"),
                             count(draft.left_out[0], "table", "tables"), request.sides[0].source,
                             count(draft.left_out[1], "table", "tables"), request.sides[1].source));
  }
  return ExitCode::kDone;
}

}  // namespace

VerbSpec init_verb() {
  VerbSpec verb;
  verb.name = "init";
  verb.summary = "write a first couplet.yaml from two databases";
  verb.doc =
      "Reads both catalogs, no rows, and guesses what is the same on both sides: tables and "
      "columns\n"
      "by name and type, identity keys from unique keys, references from foreign keys. Comments "
      "say\n"
      "what to check and what could not be guessed. Secrets stay outside: the file has\n"
      "{ env: LEFT_URL } and { env: RIGHT_URL }.";
  verb.run = run_init;
  verb.takes_config = false;
  verb.options = {{"--left", "URL", &Invocation::left, "The left database; else $LEFT_URL."},
                  {"--right", "URL", &Invocation::right, "The right database; else $RIGHT_URL."},
                  {"-o,--output", "FILE", &Invocation::output,
                   "Where to write it, never over a file; else stdout."}};
  verb.examples = {
      {{"couplet init -o couplet.yaml", "URLs from the environment"},
       {"couplet init --left postgresql://a/shop --right postgresql://b/crm", "to look at first"}}};
  return verb;
}

}  // namespace couplet
