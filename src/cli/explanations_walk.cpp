// Texts of what a walk over a table runs into.
#include "cli/explanations.hpp"

#include <array>

namespace pgexpand::cli {
namespace {

constexpr std::array texts{
    Explanation{
        "backfill.no-key",
        "The pages of this table cannot be walked: its access method has no\n"
        "TID range scans. Then rows are walked in the order of the primary\n"
        "key, and there is none."},
    Explanation{
        "backfill.pinned",
        "Something keeps PostgreSQL from reusing the space of dead rows: an\n"
        "old transaction, a prepared one, a replication slot, or a standby\n"
        "with feedback. The backfill goes on with one pass a window, and the\n"
        "table grows as with a plain UPDATE. `--pinned wait` waits instead."},
    Explanation{
        "backfill.throttled",
        "The throttle held the walk up for longer than `backfill.max_wait`.\n"
        "Progress is saved; the same command continues. See\n"
        "docs/throttle.md."},
    Explanation{
        "contract.new-partition",
        "A partition was attached after verify. Its rows have only the old\n"
        "shape, and contract would drop it."},
    Explanation{
        "switch.new-partition",
        "A partition was attached after verify. Nobody has filled its rows\n"
        "or compared them, so they would lack their new values."},
    Explanation{
        "throttle.bad-query",
        "`backfill.throttle_query` must be one SELECT of one boolean. It runs\n"
        "read-only, before the first batch and then once a second. This one\n"
        "can never answer: wrong SQL, a table that is not there, a missing\n"
        "right, another type, or an attempt to write. See docs/throttle.md."},
    Explanation{
        "throttle.hidden-activity",
        "`backfill.max_active` counts the active backends, and only a role\n"
        "with pg_monitor (or pg_read_all_stats) may see those of others."},
    Explanation{
        "throttle.hidden-replication",
        "The server has standbys, but only a role with pg_monitor (or\n"
        "pg_read_all_stats) may see how far behind they are. A backfill that\n"
        "cannot see it could leave them behind without end, so it does not\n"
        "start. `--max-lag off` starts it all the same."},
};

}  // namespace

std::span<const Explanation> walk_explanations() { return texts; }

}  // namespace pgexpand::cli
