/* SPDX-License-Identifier: ISC */
/*
 * A connection with a filter, for one client at a time.  One thing is asked of
 * it; when that is decided, done runs, never from inside the call that asked.
 * A connection that has failed is good for nothing but milter_conn_drop: what a
 * filter says too late is heard by nobody.
 */
#ifndef MILTER_CONN_H
#define MILTER_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smfi/session.h"

struct milter_conn;
struct milter_filter;

/* WELL: it is decided (milter_conn_session has the verdict); else it has
 * failed. */
typedef void milter_conn_fn(void *arg, bool well);

/* Connect to F and negotiate, or take one that is idle.  NULL: F is
 * unavailable, which is logged for SID (borrowed). */
struct milter_conn *milter_conn_open(
    struct milter_filter *f, const char *sid, milter_conn_fn *done, void *arg);
/* It has failed, and had said nothing to this client: F takes no second one on
 * a connection, so another one may do. */
bool milter_conn_stale(const struct milter_conn *c);
struct smfi_session *milter_conn_session(struct milter_conn *c);
/* Does what is said on it count, as its filter was configured when it was made?
 */
bool milter_conn_counts(const struct milter_conn *c);
/* Is something asked of it? */
bool milter_conn_busy(const struct milter_conn *c);
/* Whether done will run; else the verdict is there. */
bool milter_conn_ask(struct milter_conn *c, enum smfi_command command,
    const struct slice *texts, size_t n, const struct smfi_facts *f);
/* Show it a message, all of which stands until done. */
bool milter_conn_message(struct milter_conn *c, const struct smfi_message *m,
    struct smfi_body *b, const struct smfi_facts *f);
/* The message is over, or given up; nothing must be asked. */
void milter_conn_abort(struct milter_conn *c);
/* The client needs it no more; done will not run.  Leaves NULL. */
void milter_conn_drop(struct milter_conn **c);

/* Close the idle connections to F. */
void milter_conn_flush(struct milter_filter *f);
/* UNIX sockets are named beneath the working directory: see proc/sandbox.h. */

#endif
