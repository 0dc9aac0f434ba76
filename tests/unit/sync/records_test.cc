// The state's records: what is written is read back, and damage is told (docs/state-format.md).
#include "engine/sync/records.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

namespace couplet {
namespace {

ObjectKey any_key() { return {*rc::gen::arbitrary<std::string>()}; }
std::optional<Timestamp> any_time() {
  if (*rc::gen::arbitrary<bool>()) {
    return Timestamp{*rc::gen::arbitrary<std::int64_t>()};
  }
  return std::nullopt;
}

Agreement any_agreement() {
  Agreement agreement;
  for (EndState& end : agreement.ends) {
    end = {{*rc::gen::arbitrary<std::uint64_t>()}, any_time()};
  }
  agreement.incarnation = *rc::gen::arbitrary<std::uint32_t>();
  agreement.synced_at = {*rc::gen::arbitrary<std::int64_t>()};
  agreement.flips = *rc::gen::arbitrary<std::uint8_t>();
  const auto slots = *rc::gen::inRange<std::size_t>(0, 12);
  for (std::size_t i = 0; i < slots; ++i) {
    BaseSlot slot;
    slot.known = *rc::gen::arbitrary<bool>();
    if (slot.known) {
      slot.digests[0] = {*rc::gen::arbitrary<std::uint64_t>()};
      slot.digests[1] = *rc::gen::arbitrary<bool>() ? slot.digests[0]
                                                    : Digest{*rc::gen::arbitrary<std::uint64_t>()};
    } else if (*rc::gen::arbitrary<bool>()) {
      slot.left_to_default = *rc::gen::element(Side::kLeft, Side::kRight);
    }
    agreement.base.push_back(slot);
  }
  return agreement;
}

void assert_same(const Agreement& a, const Agreement& b) {
  RC_ASSERT(a.base == b.base);
  RC_ASSERT(a.ends == b.ends);
  RC_ASSERT(a.incarnation == b.incarnation);
  RC_ASSERT(a.synced_at == b.synced_at);
  RC_ASSERT(a.flips == b.flips);
}

RC_GTEST_PROP(Records, ALinkIsReadBackAsItWasWritten, ()) {
  Link link;
  link.right = any_key();
  link.by = *rc::gen::element(LinkedBy::kMatched, LinkedBy::kCreated, LinkedBy::kSucceeded);
  link.linked_at = {*rc::gen::arbitrary<std::int64_t>()};
  link.agreement = any_agreement();
  const auto shape = *rc::gen::arbitrary<std::uint16_t>();
  std::uint16_t read_shape = 0;
  Link read;
  read.agreement = any_agreement();  // Of the one before: nothing of it stays.
  RC_ASSERT(decode_link(encode(link, shape), read, read_shape).has_value());
  RC_ASSERT(read_shape == shape);
  RC_ASSERT(read.right == link.right);
  RC_ASSERT(read.by == link.by);
  RC_ASSERT(read.linked_at == link.linked_at);
  assert_same(read.agreement, link.agreement);
}

RC_GTEST_PROP(Records, ATargetIsReadBackAsItWasWritten, ()) {
  Target target;
  target.agreement = any_agreement();
  for (std::size_t i = 0; i < target.agreement.base.size(); ++i) {
    Winner& winner = target.winners.emplace_back();
    winner.key = any_key();
    if (!winner.key.empty()) {
      winner.null = *rc::gen::arbitrary<bool>();
      winner.leads = *rc::gen::arbitrary<bool>();
      if (*rc::gen::arbitrary<bool>()) {
        winner.time = Timestamp{*rc::gen::arbitrary<std::int64_t>()};
      }
    }
  }
  std::uint16_t shape = 0;
  const auto read = decode_target(encode(target, 3), shape);
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->winners == target.winners);
  assert_same(read->agreement, target.agreement);
}

RC_GTEST_PROP(Records, AnIntentIsReadBackAsItWasWritten, ()) {
  Intent intent;
  intent.source = *rc::gen::arbitrary<std::string>();
  intent.number = {*rc::gen::arbitrary<std::uint64_t>()};
  intent.marked = *rc::gen::arbitrary<bool>();
  Intent::Entry entry;
  entry.mapping = *rc::gen::arbitrary<std::string>();
  entry.side = *rc::gen::element(Side::kLeft, Side::kRight);
  entry.operation = *rc::gen::element(Operation::kCreate, Operation::kUpdate, Operation::kDelete);
  entry.key = any_key();
  entry.from = any_key();
  entry.written.push_back({"name=name", Digest{*rc::gen::arbitrary<std::uint64_t>()},
                           Digest{*rc::gen::arbitrary<std::uint64_t>()}});
  entry.changes.push_back(
      {Family::kLinks, *rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<std::string>()});
  entry.changes.push_back({Family::kTombstones, *rc::gen::arbitrary<std::string>(), std::nullopt});
  intent.entries = {entry, entry};
  const auto read = decode_intent(encode(intent));
  RC_ASSERT(read.has_value());
  RC_ASSERT(encode(*read) == encode(intent));
  RC_ASSERT(read->number == intent.number);
  RC_ASSERT(read->entries.size() == 2U);
  RC_ASSERT(read->entries[1].written == entry.written);
  RC_ASSERT(read->entries[1].from == entry.from);
}

RC_GTEST_PROP(Records, WhoIsHeldOrParkedIsReadBackAsWritten, ()) {
  Held held;
  held.situation = *rc::gen::element(Situation::kDuplicate, Situation::kConflict);
  held.reason = *rc::gen::arbitrary<std::string>();
  held.since = {*rc::gen::arbitrary<std::int64_t>()};
  const auto rivals = *rc::gen::inRange<std::size_t>(0, 3);
  for (std::size_t i = 0; i < rivals; ++i) {
    held.rivals.push_back({*rc::gen::arbitrary<std::uint16_t>(),
                           *rc::gen::element(Side::kLeft, Side::kRight), any_key()});
  }
  const auto read = decode_held(encode(held));
  RC_ASSERT(read.has_value());
  RC_ASSERT(encode(*read) == encode(held));
  RC_ASSERT(read->rivals == held.rivals);

  Parked parked;
  parked.reason = held.reason;
  parked.attempts = *rc::gen::arbitrary<std::uint32_t>();
  parked.situation = *rc::gen::element(Situation::kAbsent, Situation::kSourceChanged);
  parked.counterpart = any_key();
  parked.attributes = *rc::gen::arbitrary<std::vector<std::string>>();
  const auto read_parked = decode_parked(encode(parked));
  RC_ASSERT(read_parked.has_value());
  RC_ASSERT(encode(*read_parked) == encode(parked));
  RC_ASSERT(read_parked->situation == parked.situation);
  RC_ASSERT(read_parked->counterpart == parked.counterpart);
  RC_ASSERT(read_parked->attributes == parked.attributes);
}

TEST(Records, AConflictKeepsWhatItHasAndOneOfAnEarlierVersionIsReadWithoutIt) {
  Conflict conflict;
  conflict.attribute = "name=name";
  conflict.objects = {"l.A/1", "r.B/2"};
  conflict.values = {"1", "2"};
  conflict.times = {Timestamp{7}, std::nullopt};
  conflict.rule = "tie";
  conflict.winner = Side::kRight;
  conflict.at = {9};
  conflict.situation = Situation::kMatched;
  const std::string bytes = encode(conflict);
  const auto read = decode_conflict(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->situation, Situation::kMatched);
  EXPECT_EQ(encode(*read), bytes);
  EXPECT_EQ(read->settled, std::nullopt);

  conflict.settled = Conflict::Settled{"equal", {11}};
  const auto settled = decode_conflict(encode(conflict));
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->settled, conflict.settled);

