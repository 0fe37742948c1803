#include "faults/reference.hpp"

#include <gtest/gtest.h>

namespace {

/// Drops what is kept and stops the server after the last test, whatever
/// happened before.
class SharedServer : public ::testing::Environment {
 public:
  void TearDown() override {
    pgexpand::testing::forget_references();
    pgexpand::testing::stop_shared_server();
  }
};

}  // namespace

int main(int count, char** arguments) {
  ::testing::InitGoogleTest(&count, arguments);
  ::testing::AddGlobalTestEnvironment(new SharedServer);
  return RUN_ALL_TESTS();
}
