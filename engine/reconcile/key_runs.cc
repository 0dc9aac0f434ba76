#include "engine/reconcile/key_runs.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>

#include "engine/model/wire.h"

namespace couplet {
namespace {

// Before each key. In the machine's order: it is read by the process that wrote it.
struct Head {
  std::uint32_t length = 0;
  Digest digest;
};
constexpr std::size_t kHeadBytes = sizeof(std::uint32_t) + sizeof(std::uint64_t);

void append_head(std::string& out, const Head& head) {
  std::array<char, kHeadBytes> bytes;
  std::memcpy(bytes.data(), &head.length, sizeof(std::uint32_t));
  std::memcpy(bytes.data() + sizeof(std::uint32_t), &head.digest.value, sizeof(std::uint64_t));
  out.append(bytes.data(), bytes.size());
}

Head head_at(const char* bytes) {
  Head head;
  std::memcpy(&head.length, bytes, sizeof(std::uint32_t));
  std::memcpy(&head.digest.value, bytes + sizeof(std::uint32_t), sizeof(std::uint64_t));
  return head;
}

// How many of the first bytes are the same.
std::size_t common_bytes(std::string_view a, std::string_view b) {
  constexpr std::size_t kStep = 512;
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t same = 0;
  while (same + kStep <= most && std::memcmp(a.data() + same, b.data() + same, kStep) == 0) {
    same += kStep;
  }
  while (same < most && a[same] == b[same]) {
    ++same;
  }
  return same;
}

std::uint64_t prefix_of(std::string_view key) {
  std::array<char, sizeof(std::uint64_t)> bytes{};
  std::memcpy(bytes.data(), key.data(), std::min(key.size(), bytes.size()));
  return wire::read<std::uint64_t>(bytes.data());
}

}  // namespace

std::string_view KeyRuns::key_at(std::size_t at) const {
  const char* const entry = arena_.data() + at;
  return {entry + kHeadBytes, head_at(entry).length};
}

Result<void> KeyRuns::add(std::string_view key, Digest digest) {
  const std::size_t at = arena_.size();
  if (ascending_ && at > 0 && key < key_at(last_at_)) {
    ascending_ = false;
    for (std::size_t each = 0; each < at; each += kHeadBytes + key_at(each).size()) {
      places_.push_back({prefix_of(key_at(each)), each});
    }
  }
  append_head(arena_, {static_cast<std::uint32_t>(key.size()), digest});
  arena_.append(key);
  last_at_ = at;
  if (!ascending_) {
    places_.push_back({prefix_of(key), at});
  }
  return arena_.size() >= memory_ ? spill() : Result<void>{};
}

void KeyRuns::sort() {
  if (ascending_) {
    return;
  }
  std::sort(places_.begin(), places_.end(), [this](const Place& a, const Place& b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : key_at(a.at) < key_at(b.at);
  });
  std::string sorted;
  sorted.reserve(arena_.size());
  for (const Place& place : places_) {
    last_at_ = sorted.size();
    sorted.append(arena_, place.at, kHeadBytes + key_at(place.at).size());
  }
  arena_ = std::move(sorted);
  places_.clear();
  ascending_ = true;
}

Result<void> KeyRuns::spill() {
  sort();
  if (runs_.empty() || key_at(0) < last_) {
    runs_.push_back({});
    runs_.back().next = file_.size();
  }
  COUPLET_TRY(file_.append(arena_));
  runs_.back().end = file_.size();
  last_ = key_at(last_at_);
  arena_.clear();
  return {};
}

Result<void> KeyRuns::start() {
  if (runs_.empty() && !arena_.empty()) {  // All of them fit.
    sort();
    runs_.emplace_back().ahead = std::move(arena_);
  } else if (!arena_.empty()) {
    COUPLET_TRY(spill());
  }
  arena_ = {};
  places_ = {};
  constexpr std::size_t kReadAheadMost = 1U << 20U;
  constexpr std::size_t kReadAheadLeast = 1U << 14U;
  read_ahead_ =
      std::clamp(memory_ / std::max<std::size_t>(runs_.size(), 1), kReadAheadLeast, kReadAheadMost);
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    COUPLET_ASSIGN(const bool more, advance(runs_[i]));
    COUPLET_CHECK(more);
    order_.push_back(i);
  }
  const auto after = [this](std::size_t a, std::size_t b) { return runs_[b].key < runs_[a].key; };
  std::make_heap(order_.begin(), order_.end(), after);
  return {};
}

// To the next entry of a run; false: there is none.
Result<bool> KeyRuns::advance(Run& run) {
  const auto whole = [&run] {
    const std::size_t left = run.ahead.size() - run.at;
    return left >= kHeadBytes && left - kHeadBytes >= head_at(run.ahead.data() + run.at).length;
  };
  for (std::size_t room = read_ahead_; !whole(); room *= 2) {
    const std::uint64_t left = run.end - run.next;
    if (left == 0) {
      return false;
    }
    run.ahead.erase(0, run.at);
    run.at = 0;
    const std::size_t kept = run.ahead.size();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, room));
    run.ahead.resize(kept + wanted);
    COUPLET_ASSIGN(const std::size_t got, file_.read(run.next, run.ahead.data() + kept, wanted));
    COUPLET_CHECK(got == wanted);
    run.next += got;
  }
  const char* const entry = run.ahead.data() + run.at;
  const Head head = head_at(entry);
  run.digest = head.digest;
  run.key = {entry + kHeadBytes, head.length};
  run.at += kHeadBytes + head.length;
  return true;
}

Result<void> KeyRuns::next() {
  const auto after = [this](std::size_t a, std::size_t b) { return runs_[b].key < runs_[a].key; };
  if (order_.size() > 1) {
    std::pop_heap(order_.begin(), order_.end(), after);
  }
  COUPLET_ASSIGN(const bool more, advance(runs_[order_.back()]));
  if (!more) {
    order_.pop_back();
  } else if (order_.size() > 1) {
    std::push_heap(order_.begin(), order_.end(), after);
  }
  return {};
}

std::string_view KeyRuns::Run::unread() const {
  const char* const entry = key.data() - kHeadBytes;
  return {entry, static_cast<std::size_t>(ahead.data() + ahead.size() - entry)};
}

// Entries are compared as bytes, many at once: what is equal is equal to the byte.
Result<void> KeyRuns::skip_alike(KeyRuns& a, KeyRuns& b) {
  while (a.order_.size() == 1 && b.order_.size() == 1) {
    Run& run_a = a.runs_[a.order_.front()];
    Run& run_b = b.runs_[b.order_.front()];
    const std::string_view left = run_a.unread();
    const std::string_view right = run_b.unread();
    const std::size_t alike = common_bytes(left, right);
    std::size_t whole = 0;
    for (std::size_t end = 0; end + kHeadBytes <= alike;) {
      end += kHeadBytes + head_at(left.data() + end).length;
      whole = end <= alike ? end : whole;
    }
    if (whole == 0) {
      return {};
    }
    for (auto [runs, run, from] :
         {std::tuple{&a, &run_a, left.data()}, std::tuple{&b, &run_b, right.data()}}) {
      run->at = static_cast<std::size_t>(from - run->ahead.data()) + whole;
      COUPLET_ASSIGN(const bool more, runs->advance(*run));
      if (!more) {
        runs->order_.pop_back();
      }
    }
  }
  return {};
}

}  // namespace couplet
