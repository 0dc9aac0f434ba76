#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace couplet::test {

// A network that fails on command: listens on 127.0.0.1:port(), takes each connection on to
// 127.0.0.1:`upstream`, and passes bytes both ways on a thread of its own. It knows nothing of what
// the bytes mean. A command holds when the call returns.
//
// Throws std::runtime_error where the system lets it have no socket. Safe for concurrent use.
class FaultProxy {
 public:
  explicit FaultProxy(int upstream);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int port() const { return port_; }
  // A URL of the upstream, by way of this.
  std::string by_way(std::string url) const;

  // Every connection is reset when `bytes` more have passed, of all of them and in both directions
  // together; 0: now. What has passed until then arrives.
  void cut(std::uint64_t bytes = 0);
  // Nothing passes, nor does an end; connections stay, and new ones seem to be made.
  void freeze();
  // So many bytes a second pass, of all connections together.
  void slow_down(std::uint64_t bytes_per_second);
  // New connections are refused, as if nobody listened.
  void refuse();
  // All of these are over, a cut that has not come too.
  void heal();

  struct Figures {
    std::uint64_t connections = 0;  // ever made
    std::uint64_t bytes = 0;        // ever passed
    std::uint64_t cut = 0;          // connections that a cut has ended
  };
  Figures figures() const;

 private:
  // What has been read from one end and not been written to the other.
  struct Way {
    std::size_t from = 0;  // whose end: index into Connection::ends
    std::size_t begin = 0, end = 0;
    bool over = false;    // `from` sends no more
    bool passed = false;  // and the other end has been told
    char bytes[16384];
  };
  struct Connection {
    int ends[2] = {-1, -1};  // who connected, upstream
    Way ways[2];
    bool failed = false;
  };

  void run();
  void accept_all();
  void pump(Connection& connection);
  void cut_all();
  void refill();
  std::uint64_t allowance() const;
  void wake() const;

  const int upstream_;
  int port_ = 0;
  int listener_ = -1;
  int wake_ = -1;

  mutable std::mutex mutex_;  // guards all below
  std::list<Connection> connections_;
  bool ended_ = false;
  bool listens_ = true;
  bool frozen_ = false;
  std::optional<std::uint64_t> until_cut_;
  std::optional<std::uint64_t> bytes_per_second_;
  std::uint64_t budget_ = 0;  // of a slow network, for now
  std::int64_t refilled_us_ = 0;
  Figures figures_;

  std::thread thread_;
};

}  // namespace couplet::test
