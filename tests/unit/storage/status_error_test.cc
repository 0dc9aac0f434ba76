#include "storage/rocksdb/status_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace couplet {
namespace {

using rocksdb::Status;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(StatusErrorTest, EachFailureHasItsKind) {
  const struct {
    Status status;
    ErrorKind kind;
  } cases[] = {
      {Status::Corruption("block checksum mismatch"), ErrorKind::kStateCorrupt},
      {Status::PathNotFound("000012.sst"), ErrorKind::kStateCorrupt},
      {Status::IOError("While fsync", "Input/output error"), ErrorKind::kStateCorrupt},
      {Status::NoSpace("While appending"), ErrorKind::kDiskFull},
      {Status::IOError("While appending", "No space left on device"), ErrorKind::kDiskFull},
      {Status::IOError("While appending", "Disk quota exceeded"), ErrorKind::kDiskFull},
      {Status::IOError("While lock file: /s/LOCK", "Resource temporarily unavailable"),
       ErrorKind::kStateInUse},
      {Status::IOError("lock hold by current process, acquire time 1", "/s/LOCK: No locks"),
       ErrorKind::kStateInUse},
      {Status::IOError("While open a file", "Permission denied"), ErrorKind::kPrivilege},
      {Status::IOError("While open a file", "Read-only file system"), ErrorKind::kPrivilege},
      {Status::IOError("While open a file", "Too many open files"), ErrorKind::kTransient},
      {Status::MemoryLimit("cache"), ErrorKind::kTransient},
      {Status::Busy(), ErrorKind::kTransient},
      {Status::InvalidArgument("Column families not opened: future"), ErrorKind::kStateForeign},
      {Status::NotSupported("format version 9"), ErrorKind::kStateForeign},
      {Status::InvalidArgument("Column family not found", "links"), ErrorKind::kNotFound},
  };
  for (const auto& one : cases) {
    const Error error = state_error(one.status, "/the/state");
    EXPECT_EQ(error.kind, one.kind) << error.message;
    EXPECT_THAT(error.message, HasSubstr("/the/state"));
    EXPECT_THAT(error.message, HasSubstr(one.status.ToString())) << "ends in the facts";
    EXPECT_THAT(error.hint, Not(IsEmpty())) << error.message;
  }
}

TEST(StatusErrorDeathTest, SuccessIsNoError) {
  EXPECT_DEATH(state_error(Status::OK(), "/the/state"), "status.ok");
}

TEST(StatusErrorTest, DamageComesWithAdvice) {
  const Error error = corrupt_error("/the/state", "its file CURRENT is missing");
  EXPECT_EQ(error.kind, ErrorKind::kStateCorrupt);
  EXPECT_EQ(error.message, "the state in /the/state is damaged: its file CURRENT is missing");
  EXPECT_THAT(error.hint, HasSubstr("--rebuild-state"));
}

}  // namespace
}  // namespace couplet
