// The state and the processes around it: a second one, one that is killed, one that only reads.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/integration/state/child_process.h"
#include "tests/integration/state/state_content.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class StateProcessTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path state() const { return folder_.path() / "state"; }
  static RocksdbStateStore::Settings creating() {
    RocksdbStateStore::Settings settings;
    settings.create = true;
    return settings;
  }
  static RocksdbStateStore::Settings reading() {
    RocksdbStateStore::Settings settings;
    settings.read_only = true;
    return settings;
  }
  std::unique_ptr<ChildProcess> start(const std::string& what) {
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{STATE_WRITER, state().string(), what});
  }

 private:
  TemporaryFolder folder_;
};

TEST_F(StateProcessTest, ASecondProcessIsToldWhichFolderIsInUseAndByWhom) {
  auto store = RocksdbStateStore::open(state(), creating());
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE((*store)->commit(numbered_batch(1), Durability::kSynced));

  const auto second = start("hold");
  const auto said = second->read_line();
  ASSERT_TRUE(said);
  EXPECT_EQ(*said,
            fmt::format("{} the state in {} is in use by process {}",
                        static_cast<int>(ErrorKind::kStateInUse), state().string(), ::getpid()));
  EXPECT_EQ(second->wait(), 3);

  EXPECT_TRUE((*store)->commit(numbered_batch(2), Durability::kSynced)) << "the first is not hurt";
  store->reset();
  const auto third = start("hold");
  EXPECT_EQ(third->read_line(), "open") << "once the first is gone";
}

TEST_F(StateProcessTest, TheSameProcessCannotOpenItTwiceEither) {
  auto first = RocksdbStateStore::open(state(), creating());
  ASSERT_TRUE(first);
  auto second = RocksdbStateStore::open(state(), creating());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kStateInUse);
  EXPECT_THAT(second.error().message, HasSubstr(state().string()));

  // And the failed attempt has not let go of the first one's lock.
  const auto other = start("hold");
  EXPECT_THAT(other->read_line().value_or(""), HasSubstr("is in use by process"));
}

TEST_F(StateProcessTest, AKilledProcessHoldsNothing) {
  const auto holder = start("hold");
  ASSERT_EQ(holder->read_line(), "open");
  auto refused = RocksdbStateStore::open(state(), creating());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("process {}", holder->id())));
  EXPECT_THAT(refused.error().hint, HasSubstr("Wait until it has ended, or stop it"));
  EXPECT_THAT(refused.error().hint, HasSubstr(fmt::format("`kill {}`", holder->id())));
  holder->kill();
  auto opened = RocksdbStateStore::open(state(), creating());
  EXPECT_TRUE(opened) << opened.error().message;
}

// A kill loses nothing that was committed, synced or not, and cuts no batch in two.
TEST_F(StateProcessTest, WhateverWasCommittedBeforeAKillIsThereAfterIt) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  std::uint64_t committed = 0;
  for (int round = 0; round < 8; ++round) {
    const auto writer = start("write");
    ASSERT_EQ(writer->read_line(), "open");
    const auto lines = std::uniform_int_distribution<int>(1, 3000)(random);
    for (int line = 0; line < lines; ++line) {
      const auto said = writer->read_line();
      ASSERT_TRUE(said);
      committed = std::stoull(*said);
    }
    writer->kill();
    while (const auto said = writer->read_line()) {  // What it had said before it died.
      committed = std::max(committed, static_cast<std::uint64_t>(std::stoull(*said)));
    }
    auto store = RocksdbStateStore::open(state(), creating());
    ASSERT_TRUE(store) << store.error().message;
    const auto found = find_content(**store);
    ASSERT_TRUE(found.read) << found.read.error().message;
    EXPECT_EQ(found.inconsistency, "");
    EXPECT_GE(found.newest, committed);
    EXPECT_LE(found.newest, committed + 1) << "one may have been committed and not yet told";
    committed = found.newest;
  }
}

// A reader takes no lock, and what it sees is one moment of the writer's history, whatever is
// flushed, compacted and deleted under it.
TEST_F(StateProcessTest, AReaderBesideAWriterSeesOneMoment) {
  const auto writer = start("write");
  ASSERT_EQ(writer->read_line(), "open");
  ASSERT_TRUE(writer->read_line());
  std::uint64_t before = 0;
  for (int round = 0; round < 15; ++round) {
    std::uint64_t committed = 0;
    for (int line = 0; line < 800; ++line) {
      const auto said = writer->read_line();
      ASSERT_TRUE(said);
      committed = std::stoull(*said);
    }
    auto reader = RocksdbStateStore::open(state(), reading());
    ASSERT_TRUE(reader) << reader.error().message;
    const auto found = find_content(**reader);
    ASSERT_TRUE(found.read) << found.read.error().message;
    EXPECT_EQ(found.inconsistency, "");
    EXPECT_GE(found.newest, committed);
    EXPECT_GE(found.newest, before);
    before = found.newest;
    const auto again = find_content(**reader);
    EXPECT_EQ(again.newest, found.newest) << "it stays in that moment";
  }
  writer->kill();
}

