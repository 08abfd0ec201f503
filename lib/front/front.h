/* SPDX-License-Identifier: ISC */
/*
 * The front end of a daemon that faces clients: it accepts, within limits of
 * sessions and rates, and sees to TLS (from the first byte or by STARTTLS), to
 * what is logged and counted, the last words and the stop.  The daemon brings a
 * protocol: it takes bytes and answers.
 *
 * A connection may be a proxy's (proxy_protocol_hosts): then it is its client
 * who counts, from when the proxy's header is there (front/behind.h).
 *
 * A daemon calls front_init at its start and front_accept for what it accepts,
 * declares front_stop and front_busy, and its params.def begins with
 * front/params.def (front/conf.h).
 *
 * Until the certificates are here, clients that could have TLS are held: the
 * greeting must not tell them that there is none.  Where keys does not answer,
 * those that begin in the clear are served without it after a while.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "ev/stream.h"
#include "front/session.h"
#include "ipc/role.h"

struct addr;
struct buf;

struct front_ops {
	struct stream_limits limits;
	/* A zeroed session of the daemon's; what was accepted is filled in by
	 * the front end. */
	struct front_session *(*alloc)(const struct front_protocol *p);
	/* May PEER say for whom it is (front_become)?  Until then it has no
	 * limits; may be NULL. */
	bool (*vouches)(const struct addr *peer);
	/* Greet, and set the deadline.  TLS from the first byte is under way.
	 */
	void (*begin)(struct front_session *s);
	/* Take what of IN is understood, and say how much; 0: more must come
	 * first.  Not called while the stream is paused. */
	size_t (*take)(struct front_session *s, struct slice in);
	/* After all that could be taken; may be NULL. */
	void (*taken)(struct front_session *s);
	/* TLS by STARTTLS begins: whatever was said before does not count (RFC
	 * 3207 4.2). */
	void (*secured)(struct front_session *s);
	/* The daemon's own stream_want_drain; may be NULL. */
	void (*drained)(struct front_session *s);
	/* No more is taken or said: give up what others are asked; NULL. */
	void (*closing)(struct front_session *s);
	/* Free S and what the daemon has put into it. */
	void (*free)(struct front_session *s);
	/* The last words for WHY, whole lines; P decides the protocol. */
	void (*words)(const struct front_protocol *p, enum front_why why,
	    struct buf *out);
};

/* As ROLE, whose configuration is at *CONF; INDEX of the process, so that no
 * two have the same session id; ON_COUNT is told of the number of sessions. */
void front_init(const struct front_ops *ops, enum role role, unsigned index,
    const void *const *conf, void (*on_count)(unsigned n));
/* The certificates are here: for certs_start. */
void front_on_certs(void);
/* Take over FD, which was just accepted.  Without ROOM the client is told, but
 * for a trusted one there may be a RESERVE. */
void front_accept(int fd, const struct front_protocol *p,
    const struct addr *peer, bool room, bool reserve);
unsigned front_count(void);

/* End all sessions whose clients are waited for; others end when that is over.
 */
void front_stop(void);
bool front_busy(void);

#endif
