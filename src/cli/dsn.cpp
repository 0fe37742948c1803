#include "cli/dsn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <regex>
#include <sstream>
#include <utility>
#include <vector>

namespace pgexpand::cli {
namespace {

constexpr const char* not_shown = "(set, but not readable, so not shown)";

using Keywords = std::vector<std::pair<std::string, std::string>>;

bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\n'; }

/// Reads `key = value` or `key='it''s \' quoted'` as libpq does.
class KeywordReader {
 public:
  explicit KeywordReader(std::string_view text) : rest_(text) {}

  std::optional<Keywords> read() {
    Keywords all;
    skip_blanks();
    while (!rest_.empty()) {
      auto key = read_key();
      auto value = key ? read_value() : std::nullopt;
      if (!value) {
        return std::nullopt;
      }
      all.emplace_back(*std::move(key), *std::move(value));
      skip_blanks();
    }
    return all;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) {
      rest_.remove_prefix(1);
    }
  }

  std::optional<std::string> read_key() {
    std::string key;
    while (!rest_.empty() && rest_.front() != '=' && !is_blank(rest_.front())) {
      key += rest_.front();
      rest_.remove_prefix(1);
    }
    skip_blanks();
    if (key.empty() || rest_.empty() || rest_.front() != '=') {
      return std::nullopt;
    }
    rest_.remove_prefix(1);
    skip_blanks();
    return key;
  }

  std::optional<std::string> read_value() {
    const bool is_quoted = !rest_.empty() && rest_.front() == '\'';
    if (is_quoted) {
      rest_.remove_prefix(1);
    }
    std::string value;
    while (!rest_.empty()) {
      const char byte = rest_.front();
      if (is_quoted ? byte == '\'' : is_blank(byte)) {
        break;
      }
      if (byte == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
      }
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    if (is_quoted && rest_.empty()) {
      return std::nullopt;
    }
    if (is_quoted) {
      rest_.remove_prefix(1);
    }
    return value;
  }

  std::string_view rest_;
};

bool is_harmless(const std::string& value) {
  static const std::regex pattern("[A-Za-z0-9_.,/-]*");
  return std::regex_match(value, pattern);
}

std::string shown_keywords(std::string_view dsn) {
  constexpr std::array shown = {"host", "hostaddr", "port",   "dbname",
                                "user", "service",  "sslmode"};
  const auto keywords = KeywordReader(dsn).read();
  if (!keywords) {
    return not_shown;
  }
  std::string text;
  for (const auto& [key, value] : *keywords) {
    const bool is_shown = std::ranges::find(shown, key) != shown.end();
    if (is_shown && is_harmless(value)) {
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
    }
  }
  return text.empty() ? not_shown : text;
}

/// `host`, `host:5432`, `[::1]:5432`, or several with commas. Anything else
/// behind the colon may be a password whose `@` is missing.
bool are_hosts(const std::string& text) {
  static const std::regex pattern(
      R"((\[[0-9A-Fa-f:.]*\]|[^:\[\],]*)(:[0-9]{0,5})?)");
  std::istringstream hosts(text);
  for (std::string host; std::getline(hosts, host, ',');) {
    if (!std::regex_match(host, pattern)) {
      return false;
    }
  }
  return true;
}

std::string shown_uri(const std::string& dsn) {
  static const std::regex pattern(
      R"(postgres(?:ql)?://(?:([^:@/?]*)(?::[^@/?]*)?@)?)"
      R"(([^@/?]*)(?:/([^?@]*))?(\?.*)?)");
  std::smatch parts;
  if (!std::regex_match(dsn, parts, pattern)) {
    return not_shown;
  }
  // An @ in a place that no user name was read from belongs to a password.
  const bool stray_at = dsn.find('@') != std::string::npos && !parts[1].matched;
  const std::string query = parts[4].str();
  if (stray_at || query.find('@') != std::string::npos ||
      !are_hosts(parts[2].str())) {
    return not_shown;
  }
  const std::string user = parts[1].str();
  return fmt::format("postgresql://{}{}{}/{}", user, user.empty() ? "" : "@",
                     parts[2].str(), parts[3].str());
}

}  // namespace

std::string without_secrets(std::string_view dsn) {
  const bool is_uri =
      dsn.starts_with("postgres://") || dsn.starts_with("postgresql://");
  return is_uri ? shown_uri(std::string(dsn)) : shown_keywords(dsn);
}

std::string without_connection_strings(const std::string& text) {
  static const std::regex uri(R"re(([A-Za-z]+://)[^\s"'`]*[:@][^\s"'`]*)re");
  static const std::regex keyword(
      R"re((password\s*=\s*)('[^']*'?|[^\s"`]+))re");
  const bool has_keywords = text.find("host=") != std::string::npos ||
                            text.find("user=") != std::string::npos ||
                            text.find("dbname=") != std::string::npos;
  const std::string shown = std::regex_replace(text, uri, "$1***");
  return has_keywords ? std::regex_replace(shown, keyword, "$1***") : shown;
}

}  // namespace pgexpand::cli
