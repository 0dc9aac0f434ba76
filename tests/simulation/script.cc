#include "tests/simulation/script.h"

#include <algorithm>
#include <array>

#include "tests/simulation/shape_grammar.h"

namespace couplet::simulation {
namespace {

using Use = Column::Use;

constexpr std::size_t kKeyTexts = 6;
constexpr int kMomentsMost = 70;
constexpr int kMomentsOfALife = 160;
constexpr std::size_t kSmallMost = 4;  // rows of a small batch
constexpr std::size_t kApartMost = 6;  // bytes: what is written has from two on
constexpr int kDay = 86'400;

// Which faults a history has at all, and how often: each its own, so that some are undisturbed by
// others.
struct Weather {
  unsigned intrusions = 0;  // percent of runs
  unsigned crashes = 0;
  unsigned lost_replies = 0;
  unsigned transients = 0;
  bool loses_state = false;
  bool skewed = false;  // change times are off
  bool nulls = false;
  bool key_edits = false;
  bool deletes = false;
  // Of lives.
  unsigned stops = 0;
  unsigned hidden = 0;  // of edits
  unsigned lost_acknowledgements = 0;
  unsigned slots = 0;  // of steps, and of intrusions
  unsigned jumps = 0;  // of intrusions
  bool schedule = false;
  bool truncates = false;
  bool told_only = false;  // users write where somebody is told of it
};

// Whether a mapping carries what stands there to the other side.
bool is_read(const Shape& shape, std::size_t index) {
  const Table& table = shape.tables[index];
  return std::any_of(shape.mappings.begin(), shape.mappings.end(), [&](const Mapping& mapping) {
    return mapping.table(table.side) == table.name && mapping.writes(other(table.side));
  });
}

class ScriptMaker {
 public:
  ScriptMaker(std::uint64_t seed, std::size_t steps) : dice_(seed), wanted_(steps) {
    script_.seed = seed;
    script_.shape = random_shape(dice_);
    weather_.intrusions = dice_.chance(60) ? 40 : 0;
    weather_.crashes = dice_.chance(60) ? 50 : 0;
    weather_.lost_replies = dice_.chance(30) ? 30 : 0;
    weather_.transients = dice_.chance(20) ? 30 : 0;
    weather_.loses_state = dice_.chance(12);
    weather_.skewed = dice_.chance(50);
    weather_.nulls = dice_.chance(70);
    weather_.key_edits = dice_.chance(70);
    weather_.deletes = dice_.chance(70);
  }

  // With lives.
  Script make_live() {
    script_.live = true;
    weather_.intrusions = dice_.chance(75) ? 70 : 0;
    weather_.stops = dice_.chance(40) ? 30 : 0;
    weather_.hidden = dice_.chance(50) ? 40 : 0;
    weather_.lost_acknowledgements = dice_.chance(50) ? 60 : 0;
    weather_.slots = dice_.chance(25) ? 5 : 0;
    weather_.jumps = dice_.chance(25) ? 15 : 0;
    weather_.schedule = dice_.chance(30);
    weather_.told_only = dice_.chance(60);
    weather_.truncates = dice_.chance(10);
    return make();
  }

  Script make() {
    const std::size_t rows = 2 + dice_.below(9);
    for (std::size_t i = 0; i < rows; ++i) {
      script_.steps.push_back(edit_step(Edit::Kind::kInsert));
    }
    while (script_.steps.size() < rows + wanted_) {
      script_.steps.push_back(step());
    }
    return std::move(script_);
  }

 private:
  Step step() {
    Step made;
    const std::size_t face = dice_.below(100);
    if (face < 62) {
      return edit_step(kind());
    }
    if (face < 66) {
      made.kind = Step::Kind::kWait;
      made.seconds = dice_.chance(50) ? 1 : 90;
      return made;
    }
    if (face < 68 && weather_.loses_state) {
      made.kind = Step::Kind::kLose;
      return made;
    }
    if (script_.live && dice_.chance(weather_.slots)) {
      made.kind = Step::Kind::kSlot;
      made.side = some_side();
      return made;
    }
    if (script_.live && dice_.chance(75)) {
      made.kind = Step::Kind::kLive;
      disturb_life(made);
      return made;
    }
    made.kind = dice_.chance(80) ? Step::Kind::kReconcile : Step::Kind::kSync;
    if (made.kind == Step::Kind::kSync) {
      const std::size_t count = 1 + dice_.below(3);
      for (std::size_t i = 0; i < count; ++i) {
        made.objects.emplace_back(dice_.below(script_.shape.tables.size()), dice_.next() % 1000);
      }
    }
    disturb(made);
    return made;
  }

