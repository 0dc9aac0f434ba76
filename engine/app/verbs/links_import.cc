#include "engine/admin/link_import.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "engine/app/output/list_json.h"
#include "engine/app/output/printable.h"
#include "engine/app/output/run_reporter.h"
#include "engine/app/stop_signals.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

tl::unexpected<Error> unreadable(const std::string& file, const char* why) {
  return fail(Error{ErrorKind::kInvalidArgument,
                    "cannot read " + file + ": " + why,
                    "`-` reads standard input",
                    {},
                    "unreadable_file",
                    {}});
}

// What can be read once (standard input, a pipe), in a file that can be read twice. It has no name.
Result<std::ifstream> spooled(std::istream& once, const std::filesystem::path& folder) {
  std::string path = (folder / "import-XXXXXX").string();
  const int descriptor = ::mkstemp(path.data());
  if (descriptor < 0) {
    return fail(ErrorKind::kDiskFull, "cannot make a file in " + folder.string());
  }
  ::close(descriptor);
  std::ofstream out(path, std::ios::binary);
  if (once.peek() != std::char_traits<char>::eof()) {
    out << once.rdbuf();
  }
  out.close();
  std::ifstream in(path, std::ios::binary);
  ::unlink(path.c_str());
  if (!out || !in) {
    return fail(ErrorKind::kDiskFull, "cannot keep what is read in " + folder.string());
  }
  return in;
}

Result<std::ifstream> open_input(const std::string& file, const std::filesystem::path& folder) {
  if (file == "-") {
    return spooled(std::cin, folder);
  }
  if (std::filesystem::is_directory(file)) {
    return unreadable(file, "it is a folder");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return unreadable(file, std::strerror(errno));
  }
  if (!std::filesystem::is_regular_file(file)) {
    return spooled(in, folder);
  }
  return in;
}

void tell_refusals(const LinkImport::Report& report, const std::string& file, Console& console) {
  for (const LinkImport::Refusal& refusal : report.refusals) {
    console.talk(fmt::format("{}:{}: {}", file == "-" ? "stdin" : file, refusal.line,
                             printable(refusal.error.message)));
  }
  if (report.refused > report.refusals.size()) {
    console.talk(fmt::format("... and {} more", report.refused - report.refusals.size()));
  }
}

Result<ExitCode> run_links_import(const Invocation& invocation, Console& console) {
  SystemClock clock;
  const std::string file = invocation.words.empty() ? "-" : invocation.words.front();
  COUPLET_ASSIGN(const auto session, open_to_change(invocation, false, console));
  COUPLET_ASSIGN(std::ifstream in, open_input(file, session->definition.state));
  catch_stop_signals();
  RunReporter reporter(console, clock, {});
  COUPLET_TRY(finish_interrupted(*session, clock, reporter));
  const std::vector<Source*> sources = session->source_pointers();
  LinkImport::Settings settings;
  settings.skip_refused = invocation.skip_refused;
  settings.now = clock.now();
  settings.stop_requested = stop_requested;
  LinkImport import(session->bound, *session->state, sources);
  COUPLET_ASSIGN(const LinkImport::Report report, import.run(in, settings));
  if (invocation.json) {
    console.data(import_json(report));
  } else {
    tell_refusals(report, file, console);
    console.data(fmt::format("{} imported, {} there already, {} refused.", report.imported,
                             report.unchanged, report.refused));
  }
  if (report.refused > 0 && !invocation.skip_refused) {
    return fail(Error{ErrorKind::kRowFault,
                      fmt::format("{} line{} refused: nothing was imported", report.refused,
                                  report.refused == 1 ? " was" : "s were"),
                      "mend them, or leave them out with --skip-refused",
                      {},
                      "links_refused",
                      {}});
  }
  return ExitCode::kDone;
}

}  // namespace

VerbSpec links_import_verb() {
  VerbSpec verb;
  verb.name = "links import";
  verb.summary = "make links from JSON Lines";
  verb.doc =
      "Reads {\"left\": \"source.Entity/ID\", \"right\": \"source.Entity/ID\"} a line, from FILE "
      "or "
      "standard\n"
      "input, as `links export` prints them; by, linked_at, synced_at and incarnation may be left "
      "out.\n"
      "Every line is judged first; if one is refused nothing is imported. Links that are there "
      "already\n"
      "stay as they are. A file has at most 2,000,000 lines.";
  verb.run = run_links_import;
  verb.words = "[FILE|-]";
  verb.words_most = 1;
  verb.flags = {
      {"--skip-refused", &Invocation::skip_refused, "Import the others where lines are refused."}};
  verb.examples = {
      {{"couplet links import links.jsonl", "make the links of a file"},
       {"couplet links import --skip-refused < links.jsonl", "as many of them as can be made"}}};
  return verb;
}

}  // namespace couplet
