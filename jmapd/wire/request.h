/* SPDX-License-Identifier: ISC */
/*
 * A request of HTTP that httpd has handed over (ipc/jmapd.h): its content comes
 * in pieces, the answer goes out in pieces.  Who answers it is known by its
 * ops; it ends when the answer is sent or its client has left, and not while it
 * is held.
 */
#ifndef JMAPD_WIRE_REQUEST_H
#define JMAPD_WIRE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "ipc/jmapd.h"

struct ipc;
struct jmapd_request;
struct msg;

/* All may be NULL but gone. */
struct jmapd_request_ops {
	void (*content)(struct jmapd_request *r, struct slice piece);
	void (*whole)(struct jmapd_request *r); /* all of it was there */
	/* The answer has room again (jmapd_request_full). */
	void (*drained)(struct jmapd_request *r);
	/* It has ended: free what was set with _serve. */
	void (*gone)(struct jmapd_request *r);
};

/* What there is to know of it. */
struct jmapd_request_head {
	enum jmapd_what what;
	const char *path, *query, *type, *base;
	const char *sid, *address;
};

/* SERVE answers requests, when the account is open: it calls _serve or _answer.
 */
void jmapd_request_init(void (*serve)(struct jmapd_request *r));
/* Handlers of jmapd_request and of on_gone. */
void jmapd_request_on_new(struct ipc *peer, struct msg *m);
void jmapd_request_on_gone(struct ipc *peer);
/* No more are taken; those under way come to their end. */
void jmapd_request_stop(void);
bool jmapd_request_busy(void);

const struct jmapd_request_head *jmapd_request_head(
    const struct jmapd_request *r);
void *jmapd_request_data(const struct jmapd_request *r);
/* Its content is for OPS, with DATA of theirs. */
void jmapd_request_serve(
    struct jmapd_request *r, const struct jmapd_request_ops *ops, void *data);

/* Begin the answer: ipc/jmapd.h. */
void jmapd_request_answer(struct jmapd_request *r, unsigned status,
    const char *type, struct slice name, uint64_t length);
void jmapd_request_write(struct jmapd_request *r, struct slice bytes);
/* No more is to be written until ops->drained. */
bool jmapd_request_full(struct jmapd_request *r);
/* All of it is written. */
void jmapd_request_end(struct jmapd_request *r);
/* A whole answer, from its begin to its end. */
void jmapd_request_say(struct jmapd_request *r, unsigned status,
    const char *type, struct slice text);
/* It cannot be gone on with, amid an answer: the end tells. */
void jmapd_request_break(struct jmapd_request *r);

/* It is not freed, though its client may leave, until it is released. */
void jmapd_request_hold(struct jmapd_request *r);
void jmapd_request_release(struct jmapd_request *r);
/* Nobody waits for the answer. */
bool jmapd_request_left(const struct jmapd_request *r);

#endif
