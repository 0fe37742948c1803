#include "pg/results.hpp"

#include <charconv>
#include <string_view>

namespace pgexpand::pg {
namespace {

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string{} : std::string(text);
}

Row row_of(const PGresult* result, int row) {
  Row values;
  const int count = PQnfields(result);
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    if (PQgetisnull(result, row, i) != 0) {
      values.emplace_back(std::nullopt);
    } else {
      const auto size = static_cast<std::size_t>(PQgetlength(result, row, i));
      values.emplace_back(std::string(PQgetvalue(result, row, i), size));
    }
  }
  return values;
}

}  // namespace

ServerError error_of(const PGresult* result) {
  return {.severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED),
          .sqlstate = field(result, PG_DIAG_SQLSTATE),
          .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
          .detail = field(result, PG_DIAG_MESSAGE_DETAIL),
          .hint = field(result, PG_DIAG_MESSAGE_HINT),
          .schema = field(result, PG_DIAG_SCHEMA_NAME),
          .table = field(result, PG_DIAG_TABLE_NAME),
          .column = field(result, PG_DIAG_COLUMN_NAME),
          .type = field(result, PG_DIAG_DATATYPE_NAME),
          .constraint = field(result, PG_DIAG_CONSTRAINT_NAME),
          .position = field(result, PG_DIAG_STATEMENT_POSITION)};
}

std::string words_of_libpq(const PGresult* result, const PGconn* connection) {
  const std::string text = result == nullptr ? PQerrorMessage(connection)
                                             : PQresultErrorMessage(result);
  return text.substr(0, text.find('\n'));
}

Result result_of(PGresult* result) {
  Result answer;
  answer.tag = PQcmdStatus(result);
  const std::string_view affected = PQcmdTuples(result);
  std::from_chars(affected.data(), affected.data() + affected.size(),
                  answer.affected_rows);
  for (int i = 0; i < PQnfields(result); ++i) {
    answer.columns.emplace_back(PQfname(result, i));
    answer.column_types.push_back(PQftype(result, i));
    answer.column_modifiers.push_back(PQfmod(result, i));
  }
  const int rows = PQntuples(result);
  answer.rows.reserve(static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    answer.rows.push_back(row_of(result, i));
  }
  return answer;
}

std::vector<const char*> pointers_to(const std::vector<Value>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  return values;
}

bool is_copy(const PGresult* result) {
  const auto status = PQresultStatus(result);
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
         status == PGRES_COPY_BOTH;
}

bool is_good(const PGresult* result) {
  const auto status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ||
         status == PGRES_EMPTY_QUERY;
}

}  // namespace pgexpand::pg
