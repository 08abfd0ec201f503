/* SPDX-License-Identifier: ISC */
/*
 * pabal queue why: why mail for a place waits.
 *
 * The place is a domain, an address, a site or a host of one, or a message.
 * From the messages that wait for it come the sites at which they had their
 * last attempt; lookup says where new mail goes, and with sts how TLS will be
 * used there; qmgr says of each site what keeps it from deliveries.
 */
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/why/json.h"
#include "ctl/why/message.h"
#include "ctl/why/place.h"
#include "ctl/why/print.h"
#include "ctl/why/why.h"
#include "sys/clock.h"

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

/* The sites where what waits for the place had its last attempt. */
static void
take_sites(struct why *w)
{
	const struct qtally_group *most[WHY_SITES_MAX];
	const size_t n = qtally_most(&w->place.sites, most, WHY_SITES_MAX);

	for (size_t i = 0; i < n; i++)
		why_add_site(w, slice_of(most[i]->name, most[i]->n));
}

/* ---- the answer ---- */

/* The place itself, and the cause where it has no site that could say more. */
static void
tell_place(struct why *w)
{
	const enum qcause c = qcause_of(NULL, &w->place);

	if (w->ctl->json)
		why_json_place(w, c);
	else
		why_print_place(w, c);
}

static bool
is_local(struct slice site)
{
	return slice_starts(site, SLICE("local:")) ||
	       slice_starts(site, SLICE("pipe:"));
}

/* What waits for a mailbox or a command has no site; and if nothing of the
 * place had an attempt, it waits for where it would go. */
static bool
is_of_place(const struct why *w, struct slice name)
{
	return is_local(name) ||
	       (w->place.messages > 0 && w->place.sites.count == 0 &&
		   slice_eq(name, w->route.to.site));
}

static int
tell_site(struct why *w, struct slice name, struct err *err)
{
	const struct qsite *s;
	struct qtally t;
	int rc;

	w->found = false;
	if (is_of_place(w, name))
		qtally_init(&t, w->place.of, w->place.name);
	else
		qtally_init(&t, QTALLY_SITE, name);
	rc = qsite_each(&w->ctl->inst, name, &w->arena, on_state, w, err);
	if (rc == 0)
		rc = why_tally(w, &t, err);
	if (rc == 0) {
		s = w->found ? &w->site : NULL;
		if (w->ctl->json)
			why_json_site(w, name, qcause_of(s, &t), s, &t);
		else
			why_print_site(w, name, qcause_of(s, &t), s, &t);
		w->printed = true;
	}
	qtally_fini(&t);
	return rc;
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
	const struct qroute *r = &w->route.to;
	struct buf route = { .max = 2048 };
	int rc;

	if (w->route.known && r->site.n > 0) {
		buf_adds(&route, "; new mail would go to ");
		buf_add(&route, r->site);
	} else if (w->route.known)
		buf_addf(&route, "; lookup says %.*s %.*s", SLICE_FMT(r->kind),
		    SLICE_FMT(r->text));
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
		return why_place_address(w, err);
	return why_message_is(w->name) ? why_message(w, err)
				       : why_place_name(w, err);
}

static int
tell(struct why *w, struct err *err)
{
	int rc = 0;

	tell_place(w);
	for (size_t i = 0; i < w->nsites && rc == 0; i++)
		rc = tell_site(w, w->sites[i], err);
	if (w->ctl->json)
		why_json_end(w);
	else
		why_print_end(w);
	if (rc == 0)
		why_print_flush(w);
	return rc;
}

/* Where new mail goes is told of, too, if qmgr knows it. */
static int
add_route_site(struct why *w, struct err *err)
{
	const struct slice site = w->route.to.site;

	if (!w->route.known || site.n == 0)
		return 0;
	return qsite_each(&w->ctl->inst, site, &w->arena, why_on_site, w, err);
}

/* To a place that nobody has mail for there may be a way all the same. */
static int
answer(struct why *w, struct err *err)
{
	take_sites(w);
	if (!is_known(w)) {
		if (w->ctl->json && w->route.known)
			(void)tell(w, err);
		return not_known(w);
	}
	return tell(w, err) == 0 ? CTL_OK
				 : ctl_fail("queue why %.*s: %s",
				       SLICE_FMT(w->name), err->text);
}

int
cmd_queue_why(struct ctl *ctl, int argc, char **argv)
{
	struct why w = {
		.ctl = ctl, .now_s = clock_wall_s(), .out = { .max = 1 << 20 }
	};
	struct err err;
	int rc;

	if (ctl_options(ctl, NULL, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	arena_init(&w.arena);
	w.name = slice_str(argv[0]);
	qtally_init(&w.place, QTALLY_ALL, SLICE(""));
	if (look(&w, &err) == -1 || add_route_site(&w, &err) == -1)
		rc = ctl_fail("queue why %s: %s", argv[0], err.text);
	else
		rc = answer(&w, &err);
	qtally_fini(&w.place);
	buf_fini(&w.out);
	arena_fini(&w.arena);
	return rc;
}
