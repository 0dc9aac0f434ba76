#include "connectors/postgres/pgoutput_decoder.h"

#include <fmt/format.h>

#include <type_traits>

#include "engine/model/planted_bug.h"
#include "engine/model/wire.h"

namespace couplet::postgres::pgoutput {
namespace {

std::string printable(char type) {
  const auto byte = static_cast<unsigned char>(type);
  return byte > 0x20 && byte < 0x7F ? fmt::format("'{}'", type) : fmt::format("0x{:02x}", byte);
}

}  // namespace

// A place in a message. What is missing reads as zero and is remembered; the decoder looks once, at
// the end.
class Decoder::Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename Int>
  Int number(const char* what) {
    if (broken() || bytes_.size() - at_ < sizeof(Int)) {
      break_off(what);
      return 0;
    }
    const Int value = wire::read<Int>(bytes_.data() + at_);
    at_ += sizeof(Int);
    return value;
  }
  char letter(const char* what) { return static_cast<char>(number<std::uint8_t>(what)); }
  Lsn lsn(const char* what) { return Lsn{number<std::uint64_t>(what)}; }
  Timestamp time(const char* what) { return Timestamp{number<std::int64_t>(what)}; }
  // Ends in a zero byte.
  std::string_view text(const char* what) {
    const std::size_t end = broken() ? std::string_view::npos : bytes_.find('\0', at_);
    if (end == std::string_view::npos) {
      break_off(what);
      return {};
    }
    const std::string_view found = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return found;
  }
  std::string_view bytes(std::size_t count, const char* what) {
    if (broken() || bytes_.size() - at_ < count) {
      break_off(what);
      return {};
    }
    const std::string_view found = bytes_.substr(at_, count);
    at_ += count;
    return found;
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

  // `what` begins a sentence about the message: "ends inside …", "has …".
  void refuse(std::string what) {
    if (!broken()) {
      fault_ = std::move(what);
    }
  }
  [[nodiscard]] bool broken() const { return !fault_.empty(); }
  [[nodiscard]] Error error(char type) const {
    Error error;
    error.kind = ErrorKind::kTransient;
    error.code = "pgoutput";
    error.message = fmt::format("message {} of {} bytes {}, at byte {}", printable(type),
                                bytes_.size(), fault_, at_);
    return error;
  }

 private:
  void break_off(const char* what) { refuse(fmt::format("ends inside {}", what)); }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::string fault_;
};

Result<Message> Decoder::decode(std::string_view bytes) {
  Reader reader(bytes);
  const char type = reader.letter("its type");
  Result<Message> decoded = message(reader, type);
  if (decoded && reader.left() > 0) {
    reader.refuse(fmt::format("has {} bytes too many", reader.left()));
  }
  if (reader.broken()) {
    return fail(reader.error(type));
  }
  return decoded;
}

// NOLINTNEXTLINE(readability-function-size): one case for each message of the manual.
Result<Message> Decoder::message(Reader& reader, char type) {
  switch (type) {
    case 'B': {
      Begin begin;
      begin.commit = reader.lsn("the place of the commit");
      begin.committed_at = reader.time("the time of the commit");
      begin.xid = reader.number<Xid>("the transaction's id");
      return begin;
    }
    case 'C': {
      Commit commit;
      if (reader.number<std::uint8_t>("the flags") != 0) {
        reader.refuse("has flags that are not known");
      }
      commit.commit = reader.lsn("the place of the commit");
      commit.end = reader.lsn("the end of the transaction");
      commit.committed_at = reader.time("the time of the commit");
      return commit;
    }
    case 'O': {
      Origin origin;
      origin.commit = reader.lsn("the place of the commit");
      origin.name = reader.text("the origin's name");
      return origin;
    }
    case 'R':
      return relation(reader);
    case 'Y': {
      TypeName name;
      name.xid = in_block_ ? reader.number<Xid>("the transaction's id") : 0;
      name.type = reader.number<Oid>("the type's id");
      name.schema = reader.text("the schema's name");
      name.name = reader.text("the type's name");
      return name;
    }
    case 'I':
      return change(reader, Change::Kind::kInsert);
    case 'U':
      return change(reader, Change::Kind::kUpdate);
    case 'D':
      return change(reader, Change::Kind::kDelete);
    case 'T':
      return truncate(reader);
    case 'M': {
      LogicalMessage text;
      text.xid = in_block_ ? reader.number<Xid>("the transaction's id") : 0;
      text.transactional = (reader.number<std::uint8_t>("the flags") & 1U) != 0;
      text.at = reader.lsn("the message's place");
      text.prefix = reader.text("the prefix");
      const auto size = reader.number<std::uint32_t>("the content's length");
      text.content = reader.bytes(size, "the content");
      return text;
    }
    case 'S': {
      StreamStart start;
      start.xid = reader.number<Xid>("the transaction's id");
      start.first = reader.number<std::uint8_t>("the flag of a first block") == 1;
      if (in_block_) {
        reader.refuse("begins a block inside of another");
      }
      in_block_ = true;
      return start;
    }
    case 'E':
      if (!in_block_) {
        reader.refuse("ends a block that was not begun");
      }
      in_block_ = false;
      return StreamStop{};
    case 'c': {
      StreamCommit commit;
      commit.xid = reader.number<Xid>("the transaction's id");
      if (reader.number<std::uint8_t>("the flags") != 0) {
        reader.refuse("has flags that are not known");
      }
      commit.commit = reader.lsn("the place of the commit");
      commit.end = reader.lsn("the end of the transaction");
      commit.committed_at = reader.time("the time of the commit");
      return commit;
    }
    case 'A': {
      StreamAbort abort;
      abort.xid = reader.number<Xid>("the transaction's id");
      abort.subtransaction = reader.number<Xid>("the subtransaction's id");
      return abort;
    }
    case 'b':
    case 'P':
    case 'K':
    case 'r':
    case 'p': {
      Prepared prepared;
      prepared.type = type;
      if (type != 'b') {
        reader.number<std::uint8_t>("the flags");
      }
      reader.lsn("the place of the prepared transaction");
      reader.lsn("the end of the prepared transaction");
      reader.time("the time of the prepared transaction");
      if (type == 'r') {
        reader.time("the time of the rollback");
      }
      prepared.xid = reader.number<Xid>("the transaction's id");
      prepared.name = reader.text("the prepared transaction's name");
      return prepared;
    }
    default:
      reader.refuse("is of a type that is not known");
      return StreamStop{};
  }
}

Message Decoder::relation(Reader& reader) {
  Relation relation;
  relation.xid = in_block_ ? reader.number<Xid>("the transaction's id") : 0;
  relation.relation = reader.number<Oid>("the table's id");
  relation.schema = reader.text("the schema's name");
  if (relation.schema.empty()) {
    relation.schema = "pg_catalog";
  }
  relation.table = reader.text("the table's name");
  relation.identity = reader.letter("the replica identity");
  if (std::string_view("dnfi").find(relation.identity) == std::string_view::npos) {
    reader.refuse("has a replica identity that is not known");
  }
  const auto count = reader.number<std::int16_t>("the number of columns");
  if (count < 0) {
    reader.refuse("has a negative number of columns");
  }
  columns_.clear();
  for (std::int16_t i = 0; i < count && !reader.broken(); ++i) {
    Column& column = columns_.emplace_back();
    column.identity = (reader.number<std::uint8_t>("a column's flags") & 1U) != 0;
    column.name = reader.text("a column's name");
    column.type = reader.number<Oid>("a column's type");
    column.modifier = reader.number<std::int32_t>("a column's modifier");
  }
  relation.columns = columns_;
  return relation;
}

Tuple Decoder::tuple(Reader& reader, std::vector<Cell>& cells) {
  cells.clear();
  const auto count = reader.number<std::int16_t>("the number of values");
  if (count < 0) {
    reader.refuse("has a negative number of values");
  }
  for (std::int16_t i = 0; i < count && !reader.broken(); ++i) {
    const char form = reader.letter("a value's form");
    switch (form) {
      case 'n':
        cells.push_back({Value::null()});
        break;
      case 'u':
        cells.push_back({planted("toast_is_null") ? Value::null() : Value::absent()});
        break;
      case 't':
      case 'b': {
        const auto length = reader.number<std::int32_t>("a value's length");
        if (length < 0) {
          reader.refuse("has a value of negative length");
          break;
        }
        const std::string_view bytes = reader.bytes(static_cast<std::size_t>(length), "a value");
        cells.push_back({Value(bytes), form == 't'});
        break;
      }
      default:
        reader.refuse(fmt::format("has a value of the unknown form {}", printable(form)));
    }
  }
  return cells;
}

Message Decoder::change(Reader& reader, Change::Kind kind) {
  Change change;
  change.kind = kind;
  change.xid = in_block_ ? reader.number<Xid>("the transaction's id") : 0;
  change.relation = reader.number<Oid>("the table's id");
  char form = reader.letter("a tuple's form");
  if (kind != Change::Kind::kInsert && (form == 'K' || form == 'O')) {
    change.old = form == 'K' ? Change::Old::kKey : Change::Old::kFull;
    change.before = tuple(reader, before_);
    if (kind == Change::Kind::kDelete) {
      return change;
    }
    form = reader.letter("a tuple's form");
  }
  if (form != 'N' || kind == Change::Kind::kDelete) {
    reader.refuse(fmt::format("has a tuple of the unknown form {}", printable(form)));
    return change;
  }
  change.after = tuple(reader, after_);
  return change;
}

Message Decoder::truncate(Reader& reader) {
  Truncate truncate;
  truncate.xid = in_block_ ? reader.number<Xid>("the transaction's id") : 0;
  const auto count = reader.number<std::int32_t>("the number of tables");
  const auto flags = reader.number<std::uint8_t>("the flags");
  truncate.cascade = (flags & 1U) != 0;
  truncate.restart_identity = (flags & 2U) != 0;
  if (count < 0) {
    reader.refuse("has a negative number of tables");
  }
  relations_.clear();
  for (std::int32_t i = 0; i < count && !reader.broken(); ++i) {
    relations_.push_back(reader.number<Oid>("a table's id"));
  }
  truncate.relations = relations_;
  return truncate;
}

}  // namespace couplet::postgres::pgoutput
