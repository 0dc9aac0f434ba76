#include "connectors/sqlite/log_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "connectors/sqlite/log_text.h"
#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

using Kind = StreamProblem::Kind;
using Part = SetupStep::Part;

// As often as it is run, it is there once: who makes the same beside us does no harm.
std::string unless_there(const std::string& sql) {
  constexpr std::string_view kTrigger = "CREATE TRIGGER ";
  constexpr std::string_view kTable = "CREATE TABLE ";
  const std::size_t head = sql.starts_with(kTrigger) ? kTrigger.size() : kTable.size();
  return sql.substr(0, head) + "IF NOT EXISTS " + sql.substr(head);
}

class LogPlanner {
 public:
  LogPlanner(const StreamNeeds& needs, const LogFacts& facts)
      : log_(needs.slot), facts_(facts), seal_(log_seal(log_)) {
    std::size_t widest = 1;
    for (const StreamNeeds::Table& table : needs.tables) {
      const auto found = facts.tables.find(table.name.table);
      if (found == facts.tables.end() || found->second.view) {
        continue;
      }
      widest = std::max(widest, table.id.size());
      for (LogObject& trigger :
           log_triggers(log_, {table.name.table, table.id, found->second.unique})) {
        wanted_.push_back(std::move(trigger));
      }
    }
    table_ = log_table(log_, widest);
    for (const LogObject& trigger : wanted_) {
      const auto made = facts.triggers.find(trigger.name);
      if (made == facts.triggers.end()) {
        lapse("trigger " + trigger.name + " is missing");
      } else if (made->second.sql != trigger.sql) {
        lapse("trigger " + trigger.name + " is not what its table needs now");
      } else if (const auto seal = facts.triggers.find(seal_.name);
                 seal != facts.triggers.end() && seal->second.place < made->second.place) {
        lapse("trigger " + trigger.name + " was made again");
      }
    }
    if (facts.log_sql.empty()) {
      lapse_ = "change log " + log_ + " is missing";
    } else if (facts.log_sql != table_.sql) {
      lapse("change log " + log_ + " has other columns than it needs now");
    } else if (!facts.triggers.contains(seal_.name)) {
      lapse("trigger " + seal_.name + " is missing");
    } else if (!facts.begun) {
      lapse("change log " + log_ + " was emptied");
    }
  }

  [[nodiscard]] const std::optional<std::string>& why() const { return lapse_; }
  [[nodiscard]] bool taken() const {
    return !facts_.log_sql.empty() && !is_log_table(log_, facts_.log_sql);
  }

  StreamPlan setup(const StreamNeeds& needs) {
    plan_.set_up = !facts_.log_sql.empty() && !taken();
    for (const StreamNeeds::Table& table : needs.tables) {
      if (const auto found = facts_.tables.find(table.name.table);
          found != facts_.tables.end() && found->second.view) {
        plan_.problems.push_back(
            {Kind::kUnstreamable,
             table.name.table + " is a view: what changes there is found by reconcile alone", "",
             false, false, false});
      }
    }
    if (taken()) {
      plan_.problems.push_back(
          {Kind::kLog, log_ + " is no change log, and has the name of one",
           fmt::format("ALTER TABLE {} RENAME TO another_name", quote_identifier(log_)), false,
           true, false});
      return std::move(plan_);
    }
    if (wanted_.empty()) {
      if (plan_.set_up) {
        plan_.problems.push_back(
            {Kind::kLogLeftOver,
             fmt::format("change log {} is there, but nothing of this source is streamed: it grows "
                         "and nobody reads it",
                         log_),
             "couplet teardown", false, false, false});
      }
      return std::move(plan_);
    }
    if (lapse_) {
      begin_anew();
    } else {
      drop_unwanted(false);
    }
    return std::move(plan_);
  }

  StreamPlan teardown() {
    plan_.set_up = !facts_.log_sql.empty() && !taken();
    for (const auto& [name, trigger] : facts_.triggers) {
      add(Part::kTrigger, "trigger " + name + " goes",
          "DROP TRIGGER IF EXISTS " + quote_identifier(name));
    }
    if (plan_.set_up) {
      add(Part::kLog, "change log " + log_ + " goes",
          "DROP TABLE IF EXISTS " + quote_identifier(log_));
    } else if (taken()) {
      plan_.problems.push_back(
          {Kind::kLog, log_ + " is no change log: it is left alone", "", false, false, false});
    }
    return std::move(plan_);
  }

 private:
  void lapse(std::string why) {
    if (!lapse_) {
      lapse_ = std::move(why);
    }
  }
  void add(Part part, std::string why, std::string sql) {
    plan_.steps.push_back({part, std::move(why), std::move(sql)});
  }

  void begin_anew() {
    const bool keeps_table = facts_.log_sql == table_.sql;
    if (keeps_table && facts_.begun) {
      add(Part::kLog, *lapse_ + ": what it was to tell is told by a reconcile",
          "DELETE FROM " + quote_identifier(log_));
    } else if (!keeps_table && !facts_.log_sql.empty()) {
      add(Part::kLog, *lapse_, "DROP TABLE IF EXISTS " + quote_identifier(log_));
    }
    if (!keeps_table) {
      add(Part::kLog, "change log " + log_ + " is missing", unless_there(table_.sql));
    }
    drop_unwanted(keeps_table);
    for (const LogObject& trigger : wanted_) {
      if (!is_there(trigger)) {
        add(Part::kTrigger, "trigger " + trigger.name + " is missing", unless_there(trigger.sql));
      }
    }
    add(Part::kTrigger, "trigger " + seal_.name + " comes behind all others",
        unless_there(seal_.sql));
    add(Part::kLog, "change log " + log_ + " begins", begin_text(log_));
  }

  [[nodiscard]] bool is_there(const LogObject& trigger) const {
    const auto made = facts_.triggers.find(trigger.name);
    return made != facts_.triggers.end() && made->second.sql == trigger.sql;
  }
  // `and_seal`: it is to be made again. With the log's table it has gone already.
  void drop_unwanted(bool and_seal) {
    for (const auto& [name, made] : facts_.triggers) {
      const bool wanted =
          std::any_of(wanted_.begin(), wanted_.end(), [&](const LogObject& trigger) {
            return trigger.name == name && trigger.sql == made.sql;
          });
      if (name == seal_.name ? and_seal : !wanted) {
        add(Part::kTrigger,
            "trigger " + name +
                (name == seal_.name ? " is made again" : " is not what is needed now"),
            "DROP TRIGGER IF EXISTS " + quote_identifier(name));
      }
    }
  }

  const std::string& log_;
  const LogFacts& facts_;
  LogObject seal_;
  LogObject table_;
  std::vector<LogObject> wanted_;
  std::optional<std::string> lapse_;
  StreamPlan plan_;
};

}  // namespace

StreamPlan log_setup_plan(const StreamNeeds& needs, const LogFacts& facts) {
  return LogPlanner(needs, facts).setup(needs);
}

StreamPlan log_teardown_plan(const StreamNeeds& needs, const LogFacts& facts) {
  return LogPlanner(needs, facts).teardown();
}

std::optional<std::string> log_lapse(const StreamNeeds& needs, const LogFacts& facts) {
  return LogPlanner(needs, facts).why();
}

}  // namespace couplet::sqlite
