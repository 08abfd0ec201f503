/* SPDX-License-Identifier: ISC */
/*
 * What has happened in an account, for scripts (RFC 6785): messages wait here,
 * in memory, and have their scripts one after the other, after the client was
 * answered.  A script that fails is logged.  What ends with the process is
 * lost: nothing waits for a script.
 */
#ifndef IMAPD_SCRIPT_EVENTS_H
#define IMAPD_SCRIPT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct account;
struct err;
struct event;
struct events;
struct store;

struct events_owner {
	/* There is no more to do for now; the events may be freed. */
	void (*on_rest)(struct events_owner *o);
};

/* What is to be told of events is in the configuration: read it. */
int events_configure(struct err *err);
/* Once: DIR is where STORE is. */
void events_init(struct store *store, int dir);
/* Of A, which stays open as long; NAME, its address, stays. */
struct events *events_new(
    struct account *a, const char *name, struct events_owner *owner);
/* Those that still wait are left out; E may point at NULL; leaves NULL. */
void events_free(struct events **e);
bool events_are_busy(const struct events *e);
/* Is an account of this process? */
bool events_any(void);
/* PLAN (event.h; NULL: nothing) has happened to the N messages UIDS, whose
 * flags CHANGED. */
void events_add(struct events *e, const struct event *plan,
    const uint32_t *uids, size_t n, struct slice changed);

#endif
