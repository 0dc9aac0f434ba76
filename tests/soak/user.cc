#include "tests/soak/user.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace couplet::soak {

using test::AttributeKind;
using test::Ledger;
using Kind = Ledger::Entry::Kind;

namespace {

constexpr std::size_t kLargeFrom = 100;  // objects in a large transaction
constexpr std::size_t kLargeUpTo = 600;
constexpr std::size_t kLongBytes = 5000;  // beyond what stands in a row

// Which side deletes an order: never both.
std::size_t deleting_side(const std::string& number) {
  return std::hash<std::string>()(number) % 2;
}

std::string updated_column(std::size_t side, Table table) {
  if (table == kPrices) {
    return "";
  }
  return side == 0 ? ", updated_at = clock_timestamp()" : ", changed_at = clock_timestamp()";
}

}  // namespace

User::User(std::size_t side, std::size_t number, std::uint64_t seed, std::string url,
           Ledger& ledger, Directory& directory)
    : side_(side),
      number_(number),
      random_(seed),
      session_(std::move(url)),
      ledger_(ledger),
      directory_(directory) {}

std::string User::new_key(const char* prefix) {
  return fmt::format("{}{}", prefix, ledger_.next_stamp(side_));
}

std::string User::new_value(Table table, std::size_t attribute) {
  const std::uint64_t stamp = ledger_.next_stamp(side_);
  const std::string& name = ledger_.tables()[table].attributes[attribute].name;
  if (name == "score" || name == "amount") {
    return std::to_string(stamp);
  }
  std::string value = fmt::format("{}:{}", stamp, name);
  if (name == "notes" && draw(5) == 0) {
    value.resize(kLongBytes, static_cast<char>('a' + stamp % 26));
  }
  return value;
}

std::optional<std::string> User::any(Table table, bool hot) {
  return directory_.any(number_, table, random_(), hot);
}

std::optional<std::string> User::account_id(const std::string& code) {
  const Words& account = words(kAccounts);
  const auto rows = session_.query(fmt::format("select id from {} where {} = $1 for key share",
                                               account.table[side_], account.key[side_]),
                                   {code});
  return rows.empty() ? std::nullopt : rows[0][0];
}

// `account`: the key of the one that an order refers to.
void User::insert(Table table, const std::string& key, const std::string& account,
                  Entries& entries) {
  const Words& called = words(table);
  const auto& attributes = ledger_.tables()[table].attributes;
  std::string columns = called.key[side_];
  std::string values = "$1";
  std::vector<std::optional<std::string>> parameters = {key};
  Cells cells;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (attributes[i].kind == AttributeKind::kOwn) {
      continue;
    }
    std::optional<std::string> value;
    if (attributes[i].kind == AttributeKind::kPlain) {
      value = account_id(account);
      if (!value) {
        return;  // It has not come to this side yet.
      }
      cells.push_back({i, account, std::nullopt});
    } else {
      value = new_value(table, i);
      cells.push_back({i, *value, std::nullopt});
    }
    columns += ", " + called.attributes[i][side_];
    parameters.push_back(value);
    values += fmt::format(", ${}", parameters.size());
  }
  // Where orders and prices are concerned the other side may have been faster.
  const auto made = session_.query(
      fmt::format("insert into {} ({}) values ({}) on conflict do nothing returning id",
                  called.table[side_], columns, values),
      parameters);
  if (!made.empty()) {
    entries.push_back({table, key, Kind::kInsert, std::move(cells)});
    made_.emplace_back(table, key);
  }
}

// One or two attributes of each, those that are there.
void User::update(Table table, std::vector<std::string> keys, Entries& entries) {
  const Words& called = words(table);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  const std::vector<std::size_t> stamped = stamped_of(table);
  std::string array = "{";
  for (const std::string& key : keys) {
    array += (array.size() > 1 ? "," : "") + key;
  }
  const auto rows = session_.query(
      fmt::format("select {0}{1} from {2} where {0} = any ($1) order by {0} for update",
                  called.key[side_], columns_of(table, stamped), called.table[side_]),
      {array + "}"});
  for (const Row& row : rows) {
    Cells cells;
    std::string set;
    std::vector<std::optional<std::string>> parameters = {row[0]};
    const std::size_t first = draw(stamped.size());
    const std::size_t count = 1 + draw(2);
    for (std::size_t n = 0; n < count; ++n) {
      const std::size_t at = (first + n) % stamped.size();
      const std::size_t attribute = stamped[at];
      cells.push_back({attribute, new_value(table, attribute), row[at + 1]});
      parameters.push_back(cells.back().value);
      set += fmt::format("{}{} = ${}", n == 0 ? "" : ", ", called.attributes[attribute][side_],
                         parameters.size());
    }
    session_.query(fmt::format("update {} set {}{} where {} = $1", called.table[side_], set,
                               updated_column(side_, table), called.key[side_]),
                   parameters);
    entries.push_back({table, row[0].value(), Kind::kUpdate, std::move(cells)});
  }
}

