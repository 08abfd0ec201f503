/* SPDX-License-Identifier: ISC */
/*
 * An entry of the table access: what is done with mail for which something is
 * true.
 *
 *     client=192.0.2.0/24        refuse we have had too much of this network
 *     client=[2001:db8::1]       accept
 *     country=zz                 warn
 *     name=.example.net          defer     (hosts beneath it, by reverse DNS)
 *     helo=mail.example.net      refuse
 *     sender=news@example.com    warn
 *     sender=@example.com        refuse 5.7.1 not wanted here
 *     sender=@lists.example.com  quarantine
 *     sender=<>                  accept
 *     recipient=postmaster@      accept    (at any domain)
 *     login=@example.org         defer
 *     mechanism=login            warn
 *     tls=none                   defer
 */
#ifndef TABLE_ACCESS_H
#define TABLE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/words.h"
#include "ipc/verdict.h"

/* What an entry is about. */
#define ACCESS_FACTS(W)                                                        \
	W(ACCESS_CLIENT, "client")                                             \
	W(ACCESS_COUNTRY, "country")                                           \
	W(ACCESS_NAME, "name")                                                 \
	W(ACCESS_HELO, "helo")                                                 \
	W(ACCESS_SENDER, "sender")                                             \
	W(ACCESS_RECIPIENT, "recipient")                                       \
	W(ACCESS_LOGIN, "login")                                               \
	W(ACCESS_MECHANISM, "mechanism")                                       \
	W(ACCESS_TLS, "tls")
enum access_fact { ACCESS_FACTS(WORDS_ID) ACCESS_FACT_COUNT };

#define ACCESS_ACTIONS(W)                                                      \
	W(ACCESS_ACCEPT, "accept")                                             \
	W(ACCESS_WARN, "warn")                                                 \
	W(ACCESS_QUARANTINE, "quarantine")                                     \
	W(ACCESS_HOLD, "hold")                                                 \
	W(ACCESS_DISCARD, "discard")                                           \
	W(ACCESS_DEFER, "defer")                                               \
	W(ACCESS_REFUSE, "refuse")
enum access_action { ACCESS_ACTIONS(WORDS_ID) ACCESS_ACTION_COUNT };

enum { ACCESS_VALUE_MAX = 500, ACCESS_ENHANCED = 12, ACCESS_KEY_MAX = 560 };

struct access_entry {
	enum access_action action;
	char enhanced[ACCESS_ENHANCED]; /* RFC 3463, of the action's class; "":
					   none was given */
	struct slice text;              /* printable ASCII; may be empty */
};

/* E borrows from VALUE. */
int access_parse(struct slice value, struct access_entry *e, struct err *err);

/* For table/kind.h. */
int access_check(struct slice key, struct slice value, struct err *err);

/* "client" for ACCESS_CLIENT. */
const char *access_fact_name(enum access_fact fact);
/* The fact whose name TEXT is; false: none has it. */
bool access_fact_of(struct slice text, enum access_fact *fact);
const char *access_action_name(enum access_action action);

/* The keys under which an entry for VALUE may stand, the narrowest first: an
 * address before its networks, a domain before those it stands beneath. */
struct access_walk {
	enum access_fact fact;
	struct slice value;
	uint8_t ip[16];
	unsigned bits;   /* of a client's network, the next one */
	unsigned step;   /* of an address */
	struct slice at; /* what is left of a domain */
};

/* VALUE (borrowed) is text: an IP address, a domain, a canonical address, a
 * word.  One that can have no entry has no keys. */
void access_walk_init(
    struct access_walk *w, enum access_fact fact, struct slice value);
/* The next one in KEY (max: ACCESS_KEY_MAX), which is emptied first. */
bool access_walk_next(struct access_walk *w, struct buf *key);

/* Where entries come from: GET adds that of a folded KEY to VALUE. */
struct access_source {
	enum found (*get)(struct access_source *s, struct slice key,
	    struct buf *value, struct err *err);
};
/* The narrowest entry for VALUE: its key in KEY, itself in ENTRY. */
enum found access_find(struct access_source *s, enum access_fact fact,
    struct slice value, struct buf *key, struct buf *entry, struct err *err);

/* What an entry does to mail. */
enum policy_action access_does(enum access_action action);
/* E, which stands at KEY, says so: what weighs more counts. */
void access_say(const struct access_entry *e, struct slice key,
    struct arena *arena, struct policy_verdict *v);

#endif
