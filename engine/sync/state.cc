#include "engine/sync/state.h"

#include <algorithm>
#include <cstring>

#include "engine/model/planted_bug.h"
#include "engine/sync/byte_codec.h"

namespace couplet {
namespace {

// In the second family, contributors of many-to-one targets stand under their pair's id with this
// bit: target key, contributor key. So a walk over the targets does not pass them.
constexpr std::uint16_t kContributorIndex = 0x8000U;
constexpr std::uint16_t kIdsMax = 0x7FFFU;

std::uint16_t u16_of(std::string_view bytes) { return ByteReader(bytes).u16(); }

}  // namespace

Result<bool> has_state_of(const StateStore& store, const std::string& name) {
  COUPLET_ASSIGN(const auto format, store.get(Family::kMeta, meta_key::kFormat));
  if (!format) {
    return false;
  }
  const std::uint16_t version = format->size() == 2 ? u16_of(*format) : 0;
  if (version != State::kFormatVersion) {
    return fail(ErrorKind::kStateForeign,
                "the state has format " + std::to_string(version) + ", this couplet knows " +
                    std::to_string(State::kFormatVersion),
                "run a couplet that knows the state's format");
  }
  COUPLET_ASSIGN(const auto owner, store.get(Family::kMeta, meta_key::kName));
  if (owner && *owner != name) {
    return fail(ErrorKind::kStateForeign,
                "the state belongs to the definition named '" + *owner + "', this one is named '" +
                    name + "'",
                "give this definition a state folder of its own: `state:`; one that was renamed "
                "keeps its state under its old name");
  }
  return true;
}

Result<std::unique_ptr<State>> State::open(StateStore& store, const BoundDefinition& definition,
                                           std::span<const std::string> identities,
                                           Random& random) {
  std::unique_ptr<State> state(new State(store, definition));
  StateBatch batch;
  COUPLET_ASSIGN(const bool made, has_state_of(store, definition.name));
  if (!made) {
    batch.put(Family::kMeta, meta_key::kFormat, u16_key(kFormatVersion));
    batch.put(Family::kMeta, meta_key::kName, definition.name);
  }
  COUPLET_ASSIGN(const auto begun, store.get(Family::kMeta, meta_key::kBegun));
  state->fresh_ = !begun.has_value();

  for (std::size_t i = 0; i < definition.sources.size(); ++i) {
    const std::string key = meta_key::kSource + definition.sources[i];
    COUPLET_ASSIGN(const auto known, store.get(Family::kMeta, key));
    if (known && *known != identities[i]) {
      return fail(ErrorKind::kStateForeign,
                  "the state was made with another database as source '" + definition.sources[i] +
                      "': " + *known + ", now " + identities[i],
                  "point the source at the database that it was, or give this one a state folder "
                  "of its own");
    }
    if (!known) {
      batch.put(Family::kMeta, key, identities[i]);
    }
  }

  COUPLET_ASSIGN(const auto secret, store.get(Family::kMeta, meta_key::kSecret));
  Digester::Secret bytes{};
  if (secret && secret->size() == bytes.size()) {
    std::memcpy(bytes.data(), secret->data(), bytes.size());
  } else if (secret) {
    return fail(ErrorKind::kStateCorrupt, "the state's digest secret is damaged",
                "remove the state folder and run `couplet reconcile --rebuild-state`");
  } else {
    for (unsigned char& byte : bytes) {
      byte = static_cast<unsigned char>(random.next());
    }
    batch.put(Family::kMeta, meta_key::kSecret, std::string(bytes.begin(), bytes.end()));
  }
  state->digester_.emplace(bytes);

  COUPLET_ASSIGN(const auto fingerprint, store.get(Family::kMeta, meta_key::kDefinition));
  state->same_definition_ = fingerprint == definition.fingerprint;
  COUPLET_TRY(state->assign_ids(batch));
  COUPLET_TRY(state->load_shapes(batch));
  if (!batch.empty()) {
    COUPLET_TRY(store.commit(batch, Durability::kSynced));
  }
  return state;
}

Result<void> State::assign_ids(StateBatch& batch) {
  const auto assign = [&](const char* family, const auto& named,
                          std::vector<std::uint16_t>& ids) -> Result<void> {
    std::map<std::string, std::uint16_t> known;
    std::uint16_t next = 0;
    const auto cursor = store_.cursor(Family::kMeta);
    for (cursor->seek(family); cursor->valid() && cursor->key().starts_with(family);
         cursor->next()) {
      const std::uint16_t id = u16_of(cursor->value());
      known[std::string(cursor->key().substr(std::strlen(family)))] = id;
      next = std::max(next, static_cast<std::uint16_t>(id + 1));
    }
    COUPLET_TRY(cursor->status());
    for (const auto& item : named) {
      auto found = known.find(item.name);
      if (found == known.end()) {
        if (next > kIdsMax) {
          return fail(ErrorKind::kStateCorrupt, "the state has no more ids for mappings",
                      "begin with a new state folder");
        }
        found = known.emplace(item.name, next++).first;
        batch.put(Family::kMeta, family + item.name, u16_key(found->second));
      }
      ids.push_back(found->second);
    }
    return {};
  };
  COUPLET_TRY(assign(meta_key::kPair, definition_.pairs, pair_ids_));
  return assign(meta_key::kMapping, definition_.mappings, mapping_ids_);
}

std::string State::pair_key(std::size_t pair, std::string_view key) const {
  std::string bytes = u16_key(pair_ids_[pair]);
  bytes += key;
  return bytes;
}

Result<void> State::decode_link_of(std::size_t pair, std::string_view left, std::string_view value,
                                   Link& link) const {
  std::uint16_t shape = 0;
  COUPLET_TRY(decode_link(value, link, shape));
  link.left.bytes = left;
  adapt(pair, shape, link.agreement.base);
  return {};
}

Result<Target> State::decode_target_of(std::size_t pair, std::string_view value) const {
  std::uint16_t shape = 0;
  COUPLET_ASSIGN(Target target, decode_target(value, shape));
  adapt(pair, shape, target.agreement.base);
  if (shape != shapes_[pair]) {
    // Everyone is to be read again. Nobody is on record, but somebody may have led.
    Winner forgotten;
    forgotten.leads = false;
    target.winners.assign(definition_.pairs[pair].slots.size(), forgotten);
  }
  target.winners.resize(definition_.pairs[pair].slots.size());
  return target;
}

Result<std::vector<std::optional<Link>>> State::links(std::size_t pair, Side side,
                                                      std::span<const ObjectKey> keys) const {
  std::vector<std::optional<Link>> links(keys.size());
  std::vector<std::string> wanted;
  wanted.reserve(keys.size());
  for (const ObjectKey& key : keys) {
    wanted.push_back(pair_key(pair, key.bytes));
  }
  if (side == Side::kRight) {
    COUPLET_ASSIGN(const auto lefts, store_.get_many(Family::kLinksRight, wanted));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      // An unlinked key asks for one that cannot exist: a bare pair id.
      wanted[i] = lefts[i] ? pair_key(pair, *lefts[i]) : pair_key(pair, {});
    }
  }
  COUPLET_ASSIGN(const auto records, store_.get_many(Family::kLinks, wanted));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (records[i]) {
      COUPLET_TRY(decode_link_of(pair, std::string_view(wanted[i]).substr(2), *records[i],
                                 links[i].emplace()));
    }
  }
  return links;
}

