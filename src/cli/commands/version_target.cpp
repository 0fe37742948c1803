#include "cli/commands/version_target.hpp"

#include "pgexpand/pg/connection_parameters.hpp"
#include "pgexpand/sql/names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

namespace pgexpand::cli {
namespace {

using Parameters = std::map<std::string, std::string>;

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char byte : text) {
    encoded += plain.find(byte) == std::string_view::npos
                   ? fmt::format("%{:02X}", static_cast<unsigned char>(byte))
                   : std::string(1, byte);
  }
  return encoded;
}

std::string take(Parameters& parameters, const std::string& keyword) {
  const auto found = parameters.find(keyword);
  if (found == parameters.end()) {
    return {};
  }
  std::string value = std::move(found->second);
  parameters.erase(found);
  return value;
}

std::vector<std::string> quoted_path(const VersionTarget& target) {
  std::vector<std::string> names;
  for (const std::string& name : target.search_path) {
    // display() quotes a part only where SQL needs it.
    names.push_back(sql::TableName{{}, sql::Identifier(name)}.display());
  }
  return names;
}

/// As the server splits `options`: a backslash keeps what follows it.
std::string path_option(const VersionTarget& target) {
  std::string option = "-csearch_path=";
  for (const char byte :
       fmt::format("{}", fmt::join(quoted_path(target), ","))) {
    option += byte == ' ' || byte == '\\' ? fmt::format("\\{}", byte)
                                          : std::string(1, byte);
  }
  return option;
}

/// `host:5432`, where a URI can say it so: one host, not a socket's folder.
std::string authority(Parameters& parameters) {
  const auto host = parameters.find("host");
  const bool fits = host != parameters.end() && !host->second.empty() &&
                    host->second.find_first_of("/@,:") == std::string::npos;
  if (!fits) {
    return {};
  }
  std::string text = percent_encoded(take(parameters, "host"));
  const std::string port = take(parameters, "port");
  return port.empty() ? text : fmt::format("{}:{}", text, port);
}

}  // namespace

std::string search_path_sql(const VersionTarget& target) {
  return fmt::format("{}", fmt::join(quoted_path(target), ", "));
}

std::string version_url(const VersionTarget& target) {
  Parameters parameters = pg::connection_parameters(target.dsn);
  std::string user = take(parameters, "user");
  std::string database = take(parameters, "dbname");
  const std::string options = take(parameters, "options");
  user = user.empty() ? target.user : user;
  database = database.empty() ? target.database : database;
  std::string url =
      fmt::format("postgresql://{}@{}/{}?", percent_encoded(user),
                  authority(parameters), percent_encoded(database));
  for (const auto& [keyword, value] : parameters) {
    url += fmt::format("{}={}&", keyword, percent_encoded(value));
  }
  return url + "options=" +
         percent_encoded(options.empty() ? path_option(target)
                                         : options + " " + path_option(target));
}

std::string version_environment(const VersionTarget& target) {
  const std::string option = path_option(target);
  const bool is_plain = std::ranges::all_of(option, [](unsigned char byte) {
    return std::isalnum(byte) != 0 || byte == '_' || byte == '=' ||
           byte == ',' || byte == '-';
  });
  if (is_plain) {
    return "PGOPTIONS=" + option;
  }
  std::string quoted;
  for (const char byte : option) {
    quoted += byte == '\'' ? "'\\''" : std::string(1, byte);
  }
  return fmt::format("PGOPTIONS='{}'", quoted);
}

std::string version_sql(const VersionTarget& target) {
  return fmt::format("ALTER ROLE {} IN DATABASE {} SET search_path = {};",
                     sql::quote_identifier(target.role),
                     sql::quote_identifier(target.database),
                     search_path_sql(target));
}

}  // namespace pgexpand::cli
