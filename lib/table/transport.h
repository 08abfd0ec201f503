/* SPDX-License-Identifier: ISC */
/*
 * An entry of the transports table: how mail for a domain goes on.
 *
 *     example.org     smtp:[mail.example.org]:587
 *     .example.org    lmtp:unix:/run/other/lmtp       (hosts beneath it)
 *     user@a.example  lmtp:[192.0.2.1]:24             (one address)
 *     old.example     error:5.1.2 this domain has moved
 *     late.example    retry:TEXT, discard:TEXT, hold:TEXT
 *     lists.example   pipe:NAME                       (of the table commands)
 *     *               smtp:[smarthost.example]        (everything else)
 *
 * "smtp:" alone means the domain's own MX hosts.
 */
#ifndef TABLE_TRANSPORT_H
#define TABLE_TRANSPORT_H

#include "base/err.h"
#include "base/slice.h"

enum transport_kind {
	TRANSPORT_SMTP,
	TRANSPORT_LMTP,
	TRANSPORT_ERROR, /* also "retry:"; from here on without a next hop */
	TRANSPORT_DISCARD,
	TRANSPORT_HOLD,
	TRANSPORT_PIPE, /* the next hop is a name (table/command.h) */
};

struct transport {
	enum transport_kind kind;
	struct slice nexthop; /* see proto/nexthop.h; empty: the domain */
	struct slice code;    /* error: "5.1.2" or "4.3.0" */
	struct slice text;    /* what to tell; may be empty */
};

/* Read an entry's value; T borrows from it. */
int transport_parse(struct slice value, struct transport *t, struct err *err);
/* "smtp", "lmtp", "pipe" */
const char *transport_name(enum transport_kind kind);

/* For table/kind.h: of transports; of sender_relays. */
int transport_check(struct slice key, struct slice value, struct err *err);
int transport_check_sender(
    struct slice key, struct slice value, struct err *err);

#endif
