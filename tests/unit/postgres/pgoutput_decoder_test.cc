// Bytes of the replication stream, made by hand and recorded from a server.

#include "connectors/postgres/pgoutput_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "engine/model/wire.h"

namespace couplet::postgres::pgoutput {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string of_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// What is decoded points into the bytes.
const std::string& kept(std::string bytes) {
  static std::deque<std::string> all;
  return all.emplace_back(std::move(bytes));
}

// A message that was recorded from a server of version 15, by what it is.
template <typename Kind>
Kind decoded(Decoder& decoder, const std::string& bytes) {
  const Result<Message> message = decoder.decode(kept(bytes));
  EXPECT_TRUE(message.has_value()) << message.error().message;
  EXPECT_TRUE(message && std::holds_alternative<Kind>(*message));
  return message && std::holds_alternative<Kind>(*message) ? std::get<Kind>(*message) : Kind();
}

// Cells as "b:..", "t:..", "null", "absent".
std::vector<std::string> shown(Tuple tuple) {
  std::vector<std::string> cells;
  for (const Cell& cell : tuple) {
    cells.push_back(cell.value.is_null() ? "null"
                    : cell.value.is_absent()
                        ? "absent"
                        : (cell.is_text ? "t:" : "b:") + std::string(cell.value.bytes()));
  }
  return cells;
}

std::string fault(Decoder& decoder, const std::string& bytes) {
  const Result<Message> message = decoder.decode(bytes);
  EXPECT_FALSE(message.has_value());
  if (message) {
    return {};
  }
  EXPECT_EQ(message.error().kind, ErrorKind::kTransient);
  EXPECT_EQ(message.error().code, "pgoutput");
  return message.error().message;
}

// Seeds of the fuzz target: messages, each led by two bytes of length.
std::vector<std::string> recorded(const std::string& name) {
  const std::filesystem::path path =
      std::filesystem::path(COUPLET_SOURCE_DIR) / "tests/fuzz/seeds/pgoutput_fuzz" / name;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> messages;
  for (std::size_t at = 0; at + 2 <= bytes.size();) {
    const auto size = wire::read<std::uint16_t>(bytes.data() + at);
    messages.push_back(bytes.substr(at + 2, size));
    at += 2U + size;
  }
  return messages;
}

std::map<char, int> types_of(const std::vector<std::string>& messages) {
  std::map<char, int> count;
  for (const std::string& message : messages) {
    ++count[message.at(0)];
  }
  return count;
}

TEST(PgoutputDecoderTest, ATransactionBeginsAndEndsWithItsPlacesTimeAndId) {
  Decoder decoder;
  std::string begin = "B";
  wire::append<std::uint64_t>(begin, 0x1'0000'0010);
  wire::append<std::int64_t>(begin, 777);
  wire::append<std::uint32_t>(begin, 4'000'000'000U);
  const auto begun = decoded<Begin>(decoder, begin);
  EXPECT_EQ(begun.commit, Lsn{0x1'0000'0010});
  EXPECT_EQ(begun.committed_at, Timestamp{777});
  EXPECT_EQ(begun.xid, 4'000'000'000U);

  std::string commit("C\0", 2);
  wire::append<std::uint64_t>(commit, 0x1'0000'0010);
  wire::append<std::uint64_t>(commit, 0x1'0000'0040);
  wire::append<std::int64_t>(commit, 777);
  EXPECT_EQ(decoded<Commit>(decoder, commit).end, Lsn{0x1'0000'0040});
}

TEST(PgoutputDecoderTest, ATableIsToldWithItsColumnsAndWhichOfThemNameARow) {
  Decoder decoder;
  const auto codes = decoded<Relation>(
      decoder, of_hex("520000400e7075626c696300636f6465730064000301630000004006ffffffff016e00000000"
                      "17ffffffff007800000002bdffffffff"));
  EXPECT_EQ(codes.relation, 0x400eU);
  EXPECT_EQ(codes.schema, "public");
  EXPECT_EQ(codes.table, "codes");
  EXPECT_EQ(codes.identity, 'd');
  ASSERT_EQ(codes.columns.size(), 3U);
  EXPECT_EQ(codes.columns[0].name, "c");
  EXPECT_TRUE(codes.columns[0].identity && codes.columns[1].identity && !codes.columns[2].identity);
  EXPECT_EQ(codes.columns[1].type, oid::kInt4);
  EXPECT_EQ(codes.columns[2].modifier, -1);

  const auto system = decoded<Relation>(decoder, of_hex("520000000100740064"
                                                        "0000"));
  EXPECT_EQ(system.schema, "pg_catalog");
}

TEST(PgoutputDecoderTest, AnUnchangedToastedValueIsAbsentAndNotNull) {
  Decoder decoder;
  const auto update = decoded<Change>(
      decoder, of_hex("55000040074e0005620000000800000000000000016200000006416461204c2e62000000026f"
                      "6b75620000000c000200000000000200011388"));
  EXPECT_EQ(update.kind, Change::Kind::kUpdate);
  EXPECT_EQ(update.old, Change::Old::kNone);
  EXPECT_THAT(shown(update.after), ElementsAre(of_hex("623a0000000000000001"), "b:Ada L.", "b:ok",
                                               "absent", of_hex("623a000200000000000200011388")));
}

TEST(PgoutputDecoderTest, AKeyChangeBringsTheOldKeyAndAFullIdentityTheOldRow) {
  Decoder decoder;
  const auto rekeyed = decoded<Change>(
      decoder,
      of_hex("55000040074b0005620000000800000000000000026e6e6e6e4e00056200000008000000000000"
             "00036200000003426f6262000000037361646e6e"));
  EXPECT_EQ(rekeyed.old, Change::Old::kKey);
  EXPECT_THAT(shown(rekeyed.before),
              ElementsAre(of_hex("623a0000000000000002"), "null", "null", "null", "null"));
  EXPECT_EQ(rekeyed.after.size(), 5U);

  const auto full = decoded<Change>(
      decoder,
      of_hex("55000040154f00026200000004000000016200000001784e0002620000000400000001620000000179"));
  EXPECT_EQ(full.old, Change::Old::kFull);
  EXPECT_THAT(shown(full.before), ElementsAre(of_hex("623a00000001"), "b:x"));
  EXPECT_THAT(shown(full.after), ElementsAre(of_hex("623a00000001"), "b:y"));
}

TEST(PgoutputDecoderTest, AnOriginIsNamed) {
  Decoder decoder;
  const std::string bytes = of_hex("4f0000000000000077636f75706c65745f785f6c6566745f3000");
  const auto origin = decoded<Origin>(decoder, bytes);
  EXPECT_EQ(origin.name, "couplet_x_left_0");
  EXPECT_EQ(origin.commit, Lsn{0x77});
}

TEST(PgoutputDecoderTest, InsideABlockChangesCarryTheirTransaction) {
  Decoder decoder;
  const std::string truncate = of_hex("54000000010200004000");
  const auto plain = decoded<Truncate>(decoder, truncate);
  EXPECT_TRUE(plain.restart_identity && !plain.cascade);
  EXPECT_THAT(plain.relations, ElementsAre(0x4000U));

  const auto start = decoded<StreamStart>(decoder, of_hex("530000030901"));
  EXPECT_EQ(start.xid, 0x309U);
  EXPECT_TRUE(start.first);
  const std::string streamed = of_hex("540000030a000000010000004000");
  EXPECT_EQ(decoded<Truncate>(decoder, streamed).xid, 0x30AU);
  decoded<StreamStop>(decoder, "E");
  EXPECT_EQ(decoded<Truncate>(decoder, truncate).xid, 0U);

  const auto abort = decoded<StreamAbort>(decoder, of_hex("41000003090000030a"));
  EXPECT_EQ(abort.xid, 0x309U);
  EXPECT_EQ(abort.subtransaction, 0x30AU);
}

TEST(PgoutputDecoderTest, WhatAServerSentDecodesByBothProtocolsAndInBothForms) {
  for (const std::string name : {"changes", "text", "streamed", "prepared"}) {
    Decoder decoder;
    std::size_t number = 0;
    for (const std::string& message : recorded(name)) {
      const Result<Message> result = decoder.decode(message);
      EXPECT_TRUE(result.has_value()) << name << " " << number << ": " << result.error().message;
      ++number;
    }
    EXPECT_GT(number, 50U) << name;
  }
  // The recordings hold what they are for.
  EXPECT_THAT(types_of(recorded("changes")),
              testing::IsSupersetOf({Pair('M', 2), Pair('O', 1), Pair('T', 2), Pair('D', 4)}));
  EXPECT_THAT(types_of(recorded("streamed")),
              testing::IsSupersetOf({Pair('S', 13), Pair('E', 13), Pair('c', 1), Pair('A', 2)}));
  EXPECT_THAT(types_of(recorded("prepared")),
              testing::IsSupersetOf({Pair('b', 2), Pair('P', 2), Pair('p', 1), Pair('r', 1)}));
}

TEST(PgoutputDecoderTest, AMessageThatEndsAnywhereTooEarlyOrTooLateIsRefused) {
  for (const std::string name : {"changes", "text", "streamed", "prepared"}) {
    // Blocks are opened and closed by the whole messages.
    Decoder decoder;
    for (const std::string& message : recorded(name)) {
      for (std::size_t size = 0; size < message.size(); ++size) {
        Decoder cut = decoder;
        const std::string part = message.substr(0, size);
        EXPECT_FALSE(cut.decode(part).has_value()) << name << " " << message.at(0) << " " << size;
      }
      Decoder extended = decoder;
      const std::string longer = message + "x";
      EXPECT_FALSE(extended.decode(longer).has_value()) << name << " " << message.at(0);
      ASSERT_TRUE(decoder.decode(message).has_value());
    }
  }
}

TEST(PgoutputDecoderTest, WhatIsWrongIsSaidWithItsPlace) {
  Decoder decoder;
  EXPECT_EQ(fault(decoder, ""), "message 0x00 of 0 bytes ends inside its type, at byte 0");
  EXPECT_EQ(fault(decoder, "Z"),
            "message 'Z' of 1 bytes is of a type that is not known, at byte 1");
  EXPECT_EQ(fault(decoder, "E"),
            "message 'E' of 1 bytes ends a block that was not begun, at byte 1");
  EXPECT_EQ(fault(decoder, of_hex("49000040074e00016200000008")),
            "message 'I' of 13 bytes ends inside a value, at byte 13");
  EXPECT_THAT(fault(decoder, of_hex("49000040074e000162ffffffff")), HasSubstr("negative length"));
  EXPECT_THAT(fault(decoder, of_hex("49000040074effff")), HasSubstr("negative number of values"));
  EXPECT_THAT(fault(decoder, of_hex("49000040074e000178")), HasSubstr("unknown form 'x'"));
  EXPECT_THAT(fault(decoder, of_hex("49000040074b0000")), HasSubstr("unknown form 'K'"));
  EXPECT_THAT(fault(decoder, of_hex("44000040074e0000")), HasSubstr("unknown form 'N'"));
  EXPECT_THAT(fault(decoder, of_hex("54ffffffff00")), HasSubstr("negative number of tables"));
  EXPECT_THAT(fault(decoder, of_hex("5200004000007400780000")), HasSubstr("replica identity"));
  EXPECT_THAT(fault(decoder, of_hex("4301") + std::string(24, '\0')), HasSubstr("flags"));
}

RC_GTEST_PROP(PgoutputDecoderProperty, NoBytesMakeItReadBeyondThemOrStop,
              (const std::vector<std::string>& messages)) {
  Decoder decoder;
  const std::string types = "BCORYIUDTMSEcAbPKrp";
  for (const std::string& rest : messages) {
    const std::string bytes = *rc::gen::elementOf(types) + rest;
    const Result<Message> message = decoder.decode(bytes);
    RC_ASSERT(message.has_value() || !message.error().message.empty());
  }
}

}  // namespace
}  // namespace couplet::postgres::pgoutput
