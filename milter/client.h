/* SPDX-License-Identifier: ISC */
/*
 * The session of an SMTP client with its filters.  What smtpd asks is answered
 * in order, one question at a time; at a stage the filters are asked in their
 * order, until one refuses.  Those that follow each other and may change
 * nothing are asked together; of what they say the strictest counts, and of
 * equals the first.
 *
 * A filter that fails is unavailable until the next MAIL; then it is connected
 * to again, and told what it has missed of the session.
 */
#ifndef MILTER_CLIENT_H
#define MILTER_CLIENT_H

#include "base/slice.h"

struct ipc;
struct milter_client;
struct msg;

/* Of PEER, with the filters that NAMES has; one that is not configured is
 * unavailable. */
struct milter_client *milter_client_new(
    struct ipc *peer, struct slice names, struct slice sid);
/* Nothing is answered any more.  Leaves NULL. */
void milter_client_free(struct milter_client **c);

/* milter_ask, milter_message, milter_abort. */
void milter_client_ask(struct milter_client *c, struct msg *m);
void milter_client_message(struct milter_client *c, struct msg *m);
void milter_client_abort(struct milter_client *c);

#endif
