/* SPDX-License-Identifier: ISC */
#include "policy/limits.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/mem.h"
#include "conf/value.h"
#include "policy/conf.h"

/* ---- as they are written ---- */

static bool
find_word(const char *const *words, size_t n, struct slice word, size_t *at)
{
	for (*at = 0; *at < n; (*at)++)
		if (slice_is(word, words[*at]))
			return true;
	return false;
}

#define KEY(name) (1U << POLICY_LIMIT_##name)
#define SENDS                                                                  \
	(KEY(CLIENT) | KEY(NET) | KEY(SENDER) | KEY(SENDER_DOMAIN) | KEY(LOGIN))

/* What is known where it is counted. */
static const unsigned keys_of[POLICY_LIMIT_WHAT_COUNT] = {
	[POLICY_LIMIT_MESSAGES] = SENDS,
	[POLICY_LIMIT_RECIPIENTS] =
	    SENDS | KEY(RECIPIENT) | KEY(RECIPIENT_DOMAIN),
	[POLICY_LIMIT_BYTES] = SENDS,
	[POLICY_LIMIT_SESSIONS] = KEY(CLIENT) | KEY(NET),
	[POLICY_LIMIT_FAILURES] = SENDS,
	[POLICY_LIMIT_NETWORKS] = KEY(LOGIN),
	[POLICY_LIMIT_COUNTRIES] = KEY(LOGIN),
};

static bool
parse_subject(struct slice text, struct policy_limit *l)
{
	static const char *const keys[] = { POLICY_LIMIT_KEYS(WORDS_TEXT) };
	static const char *const whats[] = { POLICY_LIMIT_WHATS(WORDS_TEXT) };
	struct slice what;
	const struct slice key = slice_cut(text, ':', &what);
	size_t k, w;

	if (!find_word(keys, ARRAY_LEN(keys), key, &k) ||
	    !find_word(whats, ARRAY_LEN(whats), what, &w))
		return false;
	l->key = (enum policy_limit_key)k;
	l->what = (enum policy_limit_what)w;
	return (keys_of[w] & 1U << k) != 0;
}

static bool
parse_count(struct slice text, struct policy_limit *l)
{
	struct cur c = cur_of(text);

	if (l->what == POLICY_LIMIT_BYTES)
		return text.n > 0 && conf_parse_size(text, &l->count) &&
		       l->count > 0;
	l->count = (int64_t)cur_u64(&c, POLICY_LIMIT_COUNT_MAX);
	return cur_end(&c) && l->count > 0;
}

/* What counts in messages can hold them. */
static bool
can_hold(enum policy_limit_what what)
{
	return what != POLICY_LIMIT_SESSIONS && what != POLICY_LIMIT_FAILURES;
}

static bool
parse_action(struct slice text, struct policy_limit *l)
{
	static const struct {
		const char *word;
		enum policy_action action;
	} actions[] = { { "defer", POLICY_DEFER }, { "refuse", POLICY_REFUSE },
		{ "hold", POLICY_HOLD }, { "warn", POLICY_ACCEPT } };

	l->action = POLICY_DEFER;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (slice_is(text, actions[i].word)) {
			l->action = actions[i].action;
			return l->action != POLICY_HOLD || can_hold(l->what);
		}
	return text.n == 0;
}

static bool
parse_rate(struct slice text, struct policy_limit *l)
{
	struct slice time, action;
	const struct slice count = slice_cut(text, '/', &time);

	time = slice_cut(time, '/', &action);
	return parse_count(count, l) && time.n > 0 &&
	       conf_parse_time(time, &l->time_ms) && l->time_ms >= 1000 &&
	       l->time_ms <= POLICY_LIMIT_TIME_MAX_MS &&
	       parse_action(action, l);
}

int
policy_limit_parse(struct slice word, struct policy_limit *l, struct err *err)
{
	struct slice rate;
	const struct slice subject = slice_cut(word, '=', &rate);

	*l = (struct policy_limit){ .word = word };
	if (parse_subject(subject, l) && parse_rate(rate, l))
		return 0;
	return err_set(err, ERR_PERM,
	    "%.*s: expected KEY:WHAT=COUNT/TIME, or with /refuse, /hold or "
	    "/warn, such as client:messages=100/1h (1s to 7d; of a recipient: "
	    "recipients; sessions: of client or net; networks and "
	    "countries: of login)",
	    SLICE_FMT(slice_sub(word, 0, 100)));
}

static struct {
	struct policy_limit v[POLICY_LIMITS_MAX];
	size_t n;
	struct arena words; /* policy_conf may be taken back */
} limits;

int
policy_limits_configure(struct err *err)
{
	const struct conf_list *words = &policy_conf->rate_limits;
	struct policy_limit v[POLICY_LIMITS_MAX];

	if (words->n > POLICY_LIMITS_MAX)
		return err_set(err, ERR_PERM,
		    "rate_limits: expected at most %d", POLICY_LIMITS_MAX);
	for (size_t i = 0; i < words->n; i++) {
		struct err why;

		if (policy_limit_parse(slice_str(words->v[i]), &v[i], &why) ==
		    -1)
			return err_set(
			    err, ERR_PERM, "rate_limits: %s", why.text);
	}
	arena_reset(&limits.words);
	for (size_t i = 0; i < words->n; i++) {
		limits.v[i] = v[i];
		limits.v[i].word = arena_slice(&limits.words, v[i].word);
	}
	limits.n = words->n;
	return 0;
}

