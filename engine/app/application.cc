#include "engine/app/application.h"

#include <csignal>
#include <exception>
#include <new>
#include <system_error>
#include <variant>

#include "engine/app/command_line.h"
#include "engine/app/exit_code.h"
#include "engine/app/output/console.h"
#include "engine/app/output/operation_json.h"
#include "engine/app/output/printable.h"
#include "engine/app/wiring/definition_file.h"

namespace couplet {
namespace {

std::string without_line_feed(std::string text) {
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return text;
}

Result<ExitCode> run_words(std::span<const std::string> words, Console& console) {
  COUPLET_ASSIGN(const auto asked, parse_command_line(words));
  if (const auto* help = std::get_if<HelpRequest>(&asked)) {
    if (!help->asked) {
      console.talk_as_is(help->text);
      return ExitCode::kUsage;
    }
    console.data(without_line_feed(help->text));
    return ExitCode::kDone;
  }
  const auto& invocation = std::get<Invocation>(asked);
  return invocation.verb->run(invocation, console);
}

constexpr const char* kMoreRoom = "look at the limits of the process: `ulimit -a`, its container";

// Libraries throw where they have no other way; what they say ends here.
Result<ExitCode> run_guarded(std::span<const std::string> words, Console& console) {
  const auto bug = [](const std::exception& exception) {
    return fail(ErrorKind::kInternal, std::string("internal error: ") + exception.what(),
                "this is a bug of couplet");
  };
  try {
    return run_words(words, console);
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::kUnavailable, "there is not enough memory", kMoreRoom);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) {
      return fail(ErrorKind::kUnavailable, "the system gives no more threads", kMoreRoom);
    }
    return bug(error);
  } catch (const std::exception& exception) {
    return bug(exception);
  }
}

}  // namespace

int run_application(std::span<const std::string> words) {
  std::signal(SIGPIPE, SIG_IGN);  // A reader who leaves, or a server that hangs up, is no crash.
  Console console(Console::detect());
  Result<ExitCode> code = run_guarded(words, console);
  if (code) {
    if (auto finished = console.finish(); !finished) {
      code = fail(std::move(finished.error()));
    }
  }
  if (code) {
    return static_cast<int>(*code);
  }
  const Error& error = code.error();
  if (asks_for_json(words)) {
    console.data(error_json(error));
  }
  if (error.code != kInvalidDefinition) {  // That was told finding by finding.
    console.talk("couplet: " + printable(error.message));
    if (!error.hint.empty()) {
      console.talk("  " + printable(error.hint));
    }
  }
  return static_cast<int>(exit_code_of(error.kind));
}

}  // namespace couplet
