/* SPDX-License-Identifier: ISC */
/* A session with its connection, for the files that make it: session.c reads
 * and dispatches, reply.c answers, client.c is what both stand on. */
#ifndef IMAPD_CONN_CLIENT_H
#define IMAPD_CONN_CLIENT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/stream.h"
#include "ev/work.h"
#include "imapd/conn/cmdtext.h"
#include "imapd/conn/session.h"

extern const struct stream_limits imapd_client_limits;
/* The longest command with its literals. */
size_t imapd_client_text_max(void);

struct guest;
struct relays;

struct client {
	struct session session;
	struct stream stream;
	struct cmdtext text;
	struct work work;  /* the next step of what is under way */
	struct buf answer; /* of the command; not empty: updates come first */
	bool held;         /* input waits for the next step */
	bool compress;     /* from the next byte on */
	bool back;         /* to login, at the end */
	bool stopped;      /* because the process ends */
	bool highest;      /* it carries HIGHESTMODSEQ, as of those updates */
	const char *bye;   /* to be said when the command is answered */
	struct relays *relays; /* relay/line.c's; NULL: none */
	struct guest *guest;   /* relay/guest.h; NULL: its owner's */
	struct copied *copied; /* relay/copied.c's; NULL: nothing */
	unsigned holds;
	unsigned bad; /* commands in a row that were none */
	uint64_t commands;
};

static inline struct client *
client_of(const struct session *s)
{
	return OUTER((uintptr_t)s, struct client, session);
}

/* Send what waits and end, and login goes on with the client: it takes an end
 * that is closed one way only for that. */
void imapd_return(struct session *s);
/* One that goes on here: nothing is said, what it was the caller brings. */
struct session *imapd_session_again(int fd, struct user *user, struct slice sid,
    struct slice address, bool returns);

/* Compress both ways behind the answer (RFC 4978); false: it is so already. */
bool imapd_compress(struct session *s);
/* Nothing is under way: what compression needs meanwhile is little.  Asks for
 * more() when there is something to be sent first. */
void imapd_rest(struct session *s);
/* printf into OUT. */
void imapd_client_put(struct buf *out, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* The job under way, if there is one, is over. */
void imapd_client_end_job(struct session *s);

/* The answer is in c->answer (reply.c): first what changed in the mailbox, as
 * long as it takes, then it. */
void imapd_reply(struct session *s);
/* The command was answered: nothing of it stays. */
void imapd_reply_end(struct session *s);

#endif
