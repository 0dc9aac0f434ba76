#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/app/output/operation_json.h"
#include "engine/app/output/operation_text.h"

namespace couplet {
namespace {

OperationReport report(Operation operation, Situation situation, std::string from, std::string to) {
  OperationReport report;
  report.operation = operation;
  report.situation = situation;
  report.from = std::move(from);
  report.to = std::move(to);
  return report;
}

OperationReport update() {
  OperationReport one = report(Operation::kUpdate, Situation::kSourceChanged, "l.A/1", "r.B/2");
  one.attributes = {{"name", "old", "new"}, {"size", nullptr, 3}};
  return one;
}

std::string line(const OperationReport& one) {
  return operation_line(one, "m", Values::kHidden, false);
}

TEST(OperationLineTest, EachKindHasItsSymbol) {
  EXPECT_EQ(line(report(Operation::kCreate, Situation::kAbsent, "l.A/1", "r.B/2")),
            "+ m  l.A/1 → r.B/2  absent");
  EXPECT_EQ(line(report(Operation::kLink, Situation::kMatched, "l.A/1", "r.B/2")),
            "= m  l.A/1 → r.B/2  matched");
  EXPECT_EQ(line(report(Operation::kDelete, Situation::kSourceMissing, "", "r.B/2")),
            "- m  (gone) → r.B/2  source_missing");
  EXPECT_EQ(line(report(Operation::kUnlink, Situation::kBothGone, "", "")),
            "/ m  (gone)  both_gone");

  OperationReport deferred = report(Operation::kDefer, Situation::kDeferred, "l.A/1", "");
  deferred.waits_for = {"l.P/7", "l.P/8"};
  EXPECT_EQ(line(deferred), "… m  l.A/1  deferred: waits for l.P/7, l.P/8");

  OperationReport held = report(Operation::kHold, Situation::kDuplicate, "l.A/1", "");
  held.reason = "2 objects have one identity key";
  EXPECT_EQ(line(held), "! m  l.A/1  duplicate: 2 objects have one identity key");

  OperationReport parked = report(Operation::kPark, Situation::kAbsent, "l.A/1", "");
  parked.reason = "a text is too long for its column";
  EXPECT_EQ(line(parked), "! m  l.A/1  absent, parked: a text is too long for its column");

  EXPECT_EQ(line(report(Operation::kReport, Situation::kNoIdentity, "l.A/1", "")),
            "? m  l.A/1  no_identity");
}

TEST(OperationLineTest, ValuesAreShownOnlyWhereThatIsThePurpose) {
  EXPECT_EQ(line(update()), "~ m  l.A/1 → r.B/2  source_changed: name, size");
  EXPECT_EQ(operation_line(update(), "m", Values::kShown, false),
            "~ m  l.A/1 → r.B/2  source_changed: name \"old\" → \"new\", size null → 3");
}

TEST(OperationLineTest, OnlyTheSymbolIsColoured) {
  EXPECT_EQ(operation_line(report(Operation::kCreate, Situation::kAbsent, "l.A/1", ""), "m",
                           Values::kHidden, true),
            "\x1b[32m+\x1b[0m m  l.A/1  absent");
}

TEST(OperationLineTest, AReasonCannotPassForALineOfItsOwn) {
  OperationReport held = report(Operation::kHold, Situation::kAmbiguous, "l.A/1", "");
  held.reason = "one\n+ m  forged\x1b[2J";
  EXPECT_EQ(line(held), "! m  l.A/1  ambiguous: one + m  forged [2J");
}

TEST(SummaryLineTest, SaysWhatWasDoneAndWhatStands) {
  Summary summary;
  summary.count(Operation::kCreate) = 1;
  summary.count(Operation::kLink) = 2;
  summary.count(Operation::kDefer) = 3;
  summary.count(Operation::kPark) = 1;
  summary.objects = 12;
  summary.rounds = 2;
  summary.elapsed_seconds = 0.44;
  EXPECT_EQ(summary_line(summary, false),
            "3 operations: 1 create, 2 link. 3 deferred, 1 parked. 12 objects in 2 rounds, 0.4 s. "
            "Converged.");
  summary.converged = false;
  EXPECT_EQ(summary_line(summary, true),
            "3 operations to do: 1 create, 2 link. 3 deferred, 1 parked. 12 objects in 2 rounds, "
            "0.4 s.");
}

TEST(SummaryLineTest, ZeroOperations) {
  Summary summary;
  summary.objects = 1;
  summary.rounds = 1;
  EXPECT_EQ(summary_line(summary, false), "0 operations. 1 object in 1 round, 0.0 s. Converged.");
  summary.converged = false;
  EXPECT_EQ(summary_line(summary, false),
            "0 operations. 1 object in 1 round, 0.0 s. Not converged.");
}

TEST(OperationJsonTest, ACreateIsExactlyWhatTheDesignShows) {
  EXPECT_EQ(operation_json(report(Operation::kCreate, Situation::kAbsent,
                                  "daphne.VlanServiceProvider/2", "desire.CloudServiceProvider/4"),
                           "provider"),
            R"({"operation":"create","situation":"absent","mapping":"provider",)"
            R"("from":"daphne.VlanServiceProvider/2","to":"desire.CloudServiceProvider/4"})");
}

TEST(OperationJsonTest, WhatIsNotThereIsNull) {
  EXPECT_EQ(
      operation_json(report(Operation::kCreate, Situation::kAbsent, "l.A/1", ""), "m"),
      R"({"operation":"create","situation":"absent","mapping":"m","from":"l.A/1","to":null})");
}

TEST(OperationJsonTest, AnUpdateHasOldAndNewValues) {
  EXPECT_EQ(operation_json(update(), "m"),
            R"({"operation":"update","situation":"source_changed","mapping":"m","from":"l.A/1",)"
            R"("to":"r.B/2","attributes":{"name":{"old":"old","new":"new"},)"
            R"("size":{"old":null,"new":3}}})");
}

TEST(OperationJsonTest, ReasonsAndWhatItWaitsForAreThereWhereTheyApply) {
  OperationReport deferred = report(Operation::kDefer, Situation::kDeferred, "l.A/1", "");
  deferred.waits_for = {"l.P/7"};
  EXPECT_EQ(operation_json(deferred, "m"),
            R"({"operation":"defer","situation":"deferred","mapping":"m","from":"l.A/1","to":null,)"
            R"("waits_for":["l.P/7"]})");
  OperationReport held = report(Operation::kHold, Situation::kAmbiguous, "l.A/1", "");
  held.reason = "2 counterparts";
  EXPECT_EQ(operation_json(held, "m"),
            R"({"operation":"hold","situation":"ambiguous","mapping":"m","from":"l.A/1","to":null,)"
            R"("reason":"2 counterparts"})");
}

TEST(OperationJsonTest, TextThatIsNoUtf8IsReplacedNotThrownAt) {
  OperationReport held = report(Operation::kHold, Situation::kAmbiguous, "l.A/\xff", "");
  EXPECT_TRUE(nlohmann::json::accept(operation_json(held, "m")));
}

TEST(SummaryJsonTest, AllKeysAreAlwaysThere) {
  EXPECT_EQ(
      summary_json(Summary{}),
      R"({"summary":{"create":0,"link":0,"update":0,"delete":0,"unlink":0,"defer":0,"hold":0,)"
      R"("park":0,"conflict":0,"report":0,"objects":0,"rounds":0,"converged":true,)"
      R"("elapsed_seconds":0.0}})");
}

TEST(ErrorJsonTest, HasCodeMessageAndHint) {
  Error error;
  error.kind = ErrorKind::kAuthentication;
  error.message = "source a: password authentication failed";
  error.code = "28P01";  // A server's code is no name of ours.
  EXPECT_EQ(error_json(error),
            R"({"error":{"code":"authentication","message":"source a: password authentication )"
            R"(failed","hint":""}})");
  error.code = "invalid_definition";
  error.message = "postgresql://u:secret@h/d is odd";
  EXPECT_EQ(error_json(error),
            R"({"error":{"code":"invalid_definition","message":"postgresql://u:***@h/d is odd",)"
            R"("hint":""}})");
}

}  // namespace
}  // namespace couplet
