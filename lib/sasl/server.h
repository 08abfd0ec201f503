/* SPDX-License-Identifier: ISC */
/*
 * The server's side of SASL (RFC 4422) as SMTP, POP3 and IMAP carry it: lines
 * of base 64, "=" for an initial response that is empty, "*" to cancel.  No
 * I/O and no judgement: what comes out is what the client claims to be and
 * the secret, for the auth daemon to check.
 *
 *   step = sasl_server_start(s, mech, has_initial, initial)
 *   while step is SASL_CONTINUE: send s->challenge in the protocol's frame,
 *       step = sasl_server_input(s, the client's line)
 *   SASL_READY: ask auth about login, authzid and secret, then
 *       sasl_server_reset.
 */
#ifndef SASL_SERVER_H
#define SASL_SERVER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

enum sasl_step {
	SASL_CONTINUE,  /* send the challenge, wait for a line */
	SASL_READY,     /* login, authzid and secret are there */
	SASL_CANCELLED, /* the client sent "*" */
	SASL_MALFORMED, /* not base 64, too long, or against the mechanism */
};

/* Longest line of a client that can make sense, without its end. */
enum { SASL_LINE_MAX = 2800 };

struct sasl_mech;

struct sasl_server {
	const struct sasl_mech *mech; /* NULL: none under way */
	unsigned step;
	struct buf line;      /* the client's last response, decoded */
	struct buf challenge; /* base 64, may be empty */
	struct buf login, authzid, secret;
};

/* The mechanism NAME (any case); NULL when it is not one of ours. */
const struct sasl_mech *sasl_mech_find(struct slice name);
/* As the registry of IANA writes it. */
const char *sasl_mech_name(const struct sasl_mech *mech);
/* The secret goes over the wire as it is: not without TLS. */
bool sasl_mech_is_clear(const struct sasl_mech *mech);
/* The names of all mechanisms that may be used, each after a PREFIX:
 * " PLAIN LOGIN" for SMTP, " AUTH=PLAIN AUTH=LOGIN" for IMAP. */
void sasl_mech_list(bool clear_allowed, const char *prefix, struct buf *out);

/* Costs no memory until a mechanism starts. */
void sasl_server_init(struct sasl_server *s);
/* Wipe and free what an exchange needed; ready for the next. */
void sasl_server_reset(struct sasl_server *s);

enum sasl_step sasl_server_start(struct sasl_server *s,
    const struct sasl_mech *mech, bool has_initial, struct slice initial);
enum sasl_step sasl_server_input(struct sasl_server *s, struct slice line);

#endif
