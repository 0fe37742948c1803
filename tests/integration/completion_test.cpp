// The script for bash, in bash. Those for other shells need shells that a
// machine may not have.
#include "places.hpp"
#include "support/process.hpp"

#include <gtest/gtest.h>

namespace pgexpand::testing {
namespace {

/// What bash would offer for the last of `words`.
std::string offered(const std::string& words) {
  const auto result = run_process(
      {"bash", "-c",
       "source <(\"$0\" completion bash); COMP_WORDS=(\"$0\" " + words +
           "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pgexpand \"$0\";"
           " echo \"${COMPREPLY[*]}\"",
       shipped_program()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return result.out;
}

TEST(CompletionScript, OfBashAsksTheProgram) {
  EXPECT_EQ(offered("roll"), "rollback\n");
  EXPECT_EQ(offered("wait --for = s"), "switch\n");
  EXPECT_EQ(offered("apply --accept"), "--accept-drift\n");
  EXPECT_EQ(offered("set 1_a paus"), "pause=\n");
}

}  // namespace
}  // namespace pgexpand::testing
