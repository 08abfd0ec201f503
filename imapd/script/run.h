/* SPDX-License-Identifier: ISC */
/* The scripts of an event, on one message (RFC 6785). */
#ifndef IMAPD_SCRIPT_RUN_H
#define IMAPD_SCRIPT_RUN_H

#include <stdbool.h>
#include <stdint.h>

struct account;
struct event;
struct event_run;
struct store;

struct event_run_of {
	struct store *store;
	int dir; /* where that is */
	struct account *account;
	const char *name; /* its address */
	const struct event *event;
	uint32_t uid;
	uint64_t trace_keep; /* sieve_trace_keep */
};

/* What OF points at stays until END is called, once, not from inside of this:
 * LATER, something is not at hand just now. */
struct event_run *event_run_new(const struct event_run_of *of,
    void (*end)(struct event_run *r, bool later), void *arg);
/* After an end that was LATER: where something was done, a new run would do it
 * twice; this one goes on behind it, and END is called again. */
bool event_run_has_begun(const struct event_run *r);
void event_run_go_on(struct event_run *r);
void *event_run_arg(const struct event_run *r);
/* Also before its end, of which nothing is heard then. */
void event_run_free(struct event_run **r);

#endif
