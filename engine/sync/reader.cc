#include "engine/sync/reader.h"

#include <algorithm>

#include "engine/ports/tuning.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/planned_rows.h"
#include "engine/sync/read_ahead.h"

namespace couplet {
namespace {

// What a row holds in these columns of its projection.
std::string held_in(const SidePlan& plan, const RowBatch& rows, std::size_t row,
                    std::span<const std::size_t> columns) {
  std::string held;
  ByteWriter out(held);
  for (const std::size_t column : columns) {
    const Value value = rows.at(row, plan.projection.id.size() + column);
    out.u8(value.has_bytes() ? 1 : 0);
    out.text(value.has_bytes() ? value.bytes() : std::string_view());
  }
  return held;
}

}  // namespace

Result<const std::vector<View>*> Reader::keep(Side side, RowBatch& rows) {
  if (planned_ != nullptr) {
    planned_->apply(plan_.side(side), rows);
  }
  COUPLET_ASSIGN(auto views, builder_.build(side, rows));
  return &batch_.views.emplace_back(std::move(views));
}

Result<Reader::Found> Reader::fetch(Side side, std::span<const ObjectKey> keys) {
  Found found;
  std::vector<ObjectKey> wanted(keys.begin(), keys.end());
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  const Projection& projection = plan_.side(side).projection;
  if (ahead_ != nullptr) {
    RowBatch& rows = batch_.rows.emplace_back(projection.width());
    std::erase_if(wanted, [&](const ObjectKey& key) { return ahead_->append(side, key, rows); });
    COUPLET_TRY(keep(side, rows, found));
  }
  Source& source = *sources_[plan_.side(side).entity->source];
  for (std::size_t start = 0; start < wanted.size(); start += tuning::kBatchRows) {
    const std::size_t count = std::min(tuning::kBatchRows, wanted.size() - start);
    RowBatch& rows = batch_.rows.emplace_back();
    COUPLET_TRY(source.fetch(projection, std::span(wanted).subspan(start, count), rows));
    COUPLET_TRY(keep(side, rows, found));
  }
  return found;
}

Result<void> Reader::keep(Side side, RowBatch& rows, Found& found) {
  COUPLET_ASSIGN(const std::vector<View>* views, keep(side, rows));
  for (const View& view : *views) {
    found.emplace(view.key, &view);
  }
  return {};
}

bool Reader::identity_cells(Side side, Question& question,
                            std::vector<std::optional<std::string>>& row) {
  const View& like = *question.like;
  std::string arena;
  std::vector<Value> cells;
  for (std::size_t use = 0; use < plan_.uses.size() && plan_.uses[use]->identity; ++use) {
    if (like.side == side) {
      if (plan_.slot(use).end(side).kind == Endpoint::Kind::kSelf) {
        continue;
      }
      cells.clear();
      for (const std::size_t column : plan_.side(side).slots[use].columns) {
        cells.push_back(like.cell(column));
      }
    } else {
      const SlotState& state = like.slots[use].state;
      const std::optional<ObjectKey>& translated = like.slots[use].translated;
      if (!state.holds() || !state.sendable || (translated && is_planned(*translated))) {
        return false;
      }
      if (auto sent = builder_.send(like, use, arena, cells); !sent) {
        question.fault = std::move(sent.error());
        return false;
      }
    }
    for (const Value& cell : cells) {
      if (!cell.has_bytes()) {
        return false;
      }
      row.emplace_back(cell.bytes());
    }
  }
  return !row.empty();
}

Result<void> Reader::find(Side side, std::span<Question> questions) {
  const SidePlan& plan = plan_.side(side);
  // Questions from the other side ask for the whole identity, those from this side for what rivals
  // share; where there is no `self` these are the same columns and one statement.
  const bool alike = plan.rivals.size() == plan.identity.size();
  for (const bool rivals : {false, true}) {
    if (rivals && alike) {
      break;
    }
    const std::vector<std::size_t>& by = rivals ? plan.rivals : plan.identity;
    ValueTable wanted;
    for (const std::size_t column : by) {
      wanted.types.push_back(plan.projection.columns[column].type);
    }
    wanted.as = rivals ? plan.rivals_as : plan.identity_as;
    wanted.rows.reset(by.size());
    std::vector<Question*> asked;
    std::vector<std::optional<std::string>> row;
    for (Question& question : questions) {
      if (!alike && (question.like->side == side) != rivals) {
        continue;
      }
      row.clear();
      if (by.empty() || !identity_cells(side, question, row)) {
        continue;
      }
      wanted.rows.begin_row();
      for (const auto& cell : row) {
        wanted.rows.push(std::string_view(*cell));
      }
      asked.push_back(&question);
    }
    COUPLET_TRY(ask(side, asked, by, wanted));
  }
  return {};
}

Result<void> Reader::ask(Side side, std::span<Question*> questions, std::span<const std::size_t> by,
                         const ValueTable& wanted) {
  if (questions.empty()) {
    return {};
  }
  RowBatch& rows = batch_.rows.emplace_back();
  const SidePlan& plan = plan_.side(side);
  COUPLET_TRY(sources_[plan.entity->source]->find(plan.projection, by, wanted, rows));
  std::vector<std::string> found;
  for (std::size_t row = 0; planned_ != nullptr && row < rows.rows(); ++row) {
    found.push_back(held_in(plan, rows, row, by));
  }
  COUPLET_ASSIGN(const std::vector<View>* views, keep(side, rows));
  for (std::size_t row = 0; row < views->size(); ++row) {
    // What a plan has renamed is not found by its old name.
    if (planned_ == nullptr || held_in(plan, rows, row, by) == found[row]) {
      questions[rows.ordinal(row)]->answers.push_back(&(*views)[row]);
    }
  }
  return {};
}

}  // namespace couplet
