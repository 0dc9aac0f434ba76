// The state and damage to its files: it is told, with advice, or it does no harm; never is a part
// of the links served as if it were all.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/integration/state/state_content.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// A state as it lies on a disk, to be damaged and put right again.
class StateDamageTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kBatches = 3000;
  static constexpr std::uint64_t kInLog = 100;

  StateDamageTest() : seed_(std::random_device{}()), random_(seed_) {}

  // Files of several levels, and a log with synced batches that no file has yet: the folder is
  // copied while it is open, as a kill would leave it.
  void SetUp() override {
    std::cout << "seed " << seed_ << '\n';
    RocksdbStateStore::Settings settings;
    settings.create = true;
    settings.cache_bytes = std::size_t{1} << 20U;
    for (const auto& [first, last] : {std::pair{std::uint64_t{1}, kBatches - kInLog},
                                      std::pair{kBatches - kInLog + 1, kBatches}}) {
      auto store = RocksdbStateStore::open(folder_.path() / "made", settings);
      ASSERT_TRUE(store) << store.error().message;
      for (std::uint64_t number = first; number <= last; ++number) {
        ASSERT_TRUE((*store)->commit(numbered_batch(number), Durability::kLater));
      }
      ASSERT_TRUE((*store)->commit({}, Durability::kSynced));
      if (last == kBatches) {
        fs::copy(folder_.path() / "made", state());
        fs::permissions(state(), fs::perms::owner_all);
      }
    }
    for (const auto& file : fs::directory_iterator(state())) {
      files_[file.path().filename()] = read_file(file.path());
    }
  }

  [[nodiscard]] fs::path state() const { return folder_.path() / "state"; }
  std::mt19937& random() { return random_; }
  const std::map<std::string, std::string>& files() const { return files_; }

  std::size_t any_place(const std::string& bytes) {
    return std::uniform_int_distribution<std::size_t>(0, bytes.size() - 1)(random_);
  }

  void put_right() {
    for (const auto& file : fs::directory_iterator(state())) {
      if (!files_.contains(file.path().filename())) {
        fs::remove(file.path());
      }
    }
    for (const auto& [name, bytes] : files_) {
      write_file(state() / name, bytes);
    }
  }

  std::map<std::string, std::string> present_files() const {
    std::map<std::string, std::string> present;
    for (const auto& file : fs::directory_iterator(state())) {
      // Those that say who has it open, not what is in it.
      if (file.path().filename() != "LOCK" && file.path().filename() != "couplet.lock") {
        present[file.path().filename()] = read_file(file.path());
      }
    }
    return present;
  }

  // Opens what is there, reads all of it and writes: either all is as it was, or someone was told.
  // Returns whether someone was.
  bool is_told_or_harmless(const std::string& damage) {
    const auto before = present_files();
    auto store = RocksdbStateStore::open(state(), {});
    if (!store) {
      EXPECT_EQ(store.error().kind, ErrorKind::kStateCorrupt)
          << damage << ": " << store.error().message;
      EXPECT_THAT(store.error().message, HasSubstr(state().string())) << damage;
      EXPECT_THAT(store.error().hint, HasSubstr("backup")) << damage;
      EXPECT_TRUE(present_files() == before) << damage << ": a refused state is left as it is";
      return true;
    }
    const auto found = find_content(**store);
    if (!found.read) {
      EXPECT_EQ(found.read.error().kind, ErrorKind::kStateCorrupt)
          << damage << ": " << found.read.error().message;
      EXPECT_THAT(found.read.error().hint, HasSubstr("backup")) << damage;
      const auto written = (*store)->commit(numbered_batch(kBatches + 1), Durability::kSynced);
      EXPECT_FALSE(written) << damage << ": nothing is written after damage was found";
      const auto problems = (*store)->verify();
      EXPECT_TRUE(problems && !problems->empty()) << damage << ": verify finds it too";
      return true;
    }
    EXPECT_EQ(found.inconsistency, "") << damage;
    EXPECT_EQ(found.newest, kBatches) << damage;
    return false;
  }

 private:
  const std::uint32_t seed_;
  std::mt19937 random_;
  TemporaryFolder folder_{fast_parent()};
  std::map<std::string, std::string> files_;
};

bool is_table(const std::string& name) { return fs::path(name).extension() == ".sst"; }
bool is_log(const std::string& name) { return fs::path(name).extension() == ".log"; }
bool is_manifest(const std::string& name) { return name.starts_with("MANIFEST-"); }

TEST_F(StateDamageTest, UndamagedItIsWhole) {
  EXPECT_FALSE(is_told_or_harmless("none"));
  std::set<std::string> kinds;
  for (const auto& [name, bytes] : files()) {
    if (!bytes.empty()) {
      kinds.insert(is_table(name)      ? "table"
                   : is_log(name)      ? "log"
                   : is_manifest(name) ? "manifest"
                                       : "");
    }
  }
  EXPECT_TRUE(kinds.contains("table") && kinds.contains("log") && kinds.contains("manifest"));
}

