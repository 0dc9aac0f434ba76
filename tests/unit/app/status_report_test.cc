#include "engine/app/output/status_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/app/output/live_status.h"
#include "engine/app/wiring/last_failure.h"
#include "engine/definition/load.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/records.h"
#include "engine/sync/state.h"
#include "storage/memory/memory_state_store.h"

namespace couplet {
namespace {

using testing::HasSubstr;

constexpr const char* kFile = R"(version: 1
name: shop
state: /var/lib/couplet/shop
sources:
  a: { type: postgres, url: postgresql://db1/a }
  b: { type: postgres, url: postgresql://db2/b }
mappings:
  customer: { left: a.customers, right: b.clients, direction: both, keys: [name] }
  order: { left: b.orders, right: a.purchases, direction: left_to_right, keys: [number] }
)";

Definition definition() {
  LoadResult loaded = parse_definition(kFile, "shop.yaml");
  EXPECT_TRUE(loaded.definition) << loaded.diagnostics.render();
  return std::move(*loaded.definition);
}

std::string id(std::uint16_t number) {
  std::string bytes;
  ByteWriter(bytes).u16(number);
  return bytes;
}

constexpr const char* kLastRun =
    R"({"started":"2026-01-31T08:15:29.000000Z","finished":"2026-01-31T08:15:30.000000Z",)"
    R"("summary":{"conflict":0,"converged":true,"create":2,"defer":0,"delete":0,"elapsed_seconds":0.5,)"
    R"("hold":0,"link":1,"objects":9,"park":0,"report":0,"rounds":1,"unlink":0,"update":0}})";

// A state as the engine leaves it.
void fill(StateStore& store) {
  StateBatch batch;
  batch.put(Family::kMeta, meta_key::kFormat, id(State::kFormatVersion));
  batch.put(Family::kMeta, std::string(meta_key::kPair) + "a.customers|b.clients", id(0));
  batch.put(Family::kMeta, std::string(meta_key::kPair) + "a.purchases|b.orders", id(1));
  batch.put(Family::kMeta, std::string(meta_key::kMapping) + "customer", id(0));
  batch.put(Family::kMeta, std::string(meta_key::kMapping) + "order", id(1));
  batch.put(Family::kMeta, meta_key::kLastRun + id(0), kLastRun);
  batch.put(Family::kMeta, meta_key::kLastRun + id(1), kLastRun);
  for (const char* key : {"k1", "k2", "k3"}) {
    batch.put(Family::kLinks, id(0) + key, "record");
  }
  batch.put(Family::kLinks, id(1) + "k", "record");
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
}

void add_trouble(StateStore& store) {
  StateBatch batch;
  Parked parked;
  parked.first_at = {2'000'000};
  batch.put(Family::kParked, id(0) + "l" + "k4", encode(parked));
  parked.first_at = {1'000'000};
  batch.put(Family::kParked, id(0) + "l" + "k5", encode(parked));
  Held held;
  held.since = {3'000'000};
  batch.put(Family::kHeld, id(1) + "l" + "k6", encode(held));
  Waiting waiting;
  batch.put(Family::kWaiting, "o" + id(1) + "l" + "k7", encode(waiting));
  batch.put(Family::kConflicts, id(0) + "c", "record");
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
}

std::optional<StateOverview> overview(const StateStore& store, const Definition& file) {
  auto found = overview_of(store, file);
  EXPECT_TRUE(found) << found.error().message;
  return found ? std::optional<StateOverview>(*found) : std::nullopt;
}

TEST(StatusReportTest, WithoutAStateNothingWasReconciled) {
  const Definition file = definition();
  const StatusReport report(file, std::nullopt);
  EXPECT_FALSE(report.healthy());
  EXPECT_EQ(report.text(false),
            "shop: 1 problem\n"
            "  never_reconciled: there is no state in /var/lib/couplet/shop: nothing was "
            "reconciled yet\n"
            "    couplet reconcile\n");
  EXPECT_EQ(report.json()["mappings"]["order"]["last_reconcile"], nullptr);
}

TEST(StatusReportTest, AHealthyOne) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  const StatusReport report(file, overview(store, file));
  EXPECT_TRUE(report.healthy());
  EXPECT_EQ(
      report.text(false),
      "shop: healthy\n"
      "\n"
      "mapping      links  deferred   held  parked  conflicts  last reconcile\n"
      "customer         3         0      0       0          0  2026-01-31T08:15:30.000000Z, 3 "
      "operations\n"
      "order            1         0      0       0          0  2026-01-31T08:15:30.000000Z, 3 "
      "operations\n"
      "\n"
      "state: 4 links, 0 bytes, format 1, in /var/lib/couplet/shop\n");
}

TEST(StatusReportTest, TellsHowFarASourceWasFollowedAndWhatNobodyToldOf) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  StateBatch changes;
  StreamProgress progress;
  progress.done = Lsn{0x1A016B3748};
  progress.due = "the slot was made again";
  put_progress(changes, "a", progress);
  ASSERT_TRUE(store.commit(changes, Durability::kSynced));
  const StatusReport report(file, overview(store, file));
  EXPECT_FALSE(report.healthy());
  EXPECT_THAT(report.text(true), HasSubstr("gap: source a: the slot was made again; what was "
                                           "changed meanwhile was told by nobody"));
  const auto stream = report.json()["sources"]["a"]["stream"];
  EXPECT_EQ(stream["state"], "stopped");
  EXPECT_EQ(stream["position"], "1A/16B3748");
  EXPECT_EQ(report.json()["sources"]["b"]["stream"]["state"], "off");
}

std::optional<Json> told_by_a_run(const Daemon::Standing& standing) {
  LiveStatus live({"a", "b"});
  live.set(standing);
  return LiveStatus::parse(live.text());
}

TEST(StatusReportTest, TellsWhatARunFollowsThatHasTheState) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  Intent intent;  // What is at hand.
  StateBatch batch;
  State::put(batch, intent);
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  const auto live = told_by_a_run({Daemon::Standing::Phase::kStreaming, {0}, std::nullopt});
  ASSERT_TRUE(live);
  const StatusReport report(file, overview(store, file), live);
  EXPECT_TRUE(report.healthy()) << report.text(true);
  EXPECT_THAT(report.text(false), HasSubstr("\nrun: a: streaming, b: off\n"));
  EXPECT_EQ(report.json()["running"], true);
  EXPECT_EQ(report.json()["sources"]["a"]["connected"], true);
  EXPECT_EQ(report.json()["sources"]["a"]["stream"]["state"], "streaming");
  EXPECT_EQ(report.json()["sources"]["b"]["stream"]["state"], "off");
}

