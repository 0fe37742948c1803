/* A step and those who change its table meanwhile. The step reads the catalog
   and its stamp, locks, asks for the stamp again, acts, notes the new one, all
   in one transaction; what it left is read after COMMIT. It may be killed at
   any moment, and the next run goes on. See transactional.cpp and drift.cpp.

   Others need a lock of the table for their change. One that needs none
   (FUNCTION_REPLACED) can come between the second look and COMMIT.

   A table is how often each side has changed it. The stamp tells any two of
   its states apart. */

#define CHANGES 3
#define STEPS 2
#define RUNS 3
#define stamp_of(o, t) ((o) * (CHANGES + 1) + (t))
#define stamp_now stamp_of(ours, theirs)
#define theirs_of(stamp) ((stamp) % (CHANGES + 1))

byte ours, theirs;          /* The table. */
bit locked;                 /* ACCESS EXCLUSIVE. */

byte stored;                /* The migration's row: the stamp, */
byte kept_ours, kept_theirs;   /* the fingerprint, */
bit due;                    /* and whether it is still to be read. */
byte step;

/* Of the past, for the claims: how many changes of theirs a look has named, and
   how many there were at the last COMMIT. */
byte seen, at_commit;

active proctype Other() {
end:
  do
  :: theirs == CHANGES -> break
#ifdef FUNCTION_REPLACED
  :: atomic { theirs < CHANGES -> theirs++ }
#else
  :: atomic { theirs < CHANGES && !locked -> theirs++ }
#endif
  od
}

/* look_for_drift: a stamp and, if it is another one, what differs. What
   pg_get_functiondef and its like say may be newer than the snapshot. */
inline look() {
  atomic { at = stamp_now; is_new = due || stored != at };
  if
  :: atomic { !is_new -> read_ours = kept_ours; read_theirs = kept_theirs }
  :: atomic { is_new ->
       read_ours = ours; read_theirs = theirs;
       if
       :: due && stored == at                   /* As our step left it. */
       :: due && stored != at -> name(theirs_of(at))
       :: !due && (read_ours != kept_ours || read_theirs != kept_theirs) ->
          name(read_theirs)
       :: else
       fi }
  fi
}

/* Exit 7, and the same command with --accept-drift. */
inline name(changes) {
  assert(changes > at_commit);      /* What we did is not called somebody's. */
  seen = changes
}

/* settle_fingerprint */
inline settle() {
  atomic { at = stamp_now; is_new = due };
#ifndef FINGERPRINT_UNCOMPARED
  atomic { is_new = is_new && stored == at };
#endif
  if
  :: !is_new
  :: atomic { is_new -> read_ours = ours; read_theirs = theirs };
     if
     :: killed()
     :: atomic {
          if
#if !defined(ASKED_ONCE) && !defined(FINGERPRINT_UNCOMPARED)
          :: stamp_now != at          /* Changed while we read: the next look. */
#endif
          :: else ->
             assert(read_theirs <= seen);   /* Nobody else's taken for ours. */
             kept_ours = read_ours; kept_theirs = read_theirs;
             stored = at; due = 0
          fi }
     fi
  fi
}

/* Gone, and the next run begins. What was sent in one go may commit without
   its sender: that is COMMIT and a kill behind it. */
inline killed() { atomic { runs < RUNS -> runs++; locked = 0; goto next_run } }

/* A fill or a verify, with others at work for hours. It changes no table, so it
   has nothing to note. */
inline walk() {
#ifdef NOTED_AFTER_A_WALK
  atomic { due = due || stored != stamp_now; stored = stamp_now };
  settle()
#else
  skip
#endif
}

active proctype Run() {
  byte at, noted, read_ours, read_theirs, runs;
  bit is_new;

next_run:
  do
  :: atomic { step == STEPS -> break }
  :: atomic { step < STEPS -> at = 0 };
     if
     :: killed()
     :: look()
     fi;
     if
     :: killed()
     :: atomic { !locked -> locked = 1 }
     fi;
     if
     :: killed()
#ifndef NO_STAMP_UNDER_LOCK
     :: atomic { stamp_now != at -> locked = 0 }         /* Look again. */
     :: atomic { stamp_now == at -> skip };
#else
     :: true ->
#endif
        atomic { assert(theirs <= seen) };   /* Acts on what was looked at. */
#ifdef NOTED_BEFORE_DDL
        atomic { noted = stamp_now };
#else
        atomic { noted = stamp_of(ours + 1, theirs) };
#endif
        if
        :: killed()
        :: atomic {                                      /* COMMIT */
             if
             :: is_new ->
                kept_ours = read_ours; kept_theirs = read_theirs;
                due = 0; stored = at
             :: else
             fi;
             due = due || stored != noted;
             stored = noted;
             ours++; step++; at_commit = theirs_of(noted);
             locked = 0; is_new = 0 }
        fi;
        if
        :: killed()
        :: settle(); walk()
        fi
     fi
  od;
  look();
#ifdef END_IS_REACHED
  assert(!(runs == RUNS && seen == CHANGES))
#endif
}
