#include "ops/operation_test.hpp"

#include "pgexpand/spec/migration_spec.hpp"
#include "places.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace pgexpand::ops {
namespace {

std::string read_file(const std::string& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The first line in which the texts differ; empty if they are the same.
std::string first_difference(const std::string& is, const std::string& was) {
  std::istringstream is_lines(is);
  std::istringstream was_lines(was);
  std::string is_line;
  std::string was_line;
  for (int line = 1; is != was; ++line) {
    const bool is_there = !std::getline(is_lines, is_line).fail();
    const bool was_there = !std::getline(was_lines, was_line).fail();
    if (is_line != was_line || is_there != was_there) {
      return fmt::format("line {}\n  is:  {}\n  was: {}", line,
                         is_there ? is_line : "(the end)",
                         was_there ? was_line : "(the end)");
    }
  }
  return {};
}

}  // namespace

std::optional<plan::Plan> OperationTest::plan_file(const std::string& text,
                                                   const std::string& name) {
  findings_ = {};
  const auto spec = spec::parse(text, name, findings_);
  if (!spec) {
    return std::nullopt;
  }
  planner::Drafting drafting(*spec, "pgexpand", findings_, versions_);
  if (findings_.blocks()) {
    return std::nullopt;
  }
  const auto probes = drafting.probes(catalog_, findings_);
  return drafting.finish(catalog_, server_.answer(probes), findings_);
}

std::optional<plan::Plan> OperationTest::plan(const std::string& operations) {
  return plan_file("operations:\n" + operations, "m1.yaml");
}

std::optional<plan::Plan> OperationTest::plan_one(const std::string& fields) {
  return plan(fmt::format("  - {}: {}\n", operation_, fields));
}

std::vector<std::string> OperationTest::codes_of(const std::string& fields) {
  static_cast<void>(plan_one(fields));
  return codes();
}

std::vector<std::string> OperationTest::codes() const {
  std::vector<std::string> codes;
  for (const auto& finding : findings_.all()) {
    codes.push_back(finding.code);
  }
  return codes;
}

void OperationTest::expect_golden() {
  const std::string name = operation_ + ".yaml";
  const auto planned = plan_file(
      read_file(testing::source_folder() / "migrations-examples" / name), name);
  ASSERT_TRUE(planned) << ::testing::PrintToString(codes());
  const auto golden = testing::source_folder() / "tests" / "golden" /
                      (operation_ + (versions_.views ? "_views.txt" : ".txt"));
  const std::string text = plan_text(*planned);
  if (std::getenv("PGEXPAND_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden, std::ios::binary) << text;
  }
  EXPECT_EQ(first_difference(text, read_file(golden)), "") << golden;
}

}  // namespace pgexpand::ops
