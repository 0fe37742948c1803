#include "exec/watchman.hpp"

#include "exec/blockers.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/log.hpp"

namespace pgexpand::exec {
namespace {

using namespace std::chrono_literals;

constexpr auto tick = 50ms;
constexpr auto cancel_again = 250ms;
constexpr auto first_look = 2s;  // Shorter waits are nobody's business.
constexpr auto look_again = 2s;
constexpr auto report_again = 30s;

// What the observer does must leave time for a beat.
pg::ConnectOptions for_observer(pg::ConnectOptions connect,
                                const Watchman::Rhythm& rhythm) {
  connect.connect_timeout = connect.answer_limit = rhythm.silence / 3;
  return connect;
}

// A backend that waits for a lock, or builds an index for hours, waits for
// something else than us. One that we await an answer from and that waits for
// our next word has lost our question, or we its answer.
bool waits_for_us(pg::Session& observer,
                  const pg::Session& session,
                  milliseconds since) {
  return observer
             .run(sql::Statement::of(
                      "SELECT count(*) FROM pg_catalog.pg_stat_activity"
                      " WHERE pid = $1 AND backend_start = $2::timestamptz"
                      " AND NOT (coalesce(wait_event, '') = 'ClientRead'"
                      " AND clock_timestamp() - state_change"
                      " > $3 * interval '1 millisecond')"),
                  {std::to_string(session.backend_pid()),
                   session.backend_start(), std::to_string(since.count())})
             .single() == "0";
}

}  // namespace

Watchman::Watchman(std::unique_ptr<pg::Session> control,
                   std::unique_ptr<pg::Transaction> lease,
                   pg::ConnectOptions connect,
                   pg::Session& work,
                   const StopRequest& stop,
                   Rhythm rhythm)
    : control_(std::move(control)),
      lease_(std::move(lease)),
      connect_(for_observer(std::move(connect), rhythm)),
      work_(work),
      work_pid_(work.backend_pid()),
      stop_(stop),
      rhythm_(rhythm),
      next_beat_(Clock::now() + rhythm.heartbeat),
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

std::vector<std::shared_ptr<pg::Session>> Watchman::sessions() {
  // It outlives us, and is not ours to delete.
  std::vector<std::shared_ptr<pg::Session>> all{
      {std::shared_ptr<pg::Session>(), &work_}};
  for (const auto& each : joined_) {
    if (auto session = each.lock()) {
      all.push_back(std::move(session));
    }
  }
  return all;
}

// At once: each may take seconds when the link is dead.
void Watchman::cancel_all() noexcept {
  try {
    std::vector<std::jthread> requests;
    for (const auto& session : sessions()) {
      requests.emplace_back([session] { session->cancel(); });
    }
  } catch (const std::exception& error) {
    log_debug(std::string("cannot cancel: ") + error.what());
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
      listen();
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
  next_beat_ = Clock::now() + rhythm_.heartbeat;
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
    work_.shut_down();
    work_.cancel();
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
  std::vector<report::Blocker> blockers;
  ask_observer([&](pg::Session& observer) {
    blockers = blockers_of(observer, work_pid_);
  });
  if (!blockers.empty()) {
    reach(FaultPoint::wait_seen);
  }
  const std::scoped_lock lock(mutex_);
  if (post_ && post_number_ == number && !blockers.empty()) {
    report_wait(blockers);
  }
}

// Not through the lease's transaction, see beat(). What cannot be seen is not
// acted on.
void Watchman::ask_observer(
    const std::function<void(pg::Session&)>& question) noexcept {
  try {
    if (!observer_) {
      observer_ = pg::connect(connect_).session;
    }
    question(*observer_);
  } catch (const std::exception& error) {
    log_debug(std::string("the observer cannot see: ") + error.what());
    observer_.reset();
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

// The work's own link may go silent while that of the lease goes on.
void Watchman::listen() {
  if (Clock::now() < next_listen_) {
    return;
  }
  std::vector<std::shared_ptr<pg::Session>> all;
  {
    const std::scoped_lock lock(mutex_);
    all = sessions();
  }
  for (const auto& session : all) {
    if (session->unanswered() < rhythm_.silence) {
      continue;
    }
    next_listen_ = Clock::now() + rhythm_.silence / 3;
    bool is_dead = false;
    ask_observer([&](pg::Session& observer) {
      is_dead = waits_for_us(observer, *session, rhythm_.silence / 2);
    });
    // Still the same statement: no question takes that long.
    if (is_dead && session->unanswered() >= rhythm_.silence) {
      log_debug("a statement was not answered: its connection is shut");
      session->shut_down();
    }
  }
}

// Nothing may act any more: not even a statement that is on its way.
void Watchman::lose() noexcept {
  lost_ = true;
  const std::scoped_lock lock(mutex_);
  for (const auto& session : sessions()) {
    session->shut_down();
  }
  cancel_all();
}

}  // namespace pgexpand::exec
