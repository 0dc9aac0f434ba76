#include "tests/support/temporary_database.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <atomic>
#include <exception>
#include <iostream>

namespace couplet::test {

TemporaryDatabase::TemporaryDatabase(PostgresCluster& cluster) : cluster_(cluster) {
  static std::atomic<int> number = 0;
  name_ = fmt::format("test_{}", ++number);
  cluster_.create_database(name_);
}

TemporaryDatabase::~TemporaryDatabase() {
  try {
    cluster_.drop_database(name_);
  } catch (
      const std::exception& e) {  // The test may have stopped the server; the cluster goes too.
    std::cerr << name_ << " is left behind: " << e.what() << '\n';
  }
}

}  // namespace couplet::test
