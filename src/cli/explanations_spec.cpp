// Codes of spec files.
#include "cli/explanations.hpp"

#include <array>

namespace pgexpand::cli {
namespace {

constexpr auto texts = std::to_array<Explanation>({
    {"spec.alias",
     "YAML aliases (`*name`) are refused: what a spec does must stand\n"
     "where it is read. Write the value out."},
    {"spec.anchor",
     "YAML anchors (`&name`) are refused: what a spec does must stand\n"
     "where it is read. Write the value out."},
    {"spec.bad-id",
     "A migration's id is its file name without `.yaml`: small letters,\n"
     "digits and _, starting with a letter or digit, at most 40 bytes.\n"
     "It becomes part of names in the database."},
    {"spec.bad-identifier",
     "The name cannot be read. Names are taken as they stand, without\n"
     "case folding; a name in double quotes is read as SQL reads it, and\n"
     "a part with a dot or a quote needs them. PostgreSQL keeps 63\n"
     "bytes."},
    {"spec.bad-operation",
     "Each entry of `operations` is a mapping with exactly one key, the\n"
     "operation, whose value is a mapping of its fields."},
    {"spec.bad-setting",
     "The value of a setting does not read. Durations need a unit\n"
     "(`250ms`, `5s`, `1h`), sizes too (`50MB`)."},
    {"spec.complex-key",
     "Keys of mappings are plain words here, never lists or mappings."},
    {"spec.conflicting-fields",
     "Two fields of the operation exclude each other, or one needs\n"
     "another that is not there. The operation's page in docs/operations\n"
     "says which go together."},
    {"spec.control-character",
     "The file holds a control character. It may be invisible in an\n"
     "editor; write the line again."},
    {"spec.dependency-cycle",
     "Migrations depend on each other in a circle, so none could be\n"
     "first. Remove one of the dependencies."},
    {"spec.duplicate-dependency", "The same id stands twice in `depends_on`."},
    {"spec.duplicate-key",
     "A key stands twice in one mapping. Many YAML readers silently keep\n"
     "the last one; here it is an error, because one of the two is not\n"
     "what you meant."},
    {"spec.empty-list",
     "The list has no members, though at least one is needed."},
    {"spec.empty-mapping",
     "The mapping has no keys, though at least one is needed."},
    {"spec.field-unsupported",
     "The field belongs to the operation, but this release does not\n"
     "handle it yet."},
    {"spec.findings",
     "At least one spec cannot be used, and each finding above names its\n"
     "place. All files are checked before anything runs, so nothing was\n"
     "changed. `pgexpand lint` finds the same without a database."},
    {"spec.index-key",
     "An entry of an index's `columns` is a column name, or a mapping\n"
     "with `column` or `expression` and the options of one key."},
    {"spec.invalid-utf8",
     "The file is not UTF-8. Save it as UTF-8, without a byte order mark\n"
     "of another encoding."},
    {"spec.merge-key",
     "YAML merge keys (`<<`) are refused: what a spec does must stand\n"
     "where it is read."},
    {"spec.no-effect",
     "The field is there and would change nothing. Somebody who writes it\n"
     "expects something of it, so it is an error and not passed over."},
    {"spec.missing-field",
     "The operation needs this field. Its page in docs/operations lists\n"
     "the fields."},
    {"spec.no-folder",
     "The folder of the specs cannot be read. It is `migrations` beside\n"
     "pgexpand.yaml unless --dir, PGEXPAND_DIR or `dir` says otherwise."},
    {"spec.nul", "The file holds a NUL byte, so it is not text."},
    {"spec.null-value",
     "A plain `null`, `~` or an empty value stands where a text is\n"
     "wanted. If you mean the word, put it in quotes."},
    {"spec.second-document",
     "A file holds one YAML document: one migration. Write the second\n"
     "one into a file of its own."},
    {"spec.stray-file",
     "A file in the folder of specs ends in .yaml or .yml but is not a\n"
     "migration. It could be a spec that is silently not run, so it must\n"
     "be renamed or moved."},
    {"spec.subquery-unsupported",
     "A subquery cannot be used in this place, also not with `allow:\n"
     "[subquery]`."},
    {"spec.tag",
     "YAML tags (`!!int`, `!name`) are refused: the field's own type\n"
     "reads the value."},
    {"spec.too-deep",
     "Mappings and lists are nested more than 32 levels deep."},
    {"spec.too-large", "A spec is at most 1 MiB."},
    {"spec.unknown-choice",
     "The field takes one of a few words, and this is none of them."},
    {"spec.unknown-dependency",
     "`depends_on` names a migration that is neither in the folder nor\n"
     "in the database."},
    {"spec.unknown-exception",
     "`allow` lists named exceptions: volatile, subquery, lossy,\n"
     "user_triggers, published, function_bodies."},
    {"spec.unknown-field",
     "The operation does not know this field, so it would be ignored. A\n"
     "misspelled optional field is the most dangerous kind of mistake,\n"
     "therefore it is an error."},
    {"spec.unknown-operation",
     "There is no operation of this name. docs/operations has a page for\n"
     "each one."},
    {"spec.unknown-setting",
     "There is no setting of this name, or it cannot stand here. A\n"
     "spec's `settings` may hold lock, step, backfill and contract."},
    {"spec.unreadable", "The file is there but may not be read."},
    {"spec.wrong-type",
     "The value is of another type than the field: a text where a list\n"
     "is wanted, or the like. Scalars stay text until a field reads\n"
     "them, so `no` and `010` never change their meaning."},
    {"spec.yaml-syntax",
     "The text is not YAML. The caret shows where the reader gave up;\n"
     "the mistake is often a line above, an unclosed quote or a wrong\n"
     "indent."},
});

}  // namespace

std::span<const Explanation> spec_explanations() { return texts; }

}  // namespace pgexpand::cli
