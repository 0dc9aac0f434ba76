#include "engine/admin/control_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace couplet {
namespace {

constexpr int kWaiting = 16;
// Where the process has no descriptors left, they may come back.
constexpr int kNoneLeftMs = 100;

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool is_open() const { return value_ >= 0; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

// Calls `use` with the address of the socket in `folder`. A path that does not fit into one (some
// 100 bytes) is reached through a descriptor of its folder.
int at_address(const std::filesystem::path& folder,
               const std::function<int(const sockaddr*, socklen_t)>& use) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = (folder / ControlSocket::kName).string();
  const Descriptor shortcut(path.size() < sizeof(address.sun_path)
                                ? -1
                                : ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (shortcut.is_open()) {
    path = fmt::format("/proc/self/fd/{}/{}", shortcut.get(), ControlSocket::kName);
  }
  if (path.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return use(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

}  // namespace

Result<ControlSocket> ControlSocket::open(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kName;
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener.is_open() ||  // In this order: errno is the one of the last.
      (::unlink(file.c_str()) != 0 && errno != ENOENT) ||
      at_address(folder, [&](const sockaddr* address, socklen_t length) {
        return ::bind(listener.get(), address, length);
      }) != 0) {
    return fail(ErrorKind::kUnavailable, fmt::format("cannot listen at {}: {}", file.string(),
                                                     std::system_category().message(errno)));
  }
  ControlSocket socket(listener.release(), file);
  if (::listen(socket.descriptor_, kWaiting) != 0) {
    return fail(ErrorKind::kUnavailable, fmt::format("cannot listen at {}: {}", file.string(),
                                                     std::system_category().message(errno)));
  }
  return socket;
}

ControlSocket::ControlSocket(ControlSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), file_(std::move(other.file_)) {}

ControlSocket::~ControlSocket() {
  if (descriptor_ >= 0) {
    ::unlink(file_.c_str());
    ::close(descriptor_);
  }
}

void ControlSocket::serve(const std::function<std::string()>& tell) const {
  for (;;) {
    const Descriptor caller(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC));
    if (caller.is_open()) {
      const std::string text = tell();
      // It fits into the buffer of a socket; who does not read does not hold us up.
      [[maybe_unused]] const ssize_t sent =
          ::send(caller.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (errno == EINVAL) {  // Closed (unix(7): accept after shutdown).
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      ::poll(nullptr, 0, kNoneLeftMs);
    }
  }
}

void ControlSocket::close() const { ::shutdown(descriptor_, SHUT_RDWR); }

std::optional<std::string> ask_who_has(const std::filesystem::path& folder,
                                       std::chrono::milliseconds patience) {
  const Descriptor asking(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timeval wait{
      seconds.count(),
      std::chrono::duration_cast<std::chrono::microseconds>(patience - seconds).count()};
  ::setsockopt(asking.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));  // of connect
  ::setsockopt(asking.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
  if (!asking.is_open() || at_address(folder, [&](const sockaddr* address, socklen_t length) {
                             return ::connect(asking.get(), address, length);
                           }) != 0) {
    return std::nullopt;
  }
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t length = ::recv(asking.get(), part.data(), part.size(), 0);
    if (length == 0) {
      return text;
    }
    if (length < 0 && errno != EINTR) {
      return std::nullopt;
    }
    text.append(part.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  }
}

}  // namespace couplet
