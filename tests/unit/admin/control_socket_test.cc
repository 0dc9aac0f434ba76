#include "engine/admin/control_socket.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace couplet {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{10'000};

// One that answers, on a thread.
class Answering {
 public:
  Answering(const std::filesystem::path& folder, std::string text)
      : socket_(open(folder)),
        thread_([this, text = std::move(text)] { socket_.serve([&] { return text; }); }) {}
  ~Answering() {
    socket_.close();
    thread_.join();
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

 private:
  static ControlSocket open(const std::filesystem::path& folder) {
    auto opened = ControlSocket::open(folder);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  ControlSocket socket_;
  std::thread thread_;
};

TEST(ControlSocketTest, TellsWhoeverAsksForAsLongAsItIsThere) {
  const test::TemporaryFolder folder;
  const std::string text(50'000, 'x');
  {
    const Answering answering(folder.path(), text);
    EXPECT_EQ(ask_who_has(folder.path(), kPatience), text);
    EXPECT_EQ(ask_who_has(folder.path(), kPatience), text);
  }
  EXPECT_EQ(ask_who_has(folder.path(), kPatience), std::nullopt);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ControlSocketTest, WhatAProcessThatDiedHasLeftIsReplaced) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / ControlSocket::kName) << "left";
  EXPECT_EQ(ask_who_has(folder.path(), kPatience), std::nullopt);
  const Answering answering(folder.path(), "here");
  EXPECT_EQ(ask_who_has(folder.path(), kPatience), "here");
}

TEST(ControlSocketTest, AFolderWhoseNameDoesNotFitIntoAnAddressIsReachedToo) {
  const test::TemporaryFolder folder;
  const auto deep = folder.path() / std::string(100, 'd') / std::string(100, 'e');
  std::filesystem::create_directories(deep);
  const Answering answering(deep, "deep");
  EXPECT_EQ(ask_who_has(deep, kPatience), "deep");
}

TEST(ControlSocketTest, OneThatDoesNotAnswerIsNotWaitedForForLong) {
  const test::TemporaryFolder folder;
  const auto silent = ControlSocket::open(folder.path());
  ASSERT_TRUE(silent);
  EXPECT_EQ(ask_who_has(folder.path(), milliseconds(20)), std::nullopt);
}

TEST(ControlSocketTest, WhereItCannotListenItSaysWhere) {
  const auto opened = ControlSocket::open("/nowhere/at/all");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message,
            "cannot listen at /nowhere/at/all/couplet.sock: No such file or directory");
}

}  // namespace
}  // namespace couplet
