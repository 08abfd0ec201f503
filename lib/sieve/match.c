/* SPDX-License-Identifier: ISC */
#include "sieve/match.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sieve/exec.h"
#include "sieve/glob.h"
#include "sieve/regexes.h"

static const struct {
	int tag;
	enum sieve_match_type type;
} types[] = {
	{ SIEVE_TAG_IS, SIEVE_MATCH_IS },
	{ SIEVE_TAG_CONTAINS, SIEVE_MATCH_CONTAINS },
	{ SIEVE_TAG_MATCHES, SIEVE_MATCH_MATCHES },
	{ SIEVE_TAG_REGEX, SIEVE_MATCH_REGEX },
	{ SIEVE_TAG_COUNT, SIEVE_MATCH_COUNT },
	{ SIEVE_TAG_VALUE, SIEVE_MATCH_VALUE },
	{ SIEVE_TAG_LIST, SIEVE_MATCH_LIST },
};

static const char *const type_names[] = {
	[SIEVE_MATCH_IS] = "is",
	[SIEVE_MATCH_CONTAINS] = "contains",
	[SIEVE_MATCH_MATCHES] = "matches",
	[SIEVE_MATCH_REGEX] = "matches the regular expression",
	[SIEVE_MATCH_COUNT] = "count",
	[SIEVE_MATCH_VALUE] = "value",
	[SIEVE_MATCH_LIST] = "is in the list",
};

static int
read_comparator(
    struct sieve_exec *x, struct sieve_match *m, const struct sieve_call *call)
{
	const struct sieve_operand *o =
	    sieve_call_tag(call, SIEVE_TAG_COMPARATOR);
	struct slice name;
	int id;

	/* A count is a number, whatever nobody said. */
	m->comparator = m->type == SIEVE_MATCH_COUNT ? SIEVE_BY_ASCII_NUMERIC
						     : SIEVE_BY_ASCII_CASEMAP;
	if (o == NULL)
		return 0;
	if (sieve_exec_string(x, o, &name) == -1)
		return -1;
	id = sieve_compare_find(name);
	if (id == -1)
		return sieve_exec_fail(x, "unknown comparator");
	m->comparator = (enum sieve_comparator)id;
	return 0;
}

static int
read_type(
    struct sieve_exec *x, struct sieve_match *m, const struct sieve_call *call)
{
	m->type = SIEVE_MATCH_IS;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		const struct sieve_operand *o =
		    sieve_call_tag(call, types[i].tag);
		struct slice name;
		int r;

		if (o == NULL)
			continue;
		m->type = types[i].type;
		if (m->type != SIEVE_MATCH_COUNT &&
		    m->type != SIEVE_MATCH_VALUE)
			continue;
		if (sieve_exec_string(x, o, &name) == -1)
			return -1;
		r = sieve_compare_relation(name);
		if (r == -1)
			return sieve_exec_fail(x, "unknown relation");
		m->relation = (enum sieve_relation)r;
	}
	return 0;
}

static int
read_regexes(struct sieve_exec *x, struct sieve_match *m)
{
	m->regexes = arena_alloc(&x->tmp, (m->nkeys + 1) * sizeof *m->regexes);
	for (size_t i = 0; i < m->nkeys; i++) {
		m->regexes[i] = sieve_regexes_find(
		    x, m->raw[i], m->comparator != SIEVE_BY_OCTET);
		if (x->result->status != SIEVE_DONE)
			return -1;
	}
	return 0;
}

int
sieve_match_init(struct sieve_exec *x, struct sieve_match *m,
    const struct sieve_call *call, const struct sieve_operand *keys)
{
	*m = (struct sieve_match){ 0 };
	if (read_type(x, m, call) == -1 || read_comparator(x, m, call) == -1 ||
	    sieve_exec_strings(x, keys, &m->raw, &m->nkeys) == -1)
		return -1;
	m->keys = m->raw;
	if (m->type == SIEVE_MATCH_REGEX)
		return read_regexes(x, m);
	if (m->comparator != SIEVE_BY_UNICODE_CASEMAP ||
	    m->type == SIEVE_MATCH_LIST)
		return 0;
	m->keys = arena_alloc(&x->tmp, (m->nkeys + 1) * sizeof *m->keys);
	for (size_t i = 0; i < m->nkeys; i++)
		m->keys[i] =
		    sieve_compare_prepare(m->comparator, &x->tmp, m->raw[i]);
	return 0;
}

/* ---- one value and one key ---- */

static int
match_glob(struct sieve_exec *x, const struct sieve_match *m,
    struct slice value, struct slice key)
{
	struct slice v[SIEVE_GLOB_VALUES];
	uint64_t cost = 0;
	size_t n;
	const bool ok =
	    sieve_glob_match(m->comparator, value, key, v, &n, &cost);

