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
// `place` is where the cursor has to be: batches that are sent together each
// build on the one before.
constexpr Function take_orders{
    .head =
        "take_orders(migration text, epoch bigint, step text, worker integer,"
        " place text) RETURNS jsonb LANGUAGE plpgsql",
    .body = R"(
#variable_conflict use_variable
DECLARE
  m record;
BEGIN
  SELECT x.epoch, x.paused, x.live INTO m
  FROM {S}.migration AS x WHERE x.id = migration FOR SHARE;
  IF m.epoch IS DISTINCT FROM epoch THEN
    PERFORM {S}.refuse('PGX01');
  ELSIF m.paused THEN
    PERFORM {S}.refuse('PGX02');
  ELSIF NOT EXISTS (SELECT FROM {S}.progress AS p
                    WHERE p.migration = take_orders.migration
                      AND p.step = take_orders.step
                      AND p.worker = take_orders.worker
                      AND concat_ws(' ', p.next_block, p.pass, p.blocks_done,
                                    p.key_after) = place) THEN
    PERFORM {S}.refuse('PGX05');
  END IF;
  RETURN m.live;
END)"};

}  // namespace

std::vector<Function> fence_functions() { return {refuse, take_orders}; }

}  // namespace pgexpand::state
