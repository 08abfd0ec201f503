/* SPDX-License-Identifier: ISC */
#include "policy/limits.h"

#include <stdlib.h>

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
	/* at MAIL there is no recipient */
	return l->key < POLICY_LIMIT_RECIPIENT ||
	       l->what == POLICY_LIMIT_RECIPIENTS;
}

static bool
parse_rate(struct slice text, struct policy_limit *l)
{
	struct slice time, action;
	struct cur c = cur_of(slice_cut(text, '/', &time));

	l->count = (uint32_t)cur_u64(&c, POLICY_LIMIT_COUNT_MAX);
	time = slice_cut(time, '/', &action);
	l->action = slice_is(action, "refuse") ? POLICY_REFUSE : POLICY_DEFER;
	return cur_end(&c) && l->count > 0 && time.n > 0 &&
	       conf_parse_time(time, &l->time_ms) && l->time_ms >= 1000 &&
	       l->time_ms <= POLICY_LIMIT_TIME_MAX_MS &&
	       (action.n == 0 || l->action == POLICY_REFUSE ||
		   slice_is(action, "defer"));
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
	    "%.*s: expected KEY:WHAT=COUNT/TIME or KEY:WHAT=COUNT/TIME/refuse, "
	    "such as client:messages=100/1h (1s to 7d; of a recipient: "
	    "recipients)",
	    SLICE_FMT(slice_sub(word, 0, 100)));
}

static struct {
	struct policy_limit v[POLICY_LIMITS_MAX];
	size_t n;
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
	for (size_t i = 0; i < words->n; i++)
		limits.v[i] = v[i];
	limits.n = words->n;
	return 0;
}

const struct policy_limit *
policy_limits(size_t *n)
{
	*n = limits.n;
	return limits.v;
}

/* ---- counting ---- */

enum { WAYS = 8, SETS = 1 << 15 };

/* A value of a limit, by its hash: two that have the same share the limit. */
struct policy_limit_place {
	uint64_t hash; /* 0: empty */
	int64_t paid_until_ms;
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
		if (set[i].paid_until_ms < p->paid_until_ms)
			p = &set[i];
	*p = (struct policy_limit_place){ .hash = hash };
	return p;
}

static int64_t
paid_with_one_more(
    const struct policy_limit *l, int64_t paid_until_ms, int64_t now_ms)
{
	const int64_t from = paid_until_ms > now_ms ? paid_until_ms : now_ms;

	return from + l->time_ms / l->count;
}

bool
policy_limit_has_room(
    const struct policy_limit *l, struct slice value, int64_t now_ms)
{
	const struct policy_limit_place *p = find(hash_of(l, value));

	return p == NULL ||
	       paid_with_one_more(l, p->paid_until_ms, now_ms) - now_ms <=
		   l->time_ms;
}

void
policy_limit_count(
    const struct policy_limit *l, struct slice value, int64_t now_ms)
{
	struct policy_limit_place *p = find_or_take(hash_of(l, value));

	p->paid_until_ms = paid_with_one_more(l, p->paid_until_ms, now_ms);
	/* what is refused and comes again is no longer kept out for it */
	if (p->paid_until_ms > now_ms + l->time_ms)
		p->paid_until_ms = now_ms + l->time_ms;
}