  void disturb_life(Step& life) {
    disturb(life);
    life.rebuild = false;
    for (Step::Intrusion& intrusion : life.intrusions) {
      if (dice_.chance(weather_.hidden)) {
        intrusion.hidden = 1 + static_cast<int>(dice_.below(12));
      }
      if (dice_.chance(weather_.jumps)) {
        intrusion.kind = Step::Intrusion::Kind::kJump;
        intrusion.seconds = static_cast<int>(dice_.below(std::size_t{2} * kDay)) - kDay;
      } else if (dice_.chance(weather_.slots)) {
        intrusion.kind = Step::Intrusion::Kind::kSlot;
        intrusion.side = some_side();
      }
    }
    if (dice_.chance(weather_.stops)) {
      life.stop = moment();
    }
    if (dice_.chance(50)) {
      life.stream_events = 1 + dice_.below(4);
    }
    if (dice_.chance(weather_.lost_acknowledgements)) {
      life.lost_acknowledgements = dice_.chance(50) ? 100 : 40;
    }
    if (weather_.schedule && dice_.chance(60)) {
      life.reconcile_every = 5 + static_cast<int>(dice_.below(40));
    }
  }
  Side some_side() { return dice_.chance(50) ? Side::kLeft : Side::kRight; }

  void disturb(Step& run) {
    run.rebuild = dice_.chance(50);
    run.late_writes = dice_.chance(30);
    run.seed = dice_.next();
    if (dice_.chance(weather_.intrusions)) {
      const std::size_t count = 1 + dice_.below(4);
      for (std::size_t i = 0; i < count; ++i) {
        run.intrusions.push_back({moment(), edit(kind())});
      }
    }
    if (dice_.chance(weather_.crashes)) {
      run.crash = moment();
      run.power_loss = dice_.chance(40);
    }
    if (dice_.chance(weather_.lost_replies)) {
      run.lost_reply.at(dice_.below(2)) = 1 + static_cast<int>(dice_.below(3));
      run.took_effect = dice_.chance(60);
    }
    if (dice_.chance(weather_.transients)) {
      run.transient_percent = 1 + static_cast<unsigned>(dice_.below(12));
    }
  }

  // The first ones are most in number: every run gets so far.
  int moment() {
    if (script_.live && dice_.chance(30)) {
      return 1 + static_cast<int>(dice_.below(kMomentsOfALife));
    }
    return 1 + static_cast<int>(dice_.chance(50) ? dice_.below(kMomentsMost)
                                                 : dice_.below(kMomentsMost / 3));
  }

  Edit::Kind kind() {
    if (weather_.truncates && dice_.chance(4)) {
      return Edit::Kind::kTruncate;
    }
    const std::size_t face = dice_.below(100);
    if (face < 16) {
      return Edit::Kind::kInsert;
    }
    if (face < 58) {
      return Edit::Kind::kSet;
    }
    if (face < 68 && weather_.key_edits) {
      return Edit::Kind::kKey;
    }
    if (face < 76) {
      return Edit::Kind::kMove;
    }
    if (face < 86 && weather_.deletes) {
      return Edit::Kind::kDelete;
    }
    if (face < 90 && weather_.deletes) {
      return Edit::Kind::kReplace;
    }
    if (face < 93 && weather_.key_edits) {
      return Edit::Kind::kSwap;
    }
    return face < 97 ? Edit::Kind::kNote : Edit::Kind::kScope;
  }

  std::size_t table() {
    std::size_t table = dice_.below(script_.shape.tables.size());
    while (weather_.told_only && !is_read(script_.shape, table)) {
      table = dice_.below(script_.shape.tables.size());
    }
    return table;
  }

  Step edit_step(Edit::Kind kind) {
    Step made;
    made.edit = edit(kind);
    return made;
  }

  Edit edit(Edit::Kind kind) {
    Edit made;
    made.kind = kind;
    made.table = table();
    made.row = dice_.next() % 1000;
    made.other = dice_.next() % 1000;
    made.number = ++numbers_ * 10 + dice_.below(kKeyTexts);
    made.null = weather_.nulls && dice_.chance(kind == Edit::Kind::kInsert ? 5 : 12);
    if (weather_.skewed) {
      made.time = dice_.chance(15)   ? Edit::kNoTime
                  : dice_.chance(30) ? static_cast<int>(dice_.below(61)) - 30
                                     : 0;
    }
    return made;
  }

