// Live sync by `couplet run`, a real process, against what Postgres itself has for the same work: a
// subscription to a publication, and pg_recvlogical to nowhere. Rows with a bigint id and five
// attributes; two servers, everything durable on our side.
//
//   live_bench [--rows N] [--runs N] [--only TEXT] [--program PATH] [--before PATH] [--json]
//
// N rows stand in the table, 100000 by default; as many transactions of one row are caught up with,
// and three times as many rows in transactions of 1000. `--only`: lines whose name holds the text.
// `--before`: another build, measured in the same run beside ours: its lines say "before".
//
// Both catch up with the same transactions, one after the other, while the other one is off: from
// its start to when the last of them is visible. So our time has the start of a process in it, and
// theirs that of a worker. Afterwards all tables are compared.
//
// What would fool it: a subscription's pause before it starts (set to 1 ms); a waiter that holds a
// snapshot and so stops pruning (each look is a transaction of its own), or that looks without a
// pause and so takes a core from whom it waits for; the second pass over rows
// on full pages (tables are vacuumed before each run, on all sides); autovacuum (off); a
// checkpoint in the middle (one just before); another load on the machine, or a neighbour of a
// virtual one: what is compared alternates, medians are taken, and the spread is shown. On two
// cores source, target and Couplet stand in each other's way: processor time a row is told too. A
// subscription commits without waiting for the disk; we wait. That bounds what latency can be.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/bench/live/capture.h"
#include "tests/bench/live/databases.h"
#include "tests/bench/live/program.h"
#include "tests/bench/measure/measure.h"

namespace couplet::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLongest{300};
constexpr std::chrono::milliseconds kLookEvery{1};
constexpr std::uint64_t kBulk = 3;  // times as many rows, where they come by the thousand

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Options {
  std::uint64_t rows = 100'000;
  int runs = 3;
  std::string only;
  std::string program = COUPLET_PROGRAM;
  std::string before;
};

// A definition and what it is started with.
struct Deployment {
  std::string config;
  std::string table;   // on the left
  std::string target;  // on the right
  std::string column;  // what is there of `b`
  std::string back{};  // a table of both, whose `b` is carried from the right; empty: none is
};

// What was written last, and tells by its coming that all before it has come.
struct Ticks {
  std::uint64_t there = 0;
  std::uint64_t back = 0;
};

