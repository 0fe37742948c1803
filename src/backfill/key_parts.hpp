#pragma once

#include "backfill/ranges.hpp"
#include "backfill/statements.hpp"
#include "backfill/table_walk.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// A part of a table in the order of its key.
struct KeyPart {
  Where where;
  std::int64_t rows = 0;  ///< At most; 0: unknown, the last part.
  std::string upto;       ///< Its last key, as the cursor has it.
};

/// Cuts a range into parts by key, for tables whose blocks cannot be walked.
/// The end of a part is a key that was read, so a part is never taken for empty
/// because its rows were done already; the end of the range is the greatest key
/// at its start: later rows are the sync trigger's.
class KeyParts {
 public:
  /// Throws Error(refused, "backfill.no-key") if there is no key.
  KeyParts(TableWalk& walk, const std::vector<sql::Identifier>& key);

  /// The next part of at most `rows` rows after the cursor; none: the end.
  [[nodiscard]] std::optional<KeyPart> next(std::int64_t rows);
  /// Where a walk stands that has done `part`.
  [[nodiscard]] Cursor after(const KeyPart& part) const;

 private:
  void read_bound();
  [[nodiscard]] std::optional<std::string> read_key(
      const sql::Expression& where, std::int64_t skip, bool from_the_end);
  [[nodiscard]] sql::Expression compare(const char* sign,
                                        const std::string& key) const;

  TableWalk& walk_;
  std::vector<sql::Identifier> key_;
};

}  // namespace pgexpand::backfill
