#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// Something that keeps dead rows from being reused.
struct HorizonHolder {
  std::string key;   ///< The same at the next look, if it is the same one.
  std::string name;  ///< "pid 4711 (psql)"
  std::string xmin;  ///< Changes when it lets go of a part.
  std::int64_t xids_back = 0;         ///< How old its xmin is, in transactions.
  std::chrono::milliseconds held{0};  ///< At least that long.
  std::optional<std::chrono::milliseconds> open_for;  ///< Its transaction.
};

/// Who has held the xmin horizon back for two seconds. One that lets go of a
/// part in between does not: that delays reuse and does not prevent it. Pure:
/// the caller brings the clock.
class Horizon {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void follow(TimePoint now, const std::vector<HorizonHolder>& holders);
  /// The one that holds it back furthest, as when it was first named: "pid 4711
  /// (psql), transaction open for 10m".
  [[nodiscard]] const std::optional<std::string>& holder() const {
    return first_text_;
  }
  /// The same with the transaction's age by now.
  [[nodiscard]] const std::optional<std::string>& holder_now() const {
    return text_;
  }

 private:
  struct Held {
    std::string xmin;
    TimePoint since;
  };
  void name_it(const HorizonHolder* holder);

  std::map<std::string, Held> held_;
  std::string key_;  ///< Of the one named.
  std::optional<std::string> first_text_;
  std::optional<std::string> text_;
};

}  // namespace pgexpand::backfill
