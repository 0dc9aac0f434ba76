#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace couplet::test {
namespace {

constexpr int kBacklog = 128;
constexpr int kSlowTickMs = 5;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("fault proxy: ") + what + ": " + std::strerror(errno));
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int bound_socket(int port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made < 0) {
    fail("socket");
  }
  const int on = 1;
  ::setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (::bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(made);
    return -1;
  }
  return made;
}

int port_of(int bound) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool is_later(int error) { return error == EAGAIN || error == EINTR || error == ENOTCONN; }

// With a reset instead of an end.
void reset(int end) {
  const linger at_once{1, 0};
  ::setsockopt(end, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(end);
}

}  // namespace

FaultProxy::FaultProxy(int upstream) : upstream_(upstream) {
  // Bound to a number that it names itself: only such a socket keeps it while it does not listen.
  for (int attempt = 0; listener_ < 0 && attempt < 100; ++attempt) {
    const int probe = bound_socket(0);
    if (probe < 0) {
      fail("bind");
    }
    port_ = port_of(probe);
    ::close(probe);
    listener_ = bound_socket(port_);
  }
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (listener_ < 0 || wake_ < 0 || ::listen(listener_, kBacklog) != 0) {
    fail("listen");
  }
  thread_ = std::thread([this] { run(); });
}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake();
  thread_.join();
  for (const Connection& connection : connections_) {
    ::close(connection.ends[0]);
    ::close(connection.ends[1]);
  }
  ::close(listener_);
  ::close(wake_);
}

void FaultProxy::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

std::string FaultProxy::by_way(std::string url) const {
  const std::string port = ":" + std::to_string(upstream_) + "/";
  return url.replace(url.find(port), port.size(), ":" + std::to_string(port_) + "/");
}

void FaultProxy::cut(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes == 0) {
    cut_all();
  } else {
    until_cut_ = bytes;
  }
  wake();
}

void FaultProxy::freeze() {
  const std::lock_guard lock(mutex_);
  frozen_ = true;
  wake();
}

void FaultProxy::slow_down(std::uint64_t bytes_per_second) {
  const std::lock_guard lock(mutex_);
  bytes_per_second_ = bytes_per_second;
  budget_ = 0;
  refilled_us_ = now_us();
  wake();
}

void FaultProxy::refuse() {
  const std::lock_guard lock(mutex_);
  // On Linux a listening socket that is shut down stays bound and can listen again.
  ::shutdown(listener_, SHUT_RD);
  listens_ = false;
  wake();
}

void FaultProxy::heal() {
  const std::lock_guard lock(mutex_);
  frozen_ = false;
  until_cut_.reset();
  bytes_per_second_.reset();
  if (::listen(listener_, kBacklog) != 0) {
    fail("listen again");
  }
  listens_ = true;
  wake();
}

FaultProxy::Figures FaultProxy::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

void FaultProxy::cut_all() {
  figures_.cut += connections_.size();
  for (const Connection& connection : connections_) {
    reset(connection.ends[0]);
    reset(connection.ends[1]);
  }
  connections_.clear();
  until_cut_.reset();
}

void FaultProxy::refill() {
  if (bytes_per_second_) {
    const std::int64_t now = now_us();
    const std::uint64_t more =
        static_cast<std::uint64_t>(now - refilled_us_) * *bytes_per_second_ / 1'000'000;
    if (more > 0) {
      // What is not used is lost, but for a tenth of a second's worth.
      budget_ = std::min(budget_ + more, std::max<std::uint64_t>(*bytes_per_second_ / 10, 1));
      refilled_us_ = now;
    }
  }
}

// How many bytes may pass now.
std::uint64_t FaultProxy::allowance() const {
  if (frozen_) {
    return 0;
  }
  std::uint64_t most = sizeof Way::bytes;
  if (until_cut_) {
    most = std::min(most, *until_cut_);
  }
  if (bytes_per_second_) {
    most = std::min(most, budget_);
  }
  return most;
}

