#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/sync/view.h"

namespace couplet {

// "source.Entity/ID".
std::string object_name(const MappingPlan& plan, Side side, const ObjectKey& key);

// What a view holds in one attribute, as reports show it: a reference as the id it refers to.
nlohmann::json value_json(const MappingPlan& plan, const View& view, std::size_t use);
// The same in the terms of the other side: what a write brings there. CHECKs that it can be sent.
nlohmann::json sent_json(const ViewBuilder& builder, const MappingPlan& plan, const View& view,
                         std::size_t use);

}  // namespace couplet
