/* SPDX-License-Identifier: ISC */
#include "table/limit.h"

#include <arpa/inet.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "conf/value.h"
#include "proto/address.h"

enum {
	COUNT_MAX = 1000000,
	SESSIONS_MAX = 10000,
	MESSAGES_MAX = 100000,
	DAY_MS = 86400000,
	SECOND_MS = 1000,
};

static bool
take_count(struct slice text, uint32_t max, uint32_t *n)
{
	struct cur c = cur_of(text);

	*n = (uint32_t)cur_u64(&c, max);
	return cur_end(&c) && *n > 0;
}

static bool
take_time(struct slice text, int64_t min, int64_t max, int64_t *ms)
{
	return text.n > 0 && conf_parse_time(text, ms) && *ms >= min &&
	       *ms <= max;
}

static int
take_sessions(struct slice text, struct limit *l, struct err *err)
{
	if (take_count(text, SESSIONS_MAX, &l->sessions))
		return 0;
	return err_set(err, ERR_PERM, "expected sessions=1 to 10000");
}

static int
take_messages(struct slice text, struct limit *l, struct err *err)
{
	if (take_count(text, MESSAGES_MAX, &l->messages))
		return 0;
	return err_set(err, ERR_PERM, "expected messages=1 to 100000");
}

static int
take_rate(struct slice text, struct limit *l, struct err *err)
{
	struct slice time;
	const struct slice n = slice_cut(text, '/', &time);

	if (take_count(n, COUNT_MAX, &l->rate) &&
	    take_time(time, SECOND_MS, DAY_MS, &l->rate_ms))
		return 0;
	return err_set(err, ERR_PERM,
	    "expected rate=NUMBER/TIME, such as rate=1000/1h (1s to 1d)");
}

static int
take_interval(struct slice text, struct limit *l, struct err *err)
{
	if (take_time(text, 1, DAY_MS, &l->interval_ms))
		return 0;
	return err_set(err, ERR_PERM, "expected interval=TIME, 1ms to 1d");
}

static int
take_retry(struct slice text, struct limit *l, struct err *err)
{
	l->nretry = 0;
	while (text.n > 0) {
		const struct slice one = slice_cut(text, ',', &text);

		if (l->nretry == LIMIT_RETRY_MAX ||
		    !take_time(
			one, SECOND_MS, 7 * DAY_MS, &l->retry_ms[l->nretry]))
			break;
		l->nretry++;
		if (text.n == 0)
			return 0;
	}
	return err_set(err, ERR_PERM,
	    "expected retry=TIME,TIME..., up to %d of 1s to 7d",
	    LIMIT_RETRY_MAX);
}

static const struct {
	const char *name;
	int (*take)(struct slice text, struct limit *l, struct err *err);
} words[] = {
	{ "sessions", take_sessions },
	{ "messages", take_messages },
	{ "rate", take_rate },
	{ "interval", take_interval },
	{ "retry", take_retry },
};

static int
take_word(struct slice word, struct limit *l, struct err *err)
{
	struct slice value;
	const struct slice name = slice_cut(word, '=', &value);

	if (slice_is(word, "shared")) {
		l->shared = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is(name, words[i].name))
			return words[i].take(value, l, err);
	return err_set(err, ERR_PERM,
	    "expected sessions=, messages=, rate=, interval=, retry= or shared,"
	    " not \"%.*s\"",
	    SLICE_FMT(slice_sub(word, 0, 40)));
}

static bool
is_word(char c)
{
	return c != ' ' && c != '\t';
}

int
limit_parse(struct slice value, struct limit *l, struct err *err)
{
	struct cur c = cur_of(value);

	*l = (struct limit){ 0 };
	cur_skip_blank(&c);
	while (cur_left(&c) > 0) {
		if (take_word(cur_while(&c, is_word), l, err) == -1)
			return -1;
		cur_skip_blank(&c);
	}
	return 0;
}

/* "192.0.2.1", "2001:db8::1" */
static bool
is_ip(struct slice key)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[16];

	return slice_copy(key, text, sizeof text) &&
	       (inet_pton(AF_INET, text, ip) == 1 ||
		   inet_pton(AF_INET6, text, ip) == 1);
}

int
limit_check(struct slice key, struct slice value, struct err *err)
{
	struct cur c = cur_of(slice_from(key, slice_starts(key, SLICE("."))));
	struct buf out = { .max = ADDRESS_MAX };
	struct limit l;
	bool ok;

	address_domain(&c, ADDRESS_UTF8, &out);
	ok = (cur_end(&c) && !slice_starts(key, SLICE("[")) &&
		 !slice_ends(key, SLICE("."))) ||
	     slice_is(key, "*") || is_ip(key);
	buf_fini(&out);
	if (!ok)
		return err_set(err, ERR_PERM,
		    "expected HOST, DOMAIN, .DOMAIN, ADDRESS or *");
	return limit_parse(value, &l, err);
}
