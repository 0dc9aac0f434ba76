#pragma once

#include <string>
#include <thread>
#include <vector>

#include "tests/integration/setup/setup_scene.h"

namespace couplet::test {

// People in both databases, mapped both ways, and a role that may set up change streams: it owns
// its tables, and the databases are its own.
class StreamsScene : public SetupScene {
 public:
  ~StreamsScene() override;
  StreamsScene(const StreamsScene&) = delete;
  StreamsScene& operator=(const StreamsScene&) = delete;

 protected:
  StreamsScene();

  // As a script is run by an administrator.
  [[nodiscard]] Ended psql(const std::string& database, const std::string& script) const;
  // "public.people" of a publication, in order; and the slots of a database with their plugin.
  [[nodiscard]] std::vector<std::string> published(const std::string& source) const;
  [[nodiscard]] std::vector<std::string> slots(const std::string& database) const;
  // The findings with these words in one line each: "note stream_not_set_up".
  [[nodiscard]] std::vector<std::string> told(const std::string& source) const;
  void wait_for(const std::string& database, const std::string& sql) const;

  // A session that has written and does not end, until `end_writer`.
  void begin_writer();
  void end_writer();

  void write_people(const std::string& shop_options = "", const std::string& rest = kBothWays);
  static const char* const kBothWays;

 private:
  std::thread writer_;
};

}  // namespace couplet::test
