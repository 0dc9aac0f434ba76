#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/soak/directory.h"
#include "tests/support/lasting_session.h"
#include "tests/support/ledger.h"

namespace couplet::soak {

// One user of one side: writes for as long as it is let, and tells the ledger what it has written.
// The user of the same number on the other side writes the same objects, and nobody else does.
class User {
 public:
  User(std::size_t side, std::size_t number, std::uint64_t seed, std::string url,
       test::Ledger& ledger, Directory& directory);

  // One transaction, of a kind drawn by chance; most are small.
  void write();
  // The first objects of this user, which will be hot.
  void begin();

  struct Figures {
    std::uint64_t rolled_back = 0;  // by the server, or on purpose
    std::uint64_t largest = 0;      // objects in one transaction
  };
  const Figures& figures() const { return figures_; }

 private:
  using Entries = std::vector<test::Ledger::Entry>;
  using Cells = std::vector<test::Ledger::Cell>;

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  std::string new_key(const char* prefix);
  std::string new_value(Table table, std::size_t attribute);
  std::optional<std::string> any(Table table, bool hot = false);
  std::optional<std::string> account_id(const std::string& code);

  std::vector<std::size_t> stamped_of(Table table) const;
  // ", a, b" in the words of this side.
  std::string columns_of(Table table, const std::vector<std::size_t>& attributes) const;

  // Each adds what it has done to `entries`, within a transaction.
  void insert(Table table, const std::string& key, const std::string& account, Entries& entries);
  void update(Table table, std::vector<std::string> keys, Entries& entries);
  void remove(Table table, const std::string& key, Entries& entries);

  // Kinds of transactions. False: roll it back.
  bool insert_some(Entries& entries, std::size_t accounts);
  bool update_some(Entries& entries, std::size_t objects, bool hot);
  bool delete_one(Entries& entries);
  bool write_again(Entries& entries);
  bool delete_lonely(Entries& entries);
  bool move_order(Entries& entries);
  bool make_twin(Entries& entries);
  bool write_own(Entries& entries);
  bool write_nothing(Entries& entries);
  bool write_prices(Entries& entries);
  bool write_something(Entries& entries);

  const std::size_t side_;
  const std::size_t number_;
  std::mt19937_64 random_;
  test::LastingSession session_;
  test::Ledger& ledger_;
  Directory& directory_;
  std::vector<std::string> deleted_;                 // orders, to be written again
  std::vector<std::pair<Table, std::string>> made_;  // in the transaction at hand
  std::vector<std::string> made_lonely_;
  Figures figures_;
};

}  // namespace couplet::soak
