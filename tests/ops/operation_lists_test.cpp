// Whatever speaks of every operation, checked against the registry: what is
// missing for a new one fails by name. CMakeLists.txt asks for its five files.
#include "ops/operation_test.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/report/plan_view.hpp"
#include "places.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>

namespace pgexpand::ops {
namespace {

using ::testing::Contains;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using Lines = std::vector<std::string>;

std::string path_of(const std::string& name) {
  return (testing::source_folder() / name).string();
}

std::string text_of(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(path_of(name)).rdbuf();
  return text.str();
}

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::set<std::string> all_names() {
  std::set<std::string> names;
  for (const OperationType* type : all_operations()) {
    names.emplace(type->name);
  }
  return names;
}

/// Of whatever stands between `(…/NAME.md)` in a text.
std::set<std::string> linked_pages(const std::string& name) {
  const std::string text = text_of(name);
  const std::regex link(R"(operations/([a-z_]+)\.md)");
  std::set<std::string> names;
  for (std::sregex_iterator match(text.begin(), text.end(), link), end;
       match != end; ++match) {
    names.insert((*match)[1]);
  }
  return names;
}

/// A page's plan, with what its database was: its first line, and sizes.
bool is_of_the_database(const std::string& line) {
  return line.find("  on  ") != std::string::npos || line.starts_with("table ");
}

Lines without_the_database(Lines lines) {
  std::erase_if(lines, is_of_the_database);
  return lines;
}

/// A page, cut where its plan begins and ends.
struct Page {
  Lines before, plan, after;
};

Page page_of(const std::string& name) {
  Page page;
  bool is_in_section = false;
  int fences = 0;
  for (const std::string& line : lines_of(text_of(name))) {
    is_in_section = is_in_section || line == "## Plan";
    const bool is_fence = is_in_section && line.starts_with("```");
    const bool is_end = is_fence && fences == 1;
    Lines& part = fences == 0              ? page.before
                  : fences == 1 && !is_end ? page.plan
                                           : page.after;
    part.push_back(line);
    fences += is_fence ? 1 : 0;
  }
  return page;
}

class OperationLists
    : public OperationTest,
      public ::testing::WithParamInterface<const OperationType*> {
 protected:
  OperationLists() : OperationTest(std::string(GetParam()->name)) {
    server_.when_asked("'none'", [](catalog::ExpressionAnswer& answer) {
      answer.deparsed.text = "'none'::text";
    });
  }

  [[nodiscard]] Lines printed_plan() {
    const auto planned =
        plan_file(text_of("migrations-examples/" + operation_ + ".yaml"),
                  operation_ + ".yaml");
    EXPECT_TRUE(planned) << ::testing::PrintToString(codes());
    return planned ? lines_of(report::plan_text(*planned, {}, {})) : Lines{};
  }

  /// Keeps what the page says of its database.
  static void rewrite(const std::string& name,
                      Page page,
                      const Lines& printed) {
    Lines kept = page.plan;
    std::erase_if(kept, std::not_fn(is_of_the_database));
    auto next = kept.begin();
    page.plan = printed;
    for (std::string& line : page.plan) {
      if (is_of_the_database(line) && next != kept.end()) {
        line = *next++;
      }
    }
    std::ofstream file(path_of(name), std::ios::binary);
    for (const Lines& part : {page.before, page.plan, page.after}) {
      for (const std::string& line : part) {
        file << line << '\n';
      }
    }
  }
};

TEST_P(OperationLists, TheReadmeNamesIt) {
  EXPECT_THAT(linked_pages("README.md"), Contains(operation_));
}

TEST_P(OperationLists, TheFormatOfAMigrationNamesIt) {
  EXPECT_THAT(
      text_of("docs/spec.md"),
      HasSubstr(fmt::format("\n| [{0}](operations/{0}.md) | ", operation_)));
}

TEST_P(OperationLists, TheFuzzersDictionaryNamesIt) {
  EXPECT_THAT(lines_of(text_of("tests/fuzz/dictionary")),
              Contains(fmt::format("\"{}\"", operation_)));
}

TEST_P(OperationLists, ThePageShowsTheExample) {
  EXPECT_THAT(text_of("docs/operations/" + operation_ + ".md"),
              HasSubstr("```yaml\n" +
                        text_of("migrations-examples/" + operation_ + ".yaml") +
                        "```\n"));
}

// With PGEXPAND_UPDATE_GOLDEN=1 the page gets the plan.
TEST_P(OperationLists, ThePageShowsThePlanOfTheExample) {
  const std::string name = "docs/operations/" + operation_ + ".md";
  const Lines printed = printed_plan();
  if (std::getenv("PGEXPAND_UPDATE_GOLDEN") != nullptr) {
    rewrite(name, page_of(name), printed);
  }
  EXPECT_THAT(without_the_database(page_of(name).plan),
              ElementsAreArray(without_the_database(printed)));
}

TEST_P(OperationLists, ThePageLinksTheGoldenPlan) {
  EXPECT_THAT(text_of("docs/operations/" + operation_ + ".md"),
              HasSubstr(fmt::format("[{0}.txt](../../tests/golden/{0}.txt)",
                                    operation_)));
}

INSTANTIATE_TEST_SUITE_P(Operations,
                         OperationLists,
                         ::testing::ValuesIn(all_operations()),
                         [](const auto& operation) {
                           return std::string(operation.param->name);
                         });

TEST(OperationLinks, NoTextNamesAnOperationThatIsNotThere) {
  const auto names = all_names();
  for (const char* file : {"README.md", "docs/spec.md", "docs/tutorial.md",
                           "docs/coming-from-pgroll.md"}) {
    for (const std::string& name : linked_pages(file)) {
      EXPECT_TRUE(names.contains(name)) << file << " links " << name;
    }
  }
}

}  // namespace
}  // namespace pgexpand::ops
