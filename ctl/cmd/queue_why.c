/* SPDX-License-Identifier: ISC */
/*
 * pabal queue why: why mail for a place waits.
 *
 * The place is a domain, an address, a site or a host of one, or a message.
 * From the messages that wait for it come the sites at which they had their
 * last attempt; lookup says where new mail goes; qmgr says of each site what
 * keeps it from deliveries.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/value.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "ctl/view/qcause.h"
#include "ctl/view/qsite.h"
#include "ctl/view/qtally.h"
#include "ctl/view/qview.h"
#include "ctl/view/spooled.h"
#include "ctl/view/stspolicy.h"
#include "proto/address.h"
#include "queue/sitename.h"
#include "sys/clock.h"

enum {
	SITES_MAX = 20, /* told at once */
	REASONS = 5,
	FILTER_MAX = 2000,
	LINES_MAX = 16 << 20, /* behind a message */
};

struct why {
	struct ctl *ctl;
	struct arena arena;
	struct slice name;
	int64_t now_s;
	struct slice sites[SITES_MAX];
	size_t nsites, more_sites;
	bool has_route;
	struct qroute route;
	struct slice sts;    /* the MTA-STS policy of its domain, or empty */
	struct qtally place; /* a domain's, an address's, a message's */
	struct qview_entry message; /* qid is empty: not one */
	struct slice held_by;       /* and why it is held, if that is known */
	struct qsite site;          /* the last that was found */
	bool found;
	bool printed; /* an element of a list in JSON */
	struct buf out;
};

static void
add_site(struct why *w, struct slice name)
{
	for (size_t i = 0; i < w->nsites; i++)
		if (slice_eq(w->sites[i], name))
			return;
	if (w->nsites == SITES_MAX)
		w->more_sites++;
	else
		w->sites[w->nsites++] = arena_slice(&w->arena, name);
}

static void
on_known(void *arg, const struct qsite *s)
{
	add_site(arg, s->name);
}

/* A site that is dialled from several addresses has a state for each. */
static bool
is_worse(const struct qsite *s, const struct qsite *than)
{
	if (s->fails != than->fails)
		return s->fails > than->fails;
	return s->waiting > than->waiting;
}

static void
on_state(void *arg, const struct qsite *s)
{
	struct why *w = arg;

	if (w->found && !is_worse(s, &w->site))
		return;
	w->site = *s;
	w->found = true;
}

static int
tally(struct why *w, struct qtally *t, struct err *err)
{
	struct buf filter = { .max = FILTER_MAX };
	int rc;

	qtally_filter(t, &filter);
	progress_begin("messages", 0);
	rc = qview_each(&w->ctl->inst, buf_slice(&filter), qtally_add, t, err);
	progress_end();
	buf_fini(&filter);
	return rc;
}

/* The sites where what waits for the place had its last attempt. */
static void
take_sites(struct why *w)
{
	const struct qtally_group *most[SITES_MAX];
	const size_t n = qtally_most(&w->place.sites, most, SITES_MAX);

	for (size_t i = 0; i < n; i++)
		add_site(w, slice_of(most[i]->name, most[i]->n));
}

static int
ask_route(
    struct why *w, struct slice address, struct slice sender, struct err *err)
{
	struct buf policy = { .max = 2048 };

	if (qsite_route(&w->ctl->inst, address, sender, &w->arena, &w->route,
		err) == -1)
		return -1;
	w->has_route = true;
	stspolicy_add(&w->ctl->inst, w->route.nexthop, &policy);
	w->sts = arena_slice(&w->arena, buf_slice(&policy));
	buf_fini(&policy);
	return 0;
}

/* ---- for people ---- */

static void
flush(struct why *w)
{
	if (w->out.n > 0)
		fwrite(w->out.p, 1, w->out.n, stdout);
	(void)fflush(stdout);
	buf_reset(&w->out);
}

static void
line(struct why *w, const char *label, struct slice text)
{
	buf_addf(&w->out, "  %-12s", label);
	out_plain(&w->out, text);
	buf_addc(&w->out, '\n');
}

