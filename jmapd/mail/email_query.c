/* SPDX-License-Identifier: ISC */
/* Email/query (RFC 8621 4.4): what is known of all emails without opening one.
 */
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/mem.h"
#include "jmapd/mail/email.h"
#include "jmapd/mail/emails.h"
#include "jmapd/mail/mail.h"
#include "jmapd/mail/query.h"
#include "maildir/filename.h"
#include "mime/date.h"

struct item {
	const struct mail_email *const *v; /* it in its mailboxes */
	size_t n;
};

/* ---- conditions ---- */

/* The flag that the keyword V is; 0: it is none of those. */
static unsigned
flag_of(const json_t *v)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {
		{ "$seen", MSG_SEEN },
		{ "$draft", MSG_DRAFT },
		{ "$flagged", MSG_FLAGGED },
		{ "$answered", MSG_ANSWERED },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (slice_iis(call_text(v), flags[i].name))
			return flags[i].flag;
	return 0;
}

static uint64_t
digits(struct slice s, size_t at, size_t n)
{
	struct cur c = cur_of(slice_sub(s, at, n));
	const uint64_t v = cur_u64(&c, 9999);

	return cur_end(&c) ? v : UINT64_MAX;
}

/* UTCDate: "2026-12-01T18:00:00Z", fractions left out. */
static bool
read_date(const json_t *v, int64_t *s)
{
	static const char *const months =
	    "JanFebMarAprMayJunJulAugSepOctNovDec";
	const struct slice t = call_text(v);
	const uint64_t month = digits(t, 5, 2);
	struct buf text = { .max = 64 };
	struct date d;
	bool ok;

	if (t.n < 20 || t.p[4] != '-' || t.p[7] != '-' || t.p[10] != 'T' ||
	    t.p[t.n - 1] != 'Z' || month < 1 || month > 12)
		return false;
	buf_addf(&text, "%.2s-%.3s-%.4s %.8s +0000", t.p + 8,
	    months + (month - 1) * 3, t.p, t.p + 11);
	ok = date_parse_imap_time(buf_slice(&text), &d);
	*s = ok ? d.time_s : 0;
	buf_fini(&text);
	return ok;
}

static bool
is_number(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool
is_box_list(const json_t *v)
{
	const json_t *id;
	size_t i;

	json_array_foreach(v, i, id)
	{
		if (!json_is_string(id))
			return false;
	}
	return json_is_array(v);
}

static bool
is_date(const json_t *v)
{
	int64_t s;

	return json_is_string(v) && read_date(v, &s);
}

static bool
is_string(const json_t *v)
{
	return json_is_string(v);
}

static bool
is_bool(const json_t *v)
{
	return json_is_boolean(v);
}

static bool
is_header(const json_t *v)
{
	return is_box_list(v) && json_array_size(v) >= 1 &&
	       json_array_size(v) <= 2;
}

enum kind {
	IN_BOX,
	OTHER_BOX,
	BEFORE,
	AFTER,
	MIN_SIZE,
	MAX_SIZE,
	ALL_HAVE,
	SOME_HAVE,
	NONE_HAVE,
	HAS,
	HAS_NOT,
	UNSUPPORTED,
};

static const struct email_condition {
	const char *name;
	enum kind kind;
	bool (*is)(const json_t *v);
} conditions[] = {
	{ "inMailbox", IN_BOX, is_string },
	{ "inMailboxOtherThan", OTHER_BOX, is_box_list },
	{ "before", BEFORE, is_date },
	{ "after", AFTER, is_date },
	{ "minSize", MIN_SIZE, is_number },
	{ "maxSize", MAX_SIZE, is_number },
	{ "allInThreadHaveKeyword", ALL_HAVE, is_string },
	{ "someInThreadHaveKeyword", SOME_HAVE, is_string },
	{ "noneInThreadHaveKeyword", NONE_HAVE, is_string },
	{ "hasKeyword", HAS, is_string },
	{ "notKeyword", HAS_NOT, is_string },
	{ "hasAttachment", UNSUPPORTED, is_bool },
	{ "text", UNSUPPORTED, is_string },
	{ "from", UNSUPPORTED, is_string },
	{ "to", UNSUPPORTED, is_string },
	{ "cc", UNSUPPORTED, is_string },
	{ "bcc", UNSUPPORTED, is_string },
	{ "subject", UNSUPPORTED, is_string },
	{ "body", UNSUPPORTED, is_string },
	{ "header", UNSUPPORTED, is_header },
};

static const struct email_condition *
find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		if (strcmp(name, conditions[i].name) == 0)
			return &conditions[i];
	return NULL;
}

static bool
check(const char *name, const json_t *v)
{
	const struct email_condition *c = find(name);

	return c != NULL && c->is(v);
}

/* Of keywords the flags are known of all emails. */
static bool
unsupported(const char *name, const json_t *v)
{
	const enum kind kind = find(name)->kind;

	return kind == UNSUPPORTED ||
	       (kind >= ALL_HAVE && kind <= HAS_NOT && flag_of(v) == 0);
}

/* ---- what an email meets ---- */

/* As Email/get tells it. */
static bool
has_flag(const struct mail_email *const *v, size_t n, unsigned flag)
{
	unsigned any = 0, all = MSG_FLAGS;

	for (size_t i = 0; i < n; i++) {
		any |= v[i]->flags;
		all &= v[i]->flags;
	}
	return ((flag == MSG_SEEN ? all : any) & flag) != 0;
}

