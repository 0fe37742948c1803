#include "pg/dsn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](
             const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt
                                    : std::optional(found->second);
  };
}

Dsn read(const std::string& dsn,
         std::map<std::string, std::string> variables = {}) {
  return read_dsn({.dsn = dsn}, environment(std::move(variables)));
}

TEST(ReadDsn, AnotherHostGetsEncryptionAndAWarning) {
  const Dsn dsn = read("postgresql://u@db.example.org/d");
  EXPECT_THAT(dsn.conninfo, HasSubstr("sslmode='require'"));
  EXPECT_THAT(dsn.warnings, SizeIs(1));
}

TEST(ReadDsn, ARootCertificateMeansFullVerification) {
  const Dsn dsn = read("host=db.example.org sslrootcert=/ca.crt");
  EXPECT_THAT(dsn.conninfo, HasSubstr("sslmode='verify-full'"));
  EXPECT_THAT(dsn.warnings, IsEmpty());
}

TEST(ReadDsn, AWordOfThePersonOnTlsIsKept) {
  EXPECT_THAT(read("host=far sslmode=disable").conninfo,
              HasSubstr("sslmode='disable'"));
  EXPECT_THAT(read("host=far", {{"PGSSLMODE", "disable"}}).conninfo,
              Not(HasSubstr("sslmode")));
  EXPECT_THAT(read("service=s", {{"PGHOST", "far"}}).conninfo,
              Not(HasSubstr("sslmode")));
}

TEST(ReadDsn, ThisHostNeedsNoTls) {
  for (const char* dsn : {"host=/tmp", "host=localhost", "host=127.0.0.1",
                          "postgresql://[::1]/d", "dbname=d", ""}) {
    EXPECT_THAT(read(dsn).conninfo, Not(HasSubstr("sslmode"))) << dsn;
  }
}

TEST(ReadDsn, OneRemoteHostOfAListIsEnough) {
  EXPECT_THAT(read("host=localhost,far").conninfo, HasSubstr("require"));
  EXPECT_THAT(read("", {{"PGHOST", "far"}}).conninfo, HasSubstr("require"));
  EXPECT_THAT(read("hostaddr=10.0.0.1").conninfo, HasSubstr("require"));
}

TEST(ReadDsn, OurParametersAreAddedAndOthersKept) {
  const Dsn dsn = read("host=/tmp keepalives_idle=99 password='a\\'b\\\\'");
  EXPECT_THAT(dsn.conninfo, HasSubstr("keepalives_idle='99'"));
  EXPECT_THAT(dsn.conninfo, HasSubstr("tcp_user_timeout='30000'"));
  EXPECT_THAT(dsn.conninfo, HasSubstr("connect_timeout='10'"));
  EXPECT_THAT(dsn.conninfo, HasSubstr("application_name='pgexpand'"));
  EXPECT_THAT(dsn.conninfo, HasSubstr("password='a\\'b\\\\'"));
  EXPECT_THAT(dsn.conninfo, Not(HasSubstr("options")));
}

TEST(ReadDsn, AnUnreadableOneIsAUsageErrorWithoutItsText) {
  try {
    (void)read("hunter2 =");
    FAIL() << "it was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_EQ(error.code(), "pg.bad-dsn");
    EXPECT_THAT(error.message() + error.hint(), Not(HasSubstr("hunter2")));
  }
}

TEST(Scrub, TakesOutEverySecret) {
  const Dsn dsn = read("host=h password=hunter2", {{"PGPASSWORD", "sesame"}});
  EXPECT_EQ(scrub("bad hunter2, sesame\n\tand hunter2\n", dsn),
            "bad ***, *** and ***");
}

TEST(Scrub, TakesOutTheWholeDsn) {
  const std::string text = "host=h password=x dbname=d";
  EXPECT_EQ(scrub("in \"" + text + "\"", read(text)), "in \"***\"");
}

TEST(Scrub, KeepsAnOrdinaryMessage) {
  const Dsn dsn = read("host=/tmp user=bob");
  EXPECT_EQ(scrub("FATAL:  role \"bob\" does not exist\n", dsn),
            "FATAL:  role \"bob\" does not exist");
}

TEST(Scrub, SaysNothingWhenThePasswordMayHaveSpilled) {
  for (const char* dsn :
       {"postgresql://u:p@hunter2@host/d", "postgresql://u:12/hunter2@host/d",
        "host=h port=hunter2"}) {
    EXPECT_EQ(scrub("translate \"hunter2@host\"", read(dsn)), "") << dsn;
  }
}

}  // namespace
}  // namespace pgexpand::pg