static void
print_tally(struct why *w, const struct qtally *t)
{
	const struct qtally_group *most[REASONS];
	const size_t n = qtally_most(&t->reasons, most, REASONS);
	struct buf *b = &w->out;

	buf_addf(b, "  %-12s%lld message%s, %lld recipient%s, %lld bytes",
	    "mail", (long long)t->messages, t->messages == 1 ? "" : "s",
	    (long long)t->rcpts, t->rcpts == 1 ? "" : "s", (long long)t->bytes);
	if (t->active > 0)
		buf_addf(b, "; %lld being delivered", (long long)t->active);
	if (t->held > 0)
		buf_addf(b, "; %lld on hold", (long long)t->held);
	buf_addc(b, '\n');
	if (t->messages == 0)
		return;
	buf_addf(b, "  %-12s%s, ", "oldest", t->oldest);
	qview_span(b, w->now_s - t->oldest_s);
	buf_adds(b, " old\n");
	if (t->next_s >= 0) {
		buf_addf(b, "  %-12s", "next");
		qview_span(b, t->next_s - w->now_s);
		buf_addc(b, '\n');
	}
	for (size_t i = 0; i < n; i++) {
		buf_addf(b, "  %-12s%lld  ", i == 0 ? "reasons" : "",
		    (long long)most[i]->rcpts);
		out_plain(b, slice_of(most[i]->name, most[i]->n));
		buf_addc(b, '\n');
	}
}

static void
print_state(struct why *w, const struct qsite *s)
{
	struct buf *b = &w->out;

	if (s->source.n > 0) {
		buf_addf(b, "  %-12s", "from");
		out_plain(b, s->source);
		buf_addc(b, '\n');
	}
	buf_addf(b,
	    "  %-12s%lld under way, %lld may be now, %lld at most; %lld wait "
	    "for their turn\n",
	    "deliveries", (long long)s->active, (long long)s->window,
	    (long long)s->limit, (long long)s->waiting);
	if (s->fails > 0) {
		buf_addf(b, "  %-12s%lld in a row, the last: ", "failures",
		    (long long)s->fails);
		out_plain(b, s->dsn);
		buf_addc(b, ' ');
		out_plain(b, s->why);
		buf_addc(b, '\n');
	}
	if (s->limits.n == 0)
		return;
	buf_addf(b, "  %-12s", "limits");
	out_plain(b, s->limits);
	if (s->rate > 0)
		buf_addf(b, "; %lld of %lld recipients", (long long)s->sent,
		    (long long)s->rate);
	if (s->shared >= 0)
		buf_addf(b, "; %lld deliveries of all its sites",
		    (long long)s->shared);
	if (s->pause_s > 0) {
		buf_adds(b, "; the next in ");
		qview_span(b, s->pause_s);
	}
	buf_addc(b, '\n');
}

static void
say_cause(struct why *w, enum qcause c, const struct qsite *s,
    const struct qtally *t, struct buf *out)
{
	if (c != QCAUSE_HELD || w->held_by.n == 0) {
		qcause_say(out, c, s, t, w->now_s);
		return;
	}
	buf_adds(out, "it is held: ");
	out_plain(out, w->held_by);
	buf_adds(out, "; queue release lets it go");
}

static void
print_cause(
    struct why *w, enum qcause c, const struct qsite *s, const struct qtally *t)
{
	buf_addf(&w->out, "  %-12s", "why");
	say_cause(w, c, s, t, &w->out);
	buf_addc(&w->out, '\n');
}

static void
print_route(struct why *w)
{
	const struct qroute *r = &w->route;
	struct buf text = { .max = 8192 };

	if (!w->has_route)
		return;
	buf_add(&text, r->kind);
	if (r->nexthop.n > 0) {
		buf_adds(&text, " to ");
		buf_add(&text, r->nexthop);
		buf_adds(&text, ", at ");
	} else if (r->site.n > 0)
		buf_adds(&text, ", by ");
	buf_add(&text, r->site);
	if (r->text.n > 0) {
		buf_adds(&text, ": ");
		buf_add(&text, r->text);
	}
	line(w, "new mail", buf_slice(&text));
	if (w->sts.n > 0)
		line(w, "mta-sts", w->sts);
	buf_fini(&text);
}

