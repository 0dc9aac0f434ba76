#include "tests/support/postgres_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

namespace couplet::test {
namespace {

constexpr std::string_view kHarness = "couplet-test-harness";  // Its application_name.

// Runs as the server's user in a session of its own: arguments are the directory, the server's
// programs, which of them makes its data, and the options of that. Answers every command with one
// line; when there are no more, because the test is done or dead, it ends the server and removes
// the directory.
constexpr const char* kSupervisor = R"(
directory=$1 programs=$2 maker=$3
shift 3
cd "$directory" || exit 1
answer() { if "$@" >&2; then echo ok; else echo failed; fi; }
create() { "$programs/$maker" -D data "$@" && cat settings.conf >>data/postgresql.conf; }
while read -r verb argument; do
  case $verb in
    create) answer create "$@" ;;
    start) answer "$programs/pg_ctl" -D data -l server.log -o "-p $argument" -w -t 120 start ;;
    stop) answer "$programs/pg_ctl" -D data -m "$argument" -w -t 120 stop ;;
  esac
done
"$programs/pg_ctl" -D data -m immediate -w -t 120 stop >&2
cd / && rm -rf "$directory"
)";

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("PostgreSQL for tests: " + what);
}

[[noreturn]] void fail_with_errno(const std::string& what) {
  fail(what + ": " + std::strerror(errno));
}

std::filesystem::path newest_programs() {
  const std::filesystem::path versions = "/usr/lib/postgresql";
  std::filesystem::path newest;
  int newest_version = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(versions, error)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest_version && std::filesystem::exists(entry.path() / "bin/postgres", error)) {
      newest_version = version;
      newest = entry.path() / "bin";
    }
  }
  if (newest.empty()) {
    fail("no server under " + versions.string() + "; docker/install-packages installs it");
  }
  return newest;
}

// Whom the server runs as when the test is root; nullptr when the test is not.
const passwd* server_user() {
  if (geteuid() != 0) {
    return nullptr;
  }
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = getpwnam(name)) {
      return user;
    }
  }
  fail("root cannot run it, and there is neither user postgres nor nobody");
}

// A port below the range that the system hands out by itself, so that it is still free after a
// restart.
int free_port() {
  std::random_device random;
  std::uniform_int_distribution<int> candidates(10'000, 32'000);
  for (int attempt = 0; attempt < 100; ++attempt) {
    const int port = candidates(random);
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    if (free) {
      return port;
    }
  }
  fail("no free port");
}

std::string settings_file(const PostgresSettings& settings, const std::filesystem::path& sockets) {
  std::map<std::string, std::string> parameters = {
      {"listen_addresses", "127.0.0.1"},
      {"unix_socket_directories", sockets.string()},
      {"wal_level", "logical"},
      {"max_connections", "200"},
      {"max_wal_senders", "50"},
      {"max_replication_slots", "500"},
      {"log_line_prefix", "%m [%p] database=%d application=%a "},
      {"lc_messages", "C"},
      {"timezone", "UTC"},
      {"log_timezone", "UTC"},
  };
  if (!settings.durable) {
    parameters.insert(
        {{"fsync", "off"}, {"synchronous_commit", "off"}, {"full_page_writes", "off"}});
  }
  for (const auto& [name, value] : settings.parameters) {
    parameters[name] = value;
  }
  std::string text;
  for (const auto& [name, value] : parameters) {
    text += name + " = '";
    for (const char c : value) {
      text += c == '\'' ? "''" : std::string(1, c);
    }
    text += "'\n";
  }
  return text;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) {
    fail("cannot write " + path.string());
  }
}

// Gives `directory` and what is in it to `user`.
void give(const std::filesystem::path& directory, const passwd& user) {
  std::vector<std::filesystem::path> paths = {directory};
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    paths.push_back(entry.path());
  }
  for (const auto& path : paths) {
    if (chown(path.c_str(), user.pw_uid, user.pw_gid) != 0) {
      fail_with_errno("chown " + path.string());
    }
  }
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return encoded;
}