const struct policy_limit *
policy_limits(size_t *n)
{
	*n = limits.n;
	return limits.v;
}

bool
policy_limit_of_places(const struct policy_limit *l)
{
	return l->what == POLICY_LIMIT_NETWORKS ||
	       l->what == POLICY_LIMIT_COUNTRIES;
}

/* ---- counting ---- */

enum { WAYS = 8, SETS = 1 << 15 };

/* A value of a limit, by its hash: two that have the same share the limit. */
struct policy_limit_place {
	uint64_t hash; /* 0: empty */
	int64_t paid_until_us;
};

static struct policy_limit_place
    *places; /* SETS times WAYS; made when needed */

/* What a limit is belongs to the key, so that another one of the same name
 * begins anew, and a reload leaves the others. */
static uint64_t
hash_of(const struct policy_limit *l, struct slice value)
{
	struct buf key = { .max = 4096 };
	uint64_t hash;

	buf_add(&key, slice_sub(l->word, 0, 200));
	buf_addc(&key, ' ');
	buf_add(&key, slice_sub(value, 0, 1000)); /* an address has NULs */
	hash = map_hash(buf_slice(&key));
	buf_fini(&key);
	return hash != 0 ? hash : 1;
}

static struct policy_limit_place *
set_of(uint64_t hash)
{
	if (places == NULL)
		places = xcalloc((size_t)SETS * WAYS, sizeof *places);
	return &places[hash % SETS * WAYS];
}

static struct policy_limit_place *
find(uint64_t hash)
{
	struct policy_limit_place *set = set_of(hash);

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].hash == hash)
			return &set[i];
	return NULL;
}

static struct policy_limit_place *
find_or_take(uint64_t hash)
{
	struct policy_limit_place *p = find(hash);
	struct policy_limit_place *set = set_of(hash);

	if (p != NULL)
		return p;
	p = set;
	for (size_t i = 1; i < WAYS; i++)
		if (set[i].paid_until_us < p->paid_until_us)
			p = &set[i];
	*p = (struct policy_limit_place){ .hash = hash };
	return p;
}

/* Of a message the bytes may be a thousandth of what one microsecond is for.
 * What costs more than all there is costs twice as much, whatever its size. */
static int64_t
cost_us(const struct policy_limit *l, int64_t n)
{
	const double all_us = (double)l->time_ms * 1000;
	const double us = all_us / (double)l->count * (double)n;

	return (int64_t)(us < 2 * all_us ? us : 2 * all_us);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool
policy_limit_has_room(
    const struct policy_limit *l, struct slice value, int64_t n, int64_t now_ms)
{
	const struct policy_limit_place *p = find(hash_of(l, value));
	const int64_t now_us = now_ms * 1000;

	return p == NULL || p->paid_until_us <= now_us ||
	       p->paid_until_us - now_us + cost_us(l, n) <= l->time_ms * 1000;
}

void
policy_limit_count(
    const struct policy_limit *l, struct slice value, int64_t n, int64_t now_ms)
{
	struct policy_limit_place *p = find_or_take(hash_of(l, value));
	const int64_t now_us = now_ms * 1000;
	/* What is refused and comes again is no longer kept out for it; of
	 * places the number is told. */
	const int64_t times = policy_limit_of_places(l) ? 1000 : 1;
	const int64_t most_us = now_us + times * l->time_ms * 1000;

	p->paid_until_us = later(p->paid_until_us, now_us) + cost_us(l, n);
	if (p->paid_until_us > most_us)
		p->paid_until_us = most_us;
}

int64_t
policy_limit_used(
    const struct policy_limit *l, struct slice value, int64_t now_ms)
{
	const struct policy_limit_place *p = find(hash_of(l, value));
	const int64_t owed_us =
	    p != NULL ? p->paid_until_us - now_ms * 1000 : 0;

	return owed_us <= 0 ? 0
			    : (int64_t)((double)owed_us * (double)l->count /
					    ((double)l->time_ms * 1000) +
					0.5);
}

void
policy_limit_forget(const struct policy_limit *l, struct slice value)
{
	struct policy_limit_place *p = find(hash_of(l, value));

	if (p != NULL)
		*p = (struct policy_limit_place){ .hash = 0 };
}

void
policy_limits_forget_login(struct slice login)
{
	for (size_t i = 0; i < limits.n; i++)
		if (limits.v[i].key == POLICY_LIMIT_LOGIN)
			policy_limit_forget(&limits.v[i], login);
}

/* ---- what was seen ---- */

static uint64_t
hash_of_pair(
    const struct policy_limit *l, struct slice value, struct slice what)
{
	struct buf pair = { .max = 4096 };
	uint64_t hash;

	buf_add(&pair, slice_sub(value, 0, 500));
	buf_addc(&pair, '\n'); /* in no value */
	buf_add(&pair, slice_sub(what, 0, 400));
	hash = hash_of(l, buf_slice(&pair));
	buf_fini(&pair);
	return hash;
}

bool
policy_limit_seen(const struct policy_limit *l, struct slice value,
    struct slice what, int64_t now_ms)
{
	const struct policy_limit_place *p = find(hash_of_pair(l, value, what));

	return p != NULL && p->paid_until_us > now_ms * 1000;
}

void
policy_limit_see(const struct policy_limit *l, struct slice value,
    struct slice what, int64_t now_ms)
{
	find_or_take(hash_of_pair(l, value, what))->paid_until_us =
	    (now_ms + l->time_ms) * 1000;
}
