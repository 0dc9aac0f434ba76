#include "engine/app/output/live_status.h"

#include <algorithm>

#include "engine/app/output/printable.h"
#include "engine/definition/secret.h"
#include "engine/model/literal.h"

namespace couplet {
namespace {

using Phase = Daemon::Standing::Phase;

const char* name_of(Phase phase) {
  switch (phase) {
    case Phase::kStarting:
      return "starting";
    case Phase::kSnapshot:
      return "snapshot";
    case Phase::kStreaming:
      break;
  }
  return "streaming";
}

}  // namespace

void LiveStatus::set(const Daemon::Standing& standing) {
  const std::lock_guard lock(mutex_);
  standing_ = standing;
}

std::string LiveStatus::text() const {
  const std::lock_guard lock(mutex_);
  Json streams = Json::object();
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    const bool is_followed =
        standing_.phase == Phase::kStarting || standing_.followed.contains(source);
    streams[sources_[source]] = is_followed ? name_of(standing_.phase) : "off";
  }
  Json trouble;
  if (standing_.trouble) {
    trouble = {{"since", format_timestamp(standing_.trouble->since)},
               {"message", mask(printable(standing_.trouble->error.message))},
               {"hint", mask(printable(standing_.trouble->error.hint))}};
  }
  return dump({{"streams", streams}, {"trouble", trouble}});
}

std::optional<Json> LiveStatus::parse(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  const auto is_text = [](const Json& value) { return value.is_string(); };
  if (!json.is_object() || !json.contains("streams") || !json.contains("trouble") ||
      !json["streams"].is_object() ||
      !std::all_of(json["streams"].begin(), json["streams"].end(), is_text)) {
    return std::nullopt;
  }
  const Json& trouble = json["trouble"];
  for (const char* field : {"since", "message", "hint"}) {
    if (!trouble.is_null() &&
        (!trouble.is_object() || !trouble.contains(field) || !trouble[field].is_string())) {
      return std::nullopt;
    }
  }
  return json;
}

}  // namespace couplet
