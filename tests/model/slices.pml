/* A fill in slices: two runners, each sends up to three slices in one flush.
   The second takes over by raising the epoch; the first may be stopped at any
   moment and wake, and what it has sent runs on without it. Somebody pauses
   and resumes. See fence_functions.cpp and slices.cpp.

   A flush and its runner are one process: the runner only waits meanwhile,
   and a process that does not move is one that is stopped. */

#define ROWS 4
#define FLUSH 3

byte epoch;         /* In the migration's row, with `paused`. */
bit paused;
byte other_epoch;   /* The same number in another row. */
byte sharers;       /* Who has the migration's row FOR SHARE, */
bit taken;          /* and whether somebody is changing it. */

byte cursor;        /* The progress row: rows before it count as filled. */
bit filled[ROWS];

bit was_paused;      /* Of the past, for END_IS_REACHED. */

/* What a transaction leaves must hold at each COMMIT. */
inline check_commit(own) {
  assert(own == epoch);      /* No effect of a runner that was replaced. */
  assert(!paused);           /* None after `pause` was answered. */
  d_step {
    at_row = 0;
    do
    :: at_row < cursor -> assert(filled[at_row]); at_row++   /* None skipped. */
    :: else -> break
    od;
    at_row = 0
  }
}

/* UPDATE of the migration's row: waits for those who share it. */
inline change_row() { atomic { !taken && sharers == 0 -> taken = 1 } }

inline unlock() { sharers--; saw_epoch = 0; saw_paused = 0 }

inline look() {
#ifdef EPOCH_FROM_ANOTHER_ROW
  saw_epoch = other_epoch;
#else
  saw_epoch = epoch;
#endif
  saw_paused = paused
}

/* SELECT … FOR SHARE, one statement. If it has to wait, it reads the row that
   it locks again, and no other one. */
inline lock_row() {
  if
  :: atomic { !taken -> look(); sharers++ }
  :: atomic { taken -> look() };
     if
     :: atomic { !taken ->
#ifndef EPOCH_FROM_ANOTHER_ROW
          look();
#endif
          saw_paused = paused; sharers++ }
     :: atomic { taken -> saw_epoch = 0; saw_paused = 0; fails = 1 } /* 55P03 */
     fi
  fi
}

inline orders() {
#ifdef EPOCH_BEFORE_LOCK
  atomic { saw_epoch = epoch };
  atomic { !taken -> sharers++; saw_paused = paused };
#elif defined(PAUSE_BEFORE_LOCK)
  atomic { saw_paused = paused };
  atomic { !taken -> sharers++; saw_epoch = epoch };
#else
  lock_row();
#endif
  if
  :: fails
  :: else ->
     atomic {                  /* A new statement: the newest cursor. */
       if
#ifndef NO_EPOCH_TEST
       :: saw_epoch != own -> replaced = 1; fails = 1
#endif
       :: saw_paused -> fails = 1
#ifndef NO_CURSOR_TEST
       :: cursor != place -> fails = 1
#endif
       :: else
       fi;
       if
       :: fails -> unlock()
       :: else
       fi
     }
  fi
}

proctype Runner() {
  byte own, at, size, slice, place, saw_epoch, at_row;
  bit saw_paused, fails, failed, replaced;

  change_row();
  atomic { epoch++; own = epoch; other_epoch = epoch; taken = 0 };   /* COMMIT */
  at = cursor;

  do
  :: at == ROWS -> break
  :: at < ROWS ->
     atomic { !paused };
     size = 1;
     do
     :: size < FLUSH && at + size < ROWS -> size++
     :: break
     od;
     do
     :: slice == size -> break
     :: slice < size ->
        place = at + slice;
        orders();
#if defined(CURSOR_FIRST)
        if
        :: fails
        :: atomic { !fails -> cursor = place + 1; check_commit(own); unlock() };
           orders()
        fi;
#endif
        if
        :: atomic { fails }
        :: atomic { !fails -> fails = 1; unlock() }   /* A row's error, or 55P03. */
        :: atomic { !fails ->
             filled[place] = 1;
#if !defined(CURSOR_FIRST) && !defined(ROWS_FIRST)
             cursor = place + 1;
#endif
             check_commit(own);
             unlock() }
        fi;
#ifdef ROWS_FIRST
        /* A transaction of its own begins though the one before failed. */
        fails = 0;
        orders();
        if
        :: fails
        :: atomic { !fails -> cursor = place + 1; check_commit(own); unlock() }
        fi;
#endif
        atomic {
          if
          :: fails -> failed = 1
          :: !fails && !failed -> at = place + 1
          :: else
          fi;
          fails = 0; slice++
        }
     od;
     atomic {
       slice = 0; failed = 0; place = 0;
       if
       :: replaced -> break
       :: else
       fi
     }
  od;
  if
  :: at == ROWS -> assert(cursor == ROWS);
#ifdef END_IS_REACHED
     assert(!(own == 2 && was_paused))
#endif
  :: else
  fi
}

active proctype Operator() {
  change_row();
  atomic { paused = 1; was_paused = 1; taken = 0 };   /* Answered. */
  change_row();
  atomic { paused = 0; taken = 0 }
}

init { atomic { run Runner(); run Runner() } }
