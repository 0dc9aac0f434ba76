// Reconcile against the least that Postgres itself needs for the same work, in the same run: rows
// with a bigint id and five attributes on both sides, links and bases verified.
//
//   reconcile_bench [--rows N] [--json]      N: 1000000 by default, on each side
//
// Equal sides are measured at N / 5, N and 5 N rows, all else at N.
//
// Baselines, by psql: sorted binary COPY of both sides at once to nowhere; binary COPY into an
// empty table; look-ups of the same rows by key at both sides at once, then the same updates, in
// transactions of 1000 rows. Of differences also a sync of as many by hand: that is our own, and
// what makes it slower betters that figure; what Postgres needs stands in the lines below it.
//
// What would fool it: tables that are not in the page cache (the COPY runs first and warms them); a
// build without optimisation; another load on the machine, or a neighbour of a virtual one: the two
// that are compared alternate, medians are taken, and the spread is shown; autovacuum that still
// works on fresh rows (tables are vacuumed first); an update that finds room on its page the first
// time only (each run updates other rows).
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/bench/measure/measure.h"
#include "tests/bench/reconcile/state_tables.h"
#include "tests/support/postgres_cluster.h"

namespace couplet::bench {
namespace {

constexpr int kRuns = 5;
constexpr std::uint64_t kGrowth = 5;  // from one size to the next
constexpr const char* kAttributes = "a text, b integer, c bigint, d timestamptz, e numeric(12,2)";

class Bench {
 public:
  explicit Bench(std::uint64_t rows) : rows_(rows), cluster_(settings()) {
    char folder[] = "/tmp/reconcile-bench-XXXXXX";
    if (mkdtemp(folder) == nullptr) {
      throw std::runtime_error("cannot make a folder under /tmp");
    }
    folder_ = folder;
    for (const char* database : {"left_side", "right_side"}) {
      cluster_.create_database(database);
    }
  }
  ~Bench() { std::filesystem::remove_all(folder_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::vector<Line> run() {
    equal_sides_of_three_sizes();
    no_common_order();
    differences();
    into_an_empty_side();
    return lines_;
  }

 private:
  static test::PostgresSettings settings() {
    test::PostgresSettings settings;
    settings.durable = true;
    settings.parameters = {{"shared_buffers", "1GB"}, {"max_wal_size", "8GB"}};
    return settings;
  }

  void fill(const char* database, const std::string& table, std::uint64_t rows) const {
    cluster_.exec(database,
                  fmt::format("create table {} (id bigint primary key, {})", table, kAttributes));
    cluster_.exec(database,
                  fmt::format("insert into {} select n, 'name of ' || n, n % 1000, n * 7, "
                              "timestamptz '2025-01-01' + n * interval '1 second', n / 100.0 "
                              "from generate_series(1, {}) n",
                              table, rows));
    cluster_.exec(database, "vacuum (freeze, analyze) " + table);
  }

  // The definition of one mapping, each with a state of its own.
  [[nodiscard]] std::string define(const std::string& name, const std::string& left,
                                   const std::string& right, const std::string& key) const {
    std::string file = folder_ + "/" + name + ".yaml";
    std::ofstream(file) << fmt::format(
        "version: 1\nname: {0}\nstate: {0}\nsources:\n"
        "  left: {{ type: postgres, url: \"{1}\" }}\n  right: {{ type: postgres, url: \"{2}\" }}\n"
        "mappings:\n  thing: {{ left: left.{3}, right: right.{4}, direction: both,\n"
        "    keys: [{5}], attributes: [a, b, c, d, e] }}\n",
        name, cluster_.socket_url("left_side"), cluster_.socket_url("right_side"), left, right,
        key);
    return file;
  }
  static Measured reconcile(const std::string& file) {
    return measure(fmt::format("{} reconcile -q --config {} > /dev/null", COUPLET_PROGRAM, file));
  }
  [[nodiscard]] std::string psql(const char* database, const std::string& arguments) const {
    return fmt::format("psql -q -v ON_ERROR_STOP=1 '{}' {} > /dev/null",
                       cluster_.socket_url(database), arguments);
  }
  [[nodiscard]] std::string copies(const std::string& left, const std::string& right) const {
    const auto copy = [&](const char* database, const std::string& table) {
      return psql(database, fmt::format("-c 'copy (select * from {} order by id) to stdout "
                                        "(format binary)'",
                                        table));
    };
    return at_once(copy("left_side", left), copy("right_side", right));
  }
  // Fails if one of them does.
  [[nodiscard]] static std::string at_once(const std::string& one, const std::string& two) {
    return fmt::format("sh -c \"{} & first=\\$!; {} && wait \\$first\"", one, two);
  }

  struct Compared {
    Series copy;
    Series reconcile;
    double peak_mib = 0;
  };
  // Alternating; the first reconcile of all is not in it.
  [[nodiscard]] Compared compare(const std::string& file, const std::string& both) const {
    Compared compared;
    measure(both);
    for (int run = 0; run < kRuns; ++run) {
      compared.copy.seconds.push_back(measure(both).seconds);
      const Measured equal = reconcile(file);
      compared.reconcile.seconds.push_back(equal.seconds);
      compared.peak_mib = std::max(compared.peak_mib, equal.peak_mib);
    }
    return compared;
  }
  void add(std::string work, const Series& measured, const std::string& baseline, double figure,
           std::string unit, std::string must) {
    lines_.push_back(
        {std::move(work), measured.text(), baseline, figure, std::move(unit), std::move(must)});
  }

  void equal_sides_of_three_sizes() {
    std::vector<std::pair<double, double>> growth;
    std::vector<std::pair<double, double>> memory;
    for (const std::uint64_t rows : {rows_ / kGrowth, rows_, rows_ * kGrowth}) {
      const std::string table = rows == rows_ ? "things" : fmt::format("things_{}", rows);
      for (const char* database : {"left_side", "right_side"}) {
        fill(database, table, rows);
      }
      const std::string file = define(table, table, table, "id");
      const std::string both = copies(table, table);
      const Measured first = reconcile(file);
      const Compared equal = compare(file, both);
      growth.emplace_back(rows, equal.reconcile.median());
      const double cached = opened_into_cache_mib(folder_ + "/" + table);
      memory.emplace_back(rows, equal.peak_mib - cached);
      add(fmt::format("equal sides of {}", rows), equal.reconcile, "COPY " + equal.copy.text(),
          equal.reconcile.median() / equal.copy.median(), "x", rows < rows_ ? "" : "<= 2.0");
      add("  its peak of memory, caches included", equal.reconcile, "", equal.peak_mib, "MiB",
          "<= 64");
      add("  of it indexes and filters of the state", {}, "", cached, "MiB", "");
      if (rows != rows_) {
        continue;
      }
      add("first reconcile, all are there", {{first.seconds}}, "COPY " + equal.copy.text(),
          first.seconds / equal.copy.median(), "x", "");
      std::uint64_t bytes = 0;
      for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/" + table)) {
        bytes += entry.file_size();
      }
      add("state of a link, base of 5 attributes", {{first.seconds}}, "",
          static_cast<double>(bytes) / static_cast<double>(rows), "B", "<= 130");
    }
    const auto largest = fmt::format("{} to {} rows", rows_ / kGrowth, rows_ * kGrowth);
    add("growth of time, " + largest, {}, "", exponent(growth), "exponent", "<= 1.05");
    add("growth of memory beyond those, " + largest, {}, "", exponent(memory), "exponent",
        "<= 0.05");
  }

  void no_common_order() {
    cluster_.exec("right_side", fmt::format("create table strewn (id uuid primary key default "
                                            "gen_random_uuid(), number bigint unique, {})",
                                            kAttributes));
    cluster_.exec("right_side", "insert into strewn (number, a, b, c, d, e) select * from things");
    cluster_.exec("right_side", "vacuum (freeze, analyze) strewn");
    const std::string file = define("strewn", "things", "strewn", "{left: id, right: number}");
    reconcile(file);
    const Compared equal = compare(file, copies("things", "strewn"));
    add("equal sides, bigint ids against uuids", equal.reconcile, "COPY " + equal.copy.text(),
        equal.reconcile.median() / equal.copy.median(), "x", "<= 2.0");
    add("  its peak of memory, caches included", equal.reconcile, "", equal.peak_mib, "MiB",
        "<= 64");
  }

  // What d differences cost beyond the equal case just before. Against applying as many by the path
  // that they are handed to, which re-reads, decides, writes and records. And against applying them
  // by SQL, in steps of 1000: reading what changed and what it is written over, at both sides at
  // once, and writing it; the time that psql itself needs is taken off.
  void differences() {
    constexpr int kDifferenceRuns = 9;  // A difference of two times has the noise of both.
    const std::string file = folder_ + "/things.yaml";
    fill("right_side", "things_applied", rows_);
    Series beyond;
    Series applied;
    Series written;
    Series synced;
    for (int run = 0; run < kDifferenceRuns; ++run) {
      const double equal = reconcile(file).seconds;
      cluster_.exec("left_side",
                    fmt::format("update things set b = b + 1 where id % 100 = {}", run));
      beyond.seconds.push_back(reconcile(file).seconds - equal);
      const std::string reads =
          steps("reads", "copy (select * from things where {}) to stdout (format binary);\n", run);
      const std::string writes =
          steps("writes", "update things_applied set b = b + 1 where {};\n", run);
      const double idle = measure(psql("right_side", "-c 'select 1'")).seconds;
      const double read =
          measure(at_once(psql("left_side", "-f " + reads), psql("right_side", "-f " + reads)))
              .seconds;
      written.seconds.push_back(measure(psql("right_side", "-f " + writes)).seconds - idle);
      applied.seconds.push_back(read - idle + written.seconds.back());
      synced.seconds.push_back(sync_by_hand(kDifferenceRuns + run));
    }
    add(fmt::format("{} differences, beyond equal sides", rows_ / 100), beyond,
        "sync by hand " + synced.text(), beyond.median() / synced.median(), "x", "<= 1.3");
    add("  against look-ups and updates by SQL", beyond, "SQL " + applied.text(),
        beyond.median() / applied.median(), "x", "");
    add("  against the updates alone", beyond, "UPDATE " + written.text(),
        beyond.median() / written.median(), "x", "");
    add(fmt::format("sync of {} scattered objects", rows_ / 100), synced, "",
        static_cast<double>(rows_ / 100) / synced.median(), "1/s", "");
  }
  // A script with a statement for each 1000 of the rows that differ in this run.
  [[nodiscard]] std::string steps(const std::string& name, const char* statement, int run) const {
    std::string script = folder_ + "/" + name + ".sql";
    std::ofstream out(script);
    for (std::uint64_t first = 0; first < rows_; first += 100'000) {
      out << fmt::format(
          fmt::runtime(statement),
          fmt::format("id = any(array(select n from generate_series({}, {}, 100) n))",
                      first + static_cast<std::uint64_t>(run), first + 99'999));
    }
    return script;
  }

  // The path that a reconcile hands its differences to, given as many that are named to it: seconds
  // beyond one that is not changed.
  [[nodiscard]] double sync_by_hand(int run) const {
    constexpr std::uint64_t kNamesMost = 50'000;  // What a command line takes.
    const std::uint64_t objects = rows_ / 100;
    const std::uint64_t named = std::min(objects, kNamesMost);
    const std::uint64_t step = rows_ / named;
    cluster_.exec("left_side",
                  fmt::format("update things set c = c + 1 where id % {} = {}", step, run));
    std::string names;
    for (std::uint64_t i = 0; i < named; ++i) {
      names += fmt::format(" left.things/{}", i * step + static_cast<std::uint64_t>(run));
    }
    const double alone = sync_of(fmt::format(" left.things/{}", rows_));
    return (sync_of(names) - alone) * static_cast<double>(objects) / static_cast<double>(named);
  }
  [[nodiscard]] double sync_of(const std::string& names) const {
    std::ofstream(folder_ + "/names") << names;
    return measure(fmt::format("sh -c 'exec {} sync -q --config {}/things.yaml $(cat {}/names) "
                               "> /dev/null'",
                               COUPLET_PROGRAM, folder_, folder_))
        .seconds;
  }

  void into_an_empty_side() {
    cluster_.exec("right_side",
                  fmt::format("create table made (id bigint primary key, {})", kAttributes));
    cluster_.exec("right_side",
                  fmt::format("create table copied (id bigint primary key, {})", kAttributes));
    const std::string rows = folder_ + "/rows";
    measure(fmt::format("psql -q '{}' -c 'copy things to stdout (format binary)' > {}",
                        cluster_.socket_url("left_side"), rows));
    const double copied =
        measure(psql("right_side", "-c 'copy copied from stdin (format binary)' < " + rows))
            .seconds;
    const double made = reconcile(define("made", "things", "made", "id")).seconds;
    add(fmt::format("first reconcile, {} creates", rows_), {{made}},
        fmt::format("COPY in {:.2f} s", copied), made / copied, "x", "(aim 3)");
  }

  std::uint64_t rows_;
  test::PostgresCluster cluster_;
  std::string folder_;
  std::vector<Line> lines_;
};

int main_of(const std::vector<std::string>& arguments) {
  std::uint64_t rows = 1'000'000;
  bool as_json = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--json") {
      as_json = true;
    } else if (arguments[i] == "--rows" && i + 1 < arguments.size()) {
      rows = std::stoull(arguments[++i]);
    } else {
      fmt::print(stderr, "usage: reconcile_bench [--rows N] [--json]\n");
      return 2;
    }
  }
  const std::vector<Line> lines = Bench(rows).run();
  fmt::print("{}", as_json ? json(lines) : table(lines));
  return 0;
}

}  // namespace
}  // namespace couplet::bench

int main(int argc, char** argv) {
  try {
    return couplet::bench::main_of({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "reconcile_bench: {}\n", error.what());
    return 1;
  }
}
