#include "connectors/postgres/sqlstate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couplet::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

ServerError with(const std::string& code) {
  ServerError error;
  error.code = code;
  return error;
}

TEST(SqlStateTest, EachKindOfTroubleIsTold) {
  const std::vector<std::pair<ErrorKind, std::vector<const char*>>> table{
      {ErrorKind::kTransient,
       {"", "08006", "40001", "40P01", "40003", "55P03", "57014", "57P01", "57P02", "53200",
        "26000", "25P02", "55006"}},
      {ErrorKind::kUnavailable, {"57P03", "53300", "25006"}},
      {ErrorKind::kDiskFull, {"53100"}},
      {ErrorKind::kRowFault,
       {"23505", "23503", "23502", "23514", "23P01", "22001", "22003", "22P02", "22012", "P0001",
        "44000", "54000", "38000", "21000", "27000", "ZX001", "99999"}},
      {ErrorKind::kSchema, {"42P01", "42703", "42804", "3F000", "0A000", "428C9", "55000"}},
      {ErrorKind::kPrivilege, {"42501"}},
      {ErrorKind::kAuthentication, {"28P01", "28000", "3D000"}},
      {ErrorKind::kInternal, {"XX000", "XX001"}}};
  for (const auto& [kind, codes] : table) {
    for (const char* code : codes) {
      EXPECT_EQ(kind_of(with(code)), kind) << code;
    }
  }
}

TEST(SqlStateTest, APolicysRefusalIsTheRowsFault) {
  ServerError error = with("42501");
  error.routine = "ExecWithCheckOptions";
  EXPECT_EQ(kind_of(error), ErrorKind::kRowFault);
}

TEST(SqlStateTest, ARefusedConnectionIsUnavailableUnlessTheServerSaysWhy) {
  EXPECT_EQ(kind_of_refusal(""), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of_refusal("57P03"), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of_refusal("53300"), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of_refusal("28P01"), ErrorKind::kAuthentication);
  EXPECT_EQ(kind_of_refusal("3D000"), ErrorKind::kAuthentication);
  EXPECT_EQ(kind_of_refusal("42501"), ErrorKind::kPrivilege);
}

TEST(SqlStateTest, TheSentenceOfARowFaultHoldsNoValue) {
  ServerError error = with("23505");
  error.message = "duplicate key value violates unique constraint \"t_name_key\"";
  error.detail = "Key (name)=(Ada) already exists.";
  error.schema = "public";
  error.table = "t";
  error.constraint = "t_name_key";
  const Error result = to_error("daphne", error);
  EXPECT_EQ(result.message,
            "source daphne: unique constraint t_name_key of public.t refuses the row (23505)");
  EXPECT_EQ(result.constraint, "t_name_key");
  EXPECT_EQ(result.code, "23505");
  EXPECT_THAT(result.detail, HasSubstr("Ada"));
  for (const char* code :
       {"22P02", "22001", "P0001", "22003", "23514", "23502", "44000", "22012"}) {
    ServerError quoting = with(code);
    quoting.message = "invalid input: \"Ada\"";
    EXPECT_THAT(to_error("daphne", quoting).message, Not(HasSubstr("Ada"))) << code;
  }
}

TEST(SqlStateTest, AFaultWithoutAConstraintNamesItsColumn) {
  ServerError error = with("23502");
  error.column = "name";
  error.table = "t";
  const Error result = to_error("daphne", error);
  EXPECT_EQ(result.constraint, "name");
  EXPECT_THAT(result.message, HasSubstr("column name of t may not be null"));
}

}  // namespace
}  // namespace couplet::postgres
