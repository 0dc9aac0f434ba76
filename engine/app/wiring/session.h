#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/app/output/console.h"
#include "engine/definition/bound.h"
#include "engine/definition/definition.h"
#include "engine/ports/clock.h"
#include "engine/ports/source.h"
#include "engine/ports/state_store.h"
#include "engine/sync/report.h"
#include "engine/sync/state.h"

namespace couplet {

// What a run works on: the definition bound to its databases, and its state.
struct Session {
  Definition definition;
  std::vector<std::unique_ptr<Source>> sources;
  BoundDefinition bound;
  // The state on disk; a dry run reads it, where there is one, and writes into an overlay that is
  // thrown away.
  std::unique_ptr<StateStore> disk;
  std::unique_ptr<StateStore> overlay;
  std::unique_ptr<State> state;

  [[nodiscard]] std::vector<Source*> source_pointers() const;
};

struct SessionSettings {
  std::filesystem::path config;
  std::vector<std::string> mappings;  // named on the command line: each must exist
  bool dry_run = false;               // touches neither disk nor databases
  bool warnings = true;               // print what is odd about the file
  bool needs_state = false;           // there must be one: it is not made
  // It is `run`, whose reconcile goes on where the last one was. What others do by hand the next
  // one is to see all of.
  bool goes_on = false;
  // What else the command line says, checked before the state is touched.
  std::function<Result<void>(const BoundDefinition&)> check = nullptr;
};

// Loads, connects, binds, opens, in this order, so that what is wrong with the file is told before
// anything is touched. Everything found in the file goes to `console`.
Result<std::unique_ptr<Session>> open_session(const SessionSettings& settings, Console& console,
                                              Random& random);

// Finishes what a crash left, where it left anything: before somebody changes links by hand, which
// would else be overwritten by what was promised earlier.
Result<void> finish_interrupted(Session& session, Clock& clock, Observer& observer);

}  // namespace couplet
