#include "cli/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(DoctorCommand, ExitsWith3WhereItCannotConnect) {
  CommandLine line;
  line.variables["PGEXPAND_DSN"] = "host=/nowhere dbname=x";
  EXPECT_EQ(line.run({"doctor", "-o", "json"}), 3);
  EXPECT_THAT(line.out, AllOf(HasSubstr("\"exit_code\":3"),
                              HasSubstr("pg.cannot-connect")));
}

}  // namespace
}  // namespace pgexpand::cli