  std::string unsettled = bytes.substr(0, bytes.size() - 1);
  unsettled[0] = 2;
  const auto second = decode_conflict(unsettled);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->situation, Situation::kMatched);
  EXPECT_EQ(second->settled, std::nullopt);

  std::string before = bytes.substr(0, bytes.size() - 2 - std::string_view("matched").size());
  before[0] = 1;
  const auto old = decode_conflict(before);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->situation, std::nullopt);
  EXPECT_EQ(old->rule, "tie");
  EXPECT_EQ(old->winner, Side::kRight);
  EXPECT_EQ(old->at, Timestamp{9});
}

RC_GTEST_PROP(Records, DamageIsToldAndNeverReadPastTheEnd, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  std::uint16_t shape = 0;
  Link damaged;
  for (const bool read :
       {decode_link(bytes, damaged, shape).has_value(), decode_target(bytes, shape).has_value(),
        decode_tombstone(bytes, shape).has_value(), decode_contribution(bytes).has_value(),
        decode_parked(bytes).has_value(), decode_held(bytes).has_value(),
        decode_waiting(bytes).has_value(), decode_conflict(bytes).has_value(),
        decode_intent(bytes).has_value()}) {
    RC_CLASSIFY(read);
  }
  Link link;
  link.right = any_key();
  link.agreement = any_agreement();
  const std::string whole = encode(link, 1);
  const auto cut = *rc::gen::inRange<std::size_t>(0, whole.size());
  RC_ASSERT(!decode_link(whole.substr(0, cut), damaged, shape).has_value());
  RC_ASSERT(!decode_link(whole + "x", damaged, shape).has_value());
}

TEST(Records, ALinkOfFiveAttributesStaysSmall) {
  Link link;
  link.right.bytes = std::string(8, 'r');
  link.agreement.base.resize(5);
  for (std::size_t i = 0; i < 5; ++i) {
    link.agreement.base[i] = {true, {Digest{i + 1}, Digest{i + 1}}};
  }
  // With both keys of 8 bytes, 2 bytes of pair id each, and the second family: DESIGN section 12
  // allows 130 bytes on disk.
  EXPECT_LE(encode(link, 1).size() + 10 + 18, 130U);
}

}  // namespace
}  // namespace couplet
