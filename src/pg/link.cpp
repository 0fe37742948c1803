#include "pg/link.hpp"

#include <pqxx/pqxx>

namespace pgexpand::pg {
namespace {

// Keeps the PGconn that libpqxx otherwise hides.
class CapturingPolicy : public pqxx::connect_direct {
 public:
  using connect_direct::connect_direct;

  handle do_startconnect(handle original) override {
    handle_ = connect_direct::do_startconnect(original);
    return handle_;
  }
  [[nodiscard]] handle captured() const noexcept { return handle_; }

 private:
  handle handle_ = nullptr;
};

// A base, so that it lives before and after the connection that refers to it.
struct PolicyHolder {
  explicit PolicyHolder(const std::string& conninfo) : policy(conninfo) {}
  CapturingPolicy policy;
};

}  // namespace

class Link::Wrapped : private PolicyHolder, public pqxx::connection_base {
 public:
  explicit Wrapped(const std::string& conninfo)
      : PolicyHolder(conninfo), connection_base(policy) {
    init();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    inhibit_reactivation(true);
#pragma GCC diagnostic pop
  }
  ~Wrapped() { close(); }
  Wrapped(const Wrapped&) = delete;
  Wrapped& operator=(const Wrapped&) = delete;

  [[nodiscard]] PGconn* raw() const noexcept { return policy.captured(); }
};

Link::Link(const std::string& conninfo)
    : wrapped_(std::make_unique<Wrapped>(conninfo)) {}

Link::~Link() = default;

PGconn* Link::raw() const noexcept { return wrapped_->raw(); }

}  // namespace pgexpand::pg
