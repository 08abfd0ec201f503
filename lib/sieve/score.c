/* SPDX-License-Identifier: ISC */
#include "sieve/score.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "sieve/limits.h"
#include "sieve/message.h"
#include "sieve/regex.h"

static bool
is_digit_at(struct slice s, size_t i)
{
	return i < s.n && ascii_isdigit(s.p[i]);
}

/* [-] digits [. digits], or [-] . digits, in thousandths; what follows is
 * passed over. */
static bool
parse_number(struct slice s, int64_t *v)
{
	const int64_t max = INT64_MAX / 100000;
	bool negative = false;
	int places = -1;
	size_t i = 0;

	s = slice_trim(s);
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		negative = s.p[i++] == '-';
	if (!is_digit_at(s, i) &&
	    !(i < s.n && s.p[i] == '.' && is_digit_at(s, i + 1)))
		return false;
	*v = 0;
	for (; i < s.n && places < 3; i++) {
		if (s.p[i] == '.' && places == -1) {
			places = 0;
			continue;
		}
		if (!ascii_isdigit(s.p[i]) || *v > max)
			break;
		*v = *v * 10 + (s.p[i] - '0');
		places += places >= 0;
	}
	for (places = places < 0 ? 0 : places; places < 3; places++)
		*v *= 10;
	*v = negative ? -*v : *v;
	return true;
}

/* The value that HEADER ("Name" or "Name:regex") stands for in MESSAGE. */
static bool
find_value(struct sieve_message *m, struct slice header,
    const struct sieve_limits *limits, struct slice *value)
{
	struct slice pattern;
	const struct slice name = slice_trim(slice_cut(header, ':', &pattern));
	struct sieve_regex_values v;
	struct sieve_regex *r = NULL;
	char why[160];
	bool found = false;

	if (name.n < header.n) {
		r = sieve_regex_new(
		    slice_trim(pattern), true, limits, why, sizeof why);
		if (r == NULL)
			return false;
	}
	for (size_t i = 0; i < m->fields.n && !found; i++) {
		if (!slice_ieq(m->fields.list[i].name, name))
			continue;
		*value = sieve_message_text(&m->arena, &m->fields.list[i]);
		found = r == NULL;
		if (r != NULL &&
		    sieve_regex_match(r, *value, &v) == SIEVE_REGEX_MATCH &&
		    v.n > 1 && v.v[1].p != NULL) {
			*value = v.v[1];
			found = true;
		}
	}
	sieve_regex_free(&r);
	return found;
}

static unsigned
scaled(int64_t value, int64_t max, enum sieve_score_kind kind)
{
	if (value < 0 || max <= 0)
		value = 0;
	else if (value > max)
		value = max;
	switch (kind) {
	case SIEVE_SCORE_SPAM:
		return 1 + (unsigned)(max > 0 ? value * 9 / max : 0);
	case SIEVE_SCORE_PERCENT:
		return (unsigned)(max > 0 ? value * 100 / max : 0);
	case SIEVE_SCORE_VIRUS:
		break;
	}
	return 1 + (unsigned)(max > 0 ? value * 4 / max : 0);
}

static enum found
find_text(const struct sieve_score_rule *rule, struct slice value,
    enum sieve_score_kind kind, unsigned *score)
{
	for (unsigned i = 0; i < SIEVE_SCORE_TEXTS; i++) {
		if (rule->texts[i].n == 0 || !slice_eq(rule->texts[i], value))
			continue;
		*score = i;
		if (kind == SIEVE_SCORE_PERCENT)
			*score = i > 0 ? (i - 1) * 100 / 9 : 0;
		return FOUND;
	}
	return ABSENT;
}

static enum found
find_score(const struct sieve_score_rule *rule, struct sieve_message *m,
    const struct sieve_limits *limits, enum sieve_score_kind kind,
    unsigned *score)
{
	struct slice value;
	struct slice top = rule->max;
	int64_t number, max;

	if (!find_value(m, rule->header, limits, &value))
		return ABSENT;
	if (rule->type == SIEVE_SCORE_TEXT)
		return find_text(rule, value, kind, score);
	if (top.n == 0 && !find_value(m, rule->max_header, limits, &top))
		return ABSENT;
	number = (int64_t)value.n * 1000;
	if ((rule->type == SIEVE_SCORE_NUMBER &&
		!parse_number(value, &number)) ||
	    !parse_number(top, &max))
		return ABSENT;
	*score = scaled(number, max, kind);
	return FOUND;
}

enum found
sieve_score_get(const struct sieve_score_rule *rule, struct slice message,
    const struct sieve_limits *limits, enum sieve_score_kind kind,
    unsigned *score)
{
	struct sieve_message m;
	enum found f;

	if (rule->header.n == 0)
		return ABSENT;
	sieve_message_init(&m, message);
	f = find_score(rule, &m,
	    limits != NULL ? limits : &sieve_limits_default, kind, score);
	sieve_message_fini(&m);
	return f;
}

/* ---- the configuration ---- */

static int
check_header(struct slice header, struct err *err)
{
	struct slice pattern;
	const struct slice name = slice_cut(header, ':', &pattern);
	struct sieve_regex *r;
	char why[160];

	if (name.n == header.n)
		return 0;
	r = sieve_regex_new(
	    slice_trim(pattern), true, &sieve_limits_default, why, sizeof why);
	if (r == NULL)
		return err_set(err, ERR_PERM, "%.*s: %s",
		    SLICE_FMT(slice_sub(header, 0, 100)), why);
	sieve_regex_free(&r);
	return 0;
}

int
sieve_score_check(const struct sieve_score_rule *rule, struct err *err)
{
	int64_t max;

	if (rule->max.n > 0 && !parse_number(rule->max, &max))
		return err_set(err, ERR_PERM, "%.*s: not a number",
		    SLICE_FMT(slice_sub(rule->max, 0, 100)));
	if (check_header(rule->header, err) == -1)
		return -1;
	return check_header(rule->max_header, err);
}