struct ConnectionDeleter {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ResultDeleter {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ResultDeleter>;

PgResult run(const std::string& url, std::string_view sql) {
  const std::unique_ptr<PGconn, ConnectionDeleter> connection(
      PQconnectdb((url + "?application_name=" + std::string(kHarness)).c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    fail(PQerrorMessage(connection.get()));
  }
  // Notices such as "table does not exist, skipping" are no part of a test's output.
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  PgResult result(PQexec(connection.get(), std::string(sql).c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    fail(fmt::format("{} in: {}", PQerrorMessage(connection.get()), sql));
  }
  return result;
}

std::string end_of(const std::filesystem::path& path) {
  constexpr std::size_t kShown = 2000;
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return text.size() > kShown ? text.substr(text.size() - kShown) : text;
}

}  // namespace

// The process that runs kSupervisor: it ends, and with it server and directory, when this does.
class PostgresCluster::Supervisor {
 public:
  // `arguments` are those of setsid; its errors and those of what it runs go to `log`.
  Supervisor(std::vector<std::string> arguments, const std::filesystem::path& log);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // True if it did what `line` asks for.
  bool obeys(const std::string& line) const;

 private:
  int socket_ = -1;         // Lines of commands go out, lines of answers come back.
  pid_t owner_ = getpid();  // A forked child that exits must not end its parent's server.
};

PostgresCluster::Supervisor::Supervisor(std::vector<std::string> arguments,
                                        const std::filesystem::path& log) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail_with_errno("socketpair");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  // Not the test's own stderr: whoever reads that to its end would wait for the server.
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);

  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/bin:/bin";
  std::string language = "LC_ALL=C";
  std::array<char*, 3> environment = {path.data(), language.data(), nullptr};
  pid_t launcher = 0;
  const int error =
      posix_spawnp(&launcher, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    fail(arguments[0] + ": " + std::strerror(error));
  }
  waitpid(launcher, nullptr, 0);  // setsid --fork leaves at once.
  socket_ = ends[0];
}

PostgresCluster::Supervisor::~Supervisor() {
  if (getpid() == owner_) {
    shutdown(socket_, SHUT_WR);
    char ignored = 0;
    while (read(socket_, &ignored, 1) > 0) {  // Until the supervisor is gone.
    }
  }
  close(socket_);
}

bool PostgresCluster::Supervisor::obeys(const std::string& line) const {
  const std::string text = line + "\n";
  if (send(socket_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    return false;
  }
  std::string answer;
  for (char c = 0; read(socket_, &c, 1) == 1 && c != '\n';) {
    answer += c;
  }
  return answer == "ok";
}

PostgresCluster::PostgresCluster(const PostgresSettings& settings) {
  const std::filesystem::path programs = newest_programs();
  const passwd* user = server_user();

  std::string pattern = "/tmp/couplet-postgres-XXXXXX";  // Short: a socket's path has 107 bytes.
  if (mkdtemp(pattern.data()) == nullptr) {
    fail_with_errno("mkdtemp " + pattern);
  }
  directory_ = pattern;

  std::vector<std::string> arguments = {"setsid", "--fork"};
  if (user != nullptr) {
    arguments.insert(arguments.end(), {"setpriv", fmt::format("--reuid={}", user->pw_uid),
                                       fmt::format("--regid={}", user->pw_gid), "--clear-groups"});
  }
  arguments.insert(arguments.end(), {"sh", "-c", kSupervisor, "couplet-postgres",
                                     directory_.string(), programs.string()});
  write_file(directory_ / "settings.conf", settings_file(settings, directory_));
  if (settings.standby_of != nullptr) {
    password_ = settings.standby_of->password();
    arguments.insert(arguments.end(),
                     {"pg_basebackup", "--dbname=" + settings.standby_of->url("postgres"),
                      "--write-recovery-conf", "--checkpoint=fast", "--no-sync"});
  } else {
    arguments.insert(arguments.end(), {"initdb", "--username=postgres", "--encoding=UTF8",
                                       "--locale=C.UTF-8", "--no-sync"});
    if (settings.password_required) {
      password_ = "couplet test/password";  // Needs encoding in a URL, as real ones do.
      write_file(directory_ / "password", password_ + "\n");
      arguments.insert(arguments.end(), {"--auth=scram-sha-256", "--pwfile=password"});
    } else {
      arguments.emplace_back("--auth=trust");
    }
  }
  if (user != nullptr) {
    give(directory_, *user);
  }
  supervisor_ = std::make_unique<Supervisor>(std::move(arguments), directory_ / "control.log");

  command("create");
  for (int attempt = 1;; ++attempt) {
    port_ = free_port();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {  // Another process may have taken the port.
      if (attempt == 3) {
        throw;
      }
    }
  }
}

PostgresCluster::~PostgresCluster() = default;

void PostgresCluster::command(const std::string& line) {
  if (!supervisor_->obeys(line)) {
    fail(fmt::format("cannot {}\n{}{}", line, end_of(directory_ / "control.log"),
                     end_of(log_file())));
  }
}

void PostgresCluster::start() { command(fmt::format("start {}", port_)); }

void PostgresCluster::stop(StopMode mode) {
  command(mode == StopMode::kFast ? "stop fast" : "stop immediate");
}

void PostgresCluster::restart(StopMode mode) {
  stop(mode);
  start();
}

std::string PostgresCluster::url(std::string_view database, std::string_view user) const {
  const std::string secret = password_.empty() ? "" : ":" + percent_encoded(password_);
  return fmt::format("postgresql://{}{}@127.0.0.1:{}/{}", percent_encoded(user), secret, port_,
                     percent_encoded(database));
}

std::string PostgresCluster::socket_url(std::string_view database, std::string_view user) const {
  const std::string secret = password_.empty() ? "" : ":" + percent_encoded(password_);
  return fmt::format("postgresql://{}{}@{}:{}/{}", percent_encoded(user), secret,
                     percent_encoded(directory_.string()), port_, percent_encoded(database));
}

void PostgresCluster::exec(std::string_view database, std::string_view sql) const {
  run(url(database), sql);
}

std::vector<Row> PostgresCluster::query(std::string_view database, std::string_view sql) const {
  const PgResult result = run(url(database), sql);
  std::vector<Row> rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    Row& cells = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      if (PQgetisnull(result.get(), row, column) != 0) {
        cells.emplace_back(std::nullopt);
      } else {
        cells.emplace_back(PQgetvalue(result.get(), row, column));
      }
    }
  }
  return rows;
}

