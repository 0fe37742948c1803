#include "pgexpand/sandbox/sandbox.hpp"

#include "pgexpand/base/error.hpp"
#include "sandbox/folder.hpp"
#include "sandbox/server.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace pgexpand::sandbox {

namespace {

std::string chosen_bindir(const Options& options) {
  auto bindir = options.bindir.empty() ? find_bindir() : options.bindir;
  if (!bindir.empty()) return bindir;
  throw Error(ErrorKind::usage, "sandbox.no-server",
              "no PostgreSQL server programs (initdb, postgres) found")
      .hint(
          "install them (Debian: apt install postgresql), or set "
          "PGEXPAND_PG_BINDIR to their folder");
}

}  // namespace

struct Sandbox::Impl {
  explicit Impl(const Options& options)
      : bindir(chosen_bindir(options)),
        user(server_user()),
        folder(user),
        server(folder.path(), bindir, user, options) {}

  std::string bindir;
  std::optional<User> user;
  Folder folder;
  Server server;
};

Sandbox::Sandbox(const Options& options)
    : impl_(std::make_unique<Impl>(options)) {
  impl_->server.start();
}

Sandbox::~Sandbox() = default;

std::string Sandbox::dsn() const {
  return fmt::format("host={} port=5432 dbname=postgres user=postgres",
                     folder());
}

const std::string& Sandbox::folder() const { return impl_->folder.path(); }

const std::string& Sandbox::bindir() const { return impl_->bindir; }

std::vector<std::string> Sandbox::environment() const {
  const char* path = std::getenv("PATH");
  return {"PGHOST=" + folder(),
          "PGPORT=5432",
          "PGUSER=postgres",
          "PGDATABASE=postgres",
          "PGEXPAND_DSN=" + dsn(),
          fmt::format("PATH={}:{}", bindir(),
                      path == nullptr ? "/usr/bin:/bin" : path)};
}

void Sandbox::crash_and_restart() {
  impl_->server.crash();
  impl_->server.start();
}

}  // namespace pgexpand::sandbox
