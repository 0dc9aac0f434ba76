// The replication stream of a Postgres server: no bytes make us read beyond them, and what is
// decoded lies inside of what was given.
// Input: messages, each led by two bytes of length, for one decoder.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  postgres::pgoutput::Decoder decoder;
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
  }
  return 0;
}

}  // namespace couplet::fuzz
