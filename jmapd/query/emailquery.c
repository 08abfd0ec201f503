/* SPDX-License-Identifier: ISC */
#include "jmapd/query/emailquery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "ev/work.h"
#include "jmapd/api/api.h"
#include "jmapd/api/session.h"
#include "jmapd/conf.h"
#include "jmapd/query/filter.h"
#include "jmapd/query/table.h"
#include "jmapd/wire/account.h"
#include "mailquery/accountmail.h"
#include "mailquery/mailquery.h"
#include "proto/objectid.h"

enum { ID_BYTES = 32, IDS_A_STEP = 1024 };

struct emailquery {
	uint64_t table; /* table_number */
	struct arena arena;
	struct mailquery_request request;
	char *name; /* of the request */
	bool begun; /* filter and sort are read: the table is there */
	struct mailquery *query;
	bool found;
	bool writing; /* the response has begun */
	size_t at;    /* of it */

	/* of _changes */
	uint64_t since;
	bool gone;         /* removed has what is gone */
	bool complete;     /* which is all */
	uint64_t *removed; /* and what changed, ascending */
	size_t nremoved, capremoved;
	uint64_t *threads; /* that something happened to, ascending */
	size_t nthreads, capthreads;
	size_t *added; /* where in the results */
	size_t nadded, capadded;
};

static void
free_state(struct jmapd_call *c)
{
	struct emailquery *s = c->state;

	mailquery_free(&s->query);
	arena_fini(&s->arena);
	free(s->name);
	xfree(&s->removed);
	xfree(&s->threads);
	xfree(&s->added);
	xfree(&s);
	c->state = NULL;
}

static void
put_id(struct jsonw *w, uint64_t id)
{
	struct buf text = { .max = ID_BYTES };

	objectid_put_email(&text, id);
	jsonw_string(w, buf_slice(&text));
	buf_fini(&text);
}

static void
put_state(struct jsonw *w, const char *name, uint64_t modseq)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, modseq);
	jsonw_name(w, name);
	jsonw_string(w, slice_str(text));
}

