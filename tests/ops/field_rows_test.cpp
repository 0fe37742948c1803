// What each operation says of its fields, against what it reads and what its
// page says.
#include "pgexpand/ops/field_row.hpp"
#include "pgexpand/ops/operation.hpp"
#include "places.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace pgexpand::ops {
namespace {

using ::testing::Contains;
using ::testing::IsSubsetOf;
using ::testing::Not;

using Names = std::set<std::string>;
using Rows = std::span<const FieldRow>;

constexpr const char* nobody_knows = "zzzzzzzzzzzz";

std::string flow(const std::string& name, const std::string& value) {
  return fmt::format("{}: {}", name, value);
}

std::string sample(const FieldRow& row);

/// `{a: 1, b: x}`: all fields, or only the required ones.
std::string mapping(Rows rows, bool only_required) {
  std::vector<std::string> fields;
  for (const FieldRow& row : rows) {
    if (row.required || !only_required) {
      fields.push_back(flow(std::string(row.name), sample(row)));
    }
  }
  return fmt::format("{{{}}}", fmt::join(fields, ", "));
}

/// A value of the right type.
std::string sample(const FieldRow& row) {
  switch (row.type) {
    case FieldType::text:
    case FieldType::name:
      return "x";
    case FieldType::relation:
      return "public.x";
    case FieldType::type:
      return "text";
    case FieldType::expression:
      return "x || 'y'";
    case FieldType::statements:
      return "SELECT 1";
    case FieldType::boolean:
      return "true";
    case FieldType::choice:
      return std::string(row.choices.front());
    case FieldType::choices:
      return fmt::format("[{}]", row.choices.front());
    case FieldType::names:
    case FieldType::keys:
      return "[x]";
    case FieldType::mapping:
      return mapping(row.fields, false);
    case FieldType::named_texts:
      return "{x: y}";
    case FieldType::named_expressions:
      return "{x: y || 'z'}";
  }
  return {};
}

class FieldRows : public ::testing::TestWithParam<const OperationType*> {
 protected:
  [[nodiscard]] static Rows rows() { return GetParam()->fields; }

  /// Findings of the operation with its required fields and one more; an empty
  /// value leaves that one out instead.
  [[nodiscard]] static std::vector<Diagnostic> findings(
      const std::string& name, const std::string& value) {
    std::vector<std::string> fields;
    for (const FieldRow& row : rows()) {
      if (row.required && row.name != name) {
        fields.push_back(flow(std::string(row.name), sample(row)));
      }
    }
    if (!value.empty()) {
      fields.push_back(flow(name, value));
    }
    const auto text = fmt::format("operations:\n  - {}: {{{}}}\n",
                                  GetParam()->name, fmt::join(fields, ", "));
    Diagnostics found;
    const auto spec = spec::parse(text, "m1.yaml", found);
    EXPECT_TRUE(spec) << text;
    if (spec) {
      static_cast<void>(parse_operations(*spec, found));
    }
    return found.all();
  }

  static Names codes(const std::string& name, const std::string& value) {
    Names codes;
    for (const Diagnostic& finding : findings(name, value)) {
      codes.insert(finding.code);
    }
    return codes;
  }

