#include "engine/sync/reports.h"

#include "engine/sync/object_name.h"
#include "engine/sync/recorder.h"

namespace couplet {
namespace {

using Act = Task::Act;

std::string name_or_empty(const MappingPlan& plan, Side side, const ObjectKey& key) {
  return key.empty() || is_planned(key) ? std::string() : object_name(plan, side, key);
}

ObjectKey end_key(const MappingPlan& plan, const Task& task, Side side) {
  if (task.written[index_of(side)] && task.written[index_of(side)]->done) {
    return task.written[index_of(side)]->key;
  }
  if (const View* view = task.views[index_of(side)]) {
    return view->key;
  }
  if (task.link) {
    return task.link->end(side);
  }
  if (plan.entities->many && side != *plan.entities->many) {
    return task.target_key;
  }
  return task.subject.side == side ? task.subject.key : ObjectKey{};
}

void add_attributes(const ViewBuilder& builder, const MappingPlan& plan, const Task& task,
                    Side side, bool values, OperationReport& report) {
  const View* target = task.views[index_of(side)];
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    const Merge& merge = task.merges[use];
    const View* source = task.holder(other(side), use);
    if (merge.outcome != Merge::Outcome::kWrite || merge.to != side) {
      continue;
    }
    AttributeChange change;
    change.name = plan.slot(use).end(side).text;
    if (values && target != nullptr) {
      change.old_value = value_json(plan, *target, use);
    }
    if (values && source != nullptr) {
      change.new_value = sent_json(builder, plan, *source, use);
    }
    report.attributes.push_back(std::move(change));
  }
}

}  // namespace

std::vector<OperationReport> operations_of(const ViewBuilder& builder, const MappingPlan& plan,
                                           const Task& task, bool values) {
  std::vector<OperationReport> reports;
  const auto add = [&](Operation operation, Situation situation, Side from, const ObjectKey& source,
                       const ObjectKey& target) -> OperationReport& {
    OperationReport report;
    report.operation = operation;
    report.situation = situation;
    report.mapping = plan.mapping;
    report.from = name_or_empty(plan, from, source);
    report.to = name_or_empty(plan, other(from), target);
    return reports.emplace_back(std::move(report));
  };
  if (task.act == Act::kSever) {
    const Side survivor = task.views[0] != nullptr ? Side::kLeft : Side::kRight;
    const ObjectKey gone = task.link              ? task.link->end(other(survivor))
                           : task.members.empty() ? ObjectKey{}
                                                  : task.members.back().key;
    add(Operation::kUnlink, task.situation, other(survivor), gone, end_key(plan, task, survivor));
    return reports;
  }
  if (!Recorder::succeeded(task)) {
    return reports;
  }
  const bool created = task.act == Act::kCreate;
  if (plan.entities->many) {
    const Side many = *plan.entities->many;
    const ObjectKey target = end_key(plan, task, other(many));
    bool create_reported = !created || task.joins_planned;
    for (const Member& member : task.members) {
      if (member.leaves || !member.joins) {
        continue;
      }
      add(create_reported ? Operation::kLink : Operation::kCreate,
          !create_reported                                         ? task.situation
          : member.situation == Situation::kMatched && !task.links ? Situation::kAlreadyLinked
                                                                   : member.situation,
          many, member.key, target);
      create_reported = true;
    }
  } else if (task.links) {
    const Side from = task.views[0] != nullptr && (!created || task.views[1] == nullptr)
                          ? Side::kLeft
                          : Side::kRight;
    add(created ? Operation::kCreate : Operation::kLink, task.situation, from,
        end_key(plan, task, from), end_key(plan, task, other(from)));
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const auto& written = task.written[index_of(side)];
    if (!created && written && written->done) {
      const Side from = other(side);
      ObjectKey source = end_key(plan, task, from);
      if (plan.entities->many && source.empty()) {
        for (std::size_t use = 0; use < task.merges.size(); ++use) {
          const View* elected = task.holder(from, use);
          if (task.merges[use].outcome == Merge::Outcome::kWrite && elected != nullptr) {
            source = elected->key;
            break;
          }
        }
      }
      add_attributes(builder, plan, task, side, values,
                     add(Operation::kUpdate, task.situation, from, source, written->key));
    }
  }
  return reports;
}

nlohmann::json to_json(const Summary& summary) {
  nlohmann::json json = nlohmann::json::object();
  for (std::size_t i = 0; i < kOperations; ++i) {
    json[name_of(static_cast<Operation>(i))] = summary.counts[i];
  }
  json["objects"] = summary.objects;
  json["rounds"] = summary.rounds;
  json["converged"] = summary.converged;
  json["elapsed_seconds"] = summary.elapsed_seconds;
  return json;
}

OperationReport standing_of(const MappingPlan& plan, const Task& task) {
  OperationReport report;
  report.operation = task.act == Act::kHold    ? Operation::kHold
                     : task.act == Act::kDefer ? Operation::kDefer
                     : task.act == Act::kPark  ? Operation::kPark
                                               : Operation::kReport;
  report.situation = task.situation;
  report.mapping = plan.mapping;
  report.from = object_name(plan, task.subject.side, task.subject.key);
  report.to =
      name_or_empty(plan, other(task.subject.side), end_key(plan, task, other(task.subject.side)));
  report.reason = task.act == Act::kPark ? task.fault.message : task.reason;
  return report;
}

}  // namespace couplet
