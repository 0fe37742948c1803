#include "pgexpand/base/log.hpp"

#include <gmock/gmock.h>

namespace pgexpand {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(LogTest, IsSilentUntilAskedToSpeak) {
  testing::internal::CaptureStderr();
  log_debug("nobody hears this");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST(LogTest, WritesTheMessageAsItStands) {
  set_verbose(true);
  testing::internal::CaptureStderr();
  log_debug("a {brace} and 100 %");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("debug: a {brace} and 100 %\n"));
  set_verbose(false);
}

}  // namespace
}  // namespace pgexpand
