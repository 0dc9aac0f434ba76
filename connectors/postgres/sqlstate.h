#pragma once

#include <string>
#include <string_view>

#include "engine/model/result.h"

// From what the server says to what the engine does about it. Pure.
namespace couplet::postgres {

// The fields of an ErrorResponse (protocol manual, "Error and Notice Message Fields").
struct ServerError {
  std::string code;  // SQLSTATE; empty where the error is the client library's own.
  std::string message;
  std::string detail;
  std::string hint;
  std::string schema;
  std::string table;
  std::string column;
  std::string constraint;
  std::string routine;  // The server's function that raised it; tells two uses of one code apart.
  bool fatal = false;   // The server has ended the session.
};

// The kind of an error inside a session.
ErrorKind kind_of(const ServerError& error);
// The kind of a refused connection; `sqlstate` is empty where no server answered.
ErrorKind kind_of_refusal(std::string_view sqlstate);

// "source daphne: <message>". For a row fault the sentence is our own, since the server's may quote
// values; what the server said is in `detail`.
Error to_error(const std::string& source_name, const ServerError& error);

}  // namespace couplet::postgres
