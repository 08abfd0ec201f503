/* SPDX-License-Identifier: ISC */
#include "jmapd/query/filter.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"
#include "jmapd/api/call.h"
#include "mailquery/accountmail.h"

static const char invalid[] = "invalidArguments";
static const char unsupported[] = "unsupportedFilter";
static const char unsupported_sort[] = "unsupportedSort";

enum { KEYWORD_BYTES = 255, YEAR_ZERO = 1900 };

/* ---- dates ---- */

static unsigned
digits(struct cur *c, size_t n, unsigned max)
{
	const struct slice s = cur_take(c, n);
	unsigned v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_isdigit(s.p[i]))
			cur_fail(c);
		v = 10 * v + (unsigned)(s.p[i] - '0');
	}
	if (v > max)
		cur_fail(c);
	return v;
}

static bool
is_digit(char c)
{
	return ascii_isdigit(c);
}

bool
filter_date(struct slice text, int64_t *time_s)
{
	struct cur c = cur_of(text);
	struct tm tm = { 0 };

	tm.tm_year = (int)digits(&c, 4, 9999) - YEAR_ZERO;
	cur_lit(&c, "-");
	tm.tm_mon = (int)digits(&c, 2, 12) - 1;
	cur_lit(&c, "-");
	tm.tm_mday = (int)digits(&c, 2, 31);
	cur_lit(&c, "T");
	tm.tm_hour = (int)digits(&c, 2, 23);
	cur_lit(&c, ":");
	tm.tm_min = (int)digits(&c, 2, 59);
	cur_lit(&c, ":");
	tm.tm_sec = (int)digits(&c, 2, 60);
	if (cur_try(&c, ".") && cur_while(&c, is_digit).n == 0)
		cur_fail(&c);
	cur_lit(&c, "Z");
	if (!cur_end(&c) || tm.tm_mon < 0 || tm.tm_mday < 1)
		return false;
	*time_s = (int64_t)timegm(&tm);
	return true;
}

/* ---- conditions ---- */

enum value {
	VALUE_MAILBOX,
	VALUE_MAILBOXES,
	VALUE_DATE,
	VALUE_SIZE,
	VALUE_KEYWORD,
	VALUE_BOOL,
	VALUE_TEXT,
	VALUE_HEADER,
};

/* clang-format off */
static const struct filter_condition {
	const char *name;
	enum criterion_op op;
	enum value value;
} conditions[] = {
	{ "after",                   CRITERION_AFTER,          VALUE_DATE },
	{ "allInThreadHaveKeyword",  CRITERION_ALL_IN_THREAD,  VALUE_KEYWORD },
	{ "bcc",                     CRITERION_BCC,            VALUE_TEXT },
	{ "before",                  CRITERION_BEFORE,         VALUE_DATE },
	{ "body",                    CRITERION_BODY,           VALUE_TEXT },
	{ "cc",                      CRITERION_CC,             VALUE_TEXT },
	{ "from",                    CRITERION_FROM,           VALUE_TEXT },
	{ "hasAttachment",           CRITERION_ATTACHMENT,     VALUE_BOOL },
	{ "hasKeyword",              CRITERION_KEYWORD,        VALUE_KEYWORD },
	{ "header",                  CRITERION_HEADER,         VALUE_HEADER },
	{ "inMailbox",               CRITERION_IN_MAILBOX,     VALUE_MAILBOX },
	{ "inMailboxOtherThan",      CRITERION_NOT_ONLY_IN,    VALUE_MAILBOXES },
	{ "maxSize",                 CRITERION_MAX_SIZE,       VALUE_SIZE },
	{ "minSize",                 CRITERION_MIN_SIZE,       VALUE_SIZE },
	{ "noneInThreadHaveKeyword", CRITERION_NONE_IN_THREAD, VALUE_KEYWORD },
	{ "notKeyword",              CRITERION_NOT_KEYWORD,    VALUE_KEYWORD },
	{ "someInThreadHaveKeyword", CRITERION_SOME_IN_THREAD, VALUE_KEYWORD },
	{ "subject",                 CRITERION_SUBJECT,        VALUE_TEXT },
	{ "text",                    CRITERION_TEXT,           VALUE_TEXT },
	{ "to",                      CRITERION_TO,             VALUE_TEXT },
};
/* clang-format on */

static bool
read_keyword(struct criterion_keyword *k, const json_t *value, struct arena *a)
{
	const struct slice s = call_text(value);

	if (!json_is_string(value) || s.n == 0 || s.n > KEYWORD_BYTES)
		return false;
	criteria_name_keyword(k, s, a);
	return true;
}

/* A mailbox that is not there has nothing in it. */
static bool
read_mailboxes(struct criterion *c, json_t *value, const struct accountmail *e,
    struct arena *a)
{
	const json_t *id;
	size_t i;

	c->boxes =
	    arena_alloc(a, (json_array_size(value) + 1) * sizeof *c->boxes);
	json_array_foreach(value, i, id)
	{
		if (!json_is_string(id))
			return false;
		c->boxes[c->nboxes++] = accountmail_box(e, call_text(id));
	}
	return json_is_array(value);
}

static bool
read_header(struct criterion *c, json_t *value)
{
	const json_t *name = json_array_get(value, 0);
	const json_t *text = json_array_get(value, 1);

	if (json_array_size(value) < 1 || json_array_size(value) > 2 ||
	    !json_is_string(name) || (text != NULL && !json_is_string(text)))
		return false;
	c->name = call_text(name);
	c->text = text != NULL ? call_text(text) : SLICE("");
	return c->name.n > 0;
}

