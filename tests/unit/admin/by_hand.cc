#include "tests/unit/admin/by_hand.h"

#include <sstream>

#include "engine/admin/link_admission.h"
#include "engine/admin/link_removal.h"
#include "engine/model/literal.h"

namespace couplet::test {

std::string add_link(SyncWorld& world, const std::string& left, const std::string& right) {
  const auto done =
      world.by_hand([&](State& state, const std::vector<Source*>& sources) -> Result<void> {
        const LinkAdmission admission(world.definition(), state, sources);
        COUPLET_ASSIGN(const ProposedLink link,
                       propose_link(world.definition(), left, right, std::nullopt));
        COUPLET_ASSIGN(auto verdicts, admission.judge({&link, 1}));
        COUPLET_ASSIGN(const bool made, std::move(verdicts.front()));
        StateBatch changes;
        if (made) {
          COUPLET_TRY(admission.make({&link, 1}, world.clock.now(), changes));
        }
        return state.store().commit(changes, Durability::kSynced);
      });
  return done ? "" : done.error().message;
}

std::string remove_link(SyncWorld& world, const std::string& left, const std::string& right) {
  std::string told;
  const auto done =
      world.by_hand([&](State& state, const std::vector<Source*>& sources) -> Result<void> {
        LinkRemoval removal(world.definition(), state, sources);
        std::vector<LinkRemoval::Removed> removed;
        if (right.empty()) {
          COUPLET_TRY(
              removal.remove_all(left, std::nullopt, world.clock.now(),
                                 [&](const LinkRemoval::Removed& one) { removed.push_back(one); }));
        } else {
          COUPLET_ASSIGN(auto one, removal.remove(left, right, std::nullopt, world.clock.now()));
          removed.push_back(std::move(one));
        }
        for (const auto& one : removed) {
          told += (told.empty() ? "" : ", ") + one.left + " = " + one.right +
                  (one.linked ? "" : " not linked") + (one.kept_apart ? " kept apart" : "");
        }
        return {};
      });
  return done ? told : done.error().message;
}

void with_state(SyncWorld& world, const std::function<void(State&)>& work) {
  const auto done = world.by_hand([&](State& state, const std::vector<Source*>&) -> Result<void> {
    work(state);
    return {};
  });
  COUPLET_CHECK(done.has_value());
}

std::vector<std::string> links(SyncWorld& world, const LinkSelection& selection) {
  std::vector<std::string> found;
  with_state(world, [&](State& state) {
    COUPLET_CHECK(list_links(world.definition(), state, selection, {}, [&](const LinkItem& item) {
                    found.push_back(item.left + " = " + item.right + " " + name_of(item.by));
                    return true;
                  }).has_value());
  });
  return found;
}

std::string exported(SyncWorld& world) {
  std::string lines;
  with_state(world, [&](State& state) {
    COUPLET_CHECK(list_links(world.definition(), state, {}, {}, [&](const LinkItem& item) {
                    lines += R"({"left":")" + item.left + R"(","right":")" + item.right +
                             R"(","by":")" + name_of(item.by) + R"(","linked_at":")" +
                             format_timestamp(item.linked_at) + R"(","synced_at":)" +
                             (item.synced_at ? '"' + format_timestamp(*item.synced_at) + '"'
                                             : std::string("null")) +
                             R"(,"incarnation":)" + std::to_string(item.incarnation) + "}\n";
                    return true;
                  }).has_value());
  });
  return lines;
}

LinkImport::Report import_links(SyncWorld& world, const std::string& lines, bool skip_refused) {
  LinkImport::Report report;
  const auto done =
      world.by_hand([&](State& state, const std::vector<Source*>& sources) -> Result<void> {
        std::istringstream in(lines);
        LinkImport import(world.definition(), state, sources);
        LinkImport::Settings settings;
        settings.skip_refused = skip_refused;
        settings.now = world.clock.now();
        COUPLET_ASSIGN(report, import.run(in, settings));
        return {};
      });
  COUPLET_CHECK(done.has_value());
  return report;
}

bool any_kept_apart(SyncWorld& world) {
  bool any = false;
  with_state(world, [&](State& state) {
    for (std::size_t pair = 0; pair < world.definition().pairs.size(); ++pair) {
      any = any || *state.any_separations(pair);
    }
  });
  return any;
}

}  // namespace couplet::test