  /// All that is read where a field stands that nobody knows.
  static Names read_beside(const std::string& name, const std::string& value) {
    static const std::string beginning = "write one of: ";
    Names names;
    for (const Diagnostic& finding : findings(name, value)) {
      const bool is_it = finding.code == "spec.unknown-field" &&
                         finding.hint.starts_with(beginning);
      std::istringstream list(is_it ? finding.hint.substr(beginning.size())
                                    : "");
      for (std::string each; std::getline(list >> std::ws, each, ',');) {
        names.insert(each);
      }
    }
    return names;
  }
};

Names names_of(Rows rows) {
  Names names;
  for (const FieldRow& row : rows) {
    names.emplace(row.name);
  }
  return names;
}

TEST_P(FieldRows, AreAllThatIsRead) {
  EXPECT_EQ(read_beside(nobody_knows, "1"), names_of(rows()));
  for (const FieldRow& row : rows()) {
    if (!row.fields.empty()) {
      const std::string inside = fmt::format("{{{}: 1}}", nobody_knows);
      const bool is_list = row.type == FieldType::keys;
      EXPECT_EQ(read_beside(std::string(row.name),
                            is_list ? "[" + inside + "]" : inside),
                names_of(row.fields))
          << row.name;
    }
  }
}

TEST_P(FieldRows, TakeAValueOfTheirType) {
  // Of these some need more than one field, or are not there yet.
  const Names elsewhere{"spec.missing-field", "spec.conflicting-fields",
                        "spec.subquery-unsupported", "column.needs-value",
                        "spec.no-effect"};
  for (const FieldRow& row : rows()) {
    const std::string name(row.name);
    EXPECT_THAT(codes(name, sample(row)), IsSubsetOf(elsewhere)) << name;
    for (const std::string_view choice : row.choices) {
      const bool is_list = row.type == FieldType::choices;
      EXPECT_THAT(codes(name, fmt::format(fmt::runtime(is_list ? "[{}]" : "{}"),
                                          choice)),
                  IsSubsetOf(elsewhere))
          << name << ": " << choice;
    }
    const Names of_null = codes(name, "null");
    EXPECT_EQ(of_null.contains("spec.null-value") ||
                  of_null.contains("spec.wrong-type"),
              !row.may_be_null)
        << name;
  }
}

TEST_P(FieldRows, RejectWhatIsNoneOfTheChoices) {
  for (const FieldRow& row : rows()) {
    const std::string name(row.name);
    if (row.type == FieldType::choice) {
      EXPECT_THAT(codes(name, nobody_knows), Contains("spec.unknown-choice"));
    } else if (row.type == FieldType::choices) {
      EXPECT_THAT(codes(name, fmt::format("[{}]", nobody_knows)),
                  Contains("spec.unknown-exception"));
    }
  }
}

TEST_P(FieldRows, AreMissedOnlyWhereTheyAreRequired) {
  for (const FieldRow& row : rows()) {
    if (row.required) {
      EXPECT_THAT(codes(std::string(row.name), ""),
                  Contains("spec.missing-field"))
          << row.name;
    }
  }
  if (std::ranges::any_of(rows(), &FieldRow::required)) {
    for (const Diagnostic& finding : findings(nobody_knows, "")) {
      // alter_column wants one of several.
      EXPECT_EQ(finding.message, "alter_column changes nothing");
    }
  }
}

TEST_P(FieldRows, HaveALineEach) {
  for (const FieldRow& row : rows()) {
    EXPECT_FALSE(row.help.empty() || row.help.ends_with('.') ||
                 row.help.find('\n') != std::string_view::npos)
        << row.name;
  }
}

/// What the first table below "## Fields" of a page says: name and second
/// column.
std::map<std::string, std::string> table_of(const std::string& page) {
  static const std::regex line_of_field(R"(\| `([a-z_]+)` \|([^|]*)\|.*)");
  std::map<std::string, std::string> fields;
  std::ifstream file(testing::source_folder() / "docs/operations" / page);
  bool is_in_section = false;
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    is_in_section = is_in_section || line == "## Fields";
    if (is_in_section && std::regex_match(line, match, line_of_field)) {
      const std::string mark = match[2];
      const auto begin = mark.find_first_not_of(' ');
      fields[match[1]] =
          begin == std::string::npos
              ? ""
              : mark.substr(begin, mark.find_last_not_of(' ') - begin + 1);
    } else if (is_in_section && line.empty() && !fields.empty()) {
      break;
    }
  }
  return fields;
}

TEST_P(FieldRows, AreThoseOfThePage) {
  auto told = table_of(fmt::format("{}.md", GetParam()->name));
  for (const FieldRow& row : rows()) {
    const auto found = told.find(std::string(row.name));
    ASSERT_NE(found, told.end()) << "the page does not have " << row.name;
    const std::string expected = row.required ? "required"
                                 : row.default_value.empty()
                                     ? ""
                                     : fmt::format("`{}`", row.default_value);
    // "required if …" is a condition that a table cannot hold.
    EXPECT_TRUE(found->second == expected ||
                (!row.required && found->second.starts_with("required if ")))
        << row.name << " | " << found->second << " | wants " << expected;
    told.erase(found);
  }
  EXPECT_TRUE(told.empty()) << "only on the page: " << told.begin()->first;
}

INSTANTIATE_TEST_SUITE_P(Operations,
                         FieldRows,
                         ::testing::ValuesIn(all_operations()),
                         [](const auto& operation) {
                           return std::string(operation.param->name);
                         });

}  // namespace
}  // namespace pgexpand::ops
