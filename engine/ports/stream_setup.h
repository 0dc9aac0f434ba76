#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/result.h"
#include "engine/ports/catalog.h"

// What a source keeps for us so that its changes can be streamed: what there is of it, what is
// lacking, and how that is made and taken away again.
namespace couplet {

// What is to be streamed, by the names that the deployment has for it.
struct StreamNeeds {
  struct Table {
    TableName name;
    // Columns by which a changed or deleted row must be named; empty: any will do.
    std::vector<std::string> id;
    bool operator==(const Table&) const = default;
  };
  std::string slot;  // or the change log, where the source keeps one of its own
  std::string publication;
  // Named by the user: its tables may be there for others as well, so none is taken out.
  bool shared_publication = false;
  std::vector<Table> tables;  // none: nothing is streamed
  // What the names of our marks begin with, before a number; Source::attach_mark makes them, so
  // they are only taken away here.
  std::string mark_prefix;
};

// One statement that makes, changes or takes away one thing.
struct SetupStep {
  enum class Part : std::uint8_t { kPublication, kSlot, kMark, kLog, kTrigger };
  Part part = Part::kPublication;
  std::string why;  // a sentence, no full stop: "publication couplet_x_crm is missing"
  std::string sql;  // without a semicolon at its end
  bool operator==(const SetupStep&) const = default;
};

// Something that is not as a stream needs it and that is not ours to change.
struct StreamProblem {
  enum class Kind : std::uint8_t {
    kStandby,          // what a stream needs cannot be made there
    kWalLevel,         // the log does not tell enough
    kSlotsTaken,       // no room for one more slot
    kSendersTaken,     // no room for one more stream
    kRole,             // our role may not stream
    kOwner,            // our role may not make or change the publication
    kPooler,           // somebody between us and the server
    kReplicaIdentity,  // the log does not name the rows of a table
    kUnstreamable,     // a table whose changes no log tells: a view
    kPublication,      // a publication of the user's own does not hold all that it has to
    kSlot,             // the slot's name is taken by another one, or it cannot be made anew now
    kLeftOver,         // a slot that nobody will read: it holds the log back for ever
    kSlotBusy,         // somebody else reads the slot
    kSlotLagging,      // the slot is about to be lost
    kLogUnbounded,     // a slot that nobody reads fills the disk
    kLog,              // the change log's name is taken by something else
    kLogLeftOver,      // a change log that nobody will read: it grows for ever
  };
  Kind kind = Kind::kWalLevel;
  std::string message;    // one sentence, no full stop
  std::string fix;        // what an administrator runs, or a setting of the file; empty: nothing
  bool is_sql = true;     // `fix` is a statement
  bool blocks = false;    // no step is carried out until it is mended
  bool restarts = false;  // the server has to be restarted after it
  bool operator==(const StreamProblem&) const = default;
};

struct StreamPlan {
  bool set_up = false;           // slot or change log is there: somebody streams, or means to
  std::vector<SetupStep> steps;  // in the order in which they have to be carried out
  std::vector<StreamProblem> problems;
};

// Used by one thread at a time.
class StreamSetup {
 public:
  virtual ~StreamSetup() = default;
  // What is lacking for `needs`. No steps: nothing is to be done. Reads only, in a fixed number of
  // statements.
  virtual Result<StreamPlan> plan_setup(const StreamNeeds& needs) = 0;
  // What there is of it, the slot first: one whose publication is gone cannot be read to its end.
  virtual Result<StreamPlan> plan_teardown(const StreamNeeds& needs) = 0;
  // Carries out one step; waits no longer than the source's statement timeout. Errors: kTransient
  // (somebody is in the way: who), kPrivilege, kSchema, kUnavailable.
  virtual Result<void> carry_out(const SetupStep& step) = 0;
};

}  // namespace couplet