static void
print_message(struct why *w)
{
	const struct qview_entry *e = &w->message;
	struct qview_printer p = { .now_s = w->now_s };

	flush(w);
	(void)qview_print(&p, e);
	buf_fini(&p.line);
}

/* At once: what waits may take a moment to be counted. */
static void
print_head(struct why *w)
{
	if (w->ctl->json)
		return;
	out_plain(&w->out, w->name);
	buf_addc(&w->out, '\n');
	print_route(w);
	flush(w);
}

/* ---- places ---- */

static int
why_address(struct why *w, struct err *err)
{
	struct buf address = { .max = ADDRESS_MAX };
	int rc = -1;

	if (!address_parse(w->name, ADDRESS_UTF8, &address))
		err_set(err, ERR_PERM, "not an address");
	else {
		w->name = arena_slice(&w->arena, buf_slice(&address));
		qtally_init(&w->place, QTALLY_ADDRESS, w->name);
		rc = ask_route(w, w->name, SLICE(""), err);
	}
	buf_fini(&address);
	if (rc == -1)
		return -1;
	print_head(w);
	return tally(w, &w->place, err);
}

static bool
on_named(void *arg, const struct qview_entry *e)
{
	struct why *w = arg;

	for (size_t i = 0; i < e->nrcpts; i++)
		if (sitename_means(e->rcpts[i].site, w->name))
			add_site(w, e->rcpts[i].site);
	return true;
}

/* A site that qmgr has not sent to since it began is known from what waits. */
static int
find_named(struct why *w, struct err *err)
{
	const struct qtally t = { .of = QTALLY_SITE, .name = w->name };
	struct buf filter = { .max = FILTER_MAX }, around = { .max = 300 };
	int rc;

	qtally_filter(&t, &filter);
	buf_addf(&around, "site=*%.*s*",
	    SLICE_FMT(slice_trim(slice_from(buf_slice(&filter), 5))));
	progress_begin("messages", 0);
	rc = qview_each(&w->ctl->inst, buf_slice(&around), on_named, w, err);
	progress_end();
	buf_fini(&filter);
	buf_fini(&around);
	return rc;
}

/* A domain, a site, or both. */
static int
why_name(struct why *w, struct err *err)
{
	struct buf address = { .max = ADDRESS_MAX + 20 };
	int rc = 0;

	w->name = arena_lower(&w->arena, w->name);
	qtally_init(&w->place, QTALLY_DOMAIN, w->name);
	if (qsite_each(&w->ctl->inst, w->name, &w->arena, on_known, w, err) ==
	    -1)
		return -1;
	if (conf_is_domain(w->name)) {
		buf_adds(&address, "postmaster@");
		buf_add(&address, w->name);
		rc = ask_route(w, buf_slice(&address), SLICE(""), err);
	}
	buf_fini(&address);
	if (rc == -1)
		return -1;
	print_head(w);
	rc = tally(w, &w->place, err);
	if (rc == 0 && w->place.messages == 0 && w->nsites == 0)
		rc = find_named(w, err);
	return rc;
}

static struct slice
keep(struct why *w, struct slice s)
{
	return arena_slice(&w->arena, s);
}

static bool
on_message(void *arg, const struct qview_entry *e)
{
	struct why *w = arg;

	qtally_add(&w->place, e);
	w->message = *e;
	w->message.qid = keep(w, e->qid);
	w->message.state = keep(w, e->state);
	w->message.sender = keep(w, e->sender);
	w->message.rcpts =
	    arena_alloc(&w->arena, (e->nrcpts + 1) * sizeof *e->rcpts);
	for (size_t i = 0; i < e->nrcpts; i++)
		w->message.rcpts[i] = (struct qview_rcpt){
			.address = keep(w, e->rcpts[i].address),
			.target = keep(w, e->rcpts[i].target),
			.dsn = keep(w, e->rcpts[i].dsn),
			.host = keep(w, e->rcpts[i].host),
			.text = keep(w, e->rcpts[i].text),
			.site = keep(w, e->rcpts[i].site),
		};
	return false;
}