static bool
read_value(struct criterion *c, enum value kind, json_t *value,
    const struct accountmail *e, struct arena *a)
{
	json_t *one;
	bool ok;

	switch (kind) {
	case VALUE_MAILBOX:
		one = json_pack("[O]", value);
		ok = one != NULL && read_mailboxes(c, one, e, a);
		json_decref(one);
		return ok;
	case VALUE_MAILBOXES:
		return read_mailboxes(c, value, e, a);
	case VALUE_DATE:
		return json_is_string(value) &&
		       filter_date(call_text(value), &c->number);
	case VALUE_SIZE:
		c->number = json_integer_value(value);
		return json_is_integer(value) && c->number >= 0;
	case VALUE_KEYWORD:
		return read_keyword(&c->keyword, value, a);
	case VALUE_BOOL:
		c->yes = json_is_true(value);
		return json_is_boolean(value);
	case VALUE_TEXT:
		c->text = call_text(value);
		return json_is_string(value);
	case VALUE_HEADER:
		return read_header(c, value);
	}
	return false;
}

static const struct filter_condition *
find_condition(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		if (strcmp(name, conditions[i].name) == 0)
			return &conditions[i];
	return NULL;
}

/* A FilterCondition: all of what it says. */
static const char *
read_condition(json_t *filter, const struct accountmail *e, struct arena *a,
    struct criterion **c)
{
	struct criterion **tail;
	const char *name;
	json_t *value;

	*c = criteria_new(a, CRITERION_AND);
	tail = &(*c)->child;
	json_object_foreach(filter, name, value)
	{
		const struct filter_condition *k = find_condition(name);

		if (k == NULL)
			return unsupported;
		if (json_is_null(value))
			continue;
		*tail = criteria_new(a, k->op);
		if (!read_value(*tail, k->value, value, e, a))
			return invalid;
		tail = &(*tail)->next;
	}
	return NULL;
}

static const char *
read_operator(json_t *filter, const struct accountmail *e, struct arena *a,
    struct criterion **c)
{
	const struct slice word =
	    call_text(json_object_get(filter, "operator"));
	json_t *list = json_object_get(filter, "conditions"), *value;
	const char *wrong = NULL;
	struct criterion **tail;
	size_t i;

	*c = criteria_new(a, CRITERION_AND);
	if (slice_is(word, "OR"))
		(*c)->op = CRITERION_OR;
	else if (slice_is(word, "NOT"))
		(*c)->op = CRITERION_NOT;
	else if (!slice_is(word, "AND"))
		return invalid;
	if (!json_is_array(list) || json_object_size(filter) != 2)
		return invalid;
	tail = &(*c)->child;
	json_array_foreach(list, i, value)
	{
		wrong = json_is_object(value) ? filter_read(value, e, a, tail)
					      : invalid;
		if (wrong != NULL)
			break;
		tail = &(*tail)->next;
	}
	return wrong;
}

/* How deep it may be nested, the parser has seen to. */
const char *
filter_read(json_t *filter, const struct accountmail *e, struct arena *a,
    struct criterion **c)
{
	*c = NULL;
	if (filter == NULL)
		return NULL;
	return json_object_get(filter, "operator") != NULL
		   ? read_operator(filter, e, a, c)
		   : read_condition(filter, e, a, c);
}

/* ---- sorts ---- */

/* clang-format off */
static const struct { const char *name; enum mailquery_by by; } sorts[] = {
	{ "receivedAt",              MAILQUERY_RECEIVED },
	{ "size",                    MAILQUERY_SIZE },
	{ "sentAt",                  MAILQUERY_SENT },
	{ "from",                    MAILQUERY_FROM },
	{ "to",                      MAILQUERY_TO },
	{ "subject",                 MAILQUERY_SUBJECT },
	{ "hasKeyword",              MAILQUERY_KEYWORD },
	{ "allInThreadHaveKeyword",  MAILQUERY_ALL_IN_THREAD },
	{ "someInThreadHaveKeyword", MAILQUERY_SOME_IN_THREAD },
};
/* clang-format on */

static const char *
read_comparator(json_t *value, struct arena *a, struct mailquery_sort *s)
{
	const json_t *ascending = json_object_get(value, "isAscending");
	const json_t *property = json_object_get(value, "property");
	size_t i = 0;

	if (!json_is_object(value) || !json_is_string(property) ||
	    (ascending != NULL && !json_is_boolean(ascending)))
		return invalid;
	/* There are none to choose from (collationAlgorithms). */
	if (json_object_get(value, "collation") != NULL)
		return unsupported_sort;
	while (i < ARRAY_LEN(sorts) &&
	       !slice_is(call_text(property), sorts[i].name))
		i++;
	if (i == ARRAY_LEN(sorts))
		return unsupported_sort;
	s->by = sorts[i].by;
	s->descending = json_is_false(ascending);
	if (s->by >= MAILQUERY_KEYWORD &&
	    !read_keyword(&s->keyword, json_object_get(value, "keyword"), a))
		return invalid;
	return NULL;
}

const char *
filter_read_sort(json_t *sort, struct arena *a, struct mailquery_request *r)
{
	const char *wrong = NULL;
	json_t *value;
	size_t i;

	r->nsorts = 0;
	if (json_array_size(sort) > MAILQUERY_SORTS_MAX)
		return unsupported_sort;
	json_array_foreach(sort, i, value)
	{
		wrong = read_comparator(value, a, &r->sorts[r->nsorts++]);
		if (wrong != NULL)
			break;
	}
	return wrong;
}