Result<std::vector<std::optional<Contribution>>> State::contributions(
    std::size_t pair, std::span<const ObjectKey> contributors) const {
  std::vector<std::string> wanted;
  for (const ObjectKey& key : contributors) {
    wanted.push_back(pair_key(pair, key.bytes));
  }
  COUPLET_ASSIGN(const auto records, store_.get_many(Family::kLinks, wanted));
  std::vector<std::optional<Contribution>> found(contributors.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (records[i]) {
      COUPLET_ASSIGN(found[i], decode_contribution(*records[i]));
    }
  }
  return found;
}

Result<std::vector<std::optional<Target>>> State::targets(
    std::size_t pair, std::span<const ObjectKey> targets) const {
  std::vector<std::string> wanted;
  for (const ObjectKey& key : targets) {
    wanted.push_back(pair_key(pair, key.bytes));
  }
  COUPLET_ASSIGN(const auto records, store_.get_many(Family::kLinksRight, wanted));
  std::vector<std::optional<Target>> found(targets.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (records[i]) {
      COUPLET_ASSIGN(found[i], decode_target_of(pair, *records[i]));
    }
  }
  return found;
}

Result<std::vector<ObjectKey>> State::contributors(std::size_t pair, const ObjectKey& target,
                                                   std::size_t limit) const {
  std::vector<ObjectKey> found;
  const std::string prefix = u16_key(pair_ids_[pair] | kContributorIndex) + target.bytes;
  const auto cursor = store_.cursor(Family::kLinksRight);
  for (cursor->seek(prefix);
       found.size() < limit && cursor->valid() && cursor->key().starts_with(prefix);
       cursor->next()) {
    found.push_back({std::string(cursor->key().substr(prefix.size()))});
  }
  COUPLET_TRY(cursor->status());
  return found;
}

