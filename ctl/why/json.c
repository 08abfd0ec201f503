/* SPDX-License-Identifier: ISC */
#include "ctl/why/json.h"

#include "ctl/view/out.h"
#include "ctl/why/why.h"

static void
json_str(struct buf *b, const char *key, struct slice v)
{
	buf_addf(b, ",\"%s\":", key);
	out_json(b, v);
}

static void
json_num(struct buf *b, const char *key, int64_t v)
{
	buf_addf(b, ",\"%s\":%lld", key, (long long)v);
}

static void
json_tally(struct buf *b, const struct qtally *t)
{
	const struct qtally_group *most[WHY_REASONS];
	const size_t n = qtally_most(&t->reasons, most, WHY_REASONS);

	json_num(b, "messages", t->messages);
	json_num(b, "recipients", t->rcpts);
	json_num(b, "bytes", t->bytes);
	json_num(b, "waiting", t->waiting);
	json_num(b, "active", t->active);
	json_num(b, "held", t->held);
	if (t->messages > 0) {
		json_str(b, "oldest", slice_str(t->oldest));
		json_num(b, "arrived", t->oldest_s);
	}
	if (t->next_s >= 0)
		json_num(b, "next", t->next_s);
	buf_adds(b, ",\"reasons\":[");
	for (size_t i = 0; i < n; i++) {
		buf_addf(b,
		    "%s{\"recipients\":%lld,\"text\":", i > 0 ? "," : "",
		    (long long)most[i]->rcpts);
		out_json(b, slice_of(most[i]->name, most[i]->n));
		buf_addc(b, '}');
	}
	buf_addc(b, ']');
}

static void
json_state(struct buf *b, const struct qsite *s)
{
	if (s->source.n > 0)
		json_str(b, "source", s->source);
	json_num(b, "deliveries", s->active);
	json_num(b, "window", s->window);
	json_num(b, "limit", s->limit);
	json_num(b, "waiting_turns", s->waiting);
	json_num(b, "failures", s->fails);
	if (s->fails > 0) {
		json_str(b, "dsn", s->dsn);
		json_str(b, "reason", s->why);
	}
	json_num(b, "down_seconds", s->down_s);
	buf_addf(b, ",\"probe\":%s", s->probe ? "true" : "false");
	if (s->limits.n == 0)
		return;
	json_str(b, "limits", s->limits);
	if (s->rate > 0) {
		json_num(b, "sent", s->sent);
		json_num(b, "rate", s->rate);
		json_num(b, "rate_seconds", s->rate_s);
	}
	json_num(b, "pause_seconds", s->pause_s);
}

static void
json_cause(
    struct why *w, enum qcause c, const struct qsite *s, const struct qtally *t)
{
	struct buf text = { .max = 8192 };

	why_say_cause(w, c, s, t, &text);
	json_str(&w->out, "cause", slice_str(qcause_name(c)));
	json_str(&w->out, "why", buf_slice(&text));
	buf_fini(&text);
}

void
why_json_place(struct why *w, enum qcause c)
{
	buf_adds(&w->out, "{\"name\":");
	out_json(&w->out, w->name);
	why_route_json(&w->route, &w->out);
	json_tally(&w->out, &w->place);
	if (w->nsites == 0)
		json_cause(w, c, NULL, &w->place);
	buf_adds(&w->out, ",\"sites\":[");
}

void
why_json_site(struct why *w, struct slice name, enum qcause c,
    const struct qsite *s, const struct qtally *t)
{
	buf_adds(&w->out, w->printed ? ",{\"site\":" : "{\"site\":");
	out_json(&w->out, name);
	json_cause(w, c, s, t);
	json_tally(&w->out, t);
	if (s != NULL)
		json_state(&w->out, s);
	buf_addc(&w->out, '}');
}

void
why_json_end(struct why *w)
{
	buf_adds(&w->out, "]}\n");
}
