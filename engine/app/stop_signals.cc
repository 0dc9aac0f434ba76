#include "engine/app/stop_signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace couplet {
namespace {

std::atomic<bool> requested = false;
std::atomic<int> read_end = -1;
std::atomic<int> write_end = -1;
std::atomic<unsigned> patience_seconds = 0;  // none
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free &&
                  std::atomic<unsigned>::is_always_lock_free,
              "a signal handler may touch nothing else");

void on_stop(int number) {
  const int saved = errno;
  if (requested.exchange(true)) {
    std::signal(number, SIG_DFL);
    ::raise(number);
    return;
  }
  ::alarm(patience_seconds);
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = ::write(write_end, &byte, 1);
  errno = saved;
}

void on_end_of_patience(int /*number*/) {
  constexpr std::string_view kSaid =
      "couplet: stopped before what was at hand was done, as it took too long; what was at hand "
      "comes again\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kSaid.data(), kSaid.size());
  ::_exit(0);
}

}  // namespace

void catch_stop_signals() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
    read_end = ends[0];
    write_end = ends[1];
  }
  struct sigaction action {};
  action.sa_handler = on_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction before {};
    ::sigaction(number, nullptr, &before);
    // A shell starts its background jobs with INT ignored, and that is to stay so.
    if (before.sa_handler != SIG_IGN) {
      ::sigaction(number, &action, nullptr);
    }
  }
}

void end_after_stop(std::chrono::seconds patience) {
  struct sigaction action {};
  action.sa_handler = on_end_of_patience;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGALRM, &action, nullptr);
  patience_seconds = static_cast<unsigned>(patience.count());
}

bool stop_requested() { return requested; }

int stop_descriptor() { return read_end; }

}  // namespace couplet