TEST_F(StateDamageTest, AFlippedBitIsToldOrHarmlessInWhateverFile) {
  std::map<std::string, int> told;
  for (const auto& [name, bytes] : files()) {
    if (bytes.empty()) {
      continue;
    }
    for (int flip = 0; flip < 8; ++flip) {
      std::string damaged = bytes;
      const std::size_t at = any_place(bytes);
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random()() % 8)));
      write_file(state() / name, damaged);
      const bool was_told = is_told_or_harmless(fmt::format("{} flipped at {}", name, at));
      told[is_table(name)      ? "table"
           : is_log(name)      ? "log"
           : is_manifest(name) ? "manifest"
                               : ""] += was_told ? 1 : 0;
      // By its length or its kind one of a manifest's last records may look torn, as a crash leaves
      // it; what was in it is in the log still.
      EXPECT_TRUE(was_told || !is_log(name))
          << name << " flipped at " << at << " of " << bytes.size();
      put_right();
    }
  }
  EXPECT_GT(told["table"], 0);
  EXPECT_GT(told["log"], 0);
  EXPECT_GT(told["manifest"], 0);
}

TEST_F(StateDamageTest, AFileCutShortIsToldOrHarmless) {
  for (const auto& [name, bytes] : files()) {
    if (bytes.empty()) {
      continue;
    }
    for (int cut = 0; cut < 4; ++cut) {
      const std::size_t size = cut == 0 ? 0 : any_place(bytes);
      write_file(state() / name, bytes.substr(0, size));
      const bool was_told =
          is_told_or_harmless(fmt::format("{} cut to {} of {}", name, size, bytes.size()));
      // A manifest that ends between two of its records is one of an earlier moment.
      EXPECT_TRUE(was_told || !(is_log(name) || is_table(name)))
          << name << " cut to " << size << " of " << bytes.size();
      put_right();
    }
  }
}

TEST_F(StateDamageTest, AMissingFileIsToldOrHarmless) {
  for (const auto& [name, bytes] : files()) {
    fs::remove(state() / name);
    const bool was_told = is_told_or_harmless(name + " removed");
    const bool matters = is_table(name) || is_manifest(name) || name == "CURRENT" ||
                         name == "couplet.synced" || (is_log(name) && !bytes.empty());
    EXPECT_TRUE(was_told || !matters) << name;
    put_right();
  }
}

TEST_F(StateDamageTest, WithoutAnyManifestItIsNotTakenForAnEmptyState) {
  for (const auto& [name, bytes] : files()) {
    if (is_manifest(name) || name == "CURRENT") {
      fs::remove(state() / name);
    }
  }
  RocksdbStateStore::Settings settings;
  settings.create = true;
  for (const bool read_only : {true, false}) {
    settings.read_only = read_only;
    auto refused = RocksdbStateStore::open(state(), settings);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kStateCorrupt);
    EXPECT_THAT(refused.error().message, HasSubstr("CURRENT is missing"));
  }
}

// Files of two moments, as a copy that was made while the state was in use.
TEST_F(StateDamageTest, OlderFilesUnderANewerMarkAreRefused) {
  {
    auto store = RocksdbStateStore::open(state(), {});
    ASSERT_TRUE(store) << store.error().message;
    ASSERT_TRUE((*store)->commit(numbered_batch(kBatches + 1), Durability::kSynced));
  }
  const std::string mark = read_file(state() / "couplet.synced");
  put_right();
  write_file(state() / "couplet.synced", mark);
  EXPECT_TRUE(is_told_or_harmless("older files"));
}

// Damage that is found by looking for it, before anyone meets it: every file is named.
TEST_F(StateDamageTest, VerifyNamesEveryDamagedFile) {
  std::vector<std::string> damaged;
  for (const auto& [name, bytes] : files()) {
    if (is_table(name)) {
      std::string flipped = bytes;
      flipped[0] = static_cast<char>(flipped[0] ^ 1);  // In the first block of data.
      write_file(state() / name, flipped);
      damaged.push_back(name);
    }
  }
  ASSERT_THAT(damaged, Not(IsEmpty()));
  for (const bool read_only : {true, false}) {
    RocksdbStateStore::Settings settings;
    settings.read_only = read_only;
    auto store = RocksdbStateStore::open(state(), settings);
    ASSERT_TRUE(store) << store.error().message;
    const auto problems = (*store)->verify();
    ASSERT_TRUE(problems) << problems.error().message;
    for (const std::string& name : damaged) {
      EXPECT_THAT(*problems, testing::Contains(HasSubstr(name)));
    }
    const auto written = (*store)->commit(numbered_batch(1), Durability::kLater);
    EXPECT_FALSE(written);
    store->reset();
    put_right();
    for (const std::string& name : damaged) {
      std::string flipped = files().at(name);
      flipped[0] = static_cast<char>(flipped[0] ^ 1);
      write_file(state() / name, flipped);
    }
  }
}

// Damage that happens while the state is open.
TEST_F(StateDamageTest, VerifyReadsTheFilesNotTheMemory) {
  auto store = RocksdbStateStore::open(state(), {});
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE(find_content(**store).read) << "all of it is in the cache now";
  for (const auto& file : fs::directory_iterator(state())) {
    if (is_manifest(file.path().filename())) {
      std::string bytes = read_file(file.path());
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      write_file(file.path(), bytes);
    }
  }
  const auto problems = (*store)->verify();
  ASSERT_TRUE(problems) << problems.error().message;
  EXPECT_THAT(*problems, Not(IsEmpty()));
}

}  // namespace
}  // namespace couplet::test
