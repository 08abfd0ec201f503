/* SPDX-License-Identifier: ISC */
#include "jmapd/query/searchsnippet.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "jmapd/api/api.h"
#include "jmapd/api/session.h"
#include "jmapd/conf.h"
#include "jmapd/query/filter.h"
#include "jmapd/query/table.h"
#include "jmapd/wire/account.h"
#include "mailquery/accountmail.h"
#include "mailquery/snippet.h"
#include "mailquery/snippetread.h"
#include "proto/objectid.h"

struct searchsnippet {
	uint64_t table; /* table_number */
	struct arena arena;
	bool begun;
	struct snippet_needles subject, body;
	size_t at; /* of emailIds */
	struct snippetread *reader;
	size_t *missing; /* which of emailIds are not found */
	size_t nmissing;
};

static void
free_state(struct jmapd_call *c)
{
	struct searchsnippet *s = c->state;

	snippetread_free(&s->reader);
	arena_fini(&s->arena);
	xfree(&s->missing);
	xfree(&s);
	c->state = NULL;
}

/* The table is up to date. */
static enum call_step
begin(struct jmapd_call *c, struct searchsnippet *s)
{
	struct criterion *filter;
	const char *wrong = filter_read(
	    call_value(c, "filter"), table_emails(), &s->arena, &filter);
	const size_t n = json_array_size(call_value(c, "emailIds"));

	if (wrong != NULL)
		return api_error(c, wrong, NULL);
	if (n > jmapd_conf->max_objects_in_get)
		return api_error(c, "requestTooLarge", NULL);
	snippet_needles(&s->subject, filter, false, &s->arena);
	snippet_needles(&s->body, filter, true, &s->arena);
	s->missing = xcalloc(n + 1, sizeof *s->missing);
	s->reader = snippetread_new(jmapd_account(), table_emails());
	jsonw_open(c->w, '{');
	session_put_account(c->w);
	jsonw_name(c->w, "list");
	jsonw_open(c->w, '[');
	s->begun = true;
	return CALL_MORE;
}

static void
put_text(struct jsonw *w, const char *name, struct slice text,
    const struct snippet_needles *needles, size_t max)
{
	struct buf out = { .max = SNIPPETREAD_TEXT };

	jsonw_name(w, name);
	if (snippet_put(&out, text, needles, max))
		jsonw_string(w, buf_slice(&out));
	else
		jsonw_null(w);
	buf_fini(&out);
}

static void
put_snippet(struct jsonw *w, const struct searchsnippet *s, struct slice id,
    struct slice subject, struct slice text)
{
	jsonw_open(w, '{');
	jsonw_name(w, "emailId");
	jsonw_string(w, id);
	put_text(
	    w, "subject", slice_trim(subject), &s->subject, SNIPPETREAD_TEXT);
	put_text(w, "preview", text, &s->body, SNIPPET_PREVIEW);
	jsonw_close(w, '}');
}

/* A piece of work on the email N, which has ID.  ABSENT: it is gone. */
static enum found
take(struct jmapd_call *c, struct searchsnippet *s, uint32_t n, struct slice id,
    bool *ready, struct err *err)
{
	struct buf subject = { .max = SNIPPETREAD_TEXT };
	struct buf text = { .max = SNIPPETREAD_TEXT };
	const enum found f = snippetread_step(
	    s->reader, n, s->body.n > 0, &subject, &text, ready, err);

	if (f == FOUND && *ready)
		put_snippet(c->w, s, id, buf_slice(&subject), buf_slice(&text));
	buf_fini(&subject);
	buf_fini(&text);
	return f;
}

/* The same of the email of that index. */
static int
work_on(struct jmapd_call *c, struct searchsnippet *s, struct err *err)
{
	const json_t *value = json_array_get(call_value(c, "emailIds"), s->at);
	enum found f = ABSENT;
	bool ready = true;
	struct slice id;
	uint64_t number;
	uint32_t n;

	if (api_id(c, call_text(value), &id) &&
	    objectid_parse_email(id, &number) &&
	    (n = accountmail_find(table_emails(), number)) != 0)
		f = take(c, s, n, id, &ready, err);
	if (f == TEMPFAIL)
		return -1;
	if (f == ABSENT)
		s->missing[s->nmissing++] = s->at;
	s->at += ready;
	return 0;
}

static void
put_missing(struct jmapd_call *c, const struct searchsnippet *s)
{
	const json_t *ids = call_value(c, "emailIds");

	jsonw_close(c->w, ']');
	jsonw_name(c->w, "notFound");
	if (s->nmissing == 0)
		jsonw_null(c->w);
	else
		jsonw_open(c->w, '[');
	for (size_t i = 0; i < s->nmissing; i++)
		jsonw_string(
		    c->w, call_text(json_array_get(ids, s->missing[i])));
	if (s->nmissing > 0)
		jsonw_close(c->w, ']');
	jsonw_close(c->w, '}');
}

static enum call_step
run(struct jmapd_call *c)
{
	struct searchsnippet *s = c->state;
	struct err err = { 0 };
	bool more = true;
	size_t n;

	if (s == NULL) {
		c->state = s = xcalloc(1, sizeof *s);
		s->table = table_number();
		arena_init(&s->arena);
	}
	if (s->table != table_number())
		return api_error(c, "serverUnavailable", NULL);
	while (!s->begun) {
		if (accountmail_step(table_emails(), &more, &err) == -1)
			return api_failed(c, &err);
		if (!more && begin(c, s) == CALL_DONE)
			return CALL_DONE;
		if (work_spent())
			return CALL_MORE;
	}
	n = json_array_size(call_value(c, "emailIds"));
	while (s->at < n) {
		if (work_on(c, s, &err) == -1)
			return api_failed(c, &err);
		if (work_spent() || !api_flush(c))
			return CALL_MORE;
	}
	put_missing(c, s);
	return CALL_DONE;
}

static const struct call_arg args[] = {
	{ "filter", ARG_OBJECT | ARG_NULL },
	{ "emailIds", ARG_IDS },
	{ NULL, 0 },
};

const struct call_method searchsnippet_get = {
	.name = "SearchSnippet/get",
	.capability = CAPABILITY_MAIL,
	.args = args,
	.account = true,
	.run = run,
	.free = free_state,
};
