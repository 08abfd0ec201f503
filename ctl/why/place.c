/* SPDX-License-Identifier: ISC */
#include "ctl/why/place.h"

#include "conf/value.h"
#include "ctl/view/progress.h"
#include "ctl/why/print.h"
#include "ctl/why/why.h"
#include "proto/address.h"
#include "queue/sitename.h"

int
why_place_address(struct why *w, struct err *err)
{
	struct buf address = { .max = ADDRESS_MAX };
	int rc = -1;

	if (!address_parse(w->name, ADDRESS_UTF8, &address))
		err_set(err, ERR_PERM, "not an address");
	else {
		w->name = arena_slice(&w->arena, buf_slice(&address));
		qtally_init(&w->place, QTALLY_ADDRESS, w->name);
		rc = why_ask_route(w, w->name, SLICE(""), err);
	}
	buf_fini(&address);
	if (rc == -1)
		return -1;
	why_print_head(w);
	return why_tally(w, &w->place, err);
}

static bool
on_named(void *arg, const struct qview_entry *e)
{
	struct why *w = arg;

	for (size_t i = 0; i < e->nrcpts; i++)
		if (sitename_means(e->rcpts[i].site, w->name))
			why_add_site(w, e->rcpts[i].site);
	return true;
}

/* A site that qmgr has not sent to since it began is known from what waits. */
static int
find_named(struct why *w, struct err *err)
{
	const struct qtally t = { .of = QTALLY_SITE, .name = w->name };
	struct buf filter = { .max = WHY_FILTER_MAX }, around = { .max = 300 };
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
int
why_place_name(struct why *w, struct err *err)
{
	struct buf address = { .max = ADDRESS_MAX + 20 };
	int rc = 0;

	w->name = arena_lower(&w->arena, w->name);
	qtally_init(&w->place, QTALLY_DOMAIN, w->name);
	if (qsite_each(
		&w->ctl->inst, w->name, &w->arena, why_on_site, w, err) == -1)
		return -1;
	if (conf_is_domain(w->name)) {
		buf_adds(&address, "postmaster@");
		buf_add(&address, w->name);
		rc = why_ask_route(w, buf_slice(&address), SLICE(""), err);
	}
	buf_fini(&address);
	if (rc == -1)
		return -1;
	why_print_head(w);
	rc = why_tally(w, &w->place, err);
	if (rc == 0 && w->place.messages == 0 && w->nsites == 0)
		rc = find_named(w, err);
	return rc;
}
