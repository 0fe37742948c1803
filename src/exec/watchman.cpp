#include "exec/watchman.hpp"

#include "exec/blockers.hpp"
#include "pgexpand/base/log.hpp"

namespace pgexpand::exec {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 50ms;
constexpr auto heartbeat = 5s;
constexpr auto cancel_again = 250ms;
constexpr auto first_look = 2s;  // Shorter waits are nobody's business.
constexpr auto look_again = 2s;
constexpr auto report_again = 30s;

}  // namespace

Watchman::Watchman(std::unique_ptr<pg::Session> control,
                   std::unique_ptr<pg::Transaction> lease,
                   pg::ConnectOptions connect,
                   pg::Session& work,
                   const StopRequest& stop)
    : control_(std::move(control)),
      lease_(std::move(lease)),
      connect_(std::move(connect)),
      work_(work),
      work_pid_(work.backend_pid()),
      stop_(stop),
      next_beat_(Clock::now() + heartbeat),
      thread_([this] { loop(); }) {}

Watchman::~Watchman() {
  {
    const std::scoped_lock lock(mutex_);
    ends_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Watchman::watch(const Watch& watch, report::Reporter& reporter) {
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  ++post_number_;
  post_ = {.watch = watch,
           .reporter = &reporter,
           .since = now,
           .next_look = now + first_look,
           .next_report = now,
           .reported_pids = {}};
}

void Watchman::unwatch() {
  const std::scoped_lock lock(mutex_);
  post_.reset();
}

void Watchman::join(const std::shared_ptr<pg::Session>& session) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(joined_, [](const auto& each) { return each.expired(); });
  joined_.push_back(session);
}

void Watchman::cancel_all() noexcept {
  work_.cancel();
  for (const auto& each : joined_) {
    if (const auto session = each.lock()) {
      session->cancel();
    }
  }
}

void Watchman::loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, tick, [this] { return ends_; })) {
        return;
      }
    }
    try {
      obey_signals();
      enforce_limit();
      beat();
      look_who_blocks();
    } catch (const std::exception& error) {
      log_debug(std::string("the lease is lost: ") + error.what());
      lose();
      return;
    }
  }
}

// Without it the server ends the lease, see lease.cpp. A statement that takes
// no snapshot: CREATE INDEX CONCURRENTLY waits for the whole transaction of
// anyone it sees with one.
void Watchman::beat() {
  if (Clock::now() < next_beat_) {
    return;
  }
  control_->run(sql::Statement::of("SET LOCAL lock_timeout = 0"));
  next_beat_ = Clock::now() + heartbeat;
}

// The mutex is held while a cancel is sent: after unwatch() none can hit the
// next statement.
void Watchman::obey_signals() {
  const std::scoped_lock lock(mutex_);
  const bool by_first =
      stop_.requested() && post_ && post_->watch.cancel_on_stop;
  const bool by_second = stop_.signals.load() > 1;
  if ((by_first || by_second) && Clock::now() >= next_cancel_) {
    cancel_all();
    next_cancel_ = Clock::now() + cancel_again;
  }
}

void Watchman::enforce_limit() {
  const std::scoped_lock lock(mutex_);
  if (post_ && post_->watch.limit &&
      Clock::now() > post_->since + *post_->watch.limit) {
    log_debug("the server does not answer: the connection is shut");
    work_.cancel();
    work_.shut_down();
    post_->watch.limit.reset();
  }
}

void Watchman::look_who_blocks() {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (!post_ || Clock::now() < post_->next_look) {
      return;
    }
    post_->next_look = Clock::now() + look_again;
    number = post_number_;
  }
  const auto blockers = ask_observer();
  const std::scoped_lock lock(mutex_);
  if (post_ && post_number_ == number && !blockers.empty()) {
    report_wait(blockers);
  }
}

// Not through the lease's transaction, see beat(). What cannot be seen is not
// reported; the wait itself does not depend on it.
std::vector<report::Blocker> Watchman::ask_observer() noexcept {
  try {
    if (!observer_) {
      observer_ = pg::connect(connect_).session;
    }
    return blockers_of(*observer_, work_pid_);
  } catch (const std::exception& error) {
    log_debug(std::string("cannot see who blocks: ") + error.what());
    observer_.reset();
    return {};
  }
}

void Watchman::report_wait(const std::vector<report::Blocker>& blockers) {
  std::vector<int> pids;
  for (const auto& blocker : blockers) {
    pids.push_back(blocker.pid);
  }
  const auto now = Clock::now();
  if (pids == post_->reported_pids && now < post_->next_report) {
    return;
  }
  post_->reported_pids = pids;
  post_->next_report = now + report_again;
  post_->reporter->on(report::Waiting{
      .id = post_->watch.migration,
      .what = post_->watch.what,
      .attempt = 0,
      .waited = std::chrono::duration_cast<milliseconds>(now - post_->since),
      .blockers = blockers});
}

// Nothing may act any more: not even a statement that is on its way.
void Watchman::lose() noexcept {
  lost_ = true;
  const std::scoped_lock lock(mutex_);
  cancel_all();
  work_.shut_down();
  for (const auto& each : joined_) {
    if (const auto session = each.lock()) {
      session->shut_down();
    }
  }
}

}  // namespace pgexpand::exec
