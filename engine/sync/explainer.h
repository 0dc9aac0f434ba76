#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/sync/object_name.h"
#include "engine/sync/syncer.h"

namespace couplet {

// Why an object is as it is, as plain data; engine/app prints it. Holds row values.
struct Explanation {
  // One attribute of one mapping.
  struct Attribute {
    std::string left;  // paths, as written
    std::string right;
    std::optional<nlohmann::json> left_value;  // nullopt: nobody holds it there
    std::optional<nlohmann::json> right_value;
    bool left_changed = false;  // against the base
    bool right_changed = false;
    std::optional<Side> winner;  // whose value counts
    std::string rule;            // a word of because::kAll
    std::string elected;         // many to one: the contributor whose value counts
  };
  struct LinkFacts {
    LinkedBy by = LinkedBy::kMatched;
    nlohmann::json identity;  // the identity key as it is now, by attribute
    Timestamp linked_at;
    std::optional<Timestamp> synced_at;
    std::uint32_t incarnation = 1;
  };
  struct Gone {  // a link that was severed
    std::string object;
    Timestamp at;
  };
  // One mapping; where it is two-way and both ends are there, one direction of it.
  struct Part {
    std::size_t mapping = 0;
    std::array<bool, 2> writes{};  // indexed by Side
    Situation situation = Situation::kInSync;
    std::optional<Operation> operation;  // what a sync would do now; nullopt: nothing
    std::string reason;
    std::string counterpart;                // empty: it has none, or many
    std::vector<std::string> contributors;  // of a many-to-one target, the first few
    std::optional<LinkFacts> link;
    std::optional<Gone> tombstone;
    std::vector<Attribute> attributes;
    std::vector<std::string> waits_for;
    std::optional<Held> held;      // as recorded
    std::optional<Parked> parked;  // as recorded
    std::vector<Conflict> conflicts;
  };
  std::string object;
  bool exists = false;
  std::vector<Part> parts;
};

// Explains by deciding: what a dry run of a hand-run sync would find now, with what the state
// remembers beside it. Writes nothing.
class Explainer {
 public:
  // `syncer` is of a dry run and has recovered.
  Explainer(const BoundDefinition& definition, const State& state, std::vector<Source*> sources,
            Syncer& syncer)
      : definition_(definition), state_(state), sources_(std::move(sources)), syncer_(syncer) {}

  // Errors: kNotFound if the object has neither a row nor a trace in the state; those of the
  // sources and the state.
  Result<Explanation> explain(const NamedObject& object);

 private:
  // What is explained, and the decided task that is about it.
  struct Scene;
  Result<void> explain_under(const MappingPlan& plan, Side side, const ObjectKey& key,
                             Explanation& explanation);
  Result<void> add_link(const Scene& scene, Explanation::Part& part) const;
  Result<void> add_tombstone(const Scene& scene, Explanation::Part& part) const;
  Result<void> add_worklists(const Scene& scene, Explanation::Part& part) const;
  Result<void> add_counterpart(const Scene& scene, Explanation::Part& part) const;
  void add_attributes(const Scene& scene, Explanation::Part& part) const;

  const BoundDefinition& definition_;
  const State& state_;
  std::vector<Source*> sources_;
  Syncer& syncer_;
};

}  // namespace couplet
