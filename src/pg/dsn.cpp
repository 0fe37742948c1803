#include "pg/dsn.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace pgexpand::pg {
namespace {

using Parameters = std::map<std::string, std::string>;

Parameters parse(const std::string& dsn) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(dsn.c_str(), nullptr), &PQconninfoFree);
  if (!parsed) {
    throw Error(ErrorKind::usage, "pg.bad-dsn",
                "the connection string cannot be read")
        .hint(
            "write postgresql://user@host:5432/database or "
            "\"host=… dbname=…\"; in a URI, percent-encode special "
            "characters of the password");
  }
  Parameters parameters;
  for (const auto* option = parsed.get(); option->keyword != nullptr;
       ++option) {
    if (option->val != nullptr) {
      parameters.emplace(option->keyword, option->val);
    }
  }
  return parameters;
}

std::optional<std::string> find(const Parameters& parameters,
                                const Environment& environment,
                                const std::string& keyword,
                                const std::string& variable) {
  const auto found = parameters.find(keyword);
  return found == parameters.end() ? environment(variable) : found->second;
}

bool is_remote_host(std::string_view host) {
  return !host.empty() && host.front() != '/' && host.front() != '@' &&
         host != "localhost" && host != "::1" && !host.starts_with("127.");
}

// libpq accepts a list; one remote host is enough.
bool names_remote_host(std::string_view hosts) {
  while (true) {
    const auto comma = hosts.find(',');
    if (is_remote_host(hosts.substr(0, comma))) {
      return true;
    }
    if (comma == std::string_view::npos) {
      return false;
    }
    hosts.remove_prefix(comma + 1);
  }
}

bool has_root_certificate(const Parameters& parameters,
                          const Environment& environment) {
  if (find(parameters, environment, "sslrootcert", "PGSSLROOTCERT")) {
    return true;
  }
  const auto home = environment("HOME");
  std::error_code ignored;
  return home &&
         std::filesystem::exists(
             std::filesystem::path(*home) / ".postgresql/root.crt", ignored);
}

void choose_tls(Parameters& parameters,
                const Environment& environment,
                std::vector<std::string>& warnings) {
  const auto given = [&](const char* keyword, const char* variable) {
    return find(parameters, environment, keyword, variable);
  };
  // A service file may hold both host and sslmode; its word counts.
  if (given("sslmode", "PGSSLMODE") || given("service", "PGSERVICE") ||
      !(names_remote_host(given("host", "PGHOST").value_or("")) ||
        names_remote_host(given("hostaddr", "PGHOSTADDR").value_or("")))) {
    return;
  }
  if (has_root_certificate(parameters, environment)) {
    parameters["sslmode"] = "verify-full";
    return;
  }
  parameters["sslmode"] = "require";
  warnings.emplace_back(
      "the connection is encrypted, but the server's certificate is not "
      "verified; set sslrootcert to verify it");
}

void add_time_limits(Parameters& parameters,
                     const ConnectOptions& options,
                     const Environment& environment) {
  using std::chrono::ceil;
  using std::chrono::seconds;
  const auto timeout = ceil<seconds>(options.connect_timeout).count();
  if (!environment("PGCONNECT_TIMEOUT")) {
    parameters.emplace("connect_timeout", std::to_string(timeout));
  }
  // A peer that vanished is noticed within 30 s, idle or waiting.
  parameters.emplace("keepalives", "1");
  parameters.emplace("keepalives_idle", "10");
  parameters.emplace("keepalives_interval", "5");
  parameters.emplace("keepalives_count", "4");
  parameters.emplace("tcp_user_timeout", "30000");
}

std::string conninfo_of(const Parameters& parameters) {
  std::string conninfo;
  for (const auto& [keyword, value] : parameters) {
    conninfo += keyword + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') {
        conninfo += '\\';
      }
      conninfo += c;
    }
    conninfo += "' ";
  }
  return conninfo;
}

bool looks_misread(const Parameters& parameters) {
  const auto value = [&](const char* keyword) {
    const auto found = parameters.find(keyword);
    return found == parameters.end() ? std::string{} : found->second;
  };
  const std::string port = value("port");
  return value("host").find_first_of("@:%#?=; ") != std::string::npos ||
         value("user").find_first_of("@:/=;") != std::string::npos ||
         value("dbname").find_first_of("@:=;") != std::string::npos ||
         port.find_first_not_of("0123456789,") != std::string::npos;
}

std::vector<std::string> secrets_of(const ConnectOptions& options,
                                    const Parameters& parameters,
                                    const Environment& environment) {
  std::vector<std::string> secrets{options.dsn};
  for (const char* keyword : {"password", "sslpassword"}) {
    const auto found = parameters.find(keyword);
    if (found != parameters.end()) {
      secrets.push_back(found->second);
    }
  }
  secrets.push_back(environment("PGPASSWORD").value_or(""));
  std::erase(secrets, "");
  // The longest first: a short one may be a part of it.
  std::ranges::sort(secrets, std::ranges::greater{}, &std::string::size);
  return secrets;
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Dsn read_dsn(const ConnectOptions& options, const Environment& environment) {
  Parameters parameters = parse(options.dsn);
  Dsn dsn;
  dsn.looks_misread = looks_misread(parameters);
  dsn.secrets = secrets_of(options, parameters, environment);
  choose_tls(parameters, environment, dsn.warnings);
  add_time_limits(parameters, options, environment);
  parameters["application_name"] = options.application_name;
  parameters["client_encoding"] = "UTF8";
  dsn.conninfo = conninfo_of(parameters);
  return dsn;
}

std::string scrub(std::string_view message, const Dsn& dsn) {
  if (dsn.looks_misread) {
    return {};
  }
  std::string text(message);
  for (const auto& secret : dsn.secrets) {
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
      at += 3;
    }
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  std::ranges::replace(text, '\n', ' ');
  std::erase(text, '\t');
  return text;
}

}  // namespace pgexpand::pg
