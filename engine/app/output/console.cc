#include "engine/app/output/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/definition/secret.h"

namespace couplet {
namespace {

constexpr std::size_t kHeldBytesMax = 32U << 10U;
constexpr std::string_view kEraseLine = "\r\x1b[K";

// 0, or what went wrong.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return 0;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

Console::Settings Console::detect() {
  const char* terminal = std::getenv("TERM");
  const bool plain = terminal == nullptr || std::string_view(terminal) == "dumb";
  Settings settings;
  settings.out_terminal = ::isatty(settings.out) == 1;
  settings.err_terminal = ::isatty(settings.err) == 1 && !plain;
  settings.out_colors = settings.out_terminal && !plain && !is_set("NO_COLOR");
  settings.err_colors = settings.err_terminal && !is_set("NO_COLOR");
  return settings;
}

Console::~Console() {
  clear_bar();
  flush();
}

void Console::data(std::string_view line) {
  clear_bar();
  held_ += line;
  held_ += '\n';
  if (settings_.out_terminal || held_.size() >= kHeldBytesMax) {
    flush();
  }
}

void Console::talk(std::string_view line) { talk_as_is(mask(line) + "\n"); }

void Console::talk_as_is(std::string_view text) {
  clear_bar();
  flush();  // In the order in which it was said, where both end in one place.
  write_all(settings_.err, text);
}

void Console::show_bar(std::string_view bar) {
  if (!settings_.err_terminal) {
    return;
  }
  std::string text(kEraseLine);
  text += bar;
  write_all(settings_.err, text);
  bar_shown_ = true;
}

void Console::clear_bar() {
  if (bar_shown_) {
    write_all(settings_.err, kEraseLine);
    bar_shown_ = false;
  }
}

std::size_t Console::width() const {
  winsize size{};
  if (::ioctl(settings_.err, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return settings_.width;
}

void Console::flush() {
  if (held_.empty() || reader_gone_ || write_error_ != 0) {
    held_.clear();
    return;
  }
  const int error = write_all(settings_.out, held_);
  held_.clear();
  if (error == EPIPE) {
    reader_gone_ = true;
  } else {
    write_error_ = error;
  }
}

Result<void> Console::finish() {
  clear_bar();
  flush();
  if (write_error_ != 0) {
    return fail(write_error_ == ENOSPC ? ErrorKind::kDiskFull : ErrorKind::kInternal,
                std::string("cannot write to standard output: ") + std::strerror(write_error_));
  }
  return {};
}

}  // namespace couplet
