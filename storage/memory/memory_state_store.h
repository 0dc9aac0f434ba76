#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/result.h"
#include "engine/ports/state_store.h"

namespace couplet {

// A state without a disk: for tests and simulations, and, laid above another store, for dry runs:
// reads fall through to what lies below, writes stay here and are forgotten with it.
//
// Safe for concurrent use. Nothing is durable, so both durabilities mean the same. The only errors
// are those of the store below. Cursors must not outlive the store that made them.
class MemoryStateStore final : public StateStore {
 public:
  MemoryStateStore();
  // `below` must outlive this store and is never written by it. It should not change meanwhile: a
  // cursor is as of one moment in each of the two stores, but of two moments.
  explicit MemoryStateStore(const StateStore& below);
  ~MemoryStateStore() override;
  MemoryStateStore(const MemoryStateStore&) = delete;
  MemoryStateStore& operator=(const MemoryStateStore&) = delete;

  Result<void> commit(const StateBatch& batch, Durability durability) override;
  [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                       std::string_view key) const override;
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_many(
      Family family, std::span<const std::string> keys) const override;
  [[nodiscard]] std::unique_ptr<StateCursor> cursor(Family family) const override;
  [[nodiscard]] std::uint64_t bytes() const override;  // Those of the store below.
  [[nodiscard]] Result<std::vector<std::string>> verify() const override;  // Likewise.

  // Entries held here, erased ones that hide one below or wait for a cursor included.
  [[nodiscard]] std::size_t entries() const;

 private:
  class Cursor;

  // What a key was from one commit on; nullopt: erased.
  struct Version {
    std::uint64_t commit = 0;
    std::optional<std::string> value;
  };
  // Ascending by commit. More than one only while a cursor may still need the older ones.
  using Versions = std::vector<Version>;
  using Entries = std::map<std::string, Versions, std::less<>>;

  void write(const StateBatch::Change& change);
  void release(std::uint64_t commit) const;
  // What `versions` held at `commit`; nullptr: it was not there yet.
  static const Version* as_of(const Versions& versions, std::uint64_t commit);

  const StateStore* below_ = nullptr;
  mutable std::shared_mutex mutex_;  // Guards all that follows.
  std::uint64_t commits_ = 0;
  mutable std::array<Entries, kFamilies> families_;
  // Commits that living cursors see. Only with none alive are entries removed, so that a cursor's
  // place in the map stays good.
  mutable std::multiset<std::uint64_t> cursors_;
  // Keys with versions to drop once the last cursor is gone.
  mutable std::set<std::pair<Family, std::string>> stale_;
};

}  // namespace couplet
