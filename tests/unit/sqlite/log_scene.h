#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/sqlite/sqlite_source.h"
#include "connectors/sqlite/stream_setup.h"
#include "tests/support/sqlite_file.h"

namespace couplet::test {

// A file, the change log of a deployment in it, and a stream over it.
class LogScene : public testing::Test {
 protected:
  static constexpr const char* kLog = "couplet_shop_box";

  [[nodiscard]] SqliteSourceSettings settings() const {
    SqliteSourceSettings settings;
    settings.name = "box";
    settings.path = file_.path();
    settings.busy_timeout = std::chrono::milliseconds(100);
    settings.log = kLog;
    settings.poll = std::chrono::milliseconds(0);
    return settings;
  }

  // The tables that are followed, by their primary keys.
  void follow(const std::vector<std::string>& tables) {
    SqliteSource source(settings());
    std::vector<TableName> names;
    for (const std::string& table : tables) {
      names.push_back({"", table});
    }
    request_.deployment = "shop";
    request_.tables.clear();
    const auto described = source.describe(names);
    for (const TableInfo& table : *described) {
      StreamedTable streamed{table.name, table.primary_key, {}};
      for (const std::string& column : streamed.id) {
        streamed.id_types.push_back(*table.column(column)->type);
      }
      request_.tables.push_back(std::move(streamed));
    }
  }
  [[nodiscard]] StreamNeeds needs() const {
    StreamNeeds needs;
    needs.slot = kLog;
    for (const StreamedTable& table : request_.tables) {
      needs.tables.push_back({table.table, table.id});
    }
    return needs;
  }
  [[nodiscard]] StreamPlan plan() const {
    auto plan = SqliteStreamSetup(settings()).plan_setup(needs());
    EXPECT_TRUE(plan.has_value());
    return std::move(*plan);
  }
  void carry_out(const StreamPlan& plan) const {
    SqliteStreamSetup setup(settings());
    for (const SetupStep& step : plan.steps) {
      const auto done = setup.carry_out(step);
      EXPECT_TRUE(done.has_value()) << step.sql << ": " << done.error().message;
    }
  }
  void set_up(const std::vector<std::string>& tables) {
    follow(tables);
    carry_out(plan());
  }
  void tear_down() const { carry_out(*SqliteStreamSetup(settings()).plan_teardown(needs())); }

  [[nodiscard]] Result<std::unique_ptr<ChangeStream>> try_open(Position from = {}) const {
    StreamRequest request = request_;
    request.from = std::move(from);
    return SqliteSource(settings()).changes(request);
  }
  [[nodiscard]] std::unique_ptr<ChangeStream> open(Position from = {}) const {
    auto stream = try_open(std::move(from));
    if (!stream) {
      throw std::runtime_error(stream.error().message);
    }
    return std::move(*stream);
  }

  [[nodiscard]] std::string text_of(const ChangeEvent& event) const {
    using Kind = ChangeEvent::Kind;
    const StreamedTable& table = request_.tables.at(event.table);
    const std::string name = table.table.table;
    switch (event.kind) {
      case Kind::kTable:
        return "table " + name;
      case Kind::kUnnamed:
        return "unnamed " + name;
      default:
        break;
    }
    const auto key = [&](const ObjectKey& one) { return format_key(table.id_types, one); };
    return std::string(event.kind == Kind::kInsert   ? "insert "
                       : event.kind == Kind::kUpdate ? "update "
                                                     : "delete ") +
           name + " " + key(event.key) + (event.before ? " was " + key(*event.before) : "");
  }
  // What has come since the last call: the file is looked at whenever the stream is asked. `end_`
  // is then where that ended.
  std::vector<std::string> told(ChangeStream& stream) {
    std::vector<std::string> events;
    while (true) {
      const auto batch = stream.next(std::chrono::milliseconds(0));
      if (!batch) {
        throw std::runtime_error(batch.error().message);
      }
      for (const ChangeTransaction& transaction : batch->transactions) {
        for (const ChangeEvent& event : transaction.events) {
          events.push_back(text_of(event));
        }
      }
      if (batch->idle_at) {
        end_ = *batch->idle_at;
      }
      if (batch->empty()) {
        return events;
      }
    }
  }
  // A stream that has told all that there was.
  std::unique_ptr<ChangeStream> caught_up() {
    auto stream = open();
    told(*stream);
    return stream;
  }
  [[nodiscard]] std::string count(const std::string& of) const {
    return file_.query("select count(*) from " + of)[0][0].value();
  }

  SqliteFile file_;
  StreamRequest request_;
  Position end_;
};

}  // namespace couplet::test
