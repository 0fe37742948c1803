#include "pgexpand/base/units.hpp"

#include <gtest/gtest.h>

#include <array>

namespace pgexpand {
namespace {

using namespace std::chrono_literals;

TEST(UnitsTest, ADurationNeedsItsUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("5s"), 5000ms);
  EXPECT_EQ(parse_duration("10m"), 600'000ms);
  EXPECT_EQ(parse_duration("1h"), 3'600'000ms);
  EXPECT_EQ(parse_duration("2d"), 172'800'000ms);
  EXPECT_EQ(parse_duration("0"), 0ms);
  EXPECT_EQ(parse_duration("0s"), 0ms);
}

TEST(UnitsTest, WhatIsNoDurationIsNotGuessed) {
  for (const auto* text :
       {"", "5", "ms", "-5s", "+5s", "5 s", "1.5s", "5S", "5sec", " 5s", "5s ",
        "00", "1h30m", "0x5s", "99999999999999999999s", "9999999999d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(UnitsTest, ADurationIsWrittenInItsShortestExactForm) {
  EXPECT_EQ(format_duration(300ms), "300ms");
  EXPECT_EQ(format_duration(10min), "10m");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(48h), "2d");
  EXPECT_EQ(format_duration(0ms), "0");
}

TEST(UnitsTest, EveryWrittenDurationReadsBack) {
  for (const auto value : std::array{0ms, 1ms, 999ms, 1001ms, 3'600'000ms}) {
    EXPECT_EQ(parse_duration(format_duration(value)), value);
  }
}

TEST(UnitsTest, PeopleReadRoundedDurations) {
  EXPECT_EQ(human_duration(0ms), "0 ms");
  EXPECT_EQ(human_duration(850ms), "850 ms");
  EXPECT_EQ(human_duration(4210ms), "4.2 s");
  EXPECT_EQ(human_duration(59'940ms), "59.9 s");
  EXPECT_EQ(human_duration(59'960ms), "1 min");
  EXPECT_EQ(human_duration(192s), "3 min 12 s");
  EXPECT_EQ(human_duration(125min), "2 h 5 min");
  EXPECT_EQ(human_duration(76h), "3 d 4 h");
}

TEST(UnitsTest, ASizeNeedsItsUnit) {
  EXPECT_EQ(parse_size("100B"), 100);
  EXPECT_EQ(parse_size("8kB"), 8192);
  EXPECT_EQ(parse_size("50MB"), 52'428'800);
  EXPECT_EQ(parse_size("1GB"), 1'073'741'824);
  for (const auto* text : {"50", "MB", "50mb", "50 MB", "-1MB", "1.5GB",
                           "9999999999TB", "50MiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(UnitsTest, EveryWrittenSizeReadsBack) {
  EXPECT_EQ(format_size(52'428'800), "50MB");
  EXPECT_EQ(format_size(1000), "1000B");
  for (const std::int64_t bytes : std::array{0L, 1L, 1023L, 1024L, 5L << 40}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
}

TEST(UnitsTest, PeopleReadRoundedSizes) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(999), "999 B");
  EXPECT_EQ(human_size(8192), "8 kB");
  EXPECT_EQ(human_size(199'229'440), "190 MB");
  EXPECT_EQ(human_size(1'288'490'189), "1.2 GB");
  EXPECT_EQ(human_size(1'073'741'000), "1 GB");
}

TEST(UnitsTest, LargeCountsHaveCommas) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(2'000'000), "2,000,000");
  EXPECT_EQ(human_count(-123), "-123");
  EXPECT_EQ(human_count(-1234), "-1,234");
}

}  // namespace
}  // namespace pgexpand