	if (sieve_exec_spend(x, cost / 64) == -1)
		return -1;
	if (ok && !m->no_values)
		sieve_exec_matched(x, v, n);
	return ok;
}

static int
match_regex(struct sieve_exec *x, const struct sieve_match *m,
    struct slice value, const struct sieve_regex *regex)
{
	struct sieve_regex_values v;
	enum sieve_regex_result r;

	if (regex == NULL)
		return 0;
	if (sieve_exec_spend(x, value.n / 8) == -1)
		return -1;
	r = sieve_regex_match(regex, value, &v);
	if (r == SIEVE_REGEX_LIMIT)
		return sieve_exec_fail(
		    x, "a regular expression takes too long on this message");
	if (r == SIEVE_REGEX_MATCH && !m->no_values)
		sieve_exec_matched(x, v.v, v.n);
	return r == SIEVE_REGEX_MATCH;
}

static int
match_list(struct sieve_exec *x, struct slice value, struct slice key)
{
	enum found f = ABSENT;

	if (x->env->calls != NULL && x->env->calls->list != NULL)
		f = x->env->calls->list(x->env, key, value);
	if (f == TEMPFAIL)
		return sieve_exec_later(x, "external list");
	if (f == FOUND)
		sieve_exec_matched(x, &value, 1);
	return f == FOUND;
}

static int
match_key(struct sieve_exec *x, const struct sieve_match *m, struct slice value,
    size_t i)
{
	const struct slice key = m->keys[i];

	switch (m->type) {
	case SIEVE_MATCH_IS:
		return sieve_compare_equal(m->comparator, value, key);
	case SIEVE_MATCH_CONTAINS:
		if (sieve_exec_spend(x, value.n / 64) == -1)
			return -1;
		return sieve_compare_search(m->comparator, value, 0, key) <=
		       value.n;
	case SIEVE_MATCH_MATCHES:
		return match_glob(x, m, value, key);
	case SIEVE_MATCH_REGEX:
		return match_regex(x, m, value, m->regexes[i]);
	case SIEVE_MATCH_LIST:
		return match_list(x, value, key);
	case SIEVE_MATCH_VALUE:
	case SIEVE_MATCH_COUNT:
		return sieve_compare_holds(m->relation,
		    sieve_compare_order(m->comparator, value, key));
	}
	return 0;
}

static void
trace_match(struct sieve_exec *x, const struct sieve_match *m,
    struct slice value, struct slice key, bool matched)
{
	const char *const what = type_names[m->type];
	const bool related =
	    m->type == SIEVE_MATCH_COUNT || m->type == SIEVE_MATCH_VALUE;

	sieve_exec_trace(x, "  \"%.*s\" %s%s%s \"%.*s\": %s",
	    (int)(value.n > 160 ? 160 : value.n), value.n > 0 ? value.p : "",
	    what, related ? " " : "",
	    related ? sieve_compare_relation_name(m->relation) : "",
	    (int)(key.n > 160 ? 160 : key.n), key.n > 0 ? key.p : "",
	    matched ? "yes" : "no");
}

int
sieve_match_value(
    struct sieve_exec *x, struct sieve_match *m, struct slice value)
{
	struct slice prepared = value;

	if (sieve_exec_spend(x, 1) == -1)
		return -1;
	m->count++;
	if (m->type == SIEVE_MATCH_COUNT)
		return 0;
	if (m->keys != m->raw)
		prepared = sieve_compare_prepare(m->comparator, &x->tmp, value);
	for (size_t i = 0; i < m->nkeys; i++) {
		const int rc = match_key(x, m, prepared, i);

		if (rc == -1)
			return -1;
		if (sieve_exec_traced(x))
			trace_match(x, m, value, m->raw[i], rc == 1);
		if (rc == 1) {
			m->matched = true;
			return 1;
		}
	}
	return 0;
}

int
sieve_match_end(struct sieve_exec *x, struct sieve_match *m, bool *result)
{
	char text[24];
	struct slice count;

	*result = m->matched;
	if (m->type != SIEVE_MATCH_COUNT)
		return 0;
	snprintf(text, sizeof text, "%llu", (unsigned long long)m->count);
	count = slice_str(text);
	for (size_t i = 0; i < m->nkeys && !*result; i++) {
		const int rc = match_key(x, m, count, i);

		if (rc == -1)
			return -1;
		if (sieve_exec_traced(x))
			trace_match(x, m, count, m->raw[i], rc == 1);
		*result = rc == 1;
	}
	return 0;
}