void User::remove(Table table, const std::string& key, Entries& entries) {
  const Words& called = words(table);
  const std::vector<std::size_t> stamped = stamped_of(table);
  const auto gone =
      session_.query(fmt::format("delete from {} where {} = $1 returning id{}", called.table[side_],
                                 called.key[side_], columns_of(table, stamped)),
                     {key});
  if (gone.empty()) {
    return;
  }
  Cells cells;
  for (std::size_t i = 0; i < stamped.size(); ++i) {
    cells.push_back({stamped[i], "", gone[0][i + 1]});
  }
  entries.push_back({table, key, Kind::kDelete, std::move(cells)});
}

std::vector<std::size_t> User::stamped_of(Table table) const {
  const auto& attributes = ledger_.tables()[table].attributes;
  std::vector<std::size_t> stamped;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (attributes[i].kind == AttributeKind::kStamped) {
      stamped.push_back(i);
    }
  }
  return stamped;
}

std::string User::columns_of(Table table, const std::vector<std::size_t>& attributes) const {
  std::string list;
  for (const std::size_t attribute : attributes) {
    list += ", " + words(table).attributes[attribute][side_];
  }
  return list;
}

bool User::insert_some(Entries& entries, std::size_t accounts) {
  for (std::size_t i = 0; i < accounts; ++i) {
    const bool lonely = draw(6) == 0;
    const std::string code = new_key(lonely ? "lonely" : "a");
    insert(kAccounts, code, "", entries);
    if (lonely) {
      made_.pop_back();
      made_lonely_.push_back(code);
      continue;
    }
    for (std::uint64_t orders = draw(3); orders > 0; --orders) {
      insert(kOrders, new_key("o"), code, entries);
    }
  }
  return true;
}

bool User::update_some(Entries& entries, std::size_t objects, bool hot) {
  std::array<std::vector<std::string>, kTables> keys;
  for (std::size_t i = 0; i < objects; ++i) {
    // Each table's rows are locked at once; a lonely account is one like any.
    const Table table = draw(2) == 0 ? kAccounts : kOrders;
    auto key = table == kAccounts && !hot && draw(8) == 0 ? directory_.lonely(number_, random_())
                                                          : any(table, hot);
    if (key) {
      keys[table].push_back(std::move(*key));
    }
  }
  for (const Table table : {kAccounts, kOrders}) {
    if (!keys[table].empty()) {
      update(table, keys[table], entries);
    }
  }
  return true;
}

bool User::delete_one(Entries& entries) {
  const auto order = any(kOrders);
  // A twin may be made on the other side after it was deleted here: that is no rise of the old one.
  const bool twin = order && order->starts_with('t');
  if (order && !twin && deleting_side(*order) == side_) {
    remove(kOrders, *order, entries);
  }
  return true;
}

bool User::write_again(Entries& entries) {
  const auto account = any(kAccounts);
  if (!deleted_.empty() && account) {
    insert(kOrders, deleted_[draw(deleted_.size())], *account, entries);
  }
  return true;
}

bool User::delete_lonely(Entries& entries) {
  const auto account = directory_.lonely(number_, random_());
  if (account && deleting_side(*account) == side_) {
    remove(kAccounts, *account, entries);
  }
  return true;
}

bool User::move_order(Entries& entries) {
  const auto order = any(kOrders, draw(4) == 0);
  const auto account = any(kAccounts);
  const auto id = account ? account_id(*account) : std::nullopt;
  if (!order || !id) {
    return true;
  }
  constexpr std::size_t kAccount = 2;
  const Words& called = words(kOrders);
  const auto moved =
      session_.query(fmt::format("update {} set {} = $2{} where {} = $1 returning id",
                                 called.table[side_], called.attributes[kAccount][side_],
                                 updated_column(side_, kOrders), called.key[side_]),
                     {order, id});
  if (!moved.empty()) {
    entries.push_back({kOrders, *order, Kind::kUpdate, {{kAccount, *account, std::nullopt}}});
  }
  return true;
}

