#pragma once

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>

namespace pgexpand::plan {

/// Why a stored plan is no plan, in words that go on after "cannot be read: ".
class Unreadable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The number a stored plan gives its format. Throws Unreadable where there is
/// no such number. May be higher than stored_format.
[[nodiscard]] int format_of(const nlohmann::json& stored);

/// The release that stored the plan; empty: it does not say.
[[nodiscard]] std::string release_of(const nlohmann::json& stored);

/// Brings a plan of format `from` to stored_format, one format after the other.
/// Members that the older one has not get the meaning they had then.
void lift(nlohmann::json& stored, int from);

}  // namespace pgexpand::plan
