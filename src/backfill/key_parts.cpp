#include "backfill/key_parts.hpp"

#include "backfill/cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace pgexpand::backfill {
namespace {

using sql::Expression;
using sql::Statement;

std::string columns(const std::vector<sql::Identifier>& key,
                    const char* before,
                    const char* after) {
  std::vector<std::string> parts;
  for (const auto& column : key) {
    parts.push_back(fmt::format("{}t.{}{}", before, column, after));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

KeyParts::KeyParts(TableWalk& walk, const std::vector<sql::Identifier>& key)
    : walk_(walk), key_(key) {
  if (key_.empty()) {
    throw Error(ErrorKind::refused, "backfill.no-key",
                fmt::format("table {} has no primary key to walk by",
                            walk.leaf().display()))
        .hint("give it a primary key, then run the same command again");
  }
}

// Literals without a type take that of the column they are compared with.
Expression KeyParts::compare(const char* sign, const std::string& key) const {
  std::vector<std::string> values;
  for (const auto& value : nlohmann::json::parse(key)) {
    values.push_back(fmt::format("{}", sql::Literal{value.get<std::string>()}));
  }
  return {fmt::format("({}) {} ({})", columns(key_, "", ""), sign,
                      fmt::join(values, ", "))};
}

std::optional<std::string> KeyParts::read_key(const Expression& where,
                                              std::int64_t skip,
                                              bool from_the_end) {
  const pg::Result found = walk_.session().run(Statement::of(
      "SELECT {} FROM ONLY {} AS t WHERE {} ORDER BY {} OFFSET {} LIMIT 1",
      Expression{columns(key_, "", "::text")}, walk_.leaf(), where,
      Expression{columns(key_, "", from_the_end ? " DESC" : "")}, skip));
  if (found.rows.empty()) {
    return std::nullopt;
  }
  nlohmann::json key = nlohmann::json::array();
  for (const pg::Value& value : found.rows.at(0)) {
    key.push_back(text(value));
  }
  return key.dump();
}

void KeyParts::read_bound() {
  if (walk_.progress().key_bound == unread_key_bound) {
    walk_.set_key_bound(read_key({"true"}, 0, true).value_or(""));
  }
}

std::optional<KeyPart> KeyParts::next(std::int64_t rows) {
  read_bound();
  const state::Progress& progress = walk_.progress();
  if (progress.key_bound.empty() || progress.key_after == progress.key_bound) {
    return std::nullopt;
  }
  Expression rest = compare("<=", progress.key_bound);
  if (!progress.key_after.empty()) {
    rest = sql::compose("{} AND {}", compare(">", progress.key_after), rest);
  }
  const auto end = read_key(rest, std::max<std::int64_t>(rows, 1) - 1, false);
  if (!end) {
    return KeyPart{.where = Where(rest), .rows = 0, .upto = progress.key_bound};
  }
  return KeyPart{
      .where = Where(sql::compose("{} AND {}", rest, compare("<=", *end))),
      .rows = rows,
      .upto = *end};
}

// In blocks, as progress is counted: as many as hold the rows met so far.
Cursor KeyParts::after(const KeyPart& part) const {
  const state::Progress& progress = walk_.progress();
  const bool is_last = part.upto == progress.key_bound;
  const auto met = is_last ? progress.bound_block
                           : progress.blocks_done +
                                 blocks_for(part.rows, walk_.rows_per_block());
  return {
      .next_block = progress.next_block,
      .blocks_done = std::min(progress.first_block + met, progress.bound_block),
      .key = part.upto};
}

}  // namespace pgexpand::backfill