/* What has to be equal for one query to be another one's next part. */
static char *
name_of(const struct jmapd_call *c)
{
	json_t *key = json_pack("{s:O?, s:O?, s:O?}", "filter",
	    call_value(c, "filter"), "sort", call_value(c, "sort"), "collapse",
	    call_value(c, "collapseThreads"));
	char *text = json_dumps(key, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(key);
	return text;
}

static struct emailquery *
new_state(struct jmapd_call *c)
{
	struct emailquery *s = xcalloc(1, sizeof *s);
	struct mailquery_request *r = &s->request;

	c->state = s;
	s->table = table_number();
	arena_init(&s->arena);
	s->name = name_of(c);
	r->name = slice_str(s->name != NULL ? s->name : "");
	r->collapse = call_bool(c, "collapseThreads", false);
	r->total = call_bool(c, "calculateTotal", false);
	r->memory_bytes = (size_t)jmapd_conf->search_memory_limit;
	return s;
}

/* The id of the anchor; one that is none of ours is nowhere. */
static uint64_t
anchor_of(const struct jmapd_call *c)
{
	struct slice id;
	uint64_t n;

	if (call_value(c, "anchor") == NULL)
		return 0;
	if (!api_id(c, call_string(c, "anchor"), &id) ||
	    !objectid_parse_email(id, &n))
		return UINT64_MAX;
	return n;
}

/* The table is up to date, so that ids of mailboxes mean something.  False: an
 * error is the response. */
static bool
begin(struct jmapd_call *c, struct emailquery *s)
{
	struct mailquery_request *r = &s->request;
	const char *wrong = filter_read(
	    call_value(c, "filter"), table_emails(), &s->arena, &r->filter);

	if (wrong == NULL)
		wrong = filter_read_sort(call_value(c, "sort"), &s->arena, r);
	if (wrong != NULL) {
		(void)api_error(c, wrong, NULL);
		return false;
	}
	s->begun = true;
	s->query = mailquery_new(
	    jmapd_account(), table_emails(), table_keeper(), r, &s->arena);
	return true;
}

/* Until s->found; DONE: an error is the response. */
static enum call_step
find(struct jmapd_call *c, struct emailquery *s)
{
	struct err err = { 0 };
	bool more = true;

	if (s->table != table_number())
		return api_error(c, "serverUnavailable", NULL);
	while (!s->found && !work_spent()) {
		const int rc =
		    s->begun ? mailquery_step(s->query, &more, &err)
			     : accountmail_step(table_emails(), &more, &err);

		if (rc == -1)
			return api_failed(c, &err);
		if (s->begun)
			s->found = !more;
		else if (!more && !begin(c, s))
			return CALL_DONE;
	}
	if (s->found && mailquery_result(s->query)->too_much_text)
		return api_error(c, "unsupportedFilter", "too much text");
	return CALL_MORE;
}

/* ---- Email/query ---- */

static void
put_head(struct jmapd_call *c, const struct mailquery_result *result)
{
	struct jsonw *w = c->w;

	jsonw_open(w, '{');
	session_put_account(c->w);
	put_state(w, "queryState", result->state);
	jsonw_name(w, "canCalculateChanges");
	jsonw_bool(w, true);
	jsonw_name(w, "position");
	jsonw_uint(w, result->position);
	if (call_bool(c, "calculateTotal", false)) {
		jsonw_name(w, "total");
		jsonw_uint(w, result->total);
	}
	jsonw_name(w, "ids");
	jsonw_open(w, '[');
}

static enum call_step
put_results(struct jmapd_call *c, struct emailquery *s)
{
	const struct mailquery_result *result = mailquery_result(s->query);

	if (result->no_anchor)
		return api_error(c, "anchorNotFound", NULL);
	if (!s->writing)
		put_head(c, result);
	s->writing = true;
	while (s->at < result->n) {
		put_id(c->w, result->ids[s->at++]);
		if (s->at % IDS_A_STEP == 0 && (work_spent() || !api_flush(c)))
			return CALL_MORE;
	}
	jsonw_close(c->w, ']');
	jsonw_close(c->w, '}');
	return CALL_DONE;
}

static enum call_step
run_query(struct jmapd_call *c)
{
	struct emailquery *s = c->state;

	if (s == NULL) {
		s = new_state(c);
		s->request.position = call_int(c, "position", 0);
		s->request.anchor = anchor_of(c);
		s->request.anchor_offset = call_int(c, "anchorOffset", 0);
		s->request.limit = (uint64_t)call_int(c, "limit", INT64_MAX);
	}
	if (!s->found) {
		const enum call_step step = find(c, s);

		if (step == CALL_DONE || !s->found)
			return step;
	}
	return put_results(c, s);
}

/* ---- Email/queryChanges ---- */

static void
add(uint64_t **v, size_t *n, size_t *cap, uint64_t id)
{
	if (*n == *cap) {
		*cap = *cap > 0 ? 2 * *cap : 64;
		*v = xreallocarray(*v, *cap, sizeof **v);
	}
	(*v)[(*n)++] = id;
}

static int
by_id(const void *pa, const void *pb)
{
	const uint64_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static bool
has(const uint64_t *v, size_t n, uint64_t id)
{
	return n > 0 && bsearch(&id, v, n, sizeof *v, by_id) != NULL;
}

static void
on_gone(void *arg, uint64_t id, uint64_t thread)
{
	struct emailquery *s = arg;

	add(&s->removed, &s->nremoved, &s->capremoved, id);
	add(&s->threads, &s->nthreads, &s->capthreads, thread);
}

/* Does what happens to an email change where others of its thread stand? */
static bool
is_of_threads(const struct mailquery_request *r)
{
	bool found = r->collapse || criteria_has_thread(r->filter);

	for (size_t i = 0; i < r->nsorts; i++)
		found |= r->sorts[i].by >= MAILQUERY_ALL_IN_THREAD;
	return found;
}

/* Each email that may have come, gone or moved within the results. */
static void
collect(struct emailquery *s, const struct accountmail *e)
{
	const bool threads = is_of_threads(&s->request);
	const uint32_t last = accountmail_last(e);

	s->complete = accountmail_gone_since(e, s->since, on_gone, s);
	for (uint32_t n = 1; n <= last; n++) {
		const struct accountmail_email *m = accountmail_at(e, n);

		if (m->id != 0 && m->modseq > s->since)
			add(&s->threads, &s->nthreads, &s->capthreads,
			    m->thread);
	}
	if (s->nthreads > 0)
		qsort(s->threads, s->nthreads, sizeof *s->threads, by_id);
	for (uint32_t n = 1; n <= last && s->nthreads > 0; n++) {
		const struct accountmail_email *m = accountmail_at(e, n);

		if (m->id != 0 &&
		    (m->modseq > s->since ||
			(threads && has(s->threads, s->nthreads, m->thread))))
			add(&s->removed, &s->nremoved, &s->capremoved, m->id);
	}
	if (s->nremoved > 0)
		qsort(s->removed, s->nremoved, sizeof *s->removed, by_id);
	s->gone = true;
}

static void
find_added(struct emailquery *s)
{
	const struct mailquery_result *result = mailquery_result(s->query);

	for (size_t i = 0; i < result->n && s->nremoved > 0; i++) {
		if (!has(s->removed, s->nremoved, result->ids[i]))
			continue;
		if (s->nadded == s->capadded) {
			s->capadded = s->capadded > 0 ? 2 * s->capadded : 64;
			s->added = xreallocarray(
			    s->added, s->capadded, sizeof *s->added);
		}
		s->added[s->nadded++] = i;
	}
}

/* It was not there, and so in no results. */
static bool
is_new(const struct emailquery *s, uint64_t id)
{
	const uint32_t n = accountmail_find(table_emails(), id);

	return n != 0 && accountmail_at(table_emails(), n)->born > s->since;
}

static void
put_changes(struct jmapd_call *c, const struct emailquery *s)
{
	const struct mailquery_result *result = mailquery_result(s->query);
	struct jsonw *w = c->w;

	jsonw_open(w, '{');
	session_put_account(c->w);
	put_state(w, "oldQueryState", s->since);
	put_state(w, "newQueryState", result->state);
	if (s->request.total) {
		jsonw_name(w, "total");
		jsonw_uint(w, result->total);
	}
	jsonw_name(w, "removed");
	jsonw_open(w, '[');
	for (size_t i = 0; i < s->nremoved; i++)
		if (!is_new(s, s->removed[i]))
			put_id(w, s->removed[i]);
	jsonw_close(w, ']');
	jsonw_name(w, "added");
	jsonw_open(w, '[');
	for (size_t i = 0; i < s->nadded; i++) {
		jsonw_open(w, '{');
		jsonw_name(w, "id");
		put_id(w, result->ids[s->added[i]]);
		jsonw_name(w, "index");
		jsonw_uint(w, s->added[i]);
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
	jsonw_close(w, '}');
}

/* A state that we have told; false: it is none. */
static bool
read_state(const struct jmapd_call *c, uint64_t *modseq)
{
	struct cur cur = cur_of(call_string(c, "sinceQueryState"));

	*modseq = cur_u64(&cur, UINT64_MAX);
	return cur_end(&cur);
}

static enum call_step
tell_changes(struct jmapd_call *c, struct emailquery *s)
{
	const int64_t max = call_int(c, "maxChanges", INT64_MAX);

	if (!s->complete || s->since > mailquery_result(s->query)->state)
		return api_error(c, "cannotCalculateChanges", NULL);
	find_added(s);
	if (s->nremoved + s->nadded > (uint64_t)max)
		return api_error(c, "tooManyChanges", NULL);
	put_changes(c, s);
	return CALL_DONE;
}

static enum call_step
run_changes(struct jmapd_call *c)
{
	struct emailquery *s = c->state;

	if (s == NULL) {
		s = new_state(c);
		if (!read_state(c, &s->since))
			return api_error(c, "cannotCalculateChanges", NULL);
		s->request.limit = UINT64_MAX;
	}
	if (!s->found) {
		const enum call_step step = find(c, s);

		if (step == CALL_DONE || !s->found)
			return step;
	}
	/* In the turn in which it was found: the table is what it was. */
	if (!s->gone)
		collect(s, table_emails());
	return tell_changes(c, s);
}

static const struct call_arg query_args[] = {
	{ "filter", ARG_OBJECT | ARG_NULL },
	{ "sort", ARG_ARRAY | ARG_NULL },
	{ "position", ARG_INT | ARG_NULL },
	{ "anchor", ARG_ID | ARG_NULL },
	{ "anchorOffset", ARG_INT | ARG_NULL },
	{ "limit", ARG_UINT | ARG_NULL },
	{ "calculateTotal", ARG_BOOL | ARG_NULL },
	{ "collapseThreads", ARG_BOOL | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method emailquery_query = {
	.name = "Email/query",
	.capability = CAPABILITY_MAIL,
	.args = query_args,
	.account = true,
	.run = run_query,
	.free = free_state,
};

static const struct call_arg changes_args[] = {
	{ "filter", ARG_OBJECT | ARG_NULL },
	{ "sort", ARG_ARRAY | ARG_NULL },
	{ "sinceQueryState", ARG_STRING },
	{ "maxChanges", ARG_UINT | ARG_NULL },
	{ "upToId", ARG_ID | ARG_NULL },
	{ "calculateTotal", ARG_BOOL | ARG_NULL },
	{ "collapseThreads", ARG_BOOL | ARG_NULL },
	{ NULL, 0 },
};

const struct call_method emailquery_changes = {
	.name = "Email/queryChanges",
	.capability = CAPABILITY_MAIL,
	.args = changes_args,
	.account = true,
	.run = run_changes,
	.free = free_state,
};