Result<std::vector<std::optional<ObjectKey>>> State::translate(
    std::size_t pair, Side from, std::span<const ObjectKey> keys) const {
  const std::optional<Side> many = definition_.pairs[pair].many;
  std::vector<std::optional<ObjectKey>> found(keys.size());
  if (many && from != *many) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      COUPLET_ASSIGN(auto first, contributors(pair, keys[i], 1));
      if (!first.empty()) {
        found[i] = std::move(first.front());
      }
    }
    return found;
  }
  std::vector<std::string> wanted;
  for (const ObjectKey& key : keys) {
    wanted.push_back(pair_key(pair, key.bytes));
  }
  const bool at_record = many || from == Side::kLeft;
  COUPLET_ASSIGN(const auto records,
                 store_.get_many(at_record ? Family::kLinks : Family::kLinksRight, wanted));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!records[i]) {
      continue;
    }
    if (!at_record) {
      found[i] = ObjectKey{*records[i]};
    } else if (many) {
      COUPLET_ASSIGN(auto contribution, decode_contribution(*records[i]));
      found[i] = std::move(contribution.target);
    } else {
      Link link;
      std::uint16_t shape = 0;
      COUPLET_TRY(decode_link(*records[i], link, shape));
      found[i] = std::move(link.right);
    }
  }
  return found;
}

void State::put(StateBatch& batch, std::size_t pair, const Link& link) const {
  put_record(batch, pair, link);
  batch.put(Family::kLinksRight, pair_key(pair, link.right.bytes), link.left.bytes);
}
void State::put_record(StateBatch& batch, std::size_t pair, const Link& link) const {
  batch.put(Family::kLinks, pair_key(pair, link.left.bytes), encode(link, shapes_[pair]));
}
void State::erase(StateBatch& batch, std::size_t pair, const Link& link) const {
  batch.erase(Family::kLinks, pair_key(pair, link.left.bytes));
  batch.erase(Family::kLinksRight, pair_key(pair, link.right.bytes));
}
Result<void> State::erase_what_is_left(StateBatch& batch, std::size_t pair,
                                       const Link& link) const {
  COUPLET_ASSIGN(const auto at_left, links(pair, Side::kLeft, {&link.left, 1}));
  COUPLET_ASSIGN(const auto at_right,
                 store_.get(Family::kLinksRight, pair_key(pair, link.right.bytes)));
  const bool all = planted("an_id_is_never_used_again");
  if (all || (at_left.front() && at_left.front()->right == link.right)) {
    batch.erase(Family::kLinks, pair_key(pair, link.left.bytes));
  }
  if ((all || at_right == link.left.bytes) && !planted("index_stays")) {
    batch.erase(Family::kLinksRight, pair_key(pair, link.right.bytes));
  }
  return {};
}
void State::put(StateBatch& batch, std::size_t pair, const ObjectKey& contributor,
                const Contribution& contribution) const {
  batch.put(Family::kLinks, pair_key(pair, contributor.bytes), encode(contribution));
  batch.put(
      Family::kLinksRight,
      u16_key(pair_ids_[pair] | kContributorIndex) + contribution.target.bytes + contributor.bytes,
      {});
}
void State::erase(StateBatch& batch, std::size_t pair, const ObjectKey& contributor,
                  const ObjectKey& target) const {
  batch.erase(Family::kLinks, pair_key(pair, contributor.bytes));
  batch.erase(Family::kLinksRight,
              u16_key(pair_ids_[pair] | kContributorIndex) + target.bytes + contributor.bytes);
}
void State::put(StateBatch& batch, std::size_t pair, const ObjectKey& target,
                const Target& record) const {
  batch.put(Family::kLinksRight, pair_key(pair, target.bytes), encode(record, shapes_[pair]));
}
void State::erase_target(StateBatch& batch, std::size_t pair, const ObjectKey& target) const {
  batch.erase(Family::kLinksRight, pair_key(pair, target.bytes));
}

State::LinkCursor State::link_cursor(std::size_t pair, Side side) const {
  const std::optional<Side> many = definition_.pairs[pair].many;
  const bool at_record = many ? side == *many : side == Side::kLeft;
  return {store_.long_cursor(at_record ? Family::kLinks : Family::kLinksRight),
          u16_key(pair_ids_[pair])};
}

