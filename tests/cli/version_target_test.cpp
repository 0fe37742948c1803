// The texts that take an application to its version.
#include "cli/commands/version_target.hpp"

#include "pgexpand/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

VersionTarget target(const std::string& dsn,
                     const std::vector<std::string>& path = {"public_1",
                                                             "public"}) {
  return {.dsn = dsn,
          .database = "shop",
          .user = "deploy",
          .role = "app",
          .search_path = path};
}

constexpr const char* option = "options=-csearch_path%3Dpublic_1%2Cpublic";

TEST(VersionUrl, OneHostStandsWhereEveryDriverReadsIt) {
  EXPECT_EQ(version_url(target("host=db.example port=5433 dbname=x user=y")),
            std::string("postgresql://y@db.example:5433/x?") + option);
  EXPECT_EQ(version_url(target("postgresql://y@db.example/x")),
            std::string("postgresql://y@db.example/x?") + option);
}

TEST(VersionUrl, WhatVariablesGaveIsAskedOfTheConnection) {
  EXPECT_EQ(version_url(target("")),
            std::string("postgresql://deploy@/shop?") + option);
}

TEST(VersionUrl, SocketsListsAndAddressesGoIntoTheQuery) {
  EXPECT_THAT(version_url(target("host=/run/pg port=5433")),
              HasSubstr("deploy@/shop?host=%2Frun%2Fpg&port=5433&options="));
  EXPECT_THAT(version_url(target("host=a,b port=1,2")),
              HasSubstr("deploy@/shop?host=a%2Cb&port=1%2C2&options="));
  EXPECT_THAT(version_url(target("host=::1")), HasSubstr("?host=%3A%3A1&"));
}

TEST(VersionUrl, NoPasswordOfAnyKindIsInIt) {
  for (const char* dsn :
       {"postgresql://y:hush@db/x", "postgresql://db/x?password=hush",
        "host=db password='hu\\'sh hush'", "host=db sslpassword=hush",
        "host=db passfile=/home/hush"}) {
    EXPECT_THAT(version_url(target(dsn)), Not(HasSubstr("hush"))) << dsn;
  }
}

TEST(VersionUrl, OtherParametersStay) {
  const std::string url = version_url(
      target("postgresql://db/x?sslmode=verify-full&options=-cgeqo%3Doff"));
  EXPECT_THAT(url, HasSubstr("sslmode=verify-full&"));
  EXPECT_THAT(url, HasSubstr("options=-cgeqo%3Doff%20-csearch_path%3D"));
}

TEST(VersionUrl, AStringThatDoesNotReadIsRefused) {
  EXPECT_THROW(static_cast<void>(version_url(target("host='db"))), Error);
}

TEST(VersionNames, AreQuotedWhereSqlAndTheShellNeedIt) {
  const VersionTarget odd = target("", {"It's \"x\"", "a\\b", "public"});
  EXPECT_EQ(search_path_sql(odd), R"("It's ""x""", "a\b", public)");
  EXPECT_EQ(version_environment(odd),
            R"(PGOPTIONS='-csearch_path="It'\''s\ ""x""","a\\b",public')");
  EXPECT_EQ(version_environment(target("")),
            "PGOPTIONS=-csearch_path=public_1,public");
  EXPECT_EQ(version_sql(target("")),
            R"(ALTER ROLE "app" IN DATABASE "shop" SET search_path = )"
            "public_1, public;");
}

}  // namespace
}  // namespace pgexpand::cli