TEST_F(StateProcessTest, AReaderWritesNothing) {
  {
    auto store = RocksdbStateStore::open(state(), creating());
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->commit(numbered_batch(1), Durability::kSynced));
  }
  const auto listing = [&] {
    std::map<std::string, std::pair<std::uintmax_t, std::filesystem::file_time_type>> files;
    for (const auto& file : std::filesystem::directory_iterator(state())) {
      files[file.path().filename()] = {file.file_size(), file.last_write_time()};
    }
    return files;
  };
  const auto before = listing();
  {
    auto reader = RocksdbStateStore::open(state(), reading());
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ(find_content(**reader).newest, 1U);
    EXPECT_FALSE((*reader)->commit(numbered_batch(2), Durability::kSynced));
    EXPECT_FALSE((*reader)->commit({}, Durability::kSynced));
  }
  EXPECT_EQ(listing(), before);
}

TEST_F(StateProcessTest, WhereThereIsNoStateNoneIsMadeUnasked) {
  for (const bool read_only : {false, true}) {
    RocksdbStateStore::Settings settings;
    settings.read_only = read_only;
    auto missing = RocksdbStateStore::open(state(), settings);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
    EXPECT_THAT(missing.error().message, HasSubstr(state().string()));
    EXPECT_FALSE(std::filesystem::exists(state()));

    const TemporaryFolder empty;
    auto none = RocksdbStateStore::open(empty.path(), settings);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
    EXPECT_TRUE(std::filesystem::is_empty(empty.path()));
  }
}

TEST_F(StateProcessTest, AFileIsNoState) {
  std::ofstream(state()) << "not a folder";
  for (const bool read_only : {false, true}) {
    auto settings = creating();
    settings.read_only = read_only;
    auto refused = RocksdbStateStore::open(state(), settings);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(refused.error().message, HasSubstr("is a file"));
  }
}

TEST_F(StateProcessTest, TheFolderIsMadeForItsOwnerAlone) {
  const auto nested = state() / "of" / "mine";
  const mode_t mask = ::umask(0);
  auto store = RocksdbStateStore::open(nested / "", creating());
  ::umask(mask);
  ASSERT_TRUE(store) << store.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(nested.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST_F(StateProcessTest, AnEmptyFolderOfOursIsClosedToOthers) {
  std::filesystem::create_directory(state());
  ASSERT_EQ(::chmod(state().c_str(), 0755), 0);
  auto store = RocksdbStateStore::open(state(), creating());
  ASSERT_TRUE(store) << store.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(state().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST_F(StateProcessTest, AStateOpenToOtherUsersIsRefused) {
  ASSERT_TRUE(RocksdbStateStore::open(state(), creating()));
  ASSERT_EQ(::chmod(state().c_str(), 0750), 0);
  auto refused = RocksdbStateStore::open(state(), creating());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kPrivilege);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr(state().string()), HasSubstr("0750")));
  EXPECT_THAT(refused.error().hint, HasSubstr("chmod 700 " + state().string()));
  ASSERT_EQ(::chmod(state().c_str(), 0700), 0);
  EXPECT_TRUE(RocksdbStateStore::open(state(), creating())) << "as advised";
}

constexpr uid_t kNobody = 65534;

TEST_F(StateProcessTest, AnotherUsersStateIsRefusedEvenToRoot) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a folder away";
  }
  ASSERT_TRUE(RocksdbStateStore::open(state(), creating()));
  ASSERT_EQ(::chown(state().c_str(), kNobody, kNobody), 0);
  auto refused = RocksdbStateStore::open(state(), creating());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kPrivilege);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr(state().string()), HasSubstr("uid 65534"), HasSubstr("uid 0")));
  EXPECT_TRUE(RocksdbStateStore::open(state(), reading())) << "reading leaves no files behind";
}

// The sentence that a process without the right to write gets; as a forked one, since root may
// write anywhere.
TEST_F(StateProcessTest, AFolderThatCannotBeWrittenIsRefused) {
  std::filesystem::create_directory(state());
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(state().c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(::chmod(state().parent_path().c_str(), 0755), 0);
  }
  ASSERT_EQ(::chmod(state().c_str(), 0500), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) {
      ::_exit(10);
    }
    auto refused = RocksdbStateStore::open(state(), creating());
    const bool as_promised = !refused && refused.error().kind == ErrorKind::kPrivilege &&
                             refused.error().message.find(state().string()) != std::string::npos &&
                             refused.error().message.find("Permission denied") != std::string::npos;
    ::_exit(as_promised ? 0 : 11);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ASSERT_EQ(::chmod(state().c_str(), 0700), 0);
}

}  // namespace
}  // namespace couplet::test
