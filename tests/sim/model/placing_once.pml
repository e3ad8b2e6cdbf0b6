/* Placing once: one order, a gateway that may be killed or lose power at any instant, a POS, and a wire between them
 * that loses requests and answers or delivers them late. firmware/core/gateway_place.cpp is the protocol's code.
 *
 * CLASS says what the POS can do: 0 it de-duplicates by the key, for a while; 1 it can be asked; 2 both; 3 neither.
 *
 * Of time there is only what the protocol relies on:
 *   - a request acts no later than the POS's maximum processing time after its connection was closed; the barrier waits
 *     that long, so behind it no request is under way;
 *   - the POS honours a key for longer than the gateway's window plus the time a request may take: it does not forget
 *     the key while a request that left within the window is under way;
 *   - a ticket is listed before the second asking if it was cut before the first.
 *
 * Planted bugs, each of which must be caught (CMakeLists.txt):
 *   BLIND_RETRY         in doubt it sends again, whatever the POS can do
 *   NO_BARRIER          it asks at once
 *   ASK_ONCE            one "not found" is enough
 *   FORGET_INTENT       the request leaves before the intent is on disk
 *   WINDOW_OVER_REBOOT  the window counts on after a reboot, when no clock can tell how long it lasted
 *   STALLED_RESEND      the window is looked at when the second try is decided, not when it leaves
 *   RESEND_WHEN_PLACED  a second try that was decided on in doubt leaves although the order was found meanwhile
 */
#ifndef CLASS
#define CLASS 2
#endif
#define deduplicates (CLASS == 0 || CLASS == 2)
#define can_be_asked (CLASS == 1 || CLASS == 2)
#ifdef ASK_ONCE
#define asks_needed 1
#else
#define asks_needed 2
#endif

#ifdef WINDOW_OVER_REBOOT
#define window_open (!same_boot || within_window)
#else
#define window_open (same_boot && within_window)
#endif

#define faults_max 4   /* of the wire */
#define deaths_max 2   /* of the gateway's process, by kill or by power cut */
#define wire_max 8     /* requests under way: one a fault or a death, and one more */

mtype = {queued, sending, placed, parked};

/* ---- the gateway */
mtype row = queued;      /* on its disk */
bool in_doubt = false;   /* in its memory, from here on */
bool same_boot = true;   /* the intent was noted on this boot's clock */
byte lacked = 0;         /* times in a row that the POS did not know the order, behind the barrier */
bool dying = false;
byte deaths = 0;

/* ---- the wire; true: it left within the key's window */
chan under_way = [wire_max] of {bool};
byte faults = 0;

/* ---- the POS, and the clock's step from "within the window" to "past it" */
byte tickets = 0;
bool listed = false;
bool key_known = false;
bool within_window = false;

inline cut_ticket() {
  if
  :: deduplicates && key_known -> skip
  :: else -> tickets++; listed = false; key_known = true
  fi;
  assert(tickets <= 1)
}

/* The POS is reached by what is late, lists what it has cut, and forgets keys. */
active proctype pos() {
  bool in_window;
end:
  do
  :: atomic { under_way ?? true -> in_window = true;
       if :: cut_ticket() :: skip /* lost on its way */ fi }
  :: atomic { under_way ?? false -> in_window = false;
       if :: cut_ticket() :: skip fi }
  :: atomic { tickets > 0 && !listed -> listed = true }
  :: atomic { within_window -> within_window = false }
  :: atomic { key_known && !within_window && !(under_way ?? [true]) -> key_known = false }
  od
}

active proctype supervisor() {
end:
  do
  :: atomic { deaths < deaths_max && !dying && row != placed && row != parked -> deaths++; dying = true }
  od
}

/* One request to place. The outcome is what the gateway sees of it. */
inline request() {
  atomic {
    if
    :: cut_ticket(); row = placed                                       /* answered */
    :: faults < faults_max -> faults++;                                 /* certainly not delivered */
       if :: in_doubt -> skip :: else -> row = queued fi
    :: faults < faults_max -> faults++;                                 /* any byte left, no answer */
       under_way ! within_window; in_doubt = true; lacked = 0
    :: faults < faults_max -> faults++;                                 /* it acted, the answer is lost */
       cut_ticket(); in_doubt = true; lacked = 0
    fi
  }
}

inline first_try() {
#ifdef FORGET_INTENT
  atomic { within_window = true; same_boot = true };
  if
  :: cut_ticket(); row = placed
  :: atomic { faults < faults_max -> faults++; under_way ! true }; atomic { row = sending; in_doubt = true }
  fi
#else
  atomic { row = sending; within_window = true; same_boot = true };     /* the intent: one commit */
  request()
#endif
}

inline ask() {
#ifndef NO_BARRIER
  empty(under_way);
#endif
  if
  :: atomic { faults < faults_max -> faults++; lacked = 0 }             /* no answer */
  :: atomic { listed -> row = placed }
  :: atomic { !listed -> lacked++ };
     if
     :: lacked >= asks_needed -> atomic { row = queued; in_doubt = false; lacked = 0 }
     :: else -> (listed || tickets == 0)                                /* seconds later */
     fi
  fi
}
inline settle_doubt() {
  if
#ifdef BLIND_RETRY
  :: true -> request()
#else
#ifdef STALLED_RESEND
  :: deduplicates && window_open -> request()
#else
  :: atomic { deduplicates && window_open -> request() }
#endif
  :: can_be_asked && !(deduplicates && window_open) -> ask()
  :: !can_be_asked && !(deduplicates && window_open) -> row = parked
#endif
  fi
}

/* What a new process knows: the row. Whatever was sent is in doubt. A power cut takes the clock too. */
inline start_anew() {
  atomic {
    dying = false;
    lacked = 0;
    in_doubt = (row == sending);
    if :: same_boot = false :: skip fi
  }
}

active proctype gateway() {
again:
  {
    do
    :: row == queued -> first_try()
    :: row == sending -> in_doubt = true; settle_doubt()
    :: row == placed || row == parked -> break
    od
  } unless { dying };
  if
  :: dying -> start_anew(); goto again
  :: else -> skip
  fi;
#ifdef RESEND_WHEN_PLACED
  if
  :: row == placed && in_doubt -> cut_ticket()
  :: else -> skip
  fi;
#endif
  assert(row == parked || tickets == 1)
}

/* Searched on its own: beside it nothing is looked at once the row has settled (check). */
ltl settles { <> (row == placed || row == parked) }
