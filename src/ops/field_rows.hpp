// Rows that several operations have in common.
#pragma once

#include "pgexpand/ops/field_row.hpp"

#include <array>

namespace pgexpand::ops {

/// What read_target() and read_allow() ask for.
inline constexpr std::array<std::string_view, 6> exception_words{
    "volatile",      "subquery",  "lossy",
    "user_triggers", "published", "function_bodies"};
inline constexpr FieldRow table_row{.name = "table",
                                    .type = FieldType::relation,
                                    .help = "the table",
                                    .required = true};
inline constexpr FieldRow allow_row{
    .name = "allow",
    .type = FieldType::choices,
    .help = "refusals to lift, each with what follows from it",
    .choices = exception_words};

/// What read_check() asks for.
inline constexpr std::array check_fields{
    FieldRow{.name = "name",
             .type = FieldType::name,
             .help = "name of the constraint"},
    FieldRow{.name = "expression",
             .type = FieldType::expression,
             .help = "what each row must fulfil",
             .required = true},
};
inline constexpr FieldRow check_row{.name = "check",
                                    .type = FieldType::mapping,
                                    .help = "a CHECK constraint",
                                    .fields = check_fields};

/// A column that is there.
inline constexpr FieldRow column_row{.name = "column",
                                     .type = FieldType::name,
                                     .help = "the column",
                                     .required = true};

}  // namespace pgexpand::ops
