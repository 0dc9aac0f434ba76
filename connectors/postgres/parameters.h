#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace couplet::postgres {

using Oid = std::uint32_t;

// Of the types that are the same in every database (src/include/catalog/pg_type.dat).
namespace oid {
inline constexpr Oid kBool = 16, kBoolArray = 1000;
inline constexpr Oid kBytea = 17, kByteaArray = 1001;
inline constexpr Oid kName = 19;
inline constexpr Oid kInt8 = 20, kInt8Array = 1016;
inline constexpr Oid kInt2 = 21, kInt2Array = 1005;
inline constexpr Oid kInt4 = 23, kInt4Array = 1007;
inline constexpr Oid kText = 25, kTextArray = 1009;
inline constexpr Oid kOid = 26, kOidArray = 1028;
inline constexpr Oid kXid = 28, kXidArray = 1011;
inline constexpr Oid kJson = 114, kJsonArray = 199;
inline constexpr Oid kFloat4 = 700, kFloat4Array = 1021;
inline constexpr Oid kFloat8 = 701, kFloat8Array = 1022;
inline constexpr Oid kCidr = 650, kCidrArray = 651;
inline constexpr Oid kMacaddr8 = 774, kMacaddr8Array = 775;
inline constexpr Oid kMoney = 790, kMoneyArray = 791;
inline constexpr Oid kMacaddr = 829, kMacaddrArray = 1040;
inline constexpr Oid kInet = 869, kInetArray = 1041;
inline constexpr Oid kBpchar = 1042, kBpcharArray = 1014;
inline constexpr Oid kVarchar = 1043, kVarcharArray = 1015;
inline constexpr Oid kDate = 1082, kDateArray = 1182;
inline constexpr Oid kTime = 1083, kTimeArray = 1183;
inline constexpr Oid kTimestamp = 1114, kTimestampArray = 1115;
inline constexpr Oid kTimestampTz = 1184, kTimestampTzArray = 1185;
inline constexpr Oid kInterval = 1186, kIntervalArray = 1187;
inline constexpr Oid kTimeTz = 1266, kTimeTzArray = 1270;
inline constexpr Oid kBit = 1560, kBitArray = 1561;
inline constexpr Oid kVarbit = 1562, kVarbitArray = 1563;
inline constexpr Oid kNumeric = 1700, kNumericArray = 1231;
inline constexpr Oid kUuid = 2950, kUuidArray = 2951;
inline constexpr Oid kLsn = 3220, kLsnArray = 3221;
inline constexpr Oid kJsonb = 3802, kJsonbArray = 3807;
}  // namespace oid

// The parameters of one statement, in binary format, with their types.
struct Parameters {
  std::vector<Oid> types;
  std::vector<std::string> values;

  void add(Oid type, std::string bytes) {
    types.push_back(type);
    values.push_back(std::move(bytes));
  }
  void add_text(std::string text) { add(oid::kText, std::move(text)); }
};

}  // namespace couplet::postgres
