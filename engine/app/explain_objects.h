#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/app/wiring/session.h"
#include "engine/sync/object_name.h"

namespace couplet {

// Why each object is as it is, in their order: text for people, or `json`. Changes nothing; the
// session is that of a dry run. Errors: as of Explainer.
Result<std::vector<std::string>> explain_objects(const Session& session,
                                                 std::span<const NamedObject> objects, bool json);

}  // namespace couplet
