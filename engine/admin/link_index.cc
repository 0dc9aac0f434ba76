#include "engine/admin/link_index.h"

#include <map>

#include "engine/ports/tuning.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/records.h"
#include "engine/sync/state.h"

namespace couplet {
namespace {

constexpr std::uint16_t kContributors = 0x8000;
constexpr std::size_t kPairBytes = 2;

// The families of one pair of entities, each looked at from the other.
class PairCheck {
 public:
  PairCheck(const StateStore& store, std::uint16_t pair)
      : store_(store),
        prefix_(u16_key(pair)),
        contributors_(u16_key(static_cast<std::uint16_t>(pair | kContributors))) {}

  Result<std::vector<std::string>> run() {
    COUPLET_ASSIGN(many_, any(contributors_));
    COUPLET_TRY(look_from_the_left());
    COUPLET_TRY(many_ ? count_contributors() : look_from_the_right());
    std::vector<std::string> problems;
    const auto add = [&](std::uint64_t count, const char* one, const char* several) {
      if (count > 0) {
        problems.push_back(std::to_string(count) + (count == 1 ? one : several));
      }
    };
    add(lost_, " link is not found from its other end",
        " links are not found from their other end");
    add(surplus_, " entry of the other end leads to no link",
        " entries of the other end lead to no link");
    add(no_target_, " contributor has a target of which nothing is recorded",
        " contributors have a target of which nothing is recorded");
    return problems;
  }

 private:
  [[nodiscard]] Result<bool> any(const std::string& prefix) const {
    const auto cursor = store_.cursor(Family::kLinksRight);
    cursor->seek(prefix);
    COUPLET_TRY(cursor->status());
    return cursor->valid() && cursor->key().starts_with(prefix);
  }

  // Calls `check(keys, values)` for the records of the pair, a batch at a time.
  template <typename Check>
  Result<void> each_batch(Family family, const std::string& prefix, const Check& check) const {
    const auto cursor = store_.cursor(family);
    cursor->seek(prefix);
    while (cursor->valid() && cursor->key().starts_with(prefix)) {
      std::vector<std::string> keys;
      std::vector<std::string> values;
      for (;
           keys.size() < tuning::kBatchRows && cursor->valid() && cursor->key().starts_with(prefix);
           cursor->next()) {
        keys.emplace_back(cursor->key().substr(kPairBytes));
        values.emplace_back(cursor->value());
      }
      COUPLET_TRY(check(keys, values));
    }
    return cursor->status();
  }

  // The key of the other end, which a link and a contribution both begin with.
  [[nodiscard]] Result<std::string> other_end(const std::string& record) const {
    if (many_) {
      COUPLET_ASSIGN(const Contribution contribution, decode_contribution(record));
      return contribution.target.bytes;
    }
    Link link;
    std::uint16_t shape = 0;
    COUPLET_TRY(decode_link(record, link, shape));
    return link.right.bytes;
  }

  Result<void> look_from_the_left() {
    return each_batch(
        Family::kLinks, prefix_,
        [&](const std::vector<std::string>& keys,
            const std::vector<std::string>& records) -> Result<void> {
          std::vector<std::string> index;
          std::vector<std::string> targets;
          for (std::size_t i = 0; i < keys.size(); ++i) {
            COUPLET_ASSIGN(const std::string end, other_end(records[i]));
            index.push_back(many_ ? contributors_ + end + keys[i] : prefix_ + end);
            targets.push_back(prefix_ + end);
          }
          COUPLET_ASSIGN(const auto found, store_.get_many(Family::kLinksRight, index));
          for (std::size_t i = 0; i < keys.size(); ++i) {
            lost_ += found[i] && (many_ || *found[i] == keys[i]) ? 0 : 1;
          }
          links_ += keys.size();
          if (many_) {
            COUPLET_ASSIGN(const auto recorded, store_.get_many(Family::kLinksRight, targets));
            for (const auto& target : recorded) {
              no_target_ += target ? 0 : 1;
            }
          }
          return {};
        });
  }

  Result<void> look_from_the_right() {
    return each_batch(Family::kLinksRight, prefix_,
                      [&](const std::vector<std::string>& keys,
                          const std::vector<std::string>& lefts) -> Result<void> {
                        std::vector<std::string> links;
                        for (const std::string& left : lefts) {
                          links.push_back(prefix_ + left);
                        }
                        COUPLET_ASSIGN(const auto found, store_.get_many(Family::kLinks, links));
                        for (std::size_t i = 0; i < keys.size(); ++i) {
                          bool leads_back = false;
                          if (found[i]) {
                            COUPLET_ASSIGN(const std::string end, other_end(*found[i]));
                            leads_back = end == keys[i];
                          }
                          surplus_ += leads_back ? 0 : 1;
                        }
                        return {};
                      });
  }

  // Where target and contributor meet in a key only their types tell. But every contributor that is
  // found has an entry of its own, so those that are too many are counted.
  Result<void> count_contributors() {
    std::uint64_t entries = 0;
    COUPLET_TRY(each_batch(
        Family::kLinksRight, contributors_,
        [&](const std::vector<std::string>& keys, const auto& /*values*/) -> Result<void> {
          entries += keys.size();
          return {};
        }));
    const std::uint64_t found = links_ - lost_;
    surplus_ += entries > found ? entries - found : 0;
    return {};
  }

  const StateStore& store_;
  std::string prefix_;
  std::string contributors_;
  bool many_ = false;
  std::uint64_t links_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t surplus_ = 0;
  std::uint64_t no_target_ = 0;
};

// Pairs by number, with their names.
Result<std::map<std::uint16_t, std::string>> pairs_of(const StateStore& store) {
  std::map<std::uint16_t, std::string> pairs;
  const std::string_view prefix = meta_key::kPair;
  const auto cursor = store.cursor(Family::kMeta);
  for (cursor->seek(prefix); cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    pairs[ByteReader(cursor->value()).u16()] = cursor->key().substr(prefix.size());
  }
  COUPLET_TRY(cursor->status());
  return pairs;
}

}  // namespace

Result<std::vector<std::string>> verify_link_index(const StateStore& store) {
  COUPLET_ASSIGN(const auto pairs, pairs_of(store));
  std::vector<std::string> problems;
  for (const auto& [pair, name] : pairs) {
    COUPLET_ASSIGN(const auto found, PairCheck(store, pair).run());
    for (const std::string& problem : found) {
      problems.push_back(std::string("links of ").append(name).append(": ").append(problem));
    }
  }
  return problems;
}

}  // namespace couplet
