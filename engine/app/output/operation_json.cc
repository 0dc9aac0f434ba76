#include "engine/app/output/operation_json.h"

#include "engine/app/exit_code.h"
#include "engine/app/output/json_parts.h"
#include "engine/app/output/printable.h"
#include "engine/definition/secret.h"

namespace couplet {

std::string operation_json(const OperationReport& report, std::string_view mapping) {
  Json json;
  json["operation"] = name_of(report.operation);
  json["situation"] = name_of(report.situation);
  json["mapping"] = mapping;
  json["from"] = name_or_null(report.from);
  json["to"] = name_or_null(report.to);
  if (report.operation == Operation::kUpdate || !report.attributes.empty()) {
    Json& attributes = json["attributes"] = Json::object();
    for (const AttributeChange& change : report.attributes) {
      attributes[change.name] = {{"old", Json(change.old_value)}, {"new", Json(change.new_value)}};
    }
  }
  if (!report.reason.empty()) {
    json["reason"] = report.reason;
  }
  if (!report.refused.empty()) {
    json["refused"] = report.refused;
  }
  if (!report.waits_for.empty()) {
    json["waits_for"] = report.waits_for;
  }
  return dump(json);
}

std::string summary_json(const Summary& summary) {
  Json counts = Json::object();
  for (std::size_t i = 0; i < kOperations; ++i) {
    counts[name_of(static_cast<Operation>(i))] = summary.counts[i];
  }
  counts["objects"] = summary.objects;
  counts["rounds"] = summary.rounds;
  counts["converged"] = summary.converged;
  counts["elapsed_seconds"] = summary.elapsed_seconds;
  return dump({{"summary", std::move(counts)}});
}

std::string error_json(const Error& error) {
  const Json fields = {{"code", code_of(error)},
                       {"message", mask(printable(error.message))},
                       {"hint", mask(printable(error.hint))}};
  return dump({{"error", fields}});
}

}  // namespace couplet