State::LinkCursor::LinkCursor(std::unique_ptr<StateCursor> cursor, std::string prefix)
    : cursor_(std::move(cursor)), prefix_(std::move(prefix)) {
  cursor_->seek(prefix_);
  arrive();
}
void State::LinkCursor::arrive() {
  valid_ = cursor_->valid() && cursor_->key().starts_with(prefix_);
  key_ = valid_ ? cursor_->key().substr(prefix_.size()) : std::string_view();
}
void State::LinkCursor::skip_past(std::string_view key) {
  const std::string last = prefix_ + std::string(key);
  cursor_->seek(last);
  if (cursor_->valid() && cursor_->key() == last) {
    cursor_->next();
  }
  arrive();
}

namespace {
std::string tombstone_key(std::string bytes, Side side, const ObjectKey& key) {
  ByteWriter(bytes).u8(static_cast<std::uint8_t>(side));
  return bytes + key.bytes;
}
}  // namespace

Result<std::vector<std::optional<Tombstone>>> State::tombstones(
    std::size_t pair, Side side, std::span<const ObjectKey> keys) const {
  std::vector<std::string> wanted;
  for (const ObjectKey& key : keys) {
    wanted.push_back(tombstone_key(u16_key(pair_ids_[pair]), side, key));
  }
  COUPLET_ASSIGN(const auto records, store_.get_many(Family::kTombstones, wanted));
  std::vector<std::optional<Tombstone>> found(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (records[i]) {
      std::uint16_t shape = 0;
      COUPLET_ASSIGN(found[i], decode_tombstone(*records[i], shape));
      adapt(pair, shape, found[i]->agreement.base);
    }
  }
  return found;
}
State::LinkCursor State::tombstone_cursor(std::size_t pair, Side side) const {
  return {store_.cursor(Family::kTombstones), tombstone_key(u16_key(pair_ids_[pair]), side, {})};
}
Result<std::map<ObjectKey, ObjectKey>> State::survivors(std::size_t pair, Side side,
                                                        const std::set<ObjectKey>& gone) const {
  std::map<ObjectKey, ObjectKey> found;
  LinkCursor cursor = tombstone_cursor(pair, other(side));
  for (; cursor.valid(); cursor.next()) {
    std::uint16_t shape = 0;
    COUPLET_ASSIGN(const Tombstone tombstone, decode_tombstone(cursor.value(), shape));
    if (gone.contains(tombstone.gone)) {
      found[tombstone.gone] = {std::string(cursor.key())};
    }
  }
  COUPLET_TRY(cursor.status());
  return found;
}
void State::put_tombstone(StateBatch& batch, std::size_t pair, Side side, const ObjectKey& key,
                          const Tombstone& tombstone) const {
  batch.put(Family::kTombstones, tombstone_key(u16_key(pair_ids_[pair]), side, key),
            encode(tombstone, shapes_[pair]));
}
void State::erase_tombstone(StateBatch& batch, std::size_t pair, Side side,
                            const ObjectKey& key) const {
  batch.erase(Family::kTombstones, tombstone_key(u16_key(pair_ids_[pair]), side, key));
}

Result<std::vector<Intent>> State::intents() const {
  std::vector<Intent> found;
  const auto cursor = store_.cursor(Family::kIntents);
  for (cursor->seek({}); cursor->valid(); cursor->next()) {
    COUPLET_ASSIGN(Intent intent, decode_intent(cursor->value()));
    found.push_back(std::move(intent));
  }
  COUPLET_TRY(cursor->status());
  return found;
}

namespace {
std::string intent_key(const std::string& source, BatchNumber number) {
  std::string key;
  ByteWriter out(key);
  out.text(source);
  out.u64(number.value);
  return key;
}
}  // namespace

void State::put(StateBatch& batch, const Intent& intent) {
  put_intent(batch, intent.source, intent.number, encode(intent));
}
void State::put_intent(StateBatch& batch, const std::string& source, BatchNumber number,
                       std::string bytes) {
  batch.put(Family::kIntents, intent_key(source, number), std::move(bytes));
}
void State::erase(StateBatch& batch, const std::string& source, BatchNumber number) {
  batch.erase(Family::kIntents, intent_key(source, number));
}

void State::put_last_run(StateBatch& batch, std::size_t mapping, const std::string& json) const {
  batch.put(Family::kMeta, meta_key::kLastRun + u16_key(mapping_ids_[mapping]), json);
}
void State::put_begun(StateBatch& batch) { batch.put(Family::kMeta, meta_key::kBegun, {}); }
void State::put_definition(StateBatch& batch) const {
  batch.put(Family::kMeta, meta_key::kDefinition, definition_.fingerprint);
  for (const Renewed& renewed : renewed_) {
    batch.erase(Family::kMeta, meta_key::kRenewed + u16_key(pair_ids_[renewed.pair]));
  }
}

}  // namespace couplet