  Dice dice_;
  std::size_t wanted_;
  Script script_;
  Weather weather_;
  std::uint64_t numbers_ = 0;
};

const char* name_of(Edit::Kind kind) {
  switch (kind) {
    case Edit::Kind::kInsert:
      return "insert into";
    case Edit::Kind::kSet:
      return "set in";
    case Edit::Kind::kKey:
      return "change a key in";
    case Edit::Kind::kMove:
      return "move in";
    case Edit::Kind::kDelete:
      return "delete from";
    case Edit::Kind::kReplace:
      return "delete and insert in";
    case Edit::Kind::kSwap:
      return "swap keys in";
    case Edit::Kind::kNote:
      return "note in";
    case Edit::Kind::kScope:
      return "change scope in";
    case Edit::Kind::kTruncate:
      return "truncate";
  }
  return "";
}

// By dice of its own: what else the seed stands for does not depend on it.
void vary(Script& script) {
  Dice dice(~script.seed);
  if (dice.chance(50)) {
    script.shape.batch_rows = 1 + dice.below(kSmallMost);
  }
  if (script.live) {
    script.shape.stored_apart_bytes = dice.chance(40) ? 1 + dice.below(kApartMost) : 0;
    script.shape.transactions_overlap = dice.chance(25);
  }
}

}  // namespace

Script random_script(std::uint64_t seed, std::size_t steps) {
  Script script = ScriptMaker(seed, steps).make();
  vary(script);
  return script;
}

Script random_live_script(std::uint64_t seed, std::size_t steps) {
  Script script = ScriptMaker(seed, steps).make_live();
  vary(script);
  return script;
}

Script undisturbed(Script script) {
  for (Step& step : script.steps) {
    step.intrusions.clear();
    step.crash = 0;
    step.lost_reply = {};
    step.transient_percent = 0;
    step.stop = 0;
    step.lost_acknowledgements = 0;
  }
  return script;
}

std::string attribute_text(const Edit& edit, std::string_view column) {
  return "v" + std::to_string(edit.number / 10) + "." + std::string(column);
}

std::string key_text(std::uint64_t number) { return "k" + std::to_string(number % 10); }

std::string to_string(const Shape& shape, const Edit& edit) {
  std::string text =
      std::string(name_of(edit.kind)) + " " + shape.tables[edit.table % shape.tables.size()].name;
  if (edit.kind != Edit::Kind::kInsert) {
    text += " row " + std::to_string(edit.row);
  }
  text += " (other " + std::to_string(edit.other) + ", number " + std::to_string(edit.number) +
          (edit.null ? ", null" : "");
  if (edit.time != 0) {
    text += edit.time == Edit::kNoTime ? ", no time" : ", time " + std::to_string(edit.time) + " s";
  }
  return text + ")";
}

namespace {

std::string to_string(const Shape& shape, const Step::Intrusion& intrusion) {
  switch (intrusion.kind) {
    case Step::Intrusion::Kind::kJump:
      return "the clock jumps by " + std::to_string(intrusion.seconds) + " s";
    case Step::Intrusion::Kind::kSlot:
      return std::string("the slot on the ") + couplet::name_of(intrusion.side) + " is made anew";
    case Step::Intrusion::Kind::kEdit:
      break;
  }
  return simulation::to_string(shape, intrusion.edit) +
         (intrusion.hidden == 0
              ? ""
              : ", which no read sees for " + std::to_string(intrusion.hidden) + " moments");
}

std::string to_string_of_life(const Step& step) {
  std::string text;
  if (step.stream_events != 0) {
    text += " in batches of " + std::to_string(step.stream_events);
  }
  if (step.reconcile_every != 0) {
    text += ", reconciling every " + std::to_string(step.reconcile_every) + " s";
  }
  if (step.lost_acknowledgements != 0) {
    text += ", " + std::to_string(step.lost_acknowledgements) + " % of acknowledgements lost";
  }
  if (step.stop != 0) {
    text += ", stopped at moment " + std::to_string(step.stop);
  }
  return text;
}

}  // namespace

std::string to_string(const Shape& shape, const Step& step) {
  std::string text;
  switch (step.kind) {
    case Step::Kind::kEdit:
      return to_string(shape, step.edit);
    case Step::Kind::kWait:
      return "wait " + std::to_string(step.seconds) + " s";
    case Step::Kind::kLose:
      return "lose the state";
    case Step::Kind::kSlot:
      return std::string("make the slot on the ") + couplet::name_of(step.side) + " anew";
    case Step::Kind::kLive:
      text = "live" + to_string_of_life(step);
      break;
    case Step::Kind::kReconcile:
      text = step.rebuild ? "reconcile --rebuild-state" : "reconcile";
      break;
    case Step::Kind::kSync:
      text = "sync";
      for (const auto& [table, row] : step.objects) {
        text += " " + shape.tables[table % shape.tables.size()].name + "#" + std::to_string(row);
      }
      break;
  }
  for (const Step::Intrusion& intrusion : step.intrusions) {
    text += "; at moment " + std::to_string(intrusion.moment) + " " + to_string(shape, intrusion);
  }
  if (step.crash != 0) {
    text += (step.power_loss ? "; power loss at moment " : "; killed at moment ") +
            std::to_string(step.crash);
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (step.lost_reply[index_of(side)] != 0) {
      text += "; the reply to commit " + std::to_string(step.lost_reply[index_of(side)]) +
              " on the " + couplet::name_of(side) + " is lost, which " +
              (step.took_effect ? "was" : "was not") + " done";
    }
  }
  if (step.transient_percent != 0) {
    text += "; " + std::to_string(step.transient_percent) + " % of calls fail (seed " +
            std::to_string(step.seed) + ")";
  }
  if (step.late_writes) {
    text += "; late writes";
  }
  return text;
}

}  // namespace couplet::simulation
