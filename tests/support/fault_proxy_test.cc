#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>

namespace couplet::test {
namespace {

using Clock = std::chrono::steady_clock;

// One end of a connection; its calls wait for at most 10 s.
class Socket {
 public:
  explicit Socket(int made) : socket_(made) {
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Socket() { ::close(socket_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] int get() const { return socket_; }
  void send(const std::string& text) const {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // So many bytes, or what came until the connection ended.
  [[nodiscard]] std::string receive(std::size_t size) const {
    std::string text(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t count = ::recv(socket_, text.data() + got, size - got, 0);
      if (count <= 0) {
        break;
      }
      got += static_cast<std::size_t>(count);
    }
    return text.substr(0, got);
  }
  // errno of the next read; 0 at an orderly end.
  [[nodiscard]] int end() const {
    char byte = 0;
    const ssize_t count = ::recv(socket_, &byte, 1, 0);
    return count < 0 ? errno : count == 0 ? 0 : -1;
  }
  [[nodiscard]] bool has_something() const {
    pollfd one{socket_, POLLIN, 0};
    return ::poll(&one, 1, 100) > 0;
  }

 private:
  int socket_;
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class FaultProxyTest : public testing::Test {
 protected:
  FaultProxyTest() : server_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(server_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(server_.get(), 10), 0);
    ::getsockname(server_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    proxy_ = std::make_unique<FaultProxy>(ntohs(address.sin_port));
  }

  struct Pair {
    std::unique_ptr<Socket> client, server;
  };
  [[nodiscard]] std::unique_ptr<Socket> client() const {
    auto made = std::make_unique<Socket>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(proxy_->port());
    if (::connect(made->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return nullptr;
    }
    return made;
  }
  [[nodiscard]] Pair pair() const {
    Pair made;
    made.client = client();
    made.server =
        std::make_unique<Socket>(::accept4(server_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return made;
  }

  Socket server_;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FaultProxyTest, BytesPassBothWaysAndSoDoesAnEnd) {
  const Pair pair = this->pair();
  const std::string much(1'000'000, 'x');
  pair.client->send("hello");
  EXPECT_EQ(pair.server->receive(5), "hello");
  std::thread sender([&] { pair.server->send(much); });
  EXPECT_EQ(pair.client->receive(much.size()), much);
  sender.join();
  ::shutdown(pair.client->get(), SHUT_WR);
  EXPECT_EQ(pair.server->end(), 0);
  pair.server->send("after");
  EXPECT_EQ(pair.client->receive(5), "after");
  EXPECT_EQ(proxy_->figures().bytes, much.size() + 10);
}

TEST_F(FaultProxyTest, ACutResetsEveryConnectionAfterExactlySoManyBytes) {
  const Pair one = pair();
  const Pair other = pair();
  proxy_->cut(7);
  one.client->send("0123456789");
  EXPECT_EQ(one.server->receive(10), "0123456");
  EXPECT_EQ(one.client->end(), ECONNRESET);
  EXPECT_EQ(other.client->end(), ECONNRESET);
  EXPECT_EQ(other.server->end(), ECONNRESET);
  EXPECT_EQ(proxy_->figures().cut, 2U);
  const Pair next = pair();  // It was that cut alone.
  next.client->send("0123456789");
  EXPECT_EQ(next.server->receive(10), "0123456789");
}

TEST_F(FaultProxyTest, ACutAtOnceResetsThem) {
  const Pair one = pair();
  one.client->send("x");
  EXPECT_EQ(one.server->receive(1), "x");
  proxy_->cut();
  EXPECT_EQ(one.client->end(), ECONNRESET);
  EXPECT_EQ(one.server->end(), ECONNRESET);
}

TEST_F(FaultProxyTest, FrozenNothingPassesAndNothingIsLost) {
  const Pair one = pair();
  proxy_->freeze();
  one.client->send("later");
  const auto made_meanwhile = client();
  ASSERT_NE(made_meanwhile, nullptr);
  EXPECT_FALSE(one.server->has_something());
  proxy_->heal();
  EXPECT_EQ(one.server->receive(5), "later");
}

TEST_F(FaultProxyTest, ASlowNetworkTakesItsTime) {
  const Pair one = pair();
  proxy_->slow_down(20'000);
  const auto began = Clock::now();
  one.client->send(std::string(10'000, 'x'));
  EXPECT_EQ(one.server->receive(10'000).size(), 10'000U);
  EXPECT_GT(Clock::now() - began, std::chrono::milliseconds(300));
  proxy_->heal();
  one.client->send(std::string(10'000, 'x'));
  EXPECT_EQ(one.server->receive(10'000).size(), 10'000U);
}

TEST_F(FaultProxyTest, RefusedIsWhoComesAnewUntilItHeals) {
  const Pair one = pair();
  proxy_->refuse();
  EXPECT_EQ(client(), nullptr);
  EXPECT_EQ(errno, ECONNREFUSED);
  one.client->send("stays");
  EXPECT_EQ(one.server->receive(5), "stays");
  proxy_->heal();
  const Pair next = pair();
  next.client->send("again");
  EXPECT_EQ(next.server->receive(5), "again");
}

TEST_F(FaultProxyTest, WhereNobodyListensUpstreamAConnectionEnds) {
  ::shutdown(server_.get(), SHUT_RD);
  const auto refused = client();
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->end(), ECONNRESET);
}

}  // namespace
}  // namespace couplet::test
