/* SPDX-License-Identifier: ISC */
#include "dns/answers.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "proto/domain.h"

struct dns_known {
	struct dns_known *next;
	const char *name;
	enum dns_type type;
	bool answered;
	struct dns_answer answer;
};

static const struct dns_answer no_such_name = {
	.found = ABSENT, .nxdomain = true, .name = ""
};
static const struct dns_answer too_many = {
	.found = TEMPFAIL, .name = "", .why = "too many questions"
};
static const struct dns_answer too_late = {
	.found = TEMPFAIL, .name = "", .why = "no answer in time"
};

void
dns_answers_init(struct dns_answers *a)
{
	memset(a, 0, sizeof *a);
	arena_init(&a->arena);
	map_init(&a->known);
	a->last = &a->first;
}

void
dns_answers_fini(struct dns_answers *a)
{
	map_fini(&a->known);
	arena_fini(&a->arena);
}

/* Labels of 1 to 63 bytes, 253 in all; a backslash would be an escape to some
 * who print it. */
static bool
can_be_asked(struct slice name)
{
	size_t label = 0;

	if (name.n == 0 || name.n >= DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i <= name.n; i++) {
		if (i < name.n && name.p[i] != '.') {
			if (++label > 63 || !ascii_isprint(name.p[i]) ||
			    name.p[i] == '\\')
				return false;
			continue;
		}
		if (label == 0)
			return false;
		label = 0;
	}
	return true;
}

/* The key of a question: its type, then the name as it is asked for. */
static bool
make_key(struct slice name, enum dns_type type, struct buf *key)
{
	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	buf_addc(key, (char)type);
	return domain_to_ascii(name, key) &&
	       can_be_asked(slice_from(buf_slice(key), 1));
}

static struct dns_known *
add(struct dns_answers *a, struct slice key, enum dns_type type)
{
	struct dns_known *k = arena_new(&a->arena, struct dns_known);

	k->name = arena_str(&a->arena, slice_from(key, 1));
	k->type = type;
	*a->last = k;
	a->last = &k->next;
	a->n++;
	(void)map_put(&a->known, key, k);
	return k;
}

const struct dns_answer *
dns_answers_get(struct dns_answers *a, struct slice name, enum dns_type type)
{
	struct buf key = { .max = 1 + DNS_NAME_MAX + 1 };
	const struct dns_answer *answer = NULL;
	struct dns_known *k;

	if (!make_key(name, type, &key)) {
		buf_fini(&key);
		return &no_such_name;
	}
	k = map_find(&a->known, buf_slice(&key));
	if (k != NULL && k->answered)
		answer = &k->answer;
	else if (a->given_up)
		answer = &too_late;
	else if (k == NULL && a->n >= DNS_ANSWERS_MAX)
		answer = &too_many;
	else if (k == NULL) {
		k = add(a, buf_slice(&key), type);
		if (a->next == NULL)
			a->next = k;
	}
	buf_fini(&key);
	return answer;
}

bool
dns_answers_wanted(
    struct dns_answers *a, const char **name, enum dns_type *type)
{
	struct dns_known *k = a->next;

	while (k != NULL && k->answered)
		k = k->next;
	a->next = k != NULL ? k->next : NULL;
	if (k == NULL)
		return false;
	*name = k->name;
	*type = k->type;
	return true;
}

void
dns_answers_again(struct dns_answers *a)
{
	a->next = a->first;
}

static void
copy_record(struct arena *a, enum dns_type type, const struct dns_record *from,
    struct dns_record *to)
{
	*to = *from;
	if (type == DNS_PTR || type == DNS_CNAME)
		to->name = arena_str(a, slice_str(from->name));
	else if (type == DNS_MX || type == DNS_SRV)
		to->mx.host = arena_str(a, slice_str(from->mx.host));
	else if (type == DNS_TXT)
		to->txt = arena_slice(a, from->txt);
	else if (type == DNS_TLSA)
		to->tlsa.data = arena_slice(a, from->tlsa.data);
}

static void
copy(struct arena *a, enum dns_type type, const struct dns_answer *from,
    struct dns_answer *to)
{
	*to = *from;
	to->name = arena_str(a, slice_str(from->name));
	to->why = from->why != NULL ? arena_str(a, slice_str(from->why)) : NULL;
	to->records =
	    from->n > 0 ? arena_alloc(a, from->n * sizeof *to->records) : NULL;
	for (size_t i = 0; i < from->n; i++)
		copy_record(a, type, &from->records[i], &to->records[i]);
}

void
dns_answers_put(struct dns_answers *a, struct slice name, enum dns_type type,
    const struct dns_answer *answer)
{
	struct buf key = { .max = 1 + DNS_NAME_MAX + 1 };
	struct dns_known *k = NULL;

	if (make_key(name, type, &key)) {
		k = map_find(&a->known, buf_slice(&key));
		if (k == NULL && a->n < DNS_ANSWERS_MAX)
			k = add(a, buf_slice(&key), type);
	}
	buf_fini(&key);
	if (k == NULL || k->answered)
		return;
	copy(&a->arena, type, answer, &k->answer);
	k->answered = true;
}

void
dns_answers_give_up(struct dns_answers *a)
{
	a->given_up = true;
}
