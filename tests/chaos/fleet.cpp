#include "chaos/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace pgexpand::chaos {
namespace {

constexpr int writer_count = 3;
constexpr std::chrono::seconds patience{60};

}  // namespace

Fleet::Fleet(Addresses addresses,
             Shape shape,
             std::uint64_t seed,
             Journal& journal)
    : journal_(journal) {
  desk_.shapes.push_back(std::move(shape));
  for (int place = 0; place < writer_count; ++place) {
    writers_.push_back(
        std::make_unique<Writer>(desk_, addresses, place, seed, journal));
  }
  for (const auto& [key, item] : first_items()) {
    writers_[static_cast<std::size_t>(key) % writer_count]->own(key, *item);
  }
  for (const auto& writer : writers_) {
    threads_.emplace_back([&writer] { writer->work(); });
  }
}

Fleet::~Fleet() { stop(); }

void Fleet::await_everybody(const char* what) {
  std::unique_lock lock(desk_.mutex);
  const bool done = desk_.changed.wait_for(lock, patience, [this] {
    return std::ranges::all_of(writers_, [this](const auto& writer) {
      return desk_.pause ? writer->is_paused()
                         : writer->obeyed() == desk_.number;
    });
  });
  lock.unlock();
  if (!done) {
    journal_.violation(fmt::format("the writers do not {} for a minute", what));
  }
}

void Fleet::use(const std::vector<Shape>& shapes, bool forget) {
  {
    const std::scoped_lock lock(desk_.mutex);
    desk_.shapes = shapes;
    ++desk_.number;
    if (forget) {
      desk_.forget_at = desk_.number;
    }
  }
  await_everybody("change their shape");
}

void Fleet::pause() {
  {
    const std::scoped_lock lock(desk_.mutex);
    desk_.pause = true;
  }
  await_everybody("pause");
}

void Fleet::resume() {
  const std::scoped_lock lock(desk_.mutex);
  desk_.pause = false;
  desk_.changed.notify_all();
}

void Fleet::stop() {
  {
    const std::scoped_lock lock(desk_.mutex);
    desk_.stop = true;
    desk_.changed.notify_all();
  }
  threads_.clear();
}

Items Fleet::ledger() const {
  Items all;
  for (const auto& writer : writers_) {
    const Items& items = writer->items();
    all.insert(items.begin(), items.end());
  }
  return all;
}

}  // namespace pgexpand::chaos
