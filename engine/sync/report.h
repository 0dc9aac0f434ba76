#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/model/object_key.h"
#include "engine/model/situation.h"

// What a run tells of itself, as plain data; engine/app prints it.
namespace couplet {

struct AttributeChange {
  std::string name;
  nlohmann::json old_value;
  nlohmann::json new_value;
};

// One operation, or one object that is deferred, held, parked or reported.
struct OperationReport {
  Operation operation = Operation::kReport;
  Situation situation = Situation::kInSync;
  std::size_t mapping = 0;
  // "source.Entity/ID"; `to` is empty where the object does not exist (yet).
  std::string from;
  std::string to;
  std::vector<AttributeChange> attributes;
  std::string reason;
  std::vector<std::string> waits_for;
  std::vector<std::string> refused;  // parked: the attributes that were refused, where that is told
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_operation(const OperationReport& report) = 0;
  // False: it makes nothing of them, and they need not be made.
  [[nodiscard]] virtual bool wants_operations() const { return true; }
  // False: what attributes held and hold is left out of what it is told, and need not be read for
  // its sake.
  [[nodiscard]] virtual bool wants_values() const { return true; }
  // `done` of about `total` objects of this mapping's current phase ("scan", "sync").
  virtual void on_progress(std::size_t mapping, const char* phase, std::uint64_t done,
                           std::uint64_t total) = 0;
  // Things said once: "the state is lost: …".
  virtual void on_notice(const std::string& sentence) = 0;
};

struct Summary {
  std::array<std::uint64_t, kOperations> counts{};  // by Operation
  std::uint64_t objects = 0;                        // compared, on each side and under each mapping
  std::uint32_t rounds = 0;
  bool converged = true;
  double elapsed_seconds = 0;

  std::uint64_t& count(Operation operation) { return counts[static_cast<std::size_t>(operation)]; }
  [[nodiscard]] std::uint64_t count(Operation operation) const {
    return counts[static_cast<std::size_t>(operation)];
  }
  // Rows written in this run: what "0 operations" means.
  [[nodiscard]] std::uint64_t operations() const {
    return count(Operation::kCreate) + count(Operation::kLink) + count(Operation::kUpdate) +
           count(Operation::kDelete) + count(Operation::kUnlink);
  }
};

// The object behind "summary" of REFERENCE section 2.
nlohmann::json to_json(const Summary& summary);

}  // namespace couplet
