#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/dice.h"
#include "tests/simulation/shape.h"

// What happens in a history, as plain data: it can be printed, played, and played again with some
// of it left out. Rows are named by number, modulo those that are there: what is left out before
// does not take the meaning from what comes after.
namespace couplet::simulation {

// A user writes one row.
struct Edit {
  enum class Kind : std::uint8_t {
    kInsert,
    kSet,   // an attribute to a text that nobody has written before, or null
    kKey,   // a key column to one of a few texts, or null
    kMove,  // a reference to another row, or null
    kDelete,
    kReplace,   // delete and insert under the same key
    kSwap,      // two rows change their keys
    kNote,      // a column that nobody maps
    kScope,     // in or out of a `where`
    kTruncate,  // all rows, if no other table refers to them; of histories with lives
  };
  Kind kind = Kind::kSet;
  std::size_t table = 0;
  std::uint64_t row = 0;
  std::uint64_t other = 0;   // a second row, or a column
  std::uint64_t number = 0;  // makes the value
  bool null = false;
  int time = 0;  // seconds that the row's change time is off the clock; kNoTime: null
  static constexpr int kNoTime = 1'000'000;
};

struct Step {
  enum class Kind : std::uint8_t {
    kEdit,
    kWait,  // `seconds`
    kReconcile,
    kSync,  // by hand: the rows in `objects`
    kLose,  // the state is gone
    kLive,  // a life of `couplet run`: until nothing comes any more, or it is ended
    kSlot,  // what keeps the changes of `side` is dropped and made again
  };
  Kind kind = Kind::kEdit;
  Edit edit;
  int seconds = 0;
  Side side = Side::kLeft;

  // --- of a run. A moment is a call of a source, of a stream or of the state, counted from the
  // start of the run.
  struct Intrusion {
    enum class Kind : std::uint8_t {
      kEdit,  // a user writes
      kJump,  // the engine's wall clock moves by `seconds`
      kSlot,  // as the step of this name
    };
    int moment = 0;
    Edit edit;
    Kind kind = Kind::kEdit;
    int hidden = 0;  // for so many moments the edit is in the stream, and no read sees it
    int seconds = 0;
    Side side = Side::kLeft;
  };
  std::vector<Intrusion> intrusions;  // between two of the engine's steps
  int crash = 0;                      // the moment at which the process is killed; 0: it is not
  bool power_loss = false;            // ... and what was not synced is lost with it
  // The reply to the commit of so-many-eth batch there never comes; 0: all do.
  std::array<int, 2> lost_reply{};
  bool took_effect = false;
  unsigned transient_percent = 0;  // of calls fail for a moment
  std::uint64_t seed = 0;          // of these
  bool late_writes = false;        // a batch runs when its outcome is collected, or never
  bool rebuild = false;            // --rebuild-state
  std::vector<std::pair<std::size_t, std::uint64_t>> objects;  // table, row

  // --- of a life
  int stop = 0;                        // the moment at which a stop is asked for; 0: never
  std::size_t stream_events = 0;       // that a stream gives at a time; 0: as many as it likes
  unsigned lost_acknowledgements = 0;  // percent
  int reconcile_every = 0;             // seconds; 0: no schedule
};

struct Script {
  std::uint64_t seed = 0;
  bool live = false;  // the databases keep their changes from the start
  Shape shape;
  std::vector<Step> steps;
};

// A script by chance of about `steps` steps. The same seed gives the same script.
Script random_script(std::uint64_t seed, std::size_t steps);
// One that has lives in it too.
Script random_live_script(std::uint64_t seed, std::size_t steps);

// The same without faults and without users between the engine's steps.
Script undisturbed(Script script);

std::string to_string(const Shape& shape, const Edit& edit);
std::string to_string(const Shape& shape, const Step& step);

// The text that an edit writes to an attribute, and to a key column.
std::string attribute_text(const Edit& edit, std::string_view column);
std::string key_text(std::uint64_t number);

}  // namespace couplet::simulation
