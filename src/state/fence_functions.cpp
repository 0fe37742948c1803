// What a transaction that is sent in one go asks on the server: nobody is there
// to look at an answer and think again, so a wrong one is raised.
#include "state/fence_functions.hpp"

namespace pgexpand::state {
namespace {

// Volatile, so that nothing calls it before its turn.
constexpr Function refuse{
    .head = "refuse(state text) RETURNS void LANGUAGE plpgsql", .body = R"(
BEGIN
  RAISE EXCEPTION 'pgexpand goes no further' USING ERRCODE = state;
END)"};

// The row is locked first and tested afterwards: a runner that waited for the
// one who replaced it sees the new epoch. FOR SHARE, not UPDATE: workers must
// not wait for each other, but a take-over and a pause must wait for the batch.
constexpr Function take_orders{
    .head =
        "take_orders(migration text, epoch bigint) RETURNS jsonb"
        " LANGUAGE plpgsql",
    .body = R"(
DECLARE
  m record;
BEGIN
  SELECT x.epoch, x.paused, x.live INTO m
  FROM {S}.migration AS x WHERE x.id = take_orders.migration FOR SHARE;
  IF m.epoch IS DISTINCT FROM take_orders.epoch THEN
    PERFORM {S}.refuse('PGX01');
  ELSIF m.paused THEN
    PERFORM {S}.refuse('PGX02');
  END IF;
  RETURN m.live;
END)"};

}  // namespace

std::vector<Function> fence_functions() { return {refuse, take_orders}; }

}  // namespace pgexpand::state
