// A law: syncing every object one by one, in any order, ends where one reconcile ends: the same
// rows, links and bases, and nothing left for a reconcile to do. For worlds in which nothing is
// deleted: what is gone is for a reconcile to decide.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  // 0 to sides - 1.
  std::size_t roll(std::size_t sides) {
    return std::uniform_int_distribution<std::size_t>(0, sides - 1)(random_);
  }
  bool coin() { return roll(2) == 0; }
  template <typename T>
  void shuffle(std::vector<T>& items) {
    std::shuffle(items.begin(), items.end(), random_);
  }

 private:
  std::mt19937_64 random_;
};

// Rows are named by what people call them, since ids depend on the order of creation.
class TwinWorld : public SyncWorld {
 public:
  using Row = Cells;

  // What happens to the databases, the same in each twin.
  virtual void begin(Dice& dice) = 0;
  virtual void edit(Dice& dice) = 0;
  // How a row of a table is called, and shown whole.
  [[nodiscard]] virtual std::string label(Side side, const std::string& table,
                                          const Row& row) const = 0;

  // False for a target that its last contributor has left. It keeps what it held when it was left,
  // which is a matter of when.
  [[nodiscard]] virtual bool contributed(const std::string& /*table*/,
                                         const std::string& /*label*/) const {
    return true;
  }

  [[nodiscard]] const MemoryDatabase& database(Side side) const {
    return side == Side::kLeft ? *left : *right;
  }