// Of one build of ours, beside what it is compared with in the same run.
struct Pace {
  Series ours;
  Series theirs;
  double processor = 0;  // seconds, of all runs
  double their_processor = 0;
  double peak_mib = 0;
};

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)), databases_(options_.rows) {
    char folder[] = "/tmp/live-bench-XXXXXX";
    if (mkdtemp(folder) == nullptr) {
      throw std::runtime_error("cannot make a folder under /tmp");
    }
    folder_ = folder;
  }
  ~Bench() { std::filesystem::remove_all(folder_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::vector<Line> run() {
    identity_ = define("identity", "things", "things", "b",
                       "  thing: { left: left.things, right: right.things, direction: "
                       "left_to_right,\n    keys: [id], attributes: [a, b, c, d, e] }\n");
    first_start(identity_);
    capture_lines("capture, transactions of 1000 rows", Work::kBulkUpdates, kBulk);
    capture_lines("capture, transactions of one row", Work::kUpdates, 1);
    catch_up("inserts, 1000 a transaction", Work::kInserts, kBulk, ">= 0.80");
    catch_up("updates, 1000 a transaction", Work::kBulkUpdates, kBulk, ">= 0.80");
    catch_up("updates, one a transaction", Work::kUpdates, 1, ">= 1.3");
    catch_up("updates of 1000 rows, one a transaction", Work::kHotUpdates, 1, ">= 1.8");
    latency(500);
    latency(2000);
    both_directions();
    a_real_mapping();
    one_large_transaction();
    idle();
    return lines_;
  }

 private:
  [[nodiscard]] bool wanted(const std::string& name) const {
    return name.find(options_.only) != std::string::npos;
  }
  [[nodiscard]] std::vector<std::string> programs() const {
    return options_.before.empty() ? std::vector<std::string>{options_.program}
                                   : std::vector<std::string>{options_.program, options_.before};
  }
  void add(std::string work, std::string measured, std::string baseline, double figure,
           std::string unit, std::string must) {
    lines_.push_back({std::move(work), std::move(measured), std::move(baseline), figure,
                      std::move(unit), std::move(must)});
    const Line& line = lines_.back();
    fmt::print(stderr, "{}: {} against {}: {:.2f} {}\n", line.work, line.measured, line.baseline,
               line.figure, line.unit);
  }

  // With what it needs in the sources.
  Deployment define(const std::string& name, const std::string& table, const std::string& target,
                    const std::string& column, const std::string& mappings) const {
    Deployment deployment{folder_ + "/" + name + ".yaml", table, target, column};
    std::ofstream(deployment.config) << fmt::format(
        "version: 1\nname: {0}\nstate: {0}\nsources:\n"
        "  left: {{ type: postgres, url: \"{1}\" }}\n  right: {{ type: postgres, url: \"{2}\" }}\n"
        "mappings:\n{3}",
        name, databases_.origin_url(), databases_.synced_url(), mappings);
    measure(fmt::format("{} setup -q --config {} > {}/log 2>&1", options_.program,
                        deployment.config, folder_));
    return deployment;
  }
  [[nodiscard]] std::unique_ptr<Program> start(const Deployment& deployment,
                                               const std::string& program) const {
    return std::make_unique<Program>(
        std::vector<std::string>{program, "run", "-q", "--config", deployment.config},
        folder_ + "/log");
  }
  void wait_for(Program* program, const std::function<bool()>& done) const {
    const auto began = Clock::now();
    while (!done()) {
      if ((program != nullptr && !program->runs()) || Clock::now() - began > kLongest) {
        throw std::runtime_error("what was written did not come: " + log());
      }
      std::this_thread::sleep_for(kLookEvery);
    }
  }
  // The first reconcile where none was; all that had been written is there.
  void first_start(const Deployment& deployment) {
    const auto running = start(deployment, options_.program);
    wait_for(running.get(), [&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      return log().find("following the changes") != std::string::npos;
    });
    tick_over(*running, deployment);
    running->stop();
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_ + "/log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  Ticks tick(const Deployment& deployment) {
    Ticks ticks;
    if (!deployment.back.empty()) {
      ticks.back = databases_.tick(databases_.synced(), deployment.back);
    }
    ticks.there = databases_.tick(databases_.origin(), deployment.table);
    return ticks;
  }
  bool has_come(const Deployment& deployment, Ticks ticks) {
    return Databases::has_come(databases_.synced(), deployment.target, deployment.column,
                               ticks.there) &&
           (deployment.back.empty() ||
            Databases::has_come(databases_.origin(), deployment.back, "b", ticks.back));
  }
  // Until all that had been written is there, and what was told of it has been looked at.
  void tick_over(Program& running, const Deployment& deployment) {
    const Ticks ticks = tick(deployment);
    wait_for(&running, [&] { return has_come(deployment, ticks); });
  }

  void capture_lines(const std::string& name, Work work, std::uint64_t times) {
    if (!wanted(name)) {
      return;
    }
    Session& origin = databases_.origin();
    origin.exec("select pg_create_logical_replication_slot('segment', 'pgoutput')");
    databases_.write(origin, "things", work, options_.rows * times);
    const std::string until = origin.value("select pg_current_wal_insert_lsn()");
    databases_.tick(origin, "things");
    const auto on_a_copy = [&](const std::string& command) {
      origin.exec("select pg_copy_logical_replication_slot('segment', 'copy', false, 'pgoutput')");
      const Measured measured = measure(command);
      // Its session may still be ending.
      wait_for(nullptr, [&] {
        return origin.value(
                   "select active from pg_replication_slots "
                   "where slot_name = 'copy'") == "f";
      });
      origin.exec("select pg_drop_replication_slot('copy')");
      return measured;
    };
    Series nothing;
    Series ours;
    double processor = 0;
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    for (int run = 0; run < options_.runs; ++run) {
      nothing.seconds.push_back(
          on_a_copy(fmt::format("pg_recvlogical -d '{}' -S copy --start -f /dev/null --no-loop "
                                "-o proto_version=2 -o publication_names=bench -o binary=true "
                                "-o streaming=on --endpos={}",
                                databases_.origin_url(), until))
              .seconds);
      const Measured captured =
          on_a_copy(fmt::format("{} --capture {} copy bench {}", self, identity_.config, until));
      ours.seconds.push_back(captured.seconds);
      processor += captured.processor_seconds;
    }
    origin.exec("select pg_drop_replication_slot('segment')");
    first_start(identity_);
    add(name, ours.text(), "pg_recvlogical " + nothing.text(), nothing.median() / ours.median(),
        "x", ">= 0.90");
    add("  processor time a row", "", "",
        processor * 1e6 / static_cast<double>(options_.rows * times * options_.runs), "us", "");
  }

  // Seconds from the start of the program until what was written last has come.
  double time_ours(const Deployment& deployment, const std::string& program, Ticks ticks,
                   Pace& pace) {
    const auto began = Clock::now();
    const auto running = start(deployment, program);
    wait_for(running.get(), [&] { return has_come(deployment, ticks); });
    const double seconds = seconds_since(began);
    pace.processor += running->processor_seconds();
    pace.peak_mib = std::max(pace.peak_mib, running->peak_mib());
    running->stop();
    return seconds;
  }
  double time_native(std::uint64_t tick, Pace& pace) {
    const auto began = Clock::now();
    databases_.start_native();
    wait_for(nullptr,
             [&] { return Databases::has_come(databases_.native(), "things", "b", tick); });
    const double seconds = seconds_since(began);
    pace.their_processor += processor_seconds(databases_.native_process());
    databases_.stop_native();
    return seconds;
  }

  void catch_up(const std::string& name, Work work, std::uint64_t times, const std::string& must) {
    if (!wanted(name)) {
      return;
    }
    const std::uint64_t events = options_.rows * times;
    const auto builds = programs();
    std::vector<Pace> paces(builds.size());
    for (int run = 0; run < options_.runs; ++run) {
      for (std::size_t build = 0; build < builds.size(); ++build) {
        databases_.settle("things");
        databases_.write(databases_.origin(), "things", work, events);
        const Ticks ticks = tick(identity_);
        Pace& pace = paces[build];
        pace.theirs.seconds.push_back(time_native(ticks.there, pace));
        pace.ours.seconds.push_back(time_ours(identity_, builds[build], ticks, pace));
      }
    }
    check_equal();
    for (std::size_t build = 0; build < builds.size(); ++build) {
      tell(build == 0 ? name : "before: " + name, paces[build], events, must);
    }
  }
  void tell(const std::string& name, const Pace& pace, std::uint64_t events,
            const std::string& must) {
    const double rows = static_cast<double>(events) * options_.runs;
    add(name, pace.ours.text(), "native " + pace.theirs.text(),
        pace.theirs.median() / pace.ours.median(), "x", must);
    add("  processor time a row", "",
        fmt::format("native apply {:.1f} us", pace.their_processor * 1e6 / rows),
        pace.processor * 1e6 / rows, "us", "");
    add("  peak of memory", "", "", pace.peak_mib, "MiB", "");
  }
  void check_equal() {
    const std::string here = Databases::sum(databases_.origin(), "things");
    const std::string native = Databases::sum(databases_.native(), "things");
    const std::string synced = Databases::sum(databases_.synced(), "things");
    if (here != native || here != synced) {
      throw std::runtime_error(
          fmt::format("the tables are not equal (rows, sum of hashes): here {}, by the "
                      "subscription {}, by us {}",
                      here, native, synced));
    }
  }

  // From the return of a commit to when its row is visible, in milliseconds, ascending.
  std::vector<double> latencies(Session& target, int rate) {
    constexpr int kSeconds = 5;
    const int total = rate * kSeconds;
    std::vector<Clock::time_point> committed(total);
    std::atomic<int> written{0};
    const std::uint64_t first = next_id_;
    next_id_ += total;
    Session writing(databases_.origin_url());
    std::thread writer([&] {
      const auto began = Clock::now();
      for (int i = 0; i < total; ++i) {
        std::this_thread::sleep_until(began + std::chrono::microseconds(1'000'000LL * i / rate));
        writing.exec(fmt::format("insert into things values ({}, 'one', 1, 1, now(), 1)",
                                 first + static_cast<std::uint64_t>(i)));
        committed[i] = Clock::now();
        written = i + 1;
      }
    });
    std::vector<double> all;
    const auto began = Clock::now();
    for (int seen = 0; seen < total && Clock::now() - began < kLongest;) {
      const std::uint64_t there = std::stoull(target.value("select max(id) from things"));
      const auto now = Clock::now();
      for (; seen < written && first + static_cast<std::uint64_t>(seen) <= there; ++seen) {
        if (seen >= total / 10) {  // The first have yet to warm caches.
          all.push_back(std::max(
              0.0, std::chrono::duration<double, std::milli>(now - committed[seen]).count()));
        }
      }
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    writer.join();
    std::sort(all.begin(), all.end());
    return all;
  }
  static double at_share(const std::vector<double>& sorted, double share) {
    return sorted.at(static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * share));
  }
  void latency(int rate) {
    const std::string name = fmt::format("commit to visible at {}/s", rate);
    if (!wanted(name)) {
      return;
    }
    std::vector<double> ours[2];
    std::vector<double> theirs[2];
    for (int run = 0; run < options_.runs; ++run) {
      const std::uint64_t tick = databases_.tick(databases_.origin(), "things");
      databases_.start_native();
      wait_for(nullptr,
               [&] { return Databases::has_come(databases_.native(), "things", "b", tick); });
      const auto native = latencies(databases_.native(), rate);
      databases_.stop_native();
      const auto running = start(identity_, options_.program);
      tick_over(*running, identity_);
      const auto live = latencies(databases_.synced(), rate);
      running->stop();
      for (const int half : {0, 1}) {
        theirs[half].push_back(at_share(native, half == 0 ? 0.5 : 0.99));
        ours[half].push_back(at_share(live, half == 0 ? 0.5 : 0.99));
      }
    }
    const auto text = [](std::vector<double> of) {
      std::sort(of.begin(), of.end());
      return fmt::format("{:.2f} ms ({:.2f}-{:.2f})", at_share(of, 0.5), of.front(), of.back());
    };
    for (const int half : {0, 1}) {
      std::sort(ours[half].begin(), ours[half].end());
      std::sort(theirs[half].begin(), theirs[half].end());
      add(name + (half == 0 ? ", p50" : ", p99"), text(ours[half]), "native " + text(theirs[half]),
          at_share(ours[half], 0.5) / at_share(theirs[half], 0.5), "x",
          rate > 500 ? "" : (half == 0 ? "<= 4" : "<= 3"));
    }
  }

  // Against the same number of rows by the identity mapping, one way.
  void compare_with_identity(const std::string& name, const Deployment& deployment,
                             const std::function<void()>& write) {
    Series identity;
    Series ours;
    Pace ignored;
    for (int run = 0; run < options_.runs; ++run) {
      databases_.settle("things");
      first_start(identity_);  // Others' log is behind it.
      databases_.write(databases_.origin(), "things", Work::kUpdates, options_.rows);
      identity.seconds.push_back(time_ours(identity_, options_.program, tick(identity_), ignored));
      databases_.settle(deployment.table);
      first_start(deployment);
      write();
      ours.seconds.push_back(time_ours(deployment, options_.program, tick(deployment), ignored));
    }
    add(name, ours.text(), "identity " + identity.text(), identity.median() / ours.median(), "x",
        ">= 0.75");
  }

  void both_directions() {
    const std::string name = "both directions at once";
    if (!wanted(name)) {
      return;
    }
    for (Session* session : {&databases_.origin(), &databases_.synced()}) {
      databases_.fill(*session, "pairs");
      databases_.allow_work(*session, "pairs");
      // Two sides that change one value at once would have a conflict, and record it.
      session->exec("create table marks (id bigint primary key, b integer)");
      session->exec("insert into marks values (1000000000000, 0)");
    }
    Deployment both =
        define("both", "pairs", "pairs", "b",
               "  pair: { left: left.pairs, right: right.pairs, direction: both,\n"
               "    keys: [id], attributes: [a, b, c, d, e] }\n"
               "  mark: { left: left.marks, right: right.marks, direction: right_to_left,\n"
               "    keys: [id], attributes: [b] }\n");
    both.back = "marks";
    first_start(both);
    compare_with_identity(name, both, [&] {
      // Not the same rows: one side writes those that the other has left alone.
      const std::string half = std::to_string(options_.rows / 2);
      update_half(databases_.origin(), "1", half);
      update_half(databases_.synced(), "1 + " + half, half);
    });
    // A tick may be there before the rest of its step, and the rest is left to the next start.
    const auto running = start(both, options_.program);
    wait_for(running.get(), [&] {
      return Databases::sum(databases_.origin(), "pairs") ==
             Databases::sum(databases_.synced(), "pairs");
    });
    running->stop();
    forget(both);
  }
  static void update_half(Session& session, const std::string& from, const std::string& count) {
    session.exec("set synchronous_commit = off");
    session.exec(
        fmt::format("do $$ begin for i in 0 .. {1} - 1 loop "
                    "update pairs set b = b + 1, d = d + interval '1 second' "
                    "where id = {0} + (i * 7919::bigint) % {1}; commit; end loop; end $$",
                    from, count));
    session.exec("set synchronous_commit = on");
  }

  void a_real_mapping() {
    const std::string name = "renames, casts and a link look-up";
    if (!wanted(name)) {
      return;
    }
    Session& origin = databases_.origin();
    Session& synced = databases_.synced();
    origin.exec("create table owners (id bigint primary key, name text not null)");
    synced.exec(
        "create table holders (id bigint primary key generated by default as identity, "
        "title text not null)");
    origin.exec("insert into owners select n, 'owner ' || n from generate_series(1, 1000) n");
    databases_.fill(origin, "items");
    origin.exec("alter table items add owner_id bigint references owners");
    origin.exec("update items set owner_id = 1 + id % 1000");
    databases_.allow_work(origin, "items");
    synced.exec(
        "create table articles (number bigint primary key, title text, amount bigint, "
        "score numeric(20,0), made_at timestamptz, price numeric(14,2), "
        "holder_id bigint references holders, id bigint)");
    const Deployment mapped = define(
        "mapped", "items", "articles", "amount",
        "  owner: { left: left.owners, right: right.holders, direction: left_to_right,\n"
        "    keys: [{ left: name, right: title }] }\n"
        "  item: { left: left.items, right: right.articles, direction: left_to_right,\n"
        "    keys: [{ left: id, right: number }], attributes: [\n"
        "      { left: id, right: id }, { left: a, right: title }, { left: b, right: amount },\n"
        "      { left: c, right: score }, { left: d, right: made_at }, { left: e, right: price },\n"
        "      { left: owner, right: holder, link: owner }] }\n");
    compare_with_identity(
        name, mapped, [&] { databases_.write(origin, "items", Work::kUpdates, options_.rows); });
    forget(mapped);
  }
  // What it has in the sources would else keep their log for ever.
  void forget(const Deployment& deployment) const {
    measure(fmt::format("{} teardown -q --config {} > {}/log 2>&1", options_.program,
                        deployment.config, folder_));
  }

  void one_large_transaction() {
    const std::string name = "one transaction";
    if (!wanted(name)) {
      return;
    }
    databases_.settle("things");
    databases_.write(databases_.origin(), "things", Work::kOneUpdate, options_.rows);
    const Ticks ticks = tick(identity_);
    Pace pace;
    pace.theirs.seconds.push_back(time_native(ticks.there, pace));
    pace.ours.seconds.push_back(time_ours(identity_, options_.program, ticks, pace));
    add(fmt::format("{} of {} rows", name, options_.rows), pace.ours.text(),
        "native " + pace.theirs.text(), pace.theirs.median() / pace.ours.median(), "x", "");
    add("  peak of memory", "", "", pace.peak_mib, "MiB", "<= 128");
  }

  void idle() {
    const std::string name = "idle, both sources followed";
    if (!wanted(name)) {
      return;
    }
    constexpr std::chrono::seconds kSettled{2};
    constexpr std::chrono::seconds kWatched{8};
    const auto running = start(identity_, options_.program);
    tick_over(*running, identity_);
    std::this_thread::sleep_for(kSettled);
    const double before = running->processor_seconds();
    std::this_thread::sleep_for(kWatched);
    const double used = running->processor_seconds() - before;
    running->stop();
    add(name, "", "", 100 * used / static_cast<double>(kWatched.count()), "% of a core", "<= 0.5");
  }

  Options options_;
  Databases databases_;
  std::string folder_;
  Deployment identity_;
  std::uint64_t next_id_ = 2'000'000'000'000;
  std::vector<Line> lines_;
};

int main_of(const std::vector<std::string>& arguments) {
  constexpr const char* kUsage =
      "usage: live_bench [--rows N] [--runs N] [--only TEXT] [--program PATH] [--before PATH] "
      "[--json]\n";
  if (arguments.size() == 5 && arguments[0] == "--capture") {
    capture(arguments[1], arguments[2], arguments[3], arguments[4]);
    return 0;
  }
  Options options;
  bool as_json = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& option = arguments[i];
    if (option == "--json") {
      as_json = true;
      continue;
    }
    if (i + 1 == arguments.size()) {
      fmt::print(stderr, "{}", kUsage);
      return 2;
    }
    const std::string& value = arguments[++i];
    if (option == "--rows") {
      options.rows = std::max(1000ULL, std::stoull(value) / 1000 * 1000);
    } else if (option == "--runs") {
      options.runs = std::max(1, std::stoi(value));
    } else if (option == "--only") {
      options.only = value;
    } else if (option == "--program") {
      options.program = value;
    } else if (option == "--before") {
      options.before = value;
    } else {
      fmt::print(stderr, "{}", kUsage);
      return 2;
    }
  }
  const std::vector<Line> lines = Bench(options).run();
  fmt::print("{}", as_json ? json(lines) : table(lines));
  return 0;
}

}  // namespace
}  // namespace couplet::bench

int main(int argc, char** argv) {
  try {
    return couplet::bench::main_of({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "live_bench: {}\n", error.what());
    return 1;
  }
}
