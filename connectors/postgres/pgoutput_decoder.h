#pragma once

#include <string_view>
#include <vector>

#include "connectors/postgres/pgoutput.h"
#include "engine/model/result.h"

namespace couplet::postgres::pgoutput {

// Bytes in, messages out, by protocol 1, 2 and 3. Pure, but for one thing that a message does not
// say of itself: whether it stands inside a stream block, where changes carry the id of their
// transaction. So the messages of one connection go through one decoder, in their order.
//
// Bytes from outside: whatever they are, nothing is read beyond them. Keeps its memory from message
// to message.
class Decoder {
 public:
  // Errors: kTransient (connect again: the same bytes may come whole), code "pgoutput": "message
  // 'I' of 41 bytes ends inside column 3 of its tuple, at byte 17". After an error the decoder is
  // of no use.
  Result<Message> decode(std::string_view bytes);

 private:
  class Reader;

  Result<Message> message(Reader& reader, char type);
  Tuple tuple(Reader& reader, std::vector<Cell>& cells);
  Message relation(Reader& reader);
  Message change(Reader& reader, Change::Kind kind);
  Message truncate(Reader& reader);

  bool in_block_ = false;
  std::vector<Column> columns_;
  std::vector<Cell> before_;
  std::vector<Cell> after_;
  std::vector<Oid> relations_;
};

}  // namespace couplet::postgres::pgoutput