  // In the order of their labels: that of ids differs between twins.
  [[nodiscard]] std::vector<Row> in_order(Side side, const std::string& table) const {
    std::vector<Row> rows = database(side).rows(table);
    std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
      return label(side, table, a) < label(side, table, b);
    });
    return rows;
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const BoundEntity& entity : definition().entities) {
      const Side side = entity.source == 0 ? Side::kLeft : Side::kRight;
      for (const Row& row : database(side).rows(entity.table.name.table)) {
        found.push_back(entity.name + "/" + row.at("id").value());
      }
    }
    return found;
  }

  // Every row with what it refers to by label.
  [[nodiscard]] std::vector<std::string> shown_rows() const {
    std::vector<std::string> found;
    for (const BoundEntity& entity : definition().entities) {
      const Side side = entity.source == 0 ? Side::kLeft : Side::kRight;
      const std::string& table = entity.table.name.table;
      for (const Row& row : database(side).rows(table)) {
        std::string text = entity.name + " " + label(side, table, row);
        for (const auto& [column, value] : row) {
          if (column == "ref" && !contributed(table, label(side, table, row))) {
            continue;
          }
          if (column != "id" && !column.ends_with("_id")) {
            text += " " + column + "=" + value.value_or("-");
          } else if (column != "id") {
            text += " " + column + "=" + referred(side, column, value);
          }
        }
        found.push_back(std::move(text));
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // Every link with its base; digests of references are of ids, so of those only that they are
  // known. A target that one contributor leaves before the next arrives comes back as another
  // incarnation, and who arrives first has made it: of targets neither is shown.
  std::vector<std::string> shown_links() {
    CountingRandom random;
    const std::array<std::string, 2> identities{"memory:left", "memory:right"};
    MemoryStateStore overlay(static_cast<const StateStore&>(*store));
    const auto state = State::open(overlay, definition(), identities, random).value();
    std::vector<std::string> found;
    for (std::size_t pair = 0; pair < definition().pairs.size(); ++pair) {
      const std::optional<Side> many = definition().pairs[pair].many;
      auto cursor = state->link_cursor(pair, many.value_or(Side::kLeft));
      for (; cursor.valid(); cursor.next()) {
        const ObjectKey key{std::string(cursor.key())};
        if (!many) {
          Link link;
          EXPECT_TRUE(state->decode_link_of(pair, key.bytes, cursor.value(), link));
          found.push_back(shown(pair, Side::kLeft, link.left) + " = " +
                          shown(pair, Side::kRight, link.right) + " " + name_of(link.by) +
                          " incarnation " + std::to_string(link.agreement.incarnation) +
                          shown(pair, link.agreement));
          continue;
        }
        const Contribution contribution = decode_contribution(cursor.value()).value();
        const auto targets = state->targets(pair, {&contribution.target, 1}).value();
        std::string text = shown(pair, *many, key) + " > " +
                           shown(pair, other(*many), contribution.target) +
                           shown(pair, targets[0]->agreement) + " winners";
        for (const Winner& winner : targets[0]->winners) {
          text += " " + (winner.key.empty() ? std::string("-") : shown(pair, *many, winner.key));
        }
        found.push_back(std::move(text));
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  // Links, bases and worklists as bytes.
  [[nodiscard]] std::vector<std::string> records() const {
    std::vector<std::string> found;
    for (const Family family : {Family::kLinks, Family::kLinksRight, Family::kTombstones,
                                Family::kWaiting, Family::kHeld}) {
      const auto cursor = store->cursor(family);
      for (cursor->seek({}); cursor->valid(); cursor->next()) {
        found.push_back(std::string(cursor->key()) + "\n" + std::string(cursor->value()));
      }
    }
    return found;
  }

 private:
  [[nodiscard]] std::string referred(Side side, const std::string& column,
                                     const std::optional<std::string>& value) const {
    const std::string stem = column.substr(0, column.size() - std::string("_id").size());
    return value ? by_id(side, stem == "captain" ? "members" : stem + "s", *value) : "-";
  }
  [[nodiscard]] std::string by_id(Side side, const std::string& table,
                                  const std::string& id) const {
    for (const Row& row : database(side).rows(table)) {
      if (row.at("id") == id) {
        return label(side, table, row);
      }
    }
    return "gone";
  }
  [[nodiscard]] std::string shown(std::size_t pair, Side side, const ObjectKey& key) const {
    const BoundEntity& entity =
        definition().entities[definition().pairs[pair].entities[index_of(side)]];
    std::string id = format_key(entity.id_types, key);
    return entity.name + " " + by_id(side, entity.table.name.table, id);
  }
  [[nodiscard]] std::string shown(std::size_t pair, const Agreement& agreement) const {
    std::string text = " base";
    for (std::size_t slot = 0; slot < agreement.base.size(); ++slot) {
      const BaseSlot& base = agreement.base[slot];
      text += !base.known ? " ?"
              : definition().pairs[pair].slots[slot].link
                  ? " known"
                  : " " + std::to_string(base.digests[0].value) + "/" +
                        std::to_string(base.digests[1].value);
    }
    return text;
  }
};

// One twin is reconciled, the other's objects are synced one by one: at first contact, and again
// after edits on both sides.
template <typename World>
void expect_twins_to_end_alike(std::uint64_t seed) {
  World reconciled;
  World synced;
  Dice order(seed + 1);
  for (const bool first : {true, false}) {
    for (World* world : {&reconciled, &synced}) {
      Dice dice(seed + (first ? 2 : 3));
      first ? world->begin(dice) : world->edit(dice);
    }
    RC_ASSERT(reconciled.shown_rows() == synced.shown_rows());
    RC_ASSERT(reconciled.reconcile().summary.converged);
    std::vector<std::string> names = synced.names();
    order.shuffle(names);
    for (const std::string& name : names) {
      RC_ASSERT(synced.sync({name}).summary.converged);
    }
    RC_ASSERT(synced.shown_rows() == reconciled.shown_rows());
    RC_ASSERT(synced.shown_links() == reconciled.shown_links());
    const auto before = synced.records();
    RC_ASSERT(synced.reconcile().summary.operations() == 0U);
    RC_ASSERT(synced.records() == before);
  }
}

// Times further apart than any clock skew, later with every call.
class Stopwatch {
 public:
  std::string next() {
    ++minutes_;
    return "2025-01-01 " + two(minutes_ / 60 % 24) + ":" + two(minutes_ % 60) + ":00+00";
  }

 private:
  static std::string two(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }
  int minutes_ = 0;
};

// The shape of the original package's example: connections contribute to regions and handovers, and
// are kept in step with NICs by two opposing mappings, one of which reads deep paths.
class CloudWorld : public TwinWorld {
 public:
  CloudWorld() {
    const Type time = type_of(TypeKind::kTimestampTz);
    for (MemoryDatabase* database : {left.get(), right.get()}) {
      create(*database,
             DescribedTable("providers").id().text("name").text("flag").column("touched", time));
    }
    create(*left, named("connections")
                      .text("region")
                      .text("pop")
                      .foreign_key("provider_id", "providers", true)
                      .text("ref")
                      .column("touched", time));
    create(*right, DescribedTable("regions").id().text("name").text("ref").foreign_key(
                       "provider_id", "providers", true));
    create(*right, DescribedTable("handovers")
                       .id()
                       .text("name")
                       .text("ref")
                       .foreign_key("region_id", "regions", true));
    create(*right, named("nics")
                       .foreign_key("handover_id", "handovers", true)
                       .text("ref")
                       .column("touched", time));
    define(R"(entities:
  left.providers: { updated_at: touched }
  right.providers: { updated_at: touched }
  left.connections: { updated_at: touched }
  right.nics: { updated_at: touched }
mappings:
  provider: { left: left.providers, right: right.providers, direction: both, keys: [ name ],
    attributes: [ flag ] }
  region:
    left: left.connections
    right: right.regions
    direction: left_to_right
    cardinality: many_to_one
    keys: [ { left: region, right: name }, { left: provider, right: provider, link: provider } ]
    attributes: [ ref ]
  handover:
    left: left.connections
    right: right.handovers
    direction: left_to_right
    cardinality: many_to_one
    keys: [ { left: pop, right: name }, { left: self, right: region, link: region } ]
    attributes: [ ref ]
  nic_import:
    left: left.connections
    right: right.nics
    direction: right_to_left
    keys:
      - id
      - { left: region, right: handover.region.name }
      - { left: pop, right: handover.name }
      - { left: provider, right: handover.region.provider, link: provider }
    attributes: [ ref ]
  nic_export:
    left: left.connections
    right: right.nics
    direction: left_to_right
    keys: [ id, { left: self, right: handover, link: handover } ]
    attributes: [ ref ]
)");
  }

  void begin(Dice& dice) override {
    for (const char* name : {"P1", "P2", "P3"}) {
      const bool shared = dice.coin();
      for (const Side side : {Side::kLeft, Side::kRight}) {
        if (shared || (side == Side::kLeft) == dice.coin()) {
          add_provider(side, name, dice);
        }
      }
    }
    for (const Row& provider : in_order(Side::kRight, "providers")) {
      for (const char* name : {"r1", "r2"}) {
        if (dice.coin()) {
          right->insert("regions", {{"name", name}, {"provider_id", provider.at("id")}});
        }
      }
    }
    for (const Row& region : in_order(Side::kRight, "regions")) {
      for (const char* name : {"h1", "h2"}) {
        if (dice.coin()) {
          right->insert("handovers", {{"name", name}, {"region_id", region.at("id")}});
        }
      }
    }
    add_objects(dice, "a");
  }

  // One connection moves, on one side or the other, or a region is renamed, or new ones come. A
  // target that several leave for different places, or that some come to while others leave, is
  // renamed or left behind by who is looked at last (DESIGN section 5.2, `moved`): that has no one
  // right answer.
  void edit(Dice& dice) override {
    enum Kind : std::size_t { kMoveLeft, kMoveRight, kRename, kNew, kKinds };
    const std::size_t kind = dice.roll(kKinds);
    const std::vector<Row> connections = in_order(Side::kLeft, "connections");
    const std::vector<Row> nics = in_order(Side::kRight, "nics");
    const std::vector<Row> handovers = in_order(Side::kRight, "handovers");
    for (const Row& row : connections) {
      if (dice.roll(3) == 0) {
        touch(Side::kLeft, "connections", row, "ref", ref(dice));
      }
    }
    for (const Row& row : nics) {
      if (dice.roll(3) == 0) {
        touch(Side::kRight, "nics", row, "ref", ref(dice));
      }
    }
    if (kind == kMoveLeft && !connections.empty()) {
      const Row& row = connections[dice.roll(connections.size())];
      touch(Side::kLeft, "connections", row, "pop", pop(dice));
      touch(Side::kLeft, "connections", row, "region", region(dice));
    }
    if (kind == kMoveRight && !nics.empty()) {
      touch(Side::kRight, "nics", nics[dice.roll(nics.size())], "handover_id",
            handovers[dice.roll(handovers.size())].at("id"));
    }
    for (const Side side : {Side::kLeft, Side::kRight}) {
      for (const Row& row : in_order(side, "providers")) {
        if (dice.roll(3) == 0) {
          touch(side, "providers", row, "flag", ref(dice));
        }
      }
    }
    if (kind == kRename) {
      rename_a_region(dice);
    }
    if (dice.coin()) {
      add_provider(dice.coin() ? Side::kLeft : Side::kRight, "P4", dice);
    }
    if (kind == kNew) {
      add_objects(dice, "b");
    }
  }

  [[nodiscard]] std::string label(Side side, const std::string& table,
                                  const Row& row) const override {
    if (table == "connections" || table == "nics") {
      return row.at("id").value();
    }
    std::string name = row.at("name").value_or("-");
    const char* parent = table == "regions" ? "provider_id" : "region_id";
    if (table == "providers" || !row.at(parent)) {
      return name;
    }
    const char* above = table == "regions" ? "providers" : "regions";
    for (const Row& candidate : database(side).rows(above)) {
      if (candidate.at("id") == row.at(parent)) {
        return label(side, above, candidate) + "." + name;
      }
    }
    return name;
  }

  [[nodiscard]] bool contributed(const std::string& table,
                                 const std::string& label_of_target) const override {
    if (table != "regions" && table != "handovers") {
      return true;
    }
    std::map<std::string, std::string> providers;
    for (const Row& row : in_order(Side::kLeft, "providers")) {
      providers[row.at("id").value()] = row.at("name").value();
    }
    for (const Row& row : in_order(Side::kLeft, "connections")) {
      const std::string region =
          providers[row.at("provider_id").value_or("")] + "." + row.at("region").value();
      if (label_of_target == region || label_of_target == region + "." + row.at("pop").value()) {
        return true;
      }
    }
    return false;
  }

 private:
  static DescribedTable named(const char* table) {
    DescribedTable described(table);
    described.required("id");
    described.info().primary_key = {"id"};
    described.info().unique_keys.push_back({"pkey", {"id"}, false, true});
    return described;
  }
  // Never null: a null at one who comes to a target that was left alone is a first contact.
  static std::optional<std::string> ref(Dice& dice) { return "ref" + std::to_string(dice.roll(4)); }
  static std::string region(Dice& dice) { return "r" + std::to_string(1 + dice.roll(3)); }
  static std::string pop(Dice& dice) { return "h" + std::to_string(1 + dice.roll(3)); }

  MemoryDatabase& changed(Side side) { return side == Side::kLeft ? *left : *right; }
  void touch(Side side, const char* table, const Row& row, const char* column,
             const std::optional<std::string>& value) {
    changed(side).update(table, {{"id", row.at("id")}},
                         {{column, value}, {"touched", watch_.next()}});
  }
  void add_provider(Side side, const std::string& name, Dice& dice) {
    for (const Row& row : in_order(side, "providers")) {
      if (row.at("name") == name) {
        return;
      }
    }
    changed(side).insert("providers",
                         {{"name", name}, {"flag", ref(dice)}, {"touched", watch_.next()}});
  }
  void rename_a_region(Dice& dice) {
    const std::vector<Row> regions = in_order(Side::kRight, "regions");
    if (!regions.empty()) {
      right->update("regions", {{"id", regions[dice.roll(regions.size())].at("id")}},
                    {{"name", "renamed"}});
    }
  }
  void add_objects(Dice& dice, const std::string& prefix) {
    const std::vector<Row> providers = in_order(Side::kLeft, "providers");
    for (std::size_t i = 0; i < 4 && !providers.empty(); ++i) {
      Row row = {{"id", prefix + std::to_string(i)},
                 {"region", region(dice)},
                 {"pop", pop(dice)},
                 {"provider_id", providers[dice.roll(providers.size())].at("id")},
                 {"ref", ref(dice)},
                 {"touched", watch_.next()}};
      if (dice.roll(5) == 0) {
        row["provider_id"] = std::nullopt;  // no identity
      }
      left->insert("connections", row);
    }
    const std::vector<Row> handovers = in_order(Side::kRight, "handovers");
    for (std::size_t i = 0; i < 4 && !handovers.empty(); ++i) {
      right->insert("nics", {{"id", prefix + "n" + std::to_string(i)},
                             {"handover_id", handovers[dice.roll(handovers.size())].at("id")},
                             {"ref", ref(dice)},
                             {"touched", watch_.next()}});
    }
  }

  Stopwatch watch_;
};

// References that need each other: a team has a captain, a member has to have a team. Some teams
// have no name at first: whoever refers to them waits.
class TeamWorld : public TwinWorld {
 public:
  TeamWorld() {
    for (MemoryDatabase* database : {left.get(), right.get()}) {
      create(*database, DescribedTable("teams").id().text("name").text("motto").column(
                            "captain_id", type_of(TypeKind::kInt64)));
      create(*database, DescribedTable("members").id().text("name").text("mail").foreign_key(
                            "team_id", "teams"));
    }
    define(R"(entities:
  left.teams: { references: { captain: { columns: [ captain_id ], entity: left.members } } }
  right.teams: { references: { captain: { columns: [ captain_id ], entity: right.members } } }
mappings:
  team: { left: left.teams, right: right.teams, direction: both, keys: [ name ],
    conflict: right_wins,
    attributes: [ motto, { left: captain, right: captain, link: member } ] }
  member: { left: left.members, right: right.members, direction: both, keys: [ name ],
    attributes: [ mail, { left: team, right: team, link: team } ] }
)");
  }

  void begin(Dice& dice) override {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      for (const char* name : {"t1", "t2", "t3"}) {
        if (dice.coin()) {
          add(side, "teams", {{"name", name}, {"motto", word(dice)}});
        }
      }
      // On the left alone: two that have no name are no one's counterpart.
      if (side == Side::kLeft && dice.coin()) {
        add(side, "teams", {{"name", std::nullopt}, {"motto", "nameless"}});
      }
      for (const char* name : {"m1", "m2", "m3", "m4"}) {
        if (dice.coin()) {
          add_member(side, name, dice);
        }
      }
      elect_captains(side, dice);
    }
  }

  void edit(Dice& dice) override {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      for (const Row& row : in_order(side, "members")) {
        if (dice.coin()) {
          set(side, "members", row, {{"mail", word(dice)}});
        }
        if (dice.roll(3) == 0) {
          const std::vector<Row> teams = in_order(side, "teams");
          set(side, "members", row, {{"team_id", teams[dice.roll(teams.size())].at("id")}});
        }
      }
      for (const Row& row : in_order(side, "teams")) {
        if (!row.at("name")) {
          set(side, "teams", row, {{"name", "named"}});
        } else if (dice.coin()) {
          set(side, "teams", row, {{"motto", word(dice)}});
        }
      }
      elect_captains(side, dice);
    }
    // A rename on one side alone.
    const std::vector<Row> members = in_order(Side::kLeft, "members");
    if (!members.empty() && dice.coin()) {
      set(Side::kLeft, "members", members[dice.roll(members.size())], {{"name", "renamed"}});
    }
    add_member(Side::kLeft, "m8", dice);
    add_member(Side::kRight, "m9", dice);
  }

  [[nodiscard]] std::string label(Side /*side*/, const std::string& /*table*/,
                                  const Row& row) const override {
    return row.at("name").value_or("-");
  }

 private:
  static std::optional<std::string> word(Dice& dice) {
    const std::size_t number = dice.roll(4);
    return number == 0 ? std::nullopt : std::optional("w" + std::to_string(number));
  }
  MemoryDatabase& changed(Side side) { return side == Side::kLeft ? *left : *right; }
  void add(Side side, const char* table, const Row& row) { changed(side).insert(table, row); }
  void set(Side side, const char* table, const Row& row, const Row& cells) {
    changed(side).update(table, {{"id", row.at("id")}}, cells);
  }
  void add_member(Side side, const char* name, Dice& dice) {
    const std::vector<Row> teams = in_order(side, "teams");
    if (!teams.empty()) {
      add(side, "members",
          {{"name", name},
           {"mail", word(dice)},
           {"team_id", teams[dice.roll(teams.size())].at("id")}});
    }
  }
  void elect_captains(Side side, Dice& dice) {
    const std::vector<Row> members = in_order(side, "members");
    for (const Row& team : in_order(side, "teams")) {
      if (!members.empty() && dice.roll(3) == 0) {
        set(side, "teams", team, {{"captain_id", members[dice.roll(members.size())].at("id")}});
      }
    }
  }
};

RC_GTEST_PROP(OneByOneTest, EndsWhereAReconcileEndsWithContributorsAndDeepPaths,
              (std::uint64_t seed)) {
  expect_twins_to_end_alike<CloudWorld>(seed);
}

RC_GTEST_PROP(OneByOneTest, EndsWhereAReconcileEndsWithReferencesThatWait, (std::uint64_t seed)) {
  expect_twins_to_end_alike<TeamWorld>(seed);
}

// Seeds that once ended otherwise.
TEST(OneByOneSeeds, EndWhereAReconcileEnds) {
  // A region was named back by a connection that its new name had not reached yet.
  expect_twins_to_end_alike<CloudWorld>(13842006995689U);
}

}  // namespace
}  // namespace couplet::test
