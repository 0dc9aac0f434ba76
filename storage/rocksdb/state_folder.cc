#include "storage/rocksdb/state_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "storage/rocksdb/status_error.h"

namespace couplet {
namespace {

constexpr mode_t kOwnerOnly = 0700;
constexpr mode_t kOthers = 0077;

std::string user_name(uid_t user) {
  std::vector<char> buffer(4096);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return fmt::format("{} (uid {})", found->pw_name, user);
  }
  return fmt::format("uid {}", user);
}

tl::unexpected<Error> refuse(const std::filesystem::path& path, const char* action, int error) {
  const ErrorKind kind =
      error == ENOSPC || error == EDQUOT ? ErrorKind::kDiskFull : ErrorKind::kPrivilege;
  return fail(
      kind,
      fmt::format("cannot {} the state folder {}: {}", action, path.string(), std::strerror(error)),
      fmt::format("Give the folder to {}, on a file system that can be written.",
                  user_name(::geteuid())));
}

Result<void> make_folder(const std::filesystem::path& path) {
  // "a/b/" names the same folder as "a/b".
  const auto parent = (path.has_filename() ? path : path.parent_path()).parent_path();
  std::error_code error;
  if (!parent.empty()) {
    std::filesystem::create_directories(parent, error);
    if (error) {
      return refuse(path, "create", error.value());
    }
  }
  if (::mkdir(path.c_str(), kOwnerOnly) != 0 && errno != EEXIST) {
    return refuse(path, "create", errno);
  }
  const int descriptor =
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {  // Where it cannot be read it cannot be synced either; then it must do.
    ::fsync(descriptor);
    ::close(descriptor);
  }
  return {};
}

Result<void> check_folder(const std::filesystem::path& path, bool create) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) {
      return refuse(path, "look into", errno);
    }
    if (!create) {
      return fail(ErrorKind::kNotFound, fmt::format("there is no state in {}", path.string()));
    }
    COUPLET_TRY(make_folder(path));
    if (::stat(path.c_str(), &info) != 0) {
      return refuse(path, "look into", errno);
    }
  }
  if (!S_ISDIR(info.st_mode)) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("the state {} is a file, not a folder", path.string()));
  }
  if (info.st_uid != ::geteuid()) {
    // Root could write here, but would leave files that the owner then cannot open.
    return fail(ErrorKind::kPrivilege,
                fmt::format("the state folder {} belongs to {}, and this runs as {}", path.string(),
                            user_name(info.st_uid), user_name(::geteuid())),
                "Run as the user that owns the state.");
  }
  if ((info.st_mode & kOthers) != 0) {
    // An empty one was made for us by someone who did not know; in a used one it is too late to
    // be quiet about it.
    std::error_code error;
    if (std::filesystem::is_empty(path, error) && ::chmod(path.c_str(), kOwnerOnly) == 0) {
      return {};
    }
    return fail(ErrorKind::kPrivilege,
                fmt::format("the state folder {} is open to other users: its mode is {:04o}",
                            path.string(), info.st_mode & 07777U),
                fmt::format("Run: chmod 700 {}", path.string()));
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return refuse(path, "write to", errno);
  }
  return {};
}

// The id of the process that has the lock, as it has written it; empty: it has not.
std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t length = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string process(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  process.erase(process.find_last_not_of('\n') + 1);
  return process;
}

}  // namespace

Result<StateFolder> StateFolder::claim(const std::filesystem::path& path, bool create) {
  COUPLET_TRY(check_folder(path, create));
  const auto file = path / kLockName;
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return refuse(path, "write to", errno);
  }
  StateFolder folder(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return refuse(path, "lock", errno);
    }
    const std::string holder = holder_of(descriptor);
    return fail(ErrorKind::kStateInUse,
                holder.empty()
                    ? fmt::format("the state in {} is in use by another process", path.string())
                    : fmt::format("the state in {} is in use by process {}", path.string(), holder),
                holder.empty() ? kInUseHint
                               : fmt::format("{} `kill {}` has it finish what it is at, and end.",
                                             kInUseHint, holder));
  }
  // For the sentence above, in the process that comes second. Nothing rests on it.
  const std::string process = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written =
        ::pwrite(descriptor, process.data(), process.size(), 0);
  }
  return folder;
}

StateFolder::~StateFolder() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

StateFolder::StateFolder(StateFolder&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace couplet
