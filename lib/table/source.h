/* SPDX-License-Identifier: ISC */
/*
 * An entry of the table source_addresses: from which addresses of this host
 * mail is sent on.
 *
 *     login=web@example.org  192.0.2.10                (who authenticated)
 *     news@example.org       192.0.2.11 2001:db8::11   (a sender)
 *     @example.org           192.0.2.12=out.example.org (senders of a domain)
 *     mx.example.net         192.0.2.13                (a host that is dialled)
 *     .example.net           192.0.2.13                (hosts beneath it)
 *     *                      192.0.2.14 192.0.2.15     (everything else)
 */
#ifndef TABLE_SOURCE_H
#define TABLE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;

enum {
	SOURCES_MAX = 16,
	SOURCES_TEXT_MAX =
	    8192, /* of an entry: it goes with others in a frame */
	SOURCE_HELO_MAX = 253,
	/* Of what source_choose adds. */
	SOURCE_TEXT_MAX = 2 * (46 + 1 + SOURCE_HELO_MAX) + 1,
};

/* Before a login, in a key. */
#define SOURCE_LOGIN "login="

struct source {
	struct slice ip;   /* as it is written */
	struct slice helo; /* for EHLO; empty: the hostname */
	bool ipv6;
};

struct sources {
	size_t n;
	struct source v[SOURCES_MAX];
};

/* Read an entry's value; S borrows from it. */
int source_parse(struct slice value, struct sources *s, struct err *err);
/* Add one address of each family in S to OUT, as source_parse reads it, and
 * always the same ones for N: of several all have their share. */
void source_choose(const struct sources *s, uint64_t n, struct buf *out);

/* For table/kind.h. */
int source_check(struct slice key, struct slice value, struct err *err);

#endif
