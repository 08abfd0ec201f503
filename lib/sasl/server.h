/* SPDX-License-Identifier: ISC */
/*
 * The server's side of SASL (RFC 4422) as SMTP, POP3 and IMAP carry it: lines
 * of base 64, "=" for an initial response that is empty, "*" to cancel.  No
 * I/O and no judgement: what comes out is what the client claims to be and what
 * shall prove it, for the auth daemon to check.  What the grammars of the
 * mechanisms say is looked at here, so that auth parses nothing of it.
 *
 *   step = sasl_server_start(s, mech, has_initial, initial)
 *   while step is SASL_CONTINUE: send s->challenge in the protocol's frame,
 *       step = sasl_server_input(s, the client's line)
 *   SASL_READY: ask auth about login, authzid and secret;
 *   SASL_FIRST: about login, authzid and message (what SCRAM begins with);
 *   SASL_PROOF: about message and secret (what it ends with): then
 *       step = sasl_server_answer(s, what auth has for the client), or
 *       step = sasl_server_refused(s)
 *   SASL_DONE: it is as auth has said.  sasl_server_reset in the end.
 *
 * Where auth has nothing for the client (READY), it is over with its word.
 */
#ifndef SASL_SERVER_H
#define SASL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum sasl_step {
	SASL_CONTINUE,  /* send the challenge, wait for a line */
	SASL_READY,     /* login, authzid and secret are there */
	SASL_FIRST,     /* login, authzid and message are */
	SASL_PROOF,     /* message and secret are */
	SASL_DONE,      /* the client has acknowledged auth's word */
	SASL_REFUSED,   /* it is not who it claims to be */
	SASL_CANCELLED, /* the client sent "*" */
	SASL_MALFORMED, /* not base 64, too long, or against the mechanism */
};

/* Longest line of a client that can make sense, without its end: a token's. */
enum { SASL_LINE_MAX = 12286 };

struct sasl_mech;

/* Data of the channel that a client may be bound to (RFC 5056); empty: there
 * is none of that type. */
struct sasl_bindings {
	size_t exporter_n, end_point_n;
	uint8_t exporter[32];  /* tls-exporter, RFC 9266 */
	uint8_t end_point[64]; /* tls-server-end-point, RFC 5929 */
};

struct sasl_server {
	const struct sasl_mech *mech; /* NULL: none under way */
	unsigned step;
	/* Before the start: those that are offered (sasl_mech_bits), and what
	 * the channel has. */
	unsigned offered;
	struct sasl_bindings bindings;
	struct buf line;      /* the client's last response, decoded */
	struct buf challenge; /* base 64, may be empty */
	struct buf login, authzid, secret;
	struct buf message;      /* for auth: of SCRAM, without header, proof */
	struct buf header;       /* gs2-header of SCRAM, and channel's data */
	struct buf nonce;        /* of both sides */
	enum sasl_step last_ask; /* READY, FIRST, PROOF: what auth is asked */
};

/* The mechanism NAME (any case); NULL when it is not one of ours. */
const struct sasl_mech *sasl_mech_find(struct slice name);
/* As the registry of IANA writes it. */
const char *sasl_mech_name(const struct sasl_mech *mech);
/* The client hands over the password itself, for auth to hash. */
bool sasl_mech_is_clear(const struct sasl_mech *mech);
/* A token of OAuth 2.0 (RFC 6750). */
bool sasl_mech_is_bearer(const struct sasl_mech *mech);

/* The mechanisms that the word NAME of a configuration offers, as bits: with
 * SCRAM-SHA-256 also its PLUS.  0: none of ours. */
unsigned sasl_mech_bits(struct slice name);
/* Those that need TLS's data. */
unsigned sasl_mech_bound(void);
bool sasl_mech_in(const struct sasl_mech *mech, unsigned bits);
/* The names of the mechanisms in BITS, each after a PREFIX: " PLAIN LOGIN" for
 * SMTP, " AUTH=PLAIN AUTH=LOGIN" for IMAP. */
void sasl_mech_list(unsigned bits, const char *prefix, struct buf *out);

/* Costs no memory until a mechanism starts. */
void sasl_server_init(struct sasl_server *s);
/* Wipe and free what an exchange needed; ready for the next. */
void sasl_server_reset(struct sasl_server *s);

enum sasl_step sasl_server_start(struct sasl_server *s,
    const struct sasl_mech *mech, bool has_initial, struct slice initial);
enum sasl_step sasl_server_input(struct sasl_server *s, struct slice line);
/* auth agrees, and has TEXT for the client: the next step. */
enum sasl_step sasl_server_answer(struct sasl_server *s, struct slice text);
/* auth does not: SASL_REFUSED, or CONTINUE where the client is told more
 * first. */
enum sasl_step sasl_server_refused(struct sasl_server *s);

#endif
