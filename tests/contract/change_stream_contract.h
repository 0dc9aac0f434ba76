#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/ports/change_stream.h"
#include "tests/contract/source_backend.h"

// The promises of engine/ports/change_stream.h as tests, compiled once into the object library
// couplet_change_stream_contract. A source with a stream runs them by linking it and instantiating
// the suite as it does with SourceContract. The cases are in tests/contract/change_stream/.
namespace couplet::contract {

class ChangeStreamContract : public testing::TestWithParam<BackendFactory> {
 protected:
  // Tables `customers` (id) and `places` (number and place), both streamed, and `others`, which is
  // not; what a stream needs is made.
  void SetUp() override;

  SourceBackend& backend() { return *backend_; }
  // Made anew where it is there.
  void set_up_stream() { backend_->set_up_stream(request_); }
  [[nodiscard]] StreamRequest request(Position from = {}) const;
  // Opens a stream, which has to go well. Its source outlives it.
  std::unique_ptr<ChangeStream> open(Position from = {});
  Result<std::unique_ptr<ChangeStream>> try_open(Position from = {});

  // What has come when nothing more comes.
  struct Told {
    // In order: "insert customers 1", "update customers 2 (was 1)".
    std::vector<std::string> events;
    std::vector<ChangeTransaction> parts;
    Position end;   // of the last transaction that ended
    Position idle;  // the last place at which the source had nothing more
  };
  // Waits until the stream has told so many events and is idle; fails the test if it never does.
  Told told(ChangeStream& stream, std::size_t events);

  void insert_customer(int id, const std::string& name = "Ada");

 private:
  std::string text_of(const ChangeEvent& event) const;

  std::unique_ptr<SourceBackend> backend_;
  std::unique_ptr<Source> source_;
  StreamRequest request_;
};

std::string stream_case(const testing::TestParamInfo<BackendFactory>& instance);

}  // namespace couplet::contract
