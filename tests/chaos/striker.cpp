#include "chaos/striker.hpp"

#include "chaos/link.hpp"

#include <fmt/format.h>

#include <array>
#include <csignal>

namespace pgexpand::chaos {
namespace {

using namespace std::chrono_literals;

constexpr const char* of_the_tool = "application_name LIKE 'pgexpand%'";

constexpr auto wait_for_a_moment = 1s;

/// A backend of the tool has the table locked.
std::string moment(const char* modes) {
  return fmt::format(
      "SELECT EXISTS (SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a"
      " USING (pid) WHERE a.{} AND l.relation = 'public.item'::regclass"
      " AND l.granted AND l.mode IN ({}))",
      of_the_tool, modes);
}

bool is_aimed(Fault fault) {
  return fault == Fault::kill_tool || fault == Fault::stop_tool ||
         fault == Fault::replace_tool || fault == Fault::end_tool ||
         fault == Fault::crash_server;
}

}  // namespace

Striker::~Striker() { held_.clear(); }

bool Striker::strike(const Strike& strike) {
  journal_.say(fmt::format("{} ({} ms, {})", name(strike.fault),
                           strike.lasts.count(), strike.choice));
  if (is_aimed(strike.fault)) {
    aim(strike.choice);
  }
  switch (strike.fault) {
    case Fault::kill_tool:
      return pilot_.signal(SIGKILL);
    case Fault::stop_tool:
      return stop_tool(strike, false);
    case Fault::interrupt_tool:
      return pilot_.signal(SIGINT);
    case Fault::replace_tool:
      return stop_tool(strike, true);
    case Fault::end_tool:
      end_backends(of_the_tool);
      return true;
    case Fault::end_one_of_tool:
      end_backends(
          fmt::format("pid = (SELECT pid FROM pg_stat_activity WHERE"
                      " {} ORDER BY pid % {}, pid LIMIT 1)",
                      of_the_tool, strike.choice + 2));
      return true;
    case Fault::end_writers:
      end_backends("application_name LIKE 'chaos writer%'");
      return true;
    case Fault::crash_server:
      cluster_.crash();
      return true;
    case Fault::promote_standby:
      cluster_.promote();
      return true;
    case Fault::start_rival: {
      constexpr std::array waits{"0ms", "500ms", "5s", "20s"};
      return pilot_.start_rival(
          waits.at(static_cast<std::size_t>(strike.choice) % waits.size()));
    }
    case Fault::look_on:
      pilot_.look_on(strike.choice % 3);
      return true;
    case Fault::restart_pooler:
      cluster_.restart_pooler();
      return true;
    case Fault::hog_table:
      return hog_table(strike);
    case Fault::hog_rows:
      return hog_rows(strike);
    case Fault::long_snapshot:
      hold(strike.lasts,
           {"BEGIN ISOLATION LEVEL REPEATABLE READ",
            strike.choice % 2 == 0 ? "SELECT count(*) FROM public.item"
                                   : "SELECT count(*) FROM pg_class"});
      return true;
  }
  return false;
}

// Half of the strikes wait for a moment that blind ones seldom meet.
void Striker::aim(int choice) {
  constexpr int ways = 4;
  const int way = choice % ways;
  if (way > 1) {
    return;
  }
  const auto query = moment(way == 0 ? "'AccessExclusiveLock',"
                                       " 'ShareRowExclusiveLock'"
                                     : "'RowExclusiveLock'");
  const auto deadline = std::chrono::steady_clock::now() + wait_for_a_moment;
  try {
    Link link(cluster_.addresses().direct, "chaos striker");
    while (link.single(query) != "t" &&
           std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
  } catch (const LinkLost&) {
    journal_.say("no connection to aim");
  }
}

bool Striker::stop_tool(const Strike& strike, bool is_replaced) {
  if (!pilot_.signal(SIGSTOP)) {
    return false;
  }
  if (is_replaced) {
    end_backends(of_the_tool);
    pilot_.start_rival("20s");
  }
  held_.emplace_back([this, lasts = strike.lasts] {
    std::this_thread::sleep_for(lasts);
    pilot_.signal(SIGCONT);
  });
  return true;
}

void Striker::end_backends(const std::string& condition) {
  try {
    Link link(cluster_.addresses().direct, "chaos striker");
    link.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " +
             condition);
  } catch (const LinkLost&) {
    journal_.say("no connection to end backends");
  }
}

void Striker::hold(milliseconds duration,
                   const std::vector<std::string>& statements) {
  held_.emplace_back([this, duration, statements] {
    try {
      Link link(cluster_.addresses().direct, "chaos hog");
      for (const std::string& statement : statements) {
        link.run(statement);
      }
      std::this_thread::sleep_for(duration);
    } catch (const std::runtime_error& error) {
      journal_.say(std::string("a hog ends: ") + error.what());
    }
  });
}

bool Striker::hog_table(const Strike& strike) {
  constexpr std::array modes{"ACCESS SHARE",  "ROW SHARE",
                             "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE",
                             "SHARE",         "ACCESS EXCLUSIVE"};
  hold(strike.lasts,
       {"BEGIN", fmt::format("LOCK TABLE public.item IN {} MODE",
                             modes.at(static_cast<std::size_t>(strike.choice) %
                                      modes.size()))});
  return true;
}

// Rows that no writer touches: it would be our hog that it waits for.
bool Striker::hog_rows(const Strike& strike) {
  hold(strike.lasts,
       {"BEGIN", fmt::format("SELECT 1 FROM public.item WHERE id <= {} FOR {}",
                             rows_left_alone,
                             strike.choice % 2 == 0 ? "UPDATE" : "KEY SHARE")});
  return true;
}

}  // namespace pgexpand::chaos
