/* SPDX-License-Identifier: ISC */
/*
 * How much who is no friend may do: limits of a rate, each for every value of a
 * key.  Of a value there is one number, the time until which what it did so far
 * is paid for (GCRA): COUNT may come at once, and then one each TIME/COUNT.
 *
 * All are in one table of a fixed size: where too many values are under way at
 * the same time, the one that is soonest paid for is forgotten, which can only
 * let more pass.
 */
#ifndef POLICY_LIMITS_H
#define POLICY_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/words.h"
#include "ipc/policy.h"

#define POLICY_LIMIT_KEYS(W)                                                   \
	W(POLICY_LIMIT_CLIENT, "client")                                       \
	W(POLICY_LIMIT_NET, "net") /* /24, /64 */                              \
	W(POLICY_LIMIT_SENDER, "sender")                                       \
	W(POLICY_LIMIT_SENDER_DOMAIN, "sender_domain")                         \
	W(POLICY_LIMIT_LOGIN, "login")                                         \
	W(POLICY_LIMIT_RECIPIENT, "recipient")                                 \
	W(POLICY_LIMIT_RECIPIENT_DOMAIN, "recipient_domain")
enum policy_limit_key { POLICY_LIMIT_KEYS(WORDS_ID) POLICY_LIMIT_KEY_COUNT };

/* What is counted: MAIL, RCPT, bytes at the end of a message, connections,
 * replies of 5xx, other networks and countries than in the time before. */
#define POLICY_LIMIT_WHATS(W)                                                  \
	W(POLICY_LIMIT_MESSAGES, "messages")                                   \
	W(POLICY_LIMIT_RECIPIENTS, "recipients")                               \
	W(POLICY_LIMIT_BYTES, "bytes")                                         \
	W(POLICY_LIMIT_SESSIONS, "sessions")                                   \
	W(POLICY_LIMIT_FAILURES, "failures")                                   \
	W(POLICY_LIMIT_NETWORKS, "networks")                                   \
	W(POLICY_LIMIT_COUNTRIES, "countries")
enum policy_limit_what { POLICY_LIMIT_WHATS(WORDS_ID) POLICY_LIMIT_WHAT_COUNT };

enum {
	POLICY_LIMITS_MAX = 32,
	POLICY_LIMIT_COUNT_MAX = 1000000, /* other than bytes */
	POLICY_LIMIT_TIME_MAX_MS = 7 * 86400 * 1000,
};

struct policy_limit {
	struct slice word; /* as it is written */
	enum policy_limit_key key;
	enum policy_limit_what what;
	int64_t count;
	int64_t time_ms;
	/* POLICY_DEFER, _REFUSE or _HOLD; _ACCEPT: it is only logged */
	enum policy_action action;
};

/* Read "client:messages=100/1h", or with "/refuse", "/hold" or "/warn" behind
 * it. */
int policy_limit_parse(
    struct slice word, struct policy_limit *l, struct err *err);

/* policy_conf is new; -1 (ERR_PERM), and as before, when one is none. */
int policy_limits_configure(struct err *err);
/* Those in effect. */
const struct policy_limit *policy_limits(size_t *n);

/* Is there room for N more of VALUE at NOW_MS (any clock that does not go
 * back)? More than COUNT are let pass where nothing was before. / They were. */
bool policy_limit_has_room(const struct policy_limit *l, struct slice value,
    int64_t n, int64_t now_ms);
void policy_limit_count(const struct policy_limit *l, struct slice value,
    int64_t n, int64_t now_ms);
/* Of places a login sends from L counts how many there are. */
bool policy_limit_of_places(const struct policy_limit *l);
/* How many there were of late; COUNT at most, but for places. */
int64_t policy_limit_used(
    const struct policy_limit *l, struct slice value, int64_t now_ms);
/* There was nothing yet; with all limits by login. */
void policy_limit_forget(const struct policy_limit *l, struct slice value);
void policy_limits_forget_login(struct slice login);

/* Of VALUE, has WHAT been seen within the limit's time? / It is. */
bool policy_limit_seen(const struct policy_limit *l, struct slice value,
    struct slice what, int64_t now_ms);
void policy_limit_see(const struct policy_limit *l, struct slice value,
    struct slice what, int64_t now_ms);

#endif