/* As qmgr makes them: no domain, which has a dot, and no address. */
static bool
is_qid(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z')))
			return false;
	return s.n > 9;
}

/* Its file says why it is held; one that cannot be read says nothing. */
static void
read_held(struct why *w)
{
	struct buf lines = { .max = LINES_MAX };
	struct spooled file;
	struct slice why;
	struct err err;
	int64_t at;
	int fd;

	if (!slice_is(w->message.state, "held") ||
	    qview_open_file(&w->ctl->inst, w->message.qid, &fd, &err) == -1)
		return;
	if (spooled_init(&file, fd, &err) == 0) {
		at = (int64_t)file.head_bytes + file.env.size;
		if (spooled_read(&file, at, file.end - at, &lines, &err) == 0 &&
		    spooled_is_held(&file, buf_slice(&lines), &why))
			w->held_by = keep(w, why);
	}
	spooled_fini(&file);
	buf_fini(&lines);
}

static int
why_message(struct why *w, struct err *err)
{
	struct buf filter = { .max = FILTER_MAX };
	int rc;

	qtally_init(&w->place, QTALLY_ALL, SLICE(""));
	buf_addf(&filter, "id=%.*s", SLICE_FMT(w->name));
	rc = qview_each(&w->ctl->inst, buf_slice(&filter), on_message, w, err);
	buf_fini(&filter);
	if (rc == 0 && w->message.qid.n == 0)
		rc = err_set(err, ERR_PERM, "no such message in the queue");
	if (rc == 0)
		read_held(w);
	if (rc == 0 && w->message.nrcpts == 1)
		rc = ask_route(
		    w, w->message.rcpts[0].address, w->message.sender, err);
	return rc;
}

/* ---- for programs ---- */

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
	const struct qtally_group *most[REASONS];
	const size_t n = qtally_most(&t->reasons, most, REASONS);

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

	say_cause(w, c, s, t, &text);
	json_str(&w->out, "cause", slice_str(qcause_name(c)));
	json_str(&w->out, "why", buf_slice(&text));
	buf_fini(&text);
}

static void
json_route(struct why *w)
{
	struct buf *b = &w->out;

	if (!w->has_route)
		return;
	buf_adds(b, ",\"route\":{\"kind\":");
	out_json(b, w->route.kind);
	if (w->route.nexthop.n > 0)
		json_str(b, "nexthop", w->route.nexthop);
	if (w->route.site.n > 0)
		json_str(b, "site", w->route.site);
	if (w->route.limits.n > 0)
		json_str(b, "limits", w->route.limits);
	if (w->sts.n > 0)
		json_str(b, "mta_sts", w->sts);
	if (w->route.text.n > 0)
		json_str(b, "text", w->route.text);
	buf_addc(b, '}');
}

/* ---- the answer ---- */

/* The place itself, and the cause where it has no site that could say more. */
static void
tell_place(struct why *w)
{
	const enum qcause c = qcause_of(NULL, &w->place);
	struct buf *b = &w->out;

	if (w->ctl->json) {
		buf_adds(b, "{\"name\":");
		out_json(b, w->name);
		json_route(w);
		json_tally(b, &w->place);
		if (w->nsites == 0)
			json_cause(w, c, NULL, &w->place);
		buf_adds(b, ",\"sites\":[");
		return;
	}
	if (w->message.qid.n > 0) {
		print_message(w);
		print_route(w);
	}
	if (w->nsites == 0)
		print_cause(w, c, NULL, &w->place);
	if (w->message.qid.n == 0 && (w->place.messages > 0 || w->has_route))
		print_tally(w, &w->place);
	flush(w);
}

static bool
is_local(struct slice site)
{
	return slice_starts(site, SLICE("local:")) ||
	       slice_starts(site, SLICE("pipe:"));
}

