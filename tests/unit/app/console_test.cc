#include "engine/app/output/console.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <unistd.h>
#include "engine/app/output/printable.h"

#include <csignal>
#include <string>

#include "engine/app/output/printable.h"

namespace couplet {
namespace {

// A pipe whose writing end plays stdout or stderr.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0); }
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int writer() const { return ends_[1]; }
  // What has arrived since the last call.
  [[nodiscard]] std::string read() const {
    std::string text(65536, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }
  void close_reader() {
    if (ends_[0] >= 0) {
      ::close(ends_[0]);
      ends_[0] = -1;
    }
  }

 private:
  int ends_[2] = {-1, -1};
};

class ConsoleTest : public testing::Test {
 protected:
  void SetUp() override { std::signal(SIGPIPE, SIG_IGN); }  // As the program does.
  Console::Settings settings(bool terminal) const {
    Console::Settings settings;
    settings.out = out_.writer();
    settings.err = err_.writer();
    settings.out_terminal = terminal;
    settings.err_terminal = terminal;
    return settings;
  }
  Pipe out_;
  Pipe err_;
};

TEST_F(ConsoleTest, LinesForAPipeAreHeldBackUntilTheyAreFlushed) {
  Console console(settings(false));
  console.data("one");
  EXPECT_EQ(out_.read(), "");
  console.data("two");
  console.flush();
  EXPECT_EQ(out_.read(), "one\ntwo\n");
}

TEST_F(ConsoleTest, LinesForATerminalComeAtOnce) {
  Console console(settings(true));
  console.data("one");
  EXPECT_EQ(out_.read(), "one\n");
}

TEST_F(ConsoleTest, TheBarIsErasedBeforeEachLineAndOnceAtTheEnd) {
  {
    Console console(settings(true));
    console.show_bar("[=>  ]");
    EXPECT_EQ(err_.read(), "\r\x1b[K[=>  ]");
    console.data("line");
    EXPECT_EQ(err_.read(), "\r\x1b[K");
    console.data("line");
    EXPECT_EQ(err_.read(), "");
    console.show_bar("[==> ]");
    console.talk("talk");
    EXPECT_EQ(err_.read(), "\r\x1b[K[==> ]\r\x1b[Ktalk\n");
    console.show_bar("[===>]");
  }
  EXPECT_EQ(err_.read(), "\r\x1b[K[===>]\r\x1b[K");
}

TEST_F(ConsoleTest, NoBarIsDrawnWhereNobodyWatches) {
  Console console(settings(false));
  EXPECT_FALSE(console.shows_bar());
  console.show_bar("[=>  ]");
  console.data("line");
  console.flush();
  EXPECT_EQ(err_.read(), "");
}

TEST_F(ConsoleTest, AReaderWhoLeavesIsNoError) {
  Console console(settings(false));
  out_.close_reader();
  for (int i = 0; i < 100; ++i) {
    console.data("line");
  }
  EXPECT_FALSE(console.reader_gone());
  console.flush();
  EXPECT_TRUE(console.reader_gone());
  console.data("dropped");
  EXPECT_TRUE(console.finish());
}

TEST_F(ConsoleTest, DataThatCannotBeWrittenIsAnError) {
  Console::Settings full = settings(false);
  full.out = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full.out, 0);
  Console console(full);
  console.data("line");
  const auto finished = console.finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().kind, ErrorKind::kDiskFull);
  EXPECT_EQ(finished.error().message, "cannot write to standard output: No space left on device");
  ::close(full.out);
}

TEST_F(ConsoleTest, PasswordsAreMaskedInTalk) {
  Console console(settings(false));
  console.talk("couplet: cannot use postgresql://me:secret@db/x?sslpassword=hidden");
  const std::string said = err_.read();
  EXPECT_THAT(said, testing::HasSubstr("postgresql://me:***@db/x"));
  EXPECT_THAT(said, testing::Not(testing::HasSubstr("secret")));
  EXPECT_THAT(said, testing::Not(testing::HasSubstr("hidden")));
}

TEST(PrintableTest, NoControlCharacterOfEitherSetReachesTheTerminal) {
  EXPECT_EQ(printable("a\x1B[31mb\tc\x7F"), "a [31mb c ");
  // U+009B is an escape and a bracket in one; U+00A0 and é begin with the same byte as it or are
  // near it.
  EXPECT_EQ(printable("a\xC2\x9B\x33\x31mb\xC2\x80\xC2\x85"), "a 31mb ");
  EXPECT_EQ(printable("\xC2\xA0\xC3\xA9 \xE2\x82\xAC\xC2"), "\xC2\xA0\xC3\xA9 \xE2\x82\xAC\xC2");
}

}  // namespace
}  // namespace couplet