void PostgresCluster::create_database(std::string_view name) const {
  exec("postgres", "CREATE DATABASE " + quoted(name));
}

void PostgresCluster::drop_database(std::string_view name) const {
  exec("postgres", "DROP DATABASE IF EXISTS " + quoted(name) + " WITH (FORCE)");
}

void PostgresCluster::log_statements(std::string_view database) const {
  exec("postgres", "ALTER DATABASE " + quoted(database) + " SET log_statement = 'all'");
}

std::vector<LoggedStatement> PostgresCluster::statements_logged(std::string_view database) const {
  const std::string our_database = fmt::format(" database={} application=", database);
  std::vector<LoggedStatement> statements;
  bool continues = false;  // Further lines of one message start with a tab.
  std::ifstream log(log_file());
  for (std::string line; std::getline(log, line);) {
    if (line.starts_with('\t')) {
      if (continues) {
        statements.back().text += "\n" + line.substr(1);
      }
      continue;
    }
    continues = false;
    const std::size_t prefix = line.find(our_database);
    if (prefix == std::string::npos) {
      continue;
    }
    const std::size_t application = prefix + our_database.size();
    const std::size_t level = line.find(" LOG:  ", application);
    if (level == std::string::npos) {
      continue;
    }
    const std::string message = line.substr(level + std::strlen(" LOG:  "));
    const std::string name = line.substr(application, level - application);
    const std::size_t colon = message.find(": ");
    const bool is_statement = message.starts_with("statement: ") || message.starts_with("execute ");
    if (is_statement && colon != std::string::npos && name != kHarness) {
      statements.push_back({name, message.substr(colon + 2)});
      continues = true;
    }
  }
  return statements;
}

PostgresCluster& shared_cluster() {
  static PostgresCluster cluster;
  return cluster;
}

std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    text += c == '"' ? "\"\"" : std::string(1, c);
  }
  return text + "\"";
}

}  // namespace couplet::test
