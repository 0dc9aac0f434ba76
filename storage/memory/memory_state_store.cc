#include "storage/memory/memory_state_store.h"

#include <algorithm>
#include <mutex>

namespace couplet {

// Two ascending sequences merged: the entries held here as of one commit, and the store below.
// Where both have a key, ours wins; an erased one of ours hides the other.
class MemoryStateStore::Cursor final : public StateCursor {
 public:
  Cursor(const MemoryStateStore& store, Family family, std::uint64_t commit,
         std::unique_ptr<StateCursor> below)
      : store_(store),
        entries_(store.families_[static_cast<std::size_t>(family)]),
        commit_(commit),
        below_(std::move(below)),
        place_(entries_.end()) {}
  ~Cursor() override { store_.release(commit_); }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  void seek(std::string_view key) override {
    if (below_) {
      below_->seek(key);
    }
    const std::shared_lock lock(store_.mutex_);
    place_ = entries_.lower_bound(key);
    settle();
  }

  [[nodiscard]] bool valid() const override { return valid_; }

  void next() override {
    COUPLET_CHECK(valid_);
    const std::shared_lock lock(store_.mutex_);
    if (from_below_) {
      below_->next();
    } else {
      ++place_;
    }
    settle();
  }

  [[nodiscard]] std::string_view key() const override {
    COUPLET_CHECK(valid_);
    return key_;
  }
  [[nodiscard]] std::string_view value() const override {
    COUPLET_CHECK(valid_);
    return value_;
  }
  [[nodiscard]] Result<void> status() const override {
    return below_ ? below_->status() : Result<void>{};
  }

 private:
  // Copies the smaller of the two next entries, passing over those that are hidden or too new. An
  // error below ends the whole: what we hold alone would look like all there is.
  void settle() {
    valid_ = false;
    for (;;) {
      const Version* version = nullptr;
      while (place_ != entries_.end() && (version = as_of(place_->second, commit_)) == nullptr) {
        ++place_;
      }
      if (below_ && !below_->valid() && !below_->status()) {
        return;
      }
      if (below_ && below_->valid() &&
          (place_ == entries_.end() || below_->key() < place_->first)) {
        take(below_->key(), below_->value(), true);
        return;
      }
      if (place_ == entries_.end()) {
        return;
      }
      if (below_ && below_->valid() && below_->key() == place_->first) {
        below_->next();
        if (!below_->valid() && !below_->status()) {
          return;
        }
      }
      if (version->value) {
        take(place_->first, *version->value, false);
        return;
      }
      ++place_;
    }
  }

  void take(std::string_view key, std::string_view value, bool from_below) {
    key_.assign(key);
    value_.assign(value);
    from_below_ = from_below;
    valid_ = true;
  }

  const MemoryStateStore& store_;
  const Entries& entries_;
  const std::uint64_t commit_;
  std::unique_ptr<StateCursor> below_;
  Entries::const_iterator place_;
  bool valid_ = false;
  bool from_below_ = false;
  std::string key_;
  std::string value_;
};

MemoryStateStore::MemoryStateStore() = default;
MemoryStateStore::MemoryStateStore(const StateStore& below) : below_(&below) {}

MemoryStateStore::~MemoryStateStore() { COUPLET_CHECK(cursors_.empty()); }

const MemoryStateStore::Version* MemoryStateStore::as_of(const Versions& versions,
                                                         std::uint64_t commit) {
  const auto after =
      std::partition_point(versions.begin(), versions.end(),
                           [&](const Version& version) { return version.commit <= commit; });
  return after == versions.begin() ? nullptr : &*std::prev(after);
}

Result<void> MemoryStateStore::commit(const StateBatch& batch, Durability /*durability*/) {
  const std::unique_lock lock(mutex_);
  ++commits_;
  for (const StateBatch::Change& change : batch.changes()) {
    write(change);
  }
  return {};
}

void MemoryStateStore::write(const StateBatch::Change& change) {
  Entries& entries = families_[static_cast<std::size_t>(change.family)];
  const auto place = entries.try_emplace(change.key).first;
  Versions& versions = place->second;
  if (cursors_.empty()) {
    versions.clear();
    if (!change.value && below_ == nullptr) {
      entries.erase(place);
      return;
    }
  } else if (!versions.empty() && versions.back().commit > *cursors_.rbegin()) {
    versions.pop_back();  // Made after the youngest cursor, so no cursor sees it.
  }
  versions.push_back({commits_, change.value});
  if (versions.size() > 1 || !change.value) {
    if (!cursors_.empty()) {
      stale_.emplace(change.family, change.key);
    }
  }
}

void MemoryStateStore::release(std::uint64_t commit) const {
  const std::unique_lock lock(mutex_);
  cursors_.erase(cursors_.find(commit));
  if (!cursors_.empty()) {
    return;
  }
  for (const auto& [family, key] : stale_) {
    Entries& entries = families_[static_cast<std::size_t>(family)];
    const auto place = entries.find(key);
    if (place == entries.end()) {
      continue;
    }
    Versions& versions = place->second;
    versions.erase(versions.begin(), std::prev(versions.end()));
    if (!versions.back().value && below_ == nullptr) {
      entries.erase(place);
    }
  }
  stale_.clear();
}

Result<std::optional<std::string>> MemoryStateStore::get(Family family,
                                                         std::string_view key) const {
  {
    const std::shared_lock lock(mutex_);
    const Entries& entries = families_[static_cast<std::size_t>(family)];
    if (const auto place = entries.find(key); place != entries.end()) {
      return place->second.back().value;
    }
  }
  if (below_ == nullptr) {
    return std::nullopt;
  }
  return below_->get(family, key);
}

Result<std::vector<std::optional<std::string>>> MemoryStateStore::get_many(
    Family family, std::span<const std::string> keys) const {
  std::vector<std::optional<std::string>> values(keys.size());
  std::vector<std::size_t> missing;
  {
    const std::shared_lock lock(mutex_);
    const Entries& entries = families_[static_cast<std::size_t>(family)];
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (const auto place = entries.find(keys[i]); place != entries.end()) {
        values[i] = place->second.back().value;
      } else {
        missing.push_back(i);
      }
    }
  }
  if (below_ == nullptr || missing.empty()) {
    return values;
  }
  if (missing.size() == keys.size()) {
    return below_->get_many(family, keys);
  }
  std::vector<std::string> asked;
  asked.reserve(missing.size());
  for (const std::size_t i : missing) {
    asked.push_back(keys[i]);
  }
  COUPLET_ASSIGN(auto found, below_->get_many(family, asked));
  for (std::size_t i = 0; i < missing.size(); ++i) {
    values[missing[i]] = std::move(found[i]);
  }
  return values;
}

std::unique_ptr<StateCursor> MemoryStateStore::cursor(Family family) const {
  auto below = below_ == nullptr ? nullptr : below_->cursor(family);
  const std::unique_lock lock(mutex_);
  auto made = std::make_unique<Cursor>(*this, family, commits_, std::move(below));
  cursors_.insert(commits_);
  return made;
}

std::uint64_t MemoryStateStore::bytes() const { return below_ == nullptr ? 0 : below_->bytes(); }

Result<std::vector<std::string>> MemoryStateStore::verify() const {
  return below_ == nullptr ? std::vector<std::string>{} : below_->verify();
}

std::size_t MemoryStateStore::entries() const {
  const std::shared_lock lock(mutex_);
  std::size_t count = 0;
  for (const Entries& entries : families_) {
    count += entries.size();
  }
  return count;
}

}  // namespace couplet
