/* SPDX-License-Identifier: ISC */
/*
 * Who is the client of a session: an exchange of SASL, or a protocol's own
 * command with a password, asked of auth.  The daemon frames the challenges and
 * says how it went.
 */
#ifndef FRONT_SASL_H
#define FRONT_SASL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "ipc/auth.h"
#include "ipc/ipc.h"

struct conf_list;
struct front_sasl;
struct front_session;
struct sasl_mech;
struct sasl_server;

/* None of them frees the exchange but done and malformed, as their last act. */
struct front_sasl_ops {
	/* Nothing of the client is taken until auth has answered. */
	void (*wait)(struct front_sasl *a);
	/* Send BASE64 and take a line. */
	void (*challenge)(struct front_sasl *a, struct slice base64);
	/* ACCOUNT and TICKET where RESULT is AUTH_OK. */
	void (*done)(struct front_sasl *a, enum auth_result result,
	    struct slice account, struct slice ticket);
	void (*malformed)(struct front_sasl *a, bool cancelled);
};

struct front_sasl {
	const struct front_sasl_ops *ops;
	const struct front_session *session;
	const char *service; /* for auth */
	const char *mechanism;
	struct sasl_server *server;
	struct ipc_call call;
	uint64_t exchange; /* auth has it under this id; 0: it has none */
	/* What the mechanism has for the client in the end is for done, not a
	 * challenge that it acknowledges (RFC 4422 3.6). */
	bool ends_with_data;
	/* auth's word, while the client acknowledges it */
	bool denied;
	char *account;
	struct buf ticket;
};

/* Those of the mechanisms WORDS, as bits (sasl_mech_bits), that S offers now:
 * under TLS, or where clear text is allowed. */
unsigned front_sasl_offered(
    const struct front_session *s, const struct conf_list *words);

/* OFFERED: what the client was told of. */
void front_sasl_init(struct front_sasl *a, const struct front_sasl_ops *ops,
    const struct front_session *s, const char *service, unsigned offered);
/* Forget it, wherever it stands. */
void front_sasl_fini(struct front_sasl *a);

void front_sasl_start(struct front_sasl *a, const struct sasl_mech *mech,
    bool has_initial, struct slice initial);
/* The client's next line. */
void front_sasl_line(struct front_sasl *a, struct slice line);
/* A command of the protocol has USER and SECRET. */
void front_sasl_password(
    struct front_sasl *a, struct slice user, struct slice secret);
/* A request of the protocol has a TOKEN (RFC 6750). */
void front_sasl_token(struct front_sasl *a, struct slice token);
/* To done: what the mechanism has for the client, in base 64; empty without
 * ends_with_data. */
struct slice front_sasl_data(const struct front_sasl *a);
/* Who the client claims to be, for the log. */
struct slice front_sasl_login(const struct front_sasl *a);

#endif