bool User::make_twin(Entries& entries) {
  auto number = directory_.take_twin(number_, side_);
  const auto account = any(kAccounts, true);
  if (!number) {
    number = new_key("t");
    directory_.ask_twin(number_, 1 - side_, *number);
  }
  if (account) {
    insert(kOrders, *number, *account, entries);
  }
  return true;
}

bool User::write_own(Entries& entries) {
  const Table table = draw(2) == 0 ? kAccounts : kOrders;
  const auto key = any(table, draw(4) == 0);
  if (!key) {
    return true;
  }
  const Words& called = words(table);
  const std::string value = fmt::format("{} {}", kSides[side_], draw(1'000'000'000));
  const auto written =
      session_.query(fmt::format("update {} set own = $2 where {} = $1 returning id",
                                 called.table[side_], called.key[side_]),
                     {key, value});
  if (!written.empty()) {
    const std::size_t own = ledger_.tables()[table].attributes.size() - 1;
    entries.push_back({table, *key, Kind::kUpdate, {{own, value, std::nullopt}}});
  }
  return true;
}

bool User::write_nothing(Entries& /*entries*/) {
  const Table table = draw(2) == 0 ? kAccounts : kOrders;
  const Words& called = words(table);
  if (const auto key = any(table)) {
    session_.query(fmt::format("update {0} set {1} = {1} where {2} = $1", called.table[side_],
                               called.attributes[0][side_], called.key[side_]),
                   {key});
  }
  return true;
}

bool User::write_prices(Entries& entries) {
  if (side_ == 1) {
    return true;  // Nothing goes that way.
  }
  const std::uint64_t kind = draw(10);
  if (kind < 3) {
    insert(kPrices, new_key("p"), "", entries);
    return true;
  }
  if (kind == 3) {
    if (const auto code = any(kPrices)) {
      remove(kPrices, *code, entries);
    }
    return true;
  }
  std::vector<std::string> codes;
  for (std::size_t i = 0; i < 5; ++i) {
    if (auto code = any(kPrices, i == 0)) {
      codes.push_back(std::move(*code));
    }
  }
  if (!codes.empty()) {
    update(kPrices, codes, entries);
  }
  return true;
}

bool User::write_something(Entries& entries) {
  const std::uint64_t kind = draw(100);
  const std::size_t large = kLargeFrom + draw(kLargeUpTo - kLargeFrom);
  return kind < 20   ? insert_some(entries, 1 + draw(4))
         : kind < 45 ? update_some(entries, 1 + draw(8), false)
         : kind < 63 ? update_some(entries, 1 + draw(3), true)
         : kind < 64 ? insert_some(entries, large / 2)
         : kind < 66 ? update_some(entries, large, false)
         : kind < 72 ? delete_one(entries)
         : kind < 76 ? write_again(entries)
         : kind < 78 ? delete_lonely(entries)
         : kind < 84 ? move_order(entries)
         : kind < 88 ? make_twin(entries)
         : kind < 90 ? write_own(entries)
         : kind < 92 ? write_nothing(entries)
                     : write_prices(entries);
}

void User::write() {
  Entries entries;
  made_.clear();
  made_lonely_.clear();
  const bool committed = session_.transaction([&] {
    const std::uint64_t chance = draw(100);
    if (chance < 5) {  // A part of it is undone.
      session_.query("savepoint part");
      Entries undone;
      write_something(undone);
      session_.query("rollback to savepoint part");
      made_.clear();
      made_lonely_.clear();
    }
    return write_something(entries) && chance < 95;
  });
  if (!committed) {
    ++figures_.rolled_back;
    return;
  }
  figures_.largest = std::max<std::uint64_t>(figures_.largest, entries.size());
  ledger_.committed(side_, entries);
  for (const auto& [table, key] : made_) {
    directory_.add(number_, table, key);
  }
  for (const std::string& key : made_lonely_) {
    directory_.add_lonely(number_, key);
  }
  for (const Ledger::Entry& entry : entries) {
    if (entry.kind == Kind::kDelete && entry.table == kOrders) {
      deleted_.push_back(entry.key);
    }
  }
}

void User::begin() {
  Entries entries;
  const bool committed = session_.transaction([&] {
    for (std::size_t i = 0; i < kHotKeys; ++i) {
      const std::string code = new_key("a");
      insert(kAccounts, code, "", entries);
      insert(kOrders, new_key("o"), code, entries);
      insert(kPrices, new_key("p"), "", entries);
    }
    return true;
  });
  if (!committed) {
    throw std::runtime_error("the first transaction was rolled back");
  }
  ledger_.committed(side_, entries);
  for (const auto& [table, key] : made_) {
    directory_.add(number_, table, key);
  }
}

}  // namespace couplet::soak