static bool
in_box(const struct item *it, const json_t *v)
{
	for (size_t i = 0; i < it->n; i++)
		if (slice_is(call_text(v), mail_emails_box(it->v[i]->box)->id))
			return true;
	return false;
}

static bool
in_other(const struct item *it, const json_t *list)
{
	const json_t *v;
	size_t k;

	for (size_t i = 0; i < it->n; i++) {
		bool listed = false;

		json_array_foreach(list, k, v)
		{
			listed |= slice_is(
			    call_text(v), mail_emails_box(it->v[i]->box)->id);
		}
		if (!listed)
			return true;
	}
	return false;
}

/* How many emails of its thread have FLAG, of *ALL. */
static size_t
count_thread(const struct item *it, unsigned flag, size_t *all)
{
	size_t n, have = 0;
	const struct mail_email *const *v =
	    mail_emails_of_thread(it->v[0]->thread, &n);

	*all = 0;
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && v[k]->id == v[i]->id;)
			k++;
		++*all;
		have += has_flag(v + i, k - i, flag);
	}
	return have;
}

static bool
meets(const void *item, const char *name, const json_t *v)
{
	const struct item *it = item;
	const enum kind kind = find(name)->kind;
	int64_t date = 0;
	size_t all, n;

	switch (kind) {
	case IN_BOX:
		return in_box(it, v);
	case OTHER_BOX:
		return in_other(it, v);
	case BEFORE:
		return read_date(v, &date) && it->v[0]->date_s < date;
	case AFTER:
		return read_date(v, &date) && it->v[0]->date_s >= date;
	case MIN_SIZE:
		return it->v[0]->size >= json_integer_value(v);
	case MAX_SIZE:
		return it->v[0]->size < json_integer_value(v);
	case HAS:
		return has_flag(it->v, it->n, flag_of(v));
	case HAS_NOT:
		return !has_flag(it->v, it->n, flag_of(v));
	case ALL_HAVE:
	case SOME_HAVE:
	case NONE_HAVE:
		n = count_thread(it, flag_of(v), &all);
		return kind == ALL_HAVE    ? n == all
		       : kind == SOME_HAVE ? n > 0
					   : n == 0;
	case UNSUPPORTED:
		break;
	}
	return false;
}

/* ---- order ---- */

static bool
check_sort(struct slice property)
{
	return slice_is(property, "receivedAt") || slice_is(property, "size");
}

static int
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Newest first where nothing else is asked for. */
static int
compare(const void *pa, const void *pb, struct slice property)
{
	const struct mail_email *a = ((const struct item *)pa)->v[0];
	const struct mail_email *b = ((const struct item *)pb)->v[0];

	if (slice_is(property, "receivedAt"))
		return order(a->date_s, b->date_s);
	if (slice_is(property, "size"))
		return order(a->size, b->size);
	if (a->date_s != b->date_s)
		return order(b->date_s, a->date_s);
	return (a->id > b->id) - (a->id < b->id);
}

/* Only the first of each thread. */
static void
collapse(struct query_list *l)
{
	struct item *v = l->v;
	struct map seen;
	size_t n = 0;

	map_init(&seen);
	for (size_t i = 0; i < l->n; i++) {
		const uint64_t *thread = &v[i].v[0]->thread;
		const struct slice key = slice_of(thread, sizeof *thread);

		if (map_find(&seen, key) == NULL) {
			(void)map_put(&seen, key, &seen);
			v[n++] = v[i];
		}
	}
	l->n = n;
	map_fini(&seen);
}

/* ---- the method ---- */

static void
put_id(struct jmapd_call *c, const void *item)
{
	char id[MAIL_ID_SIZE];

	mail_email_id(((const struct item *)item)->v[0]->id, id);
	jsonw_string(c->w, slice_str(id));
}

static bool
is_id(const void *item, struct slice id)
{
	uint64_t number;

	return mail_parse_email_id(id, &number) &&
	       ((const struct item *)item)->v[0]->id == number;
}

static const struct query_type query = {
	.check = check,
	.unsupported = unsupported,
	.meets = meets,
	.check_sort = check_sort,
	.compare = compare,
	.put_id = put_id,
	.is_id = is_id,
	.put_state = mail_put_state,
};

static enum call_step
run(struct jmapd_call *c)
{
	struct query_list list = { .size = sizeof(struct item) };
	enum call_step step;
	struct item it;
	size_t at = 0;

	if (!mail_ready(c, &step))
		return step;
	if (!query_check(c, &query))
		return CALL_DONE;
	while ((it.v = mail_emails_next(&at, &it.n)) != NULL)
		if (query_meets(c, &query, &it))
			query_add(&list, &it);
	query_sort(c, &query, &list);
	if (call_bool(c, "collapseThreads", false))
		collapse(&list);
	step = query_put(c, &query, &list);
	query_list_fini(&list);
	return step;
}

static const struct call_arg args[] = {
	QUERY_ARGS,
	{ "collapseThreads", ARG_BOOL | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method email_query = {
	.name = "Email/query",
	.capability = CAPABILITY_MAIL,
	.args = args,
	.account = true,
	.run = run,
};

static const struct call_arg changes_args[] = {
	QUERY_CHANGES_ARGS,
	{ "collapseThreads", ARG_BOOL | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method email_query_changes = {
	.name = "Email/queryChanges",
	.capability = CAPABILITY_MAIL,
	.args = changes_args,
	.account = true,
	.run = query_changes_none,
};
