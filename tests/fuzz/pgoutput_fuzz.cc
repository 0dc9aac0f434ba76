// The replication stream of a Postgres server: no bytes make us read beyond them, what is decoded
// lies inside of what was given, and messages in any order make events or an error.
// Input: messages, each led by two bytes of length, of one connection.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "connectors/postgres/change_assembler.h"
#include "connectors/postgres/pgoutput_decoder.h"
#include "engine/model/wire.h"

namespace couplet::fuzz {
namespace {

using postgres::pgoutput::Change;
using postgres::pgoutput::Message;
using postgres::pgoutput::Tuple;

void check_tuple(Tuple tuple, std::string_view message) {
  const std::less_equal<> not_after;
  for (const postgres::pgoutput::Cell& cell : tuple) {
    if (cell.value.has_bytes()) {
      const std::string_view bytes = cell.value.bytes();
      COUPLET_CHECK(not_after(message.data(), bytes.data()) &&
                    not_after(bytes.data() + bytes.size(), message.data() + message.size()));
    }
  }
}

StreamedTable table(std::string name, std::vector<std::pair<std::string, TypeKind>> id) {
  StreamedTable table{{"public", std::move(name)}, {}, {}};
  for (const auto& [column, kind] : id) {
    Type type;
    type.kind = kind;
    table.id.push_back(column);
    table.id_types.push_back(type);
  }
  return table;
}

// Some of the tables that the seeds tell of.
postgres::ChangeAssembler assembler() {
  StreamRequest request;
  request.tables = {table("people", {{"id", TypeKind::kInt64}}),
                    table("codes", {{"c", TypeKind::kVarchar}, {"n", TypeKind::kInt32}}),
                    table("full_id", {{"a", TypeKind::kInt32}}),
                    table("index_id", {{"a", TypeKind::kInt32}}),
                    table("parts", {{"id", TypeKind::kInt32}})};
  postgres::StreamCatalog catalog;
  catalog.ancestors = [](postgres::Oid) -> Result<std::vector<TableName>> {
    return std::vector<TableName>{{"public", "parts"}};
  };
  // Every type is the one that was asked for.
  catalog.base_type = [](postgres::Oid) -> Result<postgres::Oid> { return postgres::Oid{0}; };
  return {request, "couplet_x_left_", catalog};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  postgres::pgoutput::Decoder decoder;
  postgres::ChangeAssembler events = assembler();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (rest.size() >= 2) {
    const auto length = wire::read<std::uint16_t>(rest.data());
    rest.remove_prefix(2);
    // A copy of its own size: the sanitizer sees what is read behind it.
    const std::string message(rest.substr(0, length));
    rest.remove_prefix(message.size());
    const Result<Message> decoded = decoder.decode(message);
    if (!decoded) {
      COUPLET_CHECK(!decoded.error().message.empty());
      return 0;
    }
    if (const auto* change = std::get_if<Change>(&*decoded)) {
      check_tuple(change->before, message);
      check_tuple(change->after, message);
    }
    if (!events.take(*decoded)) {
      return 0;
    }
    while (events.draining()) {
      COUPLET_CHECK(events.drain().has_value());
    }
  }
  return 0;
}

}  // namespace couplet::fuzz