TEST(StatusReportTest, WhatARunHasBegunIsNotToBeBegunByHand) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  StateBatch batch;
  batch.erase(Family::kMeta, meta_key::kLastRun + id(1));
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  const auto live = told_by_a_run({Daemon::Standing::Phase::kSnapshot, {0, 1}, std::nullopt});
  EXPECT_THAT(StatusReport(file, overview(store, file), live).text(true),
              HasSubstr("mapping order was not reconciled yet\n    `couplet run` is at it"));
}

TEST(StatusReportTest, WhatARunWaitsForComesFirst) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  add_trouble(store);
  Error error;
  error.message = "source 'b' is down";
  const auto live = told_by_a_run(
      {Daemon::Standing::Phase::kStarting, {}, Daemon::Standing::Trouble{{1'000'000}, error}});
  ASSERT_TRUE(live);
  const StatusReport report(file, overview(store, file), live);
  EXPECT_THAT(report.text(true),
              HasSubstr("shop: 3 problems\n"
                        "  waiting: `couplet run` waits: source 'b' is down, since "
                        "2000-01-01T00:00:01.000000Z\n"
                        "    it is tried again until it passes\n"));
  EXPECT_EQ(report.json()["sources"]["a"]["connected"], false);
  EXPECT_EQ(report.json()["sources"]["a"]["stream"]["state"], "starting");
}

TEST(StatusReportTest, WhatARunOfAnotherVersionTellsIsNotBelieved) {
  for (const char* text : {"", "{}", "[]", R"({"streams":{"a":1},"trouble":null})",
                           R"({"streams":{},"trouble":{"since":"now"}})"}) {
    EXPECT_FALSE(LiveStatus::parse(text)) << text;
  }
}

// The shape is REFERENCE section 2's, key by key.
TEST(StatusReportTest, JsonHasTheShapeOfTheReference) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  add_trouble(store);
  const StatusReport report(file, overview(store, file));
  const std::string summary =
      R"({"create":2,"link":1,"update":0,"delete":0,"unlink":0,"defer":0,"hold":0,"park":0,)"
      R"("conflict":0,"report":0,"objects":9,"rounds":1,"converged":true,"elapsed_seconds":0.5})";
  EXPECT_EQ(
      report.json().dump(),
      R"({"name":"shop","running":false,"healthy":false,"problems":[)"
      R"({"code":"parked","since":"2000-01-01T00:00:01.000000Z","message":"2 objects are parked )"
      R"(under mapping customer","fix":"see the reason in `couplet parked list --mapping )"
      R"(customer`, mend it, then `couplet parked retry --mapping customer`"},)"
      R"({"code":"held","since":"2000-01-01T00:00:03.000000Z","message":"1 object is held under )"
      R"(mapping order","fix":"see the reason in `couplet held list --mapping order`, or what )"
      R"(differs in `couplet conflicts list --mapping order`, and decide"}],)"
      R"("sources":{"a":{"type":"postgres","connected":false,"stream":{"state":"off",)"
      R"("position":null,"lag_bytes":null,"lag_seconds":null,"slot":null}},)"
      R"("b":{"type":"postgres","connected":false,"stream":{"state":"off","position":null,)"
      R"("lag_bytes":null,"lag_seconds":null,"slot":null}}},)"
      R"("mappings":{"customer":{"state":"ok","links":3,"deferred":0,"held":0,"parked":2,)"
      R"("conflicts":1,"last_reconcile":{"started":"2026-01-31T08:15:29.000000Z",)"
      R"("finished":"2026-01-31T08:15:30.000000Z","summary":)" +
          summary +
          R"(}},)"
          R"("order":{"state":"ok","links":1,"deferred":1,"held":1,"parked":0,"conflicts":0,)"
          R"("last_reconcile":{"started":"2026-01-31T08:15:29.000000Z",)"
          R"("finished":"2026-01-31T08:15:30.000000Z","summary":)" +
          summary +
          R"(}}},)"
          R"("state":{"format":1,"links":4,"bytes":0}})");
}

