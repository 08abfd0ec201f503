/* SPDX-License-Identifier: ISC */
#include "jmapd/mail/mail.h"
#include "jmapd/api/api.h"
#include "jmapd/api/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ev/work.h"
#include "jmapd/conf.h"
#include "jmapd/mail/emails.h"
#include "store/store.h"
#include "sys/clocktext.h"

bool
mail_ready(struct jmapd_call *c, enum call_step *step)
{
	struct err err = { 0 };
	bool more = true;

	if (c->ready && !mail_emails_refreshing())
		return true;
	while (more && !work_spent())
		if (mail_emails_refresh(&more, &err) == -1) {
			*step = store_is_building(&err) ? CALL_MORE
							: api_failed(c, &err);
			return false;
		}
	c->ready = !more;
	*step = CALL_MORE;
	return c->ready;
}

/* ---- writing ---- */

void
mail_put_string(struct jmapd_call *c, const char *name, struct slice s)
{
	jsonw_name(c->w, name);
	jsonw_string(c->w, s);
}

void
mail_put_uint(struct jmapd_call *c, const char *name, uint64_t n)
{
	jsonw_name(c->w, name);
	jsonw_uint(c->w, n);
}

void
mail_put_bool(struct jmapd_call *c, const char *name, bool b)
{
	jsonw_name(c->w, name);
	jsonw_bool(c->w, b);
}

void
mail_put_date(struct jmapd_call *c, const char *name, int64_t unix_s)
{
	char text[CLOCKTEXT_SIZE];

	clocktext_format(unix_s, text);
	mail_put_string(c, name, slice_str(text));
}

static void
format_id(char kind, uint64_t id, char out[MAIL_ID_SIZE])
{
	(void)snprintf(
	    out, MAIL_ID_SIZE, "%c%016llx", kind, (unsigned long long)id);
}

void
mail_email_id(uint64_t id, char out[MAIL_ID_SIZE])
{
	format_id('M', id, out);
}

void
mail_thread_id(uint64_t id, char out[MAIL_ID_SIZE])
{
	format_id('T', id, out);
}

static bool
parse_id(struct slice s, char kind, uint64_t *id)
{
	static const struct slice digits = SLICE("0123456789abcdef");

	*id = 0;
	if (s.n != MAIL_ID_SIZE - 1 || s.p[0] != kind)
		return false;
	for (size_t i = 1; i < s.n; i++) {
		const size_t value = slice_find(digits, s.p[i]);

		if (value == digits.n)
			return false;
		*id = *id << 4 | value;
	}
	return true;
}

bool
mail_parse_email_id(struct slice s, uint64_t *id)
{
	return parse_id(s, 'M', id);
}

bool
mail_parse_thread_id(struct slice s, uint64_t *id)
{
	return parse_id(s, 'T', id);
}

void
mail_put_state(struct jmapd_call *c, const char *name)
{
	char text[24];

	(void)snprintf(
	    text, sizeof text, "%llu", (unsigned long long)mail_emails_state());
	mail_put_string(c, name, slice_str(text));
}

void
mail_put_box_state(struct jmapd_call *c, const char *name)
{
	char text[48];

	(void)snprintf(text, sizeof text, "%llu-%016llx",
	    (unsigned long long)mail_emails_state(),
	    (unsigned long long)mail_emails_box_state());
	mail_put_string(c, name, slice_str(text));
}

bool
mail_is_state(struct slice state)
{
	char text[24];

	(void)snprintf(
	    text, sizeof text, "%llu", (unsigned long long)mail_emails_state());
	return slice_is(state, text);
}

/* ---- /get ---- */

struct getting {
	json_t *ids; /* of strings */
	size_t at;
	uint64_t wanted;
	json_t *told; /* ids as names, for those that come twice */
	struct buf absent;
	struct jsonw absent_w;
	bool begun;
};

void
mail_get_free(struct jmapd_call *c)
{
	struct getting *g = c->state;

	json_decref(g->ids);
	json_decref(g->told);
	buf_fini(&g->absent);
	free(g);
}

