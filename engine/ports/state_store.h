#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/result.h"

// The durable state, as ordered families of bytes. What the bytes mean is engine/sync/state.h and
// docs/state-format.md. tests/contract/state_store_contract.h runs against every implementation.
namespace couplet {

// By access, not by noun (DESIGN section 8). The values are part of the format: never renumbered.
enum class Family : std::uint8_t {
  kMeta = 0,
  kLinks = 1,
  kLinksRight = 2,
  kPositions = 3,
  kDirty = 4,
  kWaiting = 5,
  kAssemblies = 6,
  kParked = 7,
  kHeld = 8,
  kConflicts = 9,
  kTombstones = 10,
  kIntents = 11,
  kTopics = 12,
};
inline constexpr std::size_t kFamilies = 13;
const char* name_of(Family family);

// Changes that become visible and durable together.
class StateBatch {
 public:
  struct Change {
    Family family;
    std::string key;
    std::optional<std::string> value;  // nullopt: delete
  };
  void put(Family family, std::string key, std::string value) {
    changes_.push_back({family, std::move(key), std::move(value)});
  }
  void erase(Family family, std::string key) {
    changes_.push_back({family, std::move(key), std::nullopt});
  }
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] bool empty() const { return changes_.empty(); }
  void clear() { changes_.clear(); }

 private:
  std::vector<Change> changes_;  // Later ones win over earlier ones of the same key.
};

enum class Durability : std::uint8_t {
  kSynced,  // On disk when the call returns, with every batch committed before it.
  kLater,   // Visible at once; durable with the next synced batch. Survives a kill of the process.
};

// Ascending by bytes over one family, as of when it was made.
class StateCursor {
 public:
  virtual ~StateCursor() = default;
  // To the first key at or after `key`.
  virtual void seek(std::string_view key) = 0;
  [[nodiscard]] virtual bool valid() const = 0;
  virtual void next() = 0;
  // Live until the cursor moves.
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  // What stopped it, if it stopped for an error: an invalid cursor is the end only if this is fine.
  [[nodiscard]] virtual Result<void> status() const = 0;
};

// The code of a kDiskFull that does not pass by itself: the store has to be opened anew.
inline constexpr const char* kOpenAnew = "state_to_open_anew";

// Safe for concurrent use. Errors: kDiskFull, kStateCorrupt (a checksum, a missing file), each with
// advice; after kStateCorrupt nothing more is written.
class StateStore {
 public:
  virtual ~StateStore() = default;

  virtual Result<void> commit(const StateBatch& batch, Durability durability) = 0;
  [[nodiscard]] virtual Result<std::optional<std::string>> get(Family family,
                                                               std::string_view key) const = 0;
  // Answers in the order of `keys`, which may be in any order and repeat; ascending is fastest.
  [[nodiscard]] virtual Result<std::vector<std::optional<std::string>>> get_many(
      Family family, std::span<const std::string> keys) const = 0;
  [[nodiscard]] virtual std::unique_ptr<StateCursor> cursor(Family family) const = 0;
  // The same for a walk over much of the family: reads ahead, and does not drive out of memory what
  // look-ups come back to.
  [[nodiscard]] virtual std::unique_ptr<StateCursor> long_cursor(Family family) const {
    return cursor(family);
  }
  // Bytes on disk, about; 0 for a store without disk.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
  // Reads everything back against its checksums. Problems found, as sentences.
  [[nodiscard]] virtual Result<std::vector<std::string>> verify() const = 0;
};

}  // namespace couplet