void FaultProxy::accept_all() {
  for (int end = 0;
       (end = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
    const int further = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_in address = loopback(upstream_);
    if (further < 0 ||
        (::connect(further, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno != EINPROGRESS)) {
      reset(end);
      if (further >= 0) {
        ::close(further);
      }
      continue;
    }
    Connection& made = connections_.emplace_back();
    made.ends[0] = end;
    made.ends[1] = further;
    made.ways[1].from = 1;
    ++figures_.connections;
  }
}

// Reads and writes what can be now. What has been read has not passed until it is written.
void FaultProxy::pump(Connection& connection) {
  for (Way& way : connection.ways) {
    const int from = connection.ends[way.from];
    const int to = connection.ends[1 - way.from];
    for (bool moves = true; moves && !connection.failed;) {
      moves = false;
      if (way.begin == way.end && !way.over) {
        const ssize_t got = ::recv(from, way.bytes, sizeof way.bytes, 0);
        way.begin = 0;
        way.end = got > 0 ? static_cast<std::size_t>(got) : 0;
        way.over = got == 0;
        connection.failed = got < 0 && !is_later(errno);
      }
      const std::size_t size = std::min<std::size_t>(way.end - way.begin, allowance());
      if (size > 0) {
        const ssize_t put = ::send(to, way.bytes + way.begin, size, MSG_NOSIGNAL);
        connection.failed = connection.failed || (put < 0 && !is_later(errno));
        if (put > 0) {
          const auto count = static_cast<std::uint64_t>(put);
          way.begin += count;
          figures_.bytes += count;
          budget_ -= bytes_per_second_ ? count : 0;
          moves = true;
          if (until_cut_ && (*until_cut_ -= count) == 0) {
            return;
          }
        }
      }
    }
    if (way.over && way.begin == way.end && !way.passed) {
      ::shutdown(to, SHUT_WR);
      way.passed = true;
    }
  }
}

void FaultProxy::run() {
  std::vector<pollfd> waited;
  for (;;) {
    waited.assign({{wake_, POLLIN, 0}});
    int patience_ms = -1;
    {
      const std::lock_guard lock(mutex_);
      if (ended_) {
        return;
      }
      if (!frozen_) {
        if (listens_) {
          waited.push_back({listener_, POLLIN, 0});
        }
        refill();
        const bool passes = allowance() > 0;
        for (const Connection& connection : connections_) {
          short wants[2] = {0, 0};
          for (const Way& way : connection.ways) {
            if (way.begin < way.end) {
              wants[1 - way.from] |= passes ? POLLOUT : 0;
            } else if (!way.over) {
              wants[way.from] |= POLLIN;
            }
          }
          for (const std::size_t end : {0, 1}) {
            if (wants[end] != 0) {
              waited.push_back({connection.ends[end], wants[end], 0});
            }
          }
        }
        patience_ms = passes ? -1 : kSlowTickMs;
      }
    }
    ::poll(waited.data(), waited.size(), patience_ms);
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t read = ::read(wake_, &ignored, sizeof ignored);

    const std::lock_guard lock(mutex_);
    if (frozen_ || ended_) {
      continue;
    }
    accept_all();
    refill();
    for (Connection& connection : connections_) {
      pump(connection);
      if (until_cut_ && *until_cut_ == 0) {
        break;
      }
    }
    if (until_cut_ && *until_cut_ == 0) {
      cut_all();
    }
    connections_.remove_if([](const Connection& connection) {
      const bool done = connection.ways[0].passed && connection.ways[1].passed;
      if (connection.failed) {
        reset(connection.ends[0]);
        reset(connection.ends[1]);
      } else if (done) {
        ::close(connection.ends[0]);
        ::close(connection.ends[1]);
      }
      return connection.failed || done;
    });
  }
}

}  // namespace couplet::test
