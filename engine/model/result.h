#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace couplet {

// Kinds are few, because they are for deciding: one function (engine/sync/failure_policy.h) maps
// each to retry, sync again, park, or stop with advice (DESIGN section 10).
enum class ErrorKind {
  kInvalidArgument,  // The caller's or the user's words are off. Exit 2.
  kNotFound,         // The thing asked for is not there.
  kUnsupported,      // A thing that a later version will do. Exit 2.
  kTransient,        // Connection, serialization, deadlock, timeout: the batch may be repeated.
  kRowFault,         // A constraint, a value out of range, a trigger's error: one row's own fault.
  kCommitUnknown,    // The reply to a commit never came: look before repeating.
  kSchema,           // A table, column or type is not what it was.
  kPrivilege,        // The role may not.
  kAuthentication,   // Wrong password, unknown role, unknown database.
  kUnavailable,      // A server that cannot be reached. Exit 3.
  kDiskFull,         // No space, on either end.
  kStateInUse,       // Another process holds the state.
  kStateForeign,     // The state belongs to other databases, or to a newer format.
  kStateCorrupt,     // The state cannot be read.
  kInterrupted,      // A signal asked us to stop.
  kInternal,         // A broken invariant that could be reported instead of stopping.
};

// `message` is one sentence that ends in the facts; `hint` says how to mend it and may be empty.
// Neither holds row values or secrets. `detail` is the server's own message, which may quote row
// values: it is stored with a parked object and shown only by verbs whose purpose is to show it.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  std::string hint;
  std::string detail;
  std::string code;        // SQLSTATE where there is one, else a short identifier, else empty.
  std::string constraint;  // The constraint or column that refused, where the server names it.
};

template <typename T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint = {}) {
  return tl::make_unexpected(Error{kind, std::move(message), std::move(hint), {}, {}, {}});
}
inline tl::unexpected<Error> fail(Error error) { return tl::make_unexpected(std::move(error)); }

// Stops the process, release builds too: an invariant that correctness rests on does not hold.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace couplet

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): needs the text of the condition and the place.
#define COUPLET_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::couplet::check_failed(#condition, __FILE__, __LINE__))

// Returns from the calling function with the error of `expression`, if it has one.
#define COUPLET_TRY(expression)                                        \
  do {                                                                 \
    if (auto couplet_result = (expression); !couplet_result) {         \
      return ::tl::make_unexpected(std::move(couplet_result.error())); \
    }                                                                  \
  } while (false)

// The same, and names the value: COUPLET_ASSIGN(auto rows, source.fetch(...)).
#define COUPLET_CONCAT_INNER(a, b) a##b
#define COUPLET_CONCAT(a, b) COUPLET_CONCAT_INNER(a, b)
#define COUPLET_ASSIGN(declaration, expression) \
  COUPLET_ASSIGN_INNER(declaration, expression, COUPLET_CONCAT(couplet_result_, __LINE__))
#define COUPLET_ASSIGN_INNER(declaration, expression, name) \
  auto name = (expression);                                 \
  if (!name) {                                              \
    return ::tl::make_unexpected(std::move(name.error()));  \
  }                                                         \
  declaration = std::move(*name)
