/* SPDX-License-Identifier: ISC */
/*
 * A client's session, as the front end has it (front/front.h); the daemon's own
 * embeds it.
 *
 * Handlers of the daemon never free a session: it ends in the loop, through
 * front_close, front_finish or the end of the stream; front_end is for the last
 * act of a callback of the daemon's own.
 */
#ifndef FRONT_SESSION_H
#define FRONT_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "ev/loop.h"
#include "ev/stream.h"

struct addr;
struct client_count;

enum {
	FRONT_IP_BYTES = 64,  /* the text of an address, or "local:UID" */
	FRONT_KEY_BYTES = 16, /* IPv4 (mapped), or the first 64 bits of IPv6 */
	FRONT_SID_BYTES = 16,
};

/* What is counted for each client. */
enum front_rate {
	FRONT_CONNECTIONS,
	FRONT_AUTHS,
	FRONT_MESSAGES,
	FRONT_RECIPIENTS,
	FRONT_RATES
};

/* Why the front end turns a client away or ends its session. */
enum front_why {
	FRONT_FULL,        /* the process has all the sessions it may */
	FRONT_CLIENT_FULL, /* the client has */
	FRONT_USER_FULL,   /* the user of this host has */
	FRONT_TOO_FAST,    /* too many connections in rate_time_unit */
	FRONT_TIMEOUT,     /* the deadline passed */
	FRONT_STOPPING,
	FRONT_WHYS
};

struct front_protocol {
	const char *name; /* as in master.conf */
	bool tls;         /* from the first byte */
};

enum front_state {
	FRONT_HELD, /* the certificates are not here yet */
	FRONT_OPEN,
	FRONT_STARTTLS, /* the go-ahead for STARTTLS is being sent */
	FRONT_CLOSING, /* the last words are being sent; input is thrown away */
};

/* What a stop does to a session. */
enum front_work {
	FRONT_IDLE,  /* its client is waited for: it ends at once */
	FRONT_ASKS,  /* another daemon is: it gets a moment */
	FRONT_WORKS, /* it comes to its end, as long as master allows */
};

struct front_session {
	TAILQ_ENTRY(front_session) link;
	struct stream stream;
	struct ev_timer deadline;
	const struct front_protocol *protocol;
	struct client_count *client; /* NULL: not counted */
	int64_t began_ms;
	uint32_t served; /* messages, logins: for the log, the daemon's */
	enum front_state state;
	enum front_work work;
	bool local;     /* over a UNIX socket: a user of this host */
	bool trusted;   /* local, or in trusted_networks */
	bool vouches;   /* its host may say for whom it is: front_become */
	bool cleartext; /* may tell a password without TLS */
	bool secret;    /* what is being taken is wiped */
	bool shared;    /* another process may write to the client */
	bool shut;
	uint16_t port;                /* the client's */
	uint8_t key[FRONT_KEY_BYTES]; /* whom its rates count for */
	char sid[FRONT_SID_BYTES];
	char ip[FRONT_IP_BYTES]; /* "local:UID" for a local client */
};

/* S is CLIENT's from now on, as if CLIENT had connected: its limits, networks
 * and name in the log.  False: a limit keeps CLIENT out, and the session ends.
 */
bool front_become(struct front_session *s, const struct addr *client);

void front_work(struct front_session *s, enum front_work work);
/* Time for the client's next act, in ms; 0: none, another daemon is waited for.
 */
void front_deadline(struct front_session *s, int64_t ms);

/* The client's socket is in the hands of another process as well: nothing of
 * ours is said on it any more, not even last words, and its time is no longer
 * up; a stop closes our end alone.  Or, not SHARED, it is ours again.  The
 * stream is paused meanwhile. */
void front_share(struct front_session *s, bool shared);

/* The stream was the daemon's own for a while, and is the front end's again: it
 * takes INPUT first, then what waits in it.  False: there is no room for that.
 */
bool front_retake(struct front_session *s, struct slice input);

/* ---- TLS */

/* TLS may begin now: offer it. */
bool front_tls_offered(const struct front_session *s);
/* Has begun: what comes, comes through it. */
bool front_tls(const struct front_session *s);
/* The go-ahead was written: begin when it is sent. */
void front_starttls(struct front_session *s);

/* ---- the end: no callback of the daemon but closing and free follows */

/* The protocol's words for WHY, then front_close. */
void front_hangup(struct front_session *s, enum front_why why);
/* The last words were written: send them, shut down our side and read until the
 * client goes (a close with input unread resets the connection, and the words
 * are lost).  WHY, for the log, where it is our doing; or NULL. */
void front_close(struct front_session *s, const char *why);
/* Send what waits and close at once. */
void front_finish(struct front_session *s);
/* At once, as the last act of a callback. */
void front_end(struct front_session *s, const char *why);

/* ---- rates */

/* Count one more of WHICH for the client of S.  False: it has had LIMIT in
 * rate_time_unit, and is to be told to wait.  No LIMIT (0), or a trusted
 * client: true. */
bool front_rate(struct front_session *s, enum front_rate which, uint32_t limit);

#endif