TEST(StatusReportTest, BrokenThingsComeFirst) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  add_trouble(store);
  Intent intent;
  StateBatch batch;
  State::put(batch, intent);
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  const StatusReport report(file, overview(store, file));
  ASSERT_EQ(report.problems().size(), 3U);
  EXPECT_EQ(report.problems()[0].code, "unfinished_writes");
  EXPECT_EQ(report.problems()[1].code, "parked");
  EXPECT_EQ(report.problems()[2].code, "held");
  EXPECT_THAT(report.text(true), HasSubstr("shop: 3 problems\n"));
}

TEST(StatusReportTest, ThatTheLastRunFailedIsTheFirstProblem) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  add_trouble(store);
  StateBatch batch;
  batch.put(Family::kMeta, kLastFailureKey,
            R"({"at":"2026-02-01T00:00:00.000000Z","verb":"reconcile","code":"unavailable",)"
            R"("message":"source 'b' is down","hint":"start it"})");
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  const StatusReport report(file, overview(store, file));
  EXPECT_THAT(report.text(true),
              HasSubstr("shop: 3 problems\n"
                        "  run_failed: the last `couplet reconcile` broke off: source 'b' is down, "
                        "since 2026-02-01T00:00:00.000000Z\n"
                        "    start it; once `couplet doctor` reaches it, `couplet reconcile` goes "
                        "on where this one ended\n"));
  StateBatch other;
  other.put(Family::kMeta, kLastFailureKey,
            R"({"at":"2026-02-01T00:00:00.000000Z","verb":"reconcile","code":"privilege",)"
            R"("message":"our role may not read a.t","hint":"GRANT it"})");
  ASSERT_TRUE(store.commit(other, Durability::kSynced));
  EXPECT_THAT(StatusReport(file, overview(store, file)).text(true),
              HasSubstr("  run_failed: the last `couplet reconcile` failed: our role may not read "
                        "a.t, since 2026-02-01T00:00:00.000000Z\n"
                        "    GRANT it; `couplet doctor` tells what else is missing, then `couplet "
                        "reconcile`\n"));
  ASSERT_TRUE(forget_failure(store));
  EXPECT_FALSE(overview(store, file)->failure);
}

// Who keeps whom held stands in the family of the held: it is no held object.
TEST(StatusReportTest, AHeldObjectIsCountedOnceWhoeverKeepsItHeld) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  Held held;
  StateBatch batch;
  batch.put(Family::kHeld, id(1) + "l" + "k6", encode(held));
  batch.put(Family::kHeld, id(0x8000) + "l" + "k5" + id(1) + "l" + "k6", "");
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  EXPECT_EQ(overview(store, file)->mappings.at("order").held.objects, 1U);
}

TEST(StatusReportTest, AStateOfAnotherFormatIsRefused) {
  const Definition file = definition();
  MemoryStateStore store;
  StateBatch batch;
  batch.put(Family::kMeta, meta_key::kFormat, id(State::kFormatVersion + 1));
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  const auto found = overview_of(store, file);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kStateForeign);
}

TEST(StatusReportTest, AStateOfADefinitionWithAnotherNameIsRefused) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  StateBatch batch;
  batch.put(Family::kMeta, meta_key::kName, "billing");
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  const auto found = overview_of(store, file);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kStateForeign);
}

TEST(StatusReportTest, ADamagedRecordIsToldNotGuessed) {
  const Definition file = definition();
  MemoryStateStore store;
  fill(store);
  StateBatch batch;
  batch.put(Family::kMeta, meta_key::kLastRun + id(1), "{\"started\":");
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
  const auto found = overview_of(store, file);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kStateCorrupt);
}

}  // namespace
}  // namespace couplet
