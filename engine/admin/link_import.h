#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <vector>

#include "engine/admin/link_admission.h"

namespace couplet {

// Links by the thousand, from JSON Lines: {"left","right"} with, where they are known, "by",
// "linked_at", "synced_at", "incarnation".
class LinkImport {
 public:
  struct Settings {
    bool skip_refused = false;  // import the others all the same
    Timestamp now;
    // What stands twice is found among all lines, so each costs some 50 bytes until the end.
    std::uint64_t lines_most = 2'000'000;
    std::function<bool()> stop_requested = [] { return false; };
  };
  struct Refusal {
    std::uint64_t line = 0;  // from 1
    Error error;
  };
  struct Report {
    std::uint64_t imported = 0;
    std::uint64_t unchanged = 0;  // were there already
    std::uint64_t refused = 0;
    std::vector<Refusal> refusals;  // the first kRefusalsTold of them
  };
  static constexpr std::size_t kRefusalsTold = 1000;

  LinkImport(const BoundDefinition& definition, State& state, const std::vector<Source*>& sources)
      : definition_(definition), state_(state), admission_(definition, state, sources) {}

  // Reads `in` twice, from its beginning: first every line is judged, then, if none was refused or
  // those are to be skipped, the links are made, synced at the end. A crash in between leaves some
  // of them; running it again makes the rest. Errors: kInvalidArgument for a file of more lines
  // than that; the sources', the state's; kInterrupted.
  Result<Report> run(std::istream& in, const Settings& settings);

 private:
  enum class Fate : std::uint8_t { kEmpty, kNew, kThere, kRefused };
  // One end of a link in the file, to find others that have it too.
  struct End {
    std::uint64_t end = 0;  // digests
    std::uint64_t link = 0;
    std::uint64_t line = 0;
  };

  Result<void> judge(std::istream& in, const Settings& settings);
  Result<void> judge_batch(std::span<const ProposedLink> proposals,
                           std::span<const std::uint64_t> lines);
  void find_repeated();
  Result<void> make(std::istream& in, const Settings& settings);
  void refuse(std::uint64_t line, Error error);
  [[nodiscard]] Result<ProposedLink> read_line(const std::string& text) const;

  const BoundDefinition& definition_;
  State& state_;
  LinkAdmission admission_;
  std::vector<Fate> fates_;  // by line, from 0
  std::vector<End> ends_;
  std::vector<Refusal> refusals_;  // a heap, the last line first
};

}  // namespace couplet
