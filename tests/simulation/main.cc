// Plays random histories of the whole engine over databases in memory, and checks the laws of
// DESIGN section 13 in each. Exit code 1 if one does not hold.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>

#include <CLI/CLI.hpp>

#include "tests/simulation/shrink.h"

namespace couplet::simulation {
namespace {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t histories = 1000;
  std::vector<std::uint64_t> seeds;  // instead of these
  std::size_t steps = 30;
  std::uint64_t failures = 1;  // stop after so many
  bool trace = false;
  bool keep = false;  // do not shrink
  bool twice = false;
  bool live = false;
};

// A CHECK stops the process, as a mistake may: the seed is told all the same.
std::uint64_t seed_now = 0;  // NOLINT: a signal handler reads it.

void on_abort(int /*signal*/) {
  char text[64];
  const int size = std::snprintf(text, sizeof(text), "seed %llu: the engine stopped in a CHECK\n",
                                 static_cast<unsigned long long>(seed_now));
  (void)!::write(STDOUT_FILENO, text, static_cast<std::size_t>(size));
  ::_exit(1);
}

void print_history(const Script& script, const Violation& violation) {
  std::printf("%s\n", script.shape.definition().c_str());
  std::printf("the databases offer %s; batches of %zu\n", script.shape.marks ? "marks" : "no marks",
              script.shape.batch_rows);
  if (script.shape.stored_apart_bytes != 0) {
    std::printf("an update does not tell of texts from %zu bytes on that it left alone\n",
                script.shape.stored_apart_bytes);
  }
  std::printf("%s\n", script.shape.transactions_overlap
                          ? "each transaction begins at the end of the one before\n"
                          : "");
  for (std::size_t i = 0; i < script.steps.size(); ++i) {
    std::printf("%3zu. %s\n", i + 1, to_string(script.shape, script.steps[i]).c_str());
  }
  std::printf("law: %s\n  %s\n", violation.law.c_str(), violation.what.c_str());
}

void print_line(const std::string& line) { std::printf("%s\n", line.c_str()); }

void report(const Script& script, const Violation& violation, const Options& options) {
  std::printf("seed %llu (%s, %zu steps) breaks a law: %s\n  %s\n",
              static_cast<unsigned long long>(script.seed), script.shape.name.c_str(),
              script.steps.size(), violation.law.c_str(), violation.what.c_str());
  if (options.keep) {
    return;
  }
  std::fflush(stdout);
  const Script small = shrink(script, [&](const Script& smaller) {
    const Verdict verdict = play(smaller);
    return verdict.violation && verdict.violation->law == violation.law;
  });
  std::printf("shrunk to %zu steps:\n", small.steps.size());
  const Verdict verdict = play(small, options.trace ? print_line : Trace());
  print_history(small, verdict.violation.value_or(violation));
}

std::string whole_trace(const Script& script) {
  std::string text;
  play(script, [&](const std::string& line) { text += line + "\n"; });
  return text;
}

int run(const Options& options) {
  std::signal(SIGABRT, on_abort);
  std::signal(SIGSEGV, on_abort);
  Verdict sum;
  std::uint64_t refused = 0;
  std::uint64_t failures = 0;
  std::map<std::string, std::uint64_t> shapes;
  const std::uint64_t histories = options.seeds.empty() ? options.histories : options.seeds.size();
  for (std::uint64_t i = 0; i < histories && failures < options.failures; ++i) {
    seed_now = options.seeds.empty() ? options.seed + i : options.seeds[i];
    const Script script = options.live ? random_live_script(seed_now, options.steps)
                                       : random_script(seed_now, options.steps);
    const bool tell = options.trace && histories == 1 && options.keep;
    const Verdict verdict = play(script, tell ? print_line : Trace());
    if (!verdict.refused.empty()) {
      ++refused;
      std::printf("seed %llu: the definition is refused:\n%s%s\n",
                  static_cast<unsigned long long>(seed_now), script.shape.definition().c_str(),
                  verdict.refused.c_str());
      ++failures;
      continue;
    }
    ++shapes[script.shape.name];
    sum.runs += verdict.runs;
    sum.killed += verdict.killed;
    sum.edits += verdict.edits;
    sum.operations += verdict.operations;
    sum.excused += verdict.excused;
    sum.conflicts += verdict.conflicts;
    sum.by_streams += verdict.by_streams;
    sum.unread += verdict.unread;
    if (verdict.violation) {
      ++failures;
      report(script, *verdict.violation, options);
    } else if (options.twice && whole_trace(script) != whole_trace(script)) {
      ++failures;
      std::printf("seed %llu: two plays of it differ\n", static_cast<unsigned long long>(seed_now));
    }
    std::fflush(stdout);
  }
  std::uint64_t played = 0;
  std::string kinds;
  for (const auto& [name, count] : shapes) {
    played += count;
    kinds += (kinds.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  }
  std::printf(
      "%llu histories%s: %s\n%llu edits, %llu runs of which %llu were killed, "
      "%llu operations, %llu conflicts, %llu left on worklists%s; %llu failed\n",
      static_cast<unsigned long long>(played),
      options.seeds.empty() ? (" from seed " + std::to_string(options.seed)).c_str() : "",
      kinds.c_str(), static_cast<unsigned long long>(sum.edits),
      static_cast<unsigned long long>(sum.runs), static_cast<unsigned long long>(sum.killed),
      static_cast<unsigned long long>(sum.operations),
      static_cast<unsigned long long>(sum.conflicts), static_cast<unsigned long long>(sum.excused),
      options.live ? ("; " + std::to_string(sum.by_streams) + " by streams alone, " +
                      std::to_string(sum.unread) + " batches in the fast lane")
                         .c_str()
                   : "",
      static_cast<unsigned long long>(failures));
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace couplet::simulation

int main(int argc, char** argv) {
  couplet::simulation::Options options;
  CLI::App app("Random histories of the whole engine over databases in memory.");
  app.add_option("--seed", options.seed, "of the first history; the others count on from it");
  app.add_option("--histories", options.histories, "how many");
  app.add_option("--seeds", options.seeds, "these, and no others");
  app.add_option("--steps", options.steps, "of a history, about");
  app.add_option("--failures", options.failures, "stop after so many");
  app.add_flag("--trace", options.trace, "tell what happens in a history that is shrunk");
  app.add_flag("--keep", options.keep, "do not shrink; with --trace and one history: trace it");
  app.add_flag("--live", options.live, "with lives of `couplet run`, and the streams they follow");
  app.add_flag("--twice", options.twice, "play each history twice and compare");
  CLI11_PARSE(app, argc, argv);
  return couplet::simulation::run(options);
}
