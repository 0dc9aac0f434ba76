// A full reconcile of two equal sides, five attributes and a bigint id, against sorted binary COPY
// of both sides to nowhere by psql, in the same run; and the first reconcile of rows that are on
// both sides already. Prints seconds, the ratio and the peak of resident memory.
//
// What would fool it: tables that are not in the page cache (the COPY runs first and warms them), a
// build without optimisation, another load on the machine (compare ratios of several runs), and
// autovacuum that still works on the fresh rows (the tables are vacuumed first).
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/postgres_cluster.h"

namespace {

struct Measured {
  double seconds = 0;
  double peak_mib = 0;
  int exit_code = -1;
};

Measured measure(const std::string& shell_line) {
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const std::string line = "exec " + shell_line;
    execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  Measured measured;
  measured.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  measured.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024.0;
  measured.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return measured;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::string rows = argc > 1 ? argv[1] : "1000000";
  constexpr int kRuns = 3;
  couplet::test::PostgresSettings settings;
  settings.durable = true;
  settings.parameters = {{"shared_buffers", "512MB"}, {"max_wal_size", "4GB"}};
  const couplet::test::PostgresCluster cluster(settings);
  for (const char* database : {"left_side", "right_side"}) {
    cluster.create_database(database);
    cluster.exec(database,
                 "create table things (id bigint primary key, a text, b integer, c bigint, "
                 "d timestamptz, e numeric(12,2))");
    cluster.exec(database,
                 "insert into things select n, 'name of ' || n, n % 1000, n * 7, "
                 "timestamptz '2025-01-01' + n * interval '1 second', n / 100.0 "
                 "from generate_series(1, " +
                     rows + ") n");
    cluster.exec(database, "vacuum (freeze, analyze) things");
  }
  char folder[] = "/tmp/reconcile-bench-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    return 1;
  }
  const std::string file = std::string(folder) + "/couplet.yaml";
  std::ofstream(file) << fmt::format(
      "version: 1\nname: bench\nstate: state\nsources:\n"
      "  left: {{ type: postgres, url: \"{}\" }}\n  right: {{ type: postgres, url: \"{}\" }}\n"
      "mappings:\n  thing: {{ left: left.things, right: right.things, direction: both,\n"
      "    keys: [id], attributes: [a, b, c, d, e] }}\n",
      cluster.socket_url("left_side"), cluster.socket_url("right_side"));
  const auto copy = [&](const char* database) {
    return fmt::format(
        "psql -q '{}' -c 'copy (select * from things order by id) to stdout (format binary)' "
        "> /dev/null",
        cluster.socket_url(database));
  };
  const std::string both =
      fmt::format("sh -c \"{} & {}; wait\"", copy("left_side"), copy("right_side"));
  const std::string reconcile =
      fmt::format("{} reconcile -q --config {} > /dev/null", COUPLET_PROGRAM, file);
  measure(both);
  const Measured first = measure(reconcile);
  std::vector<double> copies;
  std::vector<double> reconciles;
  double peak = 0;
  int failed = first.exit_code;
  for (int run = 0; run < kRuns; ++run) {
    copies.push_back(measure(both).seconds);
    const Measured equal = measure(reconcile);
    failed |= equal.exit_code;
    reconciles.push_back(equal.seconds);
    peak = std::max(peak, equal.peak_mib);
  }
  measure(fmt::format("rm -rf {}", folder));
  const auto spread = [](const std::vector<double>& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return fmt::format("{:.2f}-{:.2f}", *low, *high);
  };
  fmt::print("rows a side                       {}\n", rows);
  fmt::print("sorted binary COPY of both    {:8.2f} s ({})\n", median(copies), spread(copies));
  fmt::print("first reconcile, all matched  {:8.2f} s, ratio {:.2f}, peak {:.0f} MiB\n",
             first.seconds, first.seconds / median(copies), first.peak_mib);
  fmt::print("reconcile of equal sides      {:8.2f} s ({}), ratio {:.2f}, peak {:.0f} MiB\n",
             median(reconciles), spread(reconciles), median(reconciles) / median(copies), peak);
  return failed;
}