static int
tell_site(struct why *w, struct slice name, struct err *err)
{
	struct buf *b = &w->out;
	const struct qsite *s = &w->site;
	struct qtally t;
	enum qcause c;

	w->found = false;
	/* What waits for a mailbox or a command has no site. */
	qtally_init(&t, is_local(name) ? w->place.of : QTALLY_SITE,
	    is_local(name) ? w->place.name : name);
	if (qsite_each(&w->ctl->inst, name, &w->arena, on_state, w, err) ==
		-1 ||
	    tally(w, &t, err) == -1) {
		qtally_fini(&t);
		return -1;
	}
	s = w->found ? s : NULL;
	c = qcause_of(s, &t);
	if (w->ctl->json) {
		buf_adds(b, w->printed ? ",{\"site\":" : "{\"site\":");
		out_json(b, name);
		json_cause(w, c, s, &t);
		json_tally(b, &t);
		if (s != NULL)
			json_state(b, s);
		buf_addc(b, '}');
	} else {
		buf_adds(b, "site ");
		out_plain(b, name);
		buf_addc(b, '\n');
		print_cause(w, c, s, &t);
		if (s != NULL)
			print_state(w, s);
		print_tally(w, &t);
		flush(w);
	}
	w->printed = true;
	qtally_fini(&t);
	return 0;
}

/* Does anything say that there is such a place? */
static bool
is_known(const struct why *w)
{
	return w->place.messages > 0 || w->nsites > 0;
}

static int
not_known(const struct why *w)
{
	struct buf route = { .max = 2048 };
	int rc;

	if (w->has_route && w->route.site.n > 0) {
		buf_adds(&route, "; new mail would go to ");
		buf_add(&route, w->route.site);
	} else if (w->has_route)
		buf_addf(&route, "; lookup says %.*s %.*s",
		    SLICE_FMT(w->route.kind), SLICE_FMT(w->route.text));
	rc = ctl_fail("queue why %.*s: no mail waits for it, and qmgr has "
		      "not sent to it lately%.*s",
	    SLICE_FMT(w->name), SLICE_FMT(buf_slice(&route)));
	buf_fini(&route);
	return rc;
}

static int
look(struct why *w, struct err *err)
{
	if (slice_find(w->name, '@') < w->name.n)
		return why_address(w, err);
	return is_qid(w->name) ? why_message(w, err) : why_name(w, err);
}

static int
tell(struct why *w, struct err *err)
{
	int rc = 0;

	tell_place(w);
	for (size_t i = 0; i < w->nsites && rc == 0; i++)
		rc = tell_site(w, w->sites[i], err);
	if (w->ctl->json)
		buf_adds(&w->out, "]}\n");
	else if (w->more_sites > 0)
		buf_addf(&w->out, "and %zu more sites\n", w->more_sites);
	if (rc == 0)
		flush(w);
	return rc;
}

/* Where new mail goes is told of, too, if qmgr knows it. */
static int
add_route_site(struct why *w, struct err *err)
{
	if (!w->has_route || w->route.site.n == 0)
		return 0;
	return qsite_each(
	    &w->ctl->inst, w->route.site, &w->arena, on_known, w, err);
}

int
cmd_queue_why(struct ctl *ctl, int argc, char **argv)
{
	struct why w = {
		.ctl = ctl, .now_s = clock_wall_s(), .out = { .max = 1 << 20 }
	};
	struct err err;
	int rc = CTL_OK;

	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	arena_init(&w.arena);
	w.name = slice_str(argv[0]);
	qtally_init(&w.place, QTALLY_ALL, SLICE(""));
	if (look(&w, &err) == -1 || add_route_site(&w, &err) == -1)
		rc = ctl_fail("queue why %s: %s", argv[0], err.text);
	else {
		take_sites(&w);
		if (!is_known(&w))
			rc = not_known(&w);
		else if (tell(&w, &err) == -1)
			rc = ctl_fail("queue why %s: %s", argv[0], err.text);
	}
	qtally_fini(&w.place);
	buf_fini(&w.out);
	arena_fini(&w.arena);
	return rc;
}
