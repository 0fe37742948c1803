#include "exec/lease.hpp"
#include "exec/sqlstate.hpp"
#include "exec/watchman.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <thread>

namespace pgexpand::exec {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds longest_nap{50};

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

}  // namespace

struct Runner::Impl : Workbench {
  Impl(Options options_given,
       report::Reporter& reporter_given,
       const StopRequest& stop_given)
      : options(std::move(options_given)),
        reporter(reporter_given),
        stop(stop_given) {
    // The watchman decides when a statement of the work has no answer.
    options.connect.answer_limit = milliseconds{0};
  }
  ~Impl() override { let_go(); }

  pg::Session& work() override {
    if (!session) {
      throw Error(ErrorKind::connection, "runner.not-connected",
                  "the connection was lost and not opened again")
          .hint("run the same command again");
    }
    return *session;
  }
  std::shared_ptr<pg::Session> open_session() override {
    pg::ConnectOptions connect = options.connect;
    connect.application_name = "pgexpand worker";
    const std::shared_ptr<pg::Session> further = pg::connect(connect).session;
    state::Store(*further, options.state_schema)
        .add_backend(own ? own->epoch : 0, further->backend_pid(),
                     further->backend_start());
    if (watchman) {
      watchman->join(further);
    }
    return further;
  }
  const pg::Arrival& arrival() const override { return arrived; }
  bool lost() const noexcept override { return !watchman || watchman->lost(); }
  void watch(const Watch& watch, report::Reporter& to) override {
    if (watchman) {
      watchman->watch(watch, to);
    }
  }
  void unwatch() override {
    if (watchman) {
      watchman->unwatch();
    }
  }
  TimePoint now() override { return Clock::now(); }

  void sleep(milliseconds duration) override {
    const auto end = Clock::now() + duration;
    while (!stop.requested() && !lost() && Clock::now() < end) {
      std::this_thread::sleep_for(std::min(
          longest_nap,
          std::chrono::duration_cast<milliseconds>(end - Clock::now())));
    }
  }

  void recover(milliseconds patience) override {
    let_go();
    const auto end = Clock::now() + patience;
    constexpr milliseconds first_pause{100};
    constexpr milliseconds longest_pause{2'000};
    std::minstd_rand random(std::random_device{}());
    for (milliseconds pause = first_pause;;
         pause = std::min(longest_pause, pause * 2)) {
      try {
        take(std::chrono::duration_cast<milliseconds>(end - Clock::now()));
        return;
      } catch (const Error& error) {
        let_go();
        if (!is_lost_link(error) || Clock::now() >= end) {
          throw;
        }
        log_debug(fmt::format("not connected yet: {}", error.message()));
      }
      std::uniform_int_distribution<std::int64_t> pick(pause.count() / 2,
                                                       pause.count());
      nap(milliseconds(pick(random)), stop);
    }
  }

  /// The first time. If the link breaks while we register, the next try knows
  /// whether somebody came between.
  void begin() {
    try {
      take(options.wait);
    } catch (const Error& error) {
      if (!own || !is_lost_link(error)) {
        throw;
      }
      recover(options.wait);
    }
  }

  /// Wins the lease, ends what older runners left, and registers.
  void take(milliseconds wait) {
    Lease lease = take_lease(options, own, wait, reporter, stop);
    reach(FaultPoint::lease_won);
    arrived = lease.arrival;
    pg::ConnectOptions connect = options.connect;
    connect.application_name = "pgexpand";
    session = pg::connect(connect).session;
    connect.application_name = "pgexpand observer";
    // Whatever becomes of its COMMIT: this try is known. What was there before
    // is ours as well, once we had the lease.
    const Registration last{lease.before.epoch, lease.control->backend_pid(),
                            lease.control->backend_start()};
    watchman = std::make_unique<Watchman>(
        std::move(lease.control), std::move(lease.hold), connect, *session,
        stop, Watchman::Rhythm{options.heartbeat, options.silence});
    end_backends(*session, options.state_schema, lease.before);
    reach(FaultPoint::older_backends_ended);
    own = last;
    own->epoch = enter(last, lease.before.epoch);
    reach(FaultPoint::runner_registered);
  }

  /// Writes our row over that of epoch `before`. Returns our epoch.
  [[nodiscard]] std::int64_t enter(const Registration& last,
                                   std::int64_t before) {
    constexpr milliseconds row_patience{10'000};
    pg::Transaction transaction(*session, {.lock = row_patience});
    const std::int64_t epoch =
        state::Store(*session, options.state_schema)
            .register_runner({.epoch = 0,
                              .control_pid = last.control_pid,
                              .control_start = last.control_start,
                              .work_pid = session->backend_pid(),
                              .work_start = session->backend_start(),
                              .host = host_name(),
                              .process = static_cast<int>(getpid()),
                              .started_at = {}},
                             before);
    transaction.commit();
    return epoch;
  }

  void let_go() {
    if (session && lost()) {
      session->shut_down();
    }
    watchman.reset();
    session.reset();
  }

  Options options;
  report::Reporter& reporter;
  const StopRequest& stop;
  pg::Arrival arrived;
  std::optional<Registration> own;
  std::unique_ptr<pg::Session> session;
  std::unique_ptr<Watchman> watchman;
};

Runner::Runner(Options options,
               report::Reporter& reporter,
               const StopRequest& stop)
    : impl_(std::make_unique<Impl>(std::move(options), reporter, stop)) {
  impl_->begin();
}

Runner::~Runner() = default;

pg::Session& Runner::work() { return impl_->work(); }
const pg::Arrival& Runner::arrival() const { return impl_->arrived; }
bool Runner::lost() const noexcept { return impl_->lost(); }
void Runner::recover(milliseconds patience) { impl_->recover(patience); }
Workbench& Runner::workbench() { return *impl_; }

}  // namespace pgexpand::exec
