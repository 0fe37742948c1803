#include "pg/casts.hpp"

#include "pg/row_cursor.hpp"

namespace pgexpand::pg {
namespace {

enum class Path { none, explicit_only, assignment };

constexpr std::uint32_t bpchar_oid = 1042;
constexpr std::uint32_t bit_oid = 1560;
constexpr std::uint32_t interval_oid = 1186;
constexpr std::uint32_t numeric_oid = 1700;

Path path_between(std::uint32_t from,
                  std::uint32_t to,
                  const std::optional<CastEntry>& entry,
                  char from_category,
                  char to_category) {
  if (from == to) {
    return Path::assignment;
  }
  if (entry) {
    return entry->context == 'e' ? Path::explicit_only : Path::assignment;
  }
  // Through text: into a string in an assignment, out of one only by CAST.
  if (to_category == 'S') {
    return Path::assignment;
  }
  return from_category == 'S' ? Path::explicit_only : Path::none;
}

Path path_of(const CastQuestion& question) {
  const auto& from = question.from;
  const auto& to = question.to;
  if (from.type.base_oid != to.type.base_oid && !question.direct &&
      from.type.is_array && to.type.is_array) {
    return path_between(from.element_base_oid, to.element_base_oid,
                        question.element, question.from_element_category,
                        question.to_element_category);
  }
  return path_between(from.type.base_oid, to.type.base_oid, question.direct,
                      from.type.category, to.type.category);
}

bool is_binary(const CastQuestion& question) {
  const auto& from = question.from.type;
  const auto& to = question.to.type;
  if (to.is_domain && to.domain_has_constraints) {
    return from.oid == to.oid;
  }
  if (from.base_oid == to.base_oid) {
    return widens(to.base_oid, question.from_modifier, question.to_modifier);
  }
  if (!question.direct || question.direct->method != 'b') {
    return false;
  }
  // varchar(n) and text count in the same way, so n may be compared.
  return question.to_modifier == -1 ||
         widens(to.base_oid, question.from_modifier, question.to_modifier);
}

std::optional<CastEntry> find_entry(Session& session,
                                    std::uint32_t from,
                                    std::uint32_t to) {
  const Result result = session.run(
      sql::Statement::of("SELECT castcontext, castmethod FROM pg_cast "
                         "WHERE castsource = {} AND casttarget = {}",
                         std::int64_t{from}, std::int64_t{to}));
  if (result.rows.empty()) {
    return std::nullopt;
  }
  RowCursor cursor(result.rows.front());
  const char context = cursor.letter();
  return CastEntry{context, cursor.letter()};
}

}  // namespace

bool widens(std::uint32_t base_oid, std::int32_t from, std::int32_t to) {
  if (from == to) {
    return true;
  }
  if (to == -1) {
    return base_oid != bpchar_oid && base_oid != bit_oid;
  }
  if (from == -1 || base_oid == bpchar_oid || base_oid == bit_oid ||
      base_oid == interval_oid) {
    return false;
  }
  if (base_oid == numeric_oid) {
    // Precision stands in the upper half, scale in the lower, both offset by
    // the size of a header, 4.
    constexpr std::int32_t header = 4;
    const std::int32_t old_value = from - header;
    const std::int32_t new_value = to - header;
    return (old_value & 0xFFFF) == (new_value & 0xFFFF) &&
           (old_value >> 16) <= (new_value >> 16);
  }
  return from <= to;
}

CastVerdict judge_cast(const CastQuestion& question) {
  const Path path = path_of(question);
  return {.assignable = path == Path::assignment,
          .castable = path != Path::none,
          .binary_coercible = path != Path::none && is_binary(question)};
}

CastVerdict read_cast(Session& session,
                      const catalog::Type& from,
                      const catalog::Type& to) {
  const auto facts = read_type_facts(session, {from.oid, to.oid});
  CastQuestion question{
      .from = facts.at(from.oid),
      .to = facts.at(to.oid),
      .from_modifier = from.modifier,
      .to_modifier = to.modifier,
      .direct = find_entry(session, from.base_oid, to.base_oid),
      .element = std::nullopt};
  const auto from_element = question.from.element_base_oid;
  const auto to_element = question.to.element_base_oid;
  if (from_element != 0 && to_element != 0) {
    const auto elements = read_type_facts(session, {from_element, to_element});
    question.element = find_entry(session, from_element, to_element);
    question.from_element_category = elements.at(from_element).type.category;
    question.to_element_category = elements.at(to_element).type.category;
  }
  return judge_cast(question);
}

}  // namespace pgexpand::pg
