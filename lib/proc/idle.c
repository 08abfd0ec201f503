/* SPDX-License-Identifier: ISC */
#include "proc/idle.h"

#include <stdint.h>

#include "ev/loop.h"
#include "ev/turn.h"
#include "ipc/ipc.h"
#include "proc/park.h"

enum {
	IDLE_AFTER_MS = 1000,
	PARK_AFTER_MS = 2000, /* without a turn of the loop */
};

static struct {
	bool (*busy)(void);
	bool tells;
	bool parks;
	bool parking; /* this turn is for that alone */
	bool idle;    /* what master was told last */
	struct ev_timer idle_check;
	struct ev_timer park; /* runs: not parked */
	int64_t last_turn_ms;
} state;

static void
tell_idle(bool idle)
{
	state.idle = idle;
	IPC_SEND(ipc_master(), master_idle, .idle = idle);
}

static void
on_idle_time(struct ev_timer *t)
{
	(void)t;
	if (!state.busy())
		tell_idle(true);
}

/* Work that ends at once is not worth a word; who has none sleeps on. */
static void
watch(bool busy)
{
	if (busy && state.idle)
		tell_idle(false);
	else if (!busy && !state.idle && !ev_timer_running(&state.idle_check))
		ev_timer_set(&state.idle_check, IDLE_AFTER_MS);
}

void
idle_turn(bool busy)
{
	if (state.tells)
		watch(busy);
	if (state.parks && !state.parking) {
		state.last_turn_ms = ev_now_ms();
		if (!ev_timer_running(&state.park))
			ev_timer_set(&state.park, PARK_AFTER_MS);
	}
	state.parking = false;
}

/* Sessions may be open: they sleep too. */
static void
on_park_time(struct ev_timer *t)
{
	const int64_t quiet_ms = ev_now_ms() - state.last_turn_ms;

	state.parking = true;
	if (quiet_ms < PARK_AFTER_MS)
		ev_timer_set(t, PARK_AFTER_MS - quiet_ms);
	else
		park_give_back();
}

void
idle_begin(bool (*busy)(void), bool tells, bool parks)
{
	state.busy = busy;
	state.tells = tells;
	state.parks = parks;
	state.idle = state.parking = false;
	ev_timer_init(&state.idle_check, on_idle_time);
	ev_timer_init(&state.park, on_park_time);
}