/* NULL, or the first name that is no property. */
static const char *
read_properties(
    struct jmapd_call *c, const struct mail_get *get, uint64_t *wanted)
{
	json_t *names = call_value(c, "properties");
	json_t *name;
	size_t i;

	if (names == NULL) {
		*wanted = get->preset;
		return NULL;
	}
	*wanted = 1;
	json_array_foreach(names, i, name)
	{
		unsigned bit = 0;

		while (get->properties[bit] != NULL &&
		       !slice_is(call_text(name), get->properties[bit]))
			bit++;
		if (get->properties[bit] != NULL)
			*wanted |= UINT64_C(1) << bit;
		else if (get->other_property == NULL ||
			 !get->other_property(call_text(name)))
			return json_string_value(name);
	}
	return NULL;
}

static json_t *
all_ids(const struct mail_get *get)
{
	struct buf text = { .max = 1 << 24 };
	json_t *ids = json_array();
	struct slice rest;

	get->all(&text);
	rest = buf_slice(&text);
	while (rest.n > 0) {
		const struct slice id = slice_cut(rest, ' ', &rest);

		if (id.n > 0)
			(void)json_array_append_new(
			    ids, json_stringn(id.p, id.n));
	}
	buf_fini(&text);
	return ids;
}

static enum call_step
begin_get(struct jmapd_call *c, const struct mail_get *get)
{
	struct getting *g = xcalloc(1, sizeof *g);
	json_t *ids = call_value(c, "ids");
	const char *wrong;

	c->state = g;
	g->told = json_object();
	buf_init(&g->absent, 1 << 20);
	jsonw_begin(&g->absent_w, &g->absent);
	wrong = read_properties(c, get, &g->wanted);
	if (wrong != NULL)
		return api_error(c, "invalidArguments", wrong);
	if (ids == NULL && get->all == NULL)
		return api_error(c, "requestTooLarge", "name the ids");
	g->ids = ids != NULL ? json_incref(ids) : all_ids(get);
	if (json_array_size(g->ids) > jmapd_conf->max_objects_in_get)
		return api_error(c, "requestTooLarge", "too many ids");
	jsonw_open(c->w, '{');
	session_put_account(c->w);
	get->put_state(c, "state");
	jsonw_name(c->w, "list");
	jsonw_open(c->w, '[');
	return CALL_MORE;
}

static enum call_step
end_get(struct jmapd_call *c)
{
	struct getting *g = c->state;

	jsonw_close(c->w, ']');
	jsonw_name(c->w, "notFound");
	jsonw_open(c->w, '[');
	if (g->absent.n > 0)
		jsonw_raw(c->w, buf_slice(&g->absent));
	jsonw_close(c->w, ']');
	jsonw_close(c->w, '}');
	return CALL_DONE;
}

static int
get_one(struct jmapd_call *c, const struct mail_get *get, struct err *err)
{
	struct getting *g = c->state;
	const struct slice text = call_text(json_array_get(g->ids, g->at++));
	struct slice id = text;
	enum found found = ABSENT;

	if (api_id(c, text, &id)) {
		if (json_object_getn(g->told, id.p, id.n) != NULL)
			return 0;
		(void)json_object_setn_new(g->told, id.p, id.n, json_true());
		found = get->put(c, id, g->wanted, err);
	}
	if (found == ABSENT)
		jsonw_string(&g->absent_w, text);
	return found == TEMPFAIL ? -1 : 0;
}

enum call_step
mail_get_run(struct jmapd_call *c, const struct mail_get *get)
{
	enum call_step step;
	struct err err = { 0 };

	if (!mail_ready(c, &step))
		return step;
	if (c->state == NULL && begin_get(c, get) == CALL_DONE)
		return CALL_DONE;
	for (;;) {
		struct getting *g = c->state;

		if (g->at == json_array_size(g->ids))
			return end_get(c);
		if (get_one(c, get, &err) == -1)
			return api_failed(c, &err);
		if (!api_flush(c) || work_spent())
			return CALL_MORE;
	}
}
