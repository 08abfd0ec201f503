/* SPDX-License-Identifier: ISC */
/* What pabal queue why has found, by whom it is found and told. */
#ifndef CTL_WHY_WHY_H
#define CTL_WHY_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/view/qcause.h"
#include "ctl/view/qsite.h"
#include "ctl/view/qtally.h"
#include "ctl/view/qview.h"
#include "ctl/why/route.h"

struct ctl;

enum {
	WHY_SITES_MAX = 20, /* told at once */
	WHY_REASONS = 5,
	WHY_FILTER_MAX = 2000,
};

struct why {
	struct ctl *ctl;
	struct arena arena;
	struct slice name;
	int64_t now_s;
	struct slice sites[WHY_SITES_MAX];
	size_t nsites, more_sites;
	struct why_route route;     /* of new mail */
	struct qtally place;        /* a domain's, an address's, a message's */
	struct qview_entry message; /* qid is empty: not one */
	bool requiretls;            /* so is the message */
	struct qsite site;          /* the last that was found */
	bool found;
	bool printed; /* an element of a list in JSON */
	struct buf out;
};

/* Each site once, as many as there is room for. */
void why_add_site(struct why *w, struct slice name);
/* For qsite_each: *ARG is a struct why. */
void why_on_site(void *arg, const struct qsite *s);
/* Count into T what waits for it. */
int why_tally(struct why *w, struct qtally *t, struct err *err);
/* Where new mail goes from SENDER to ADDRESS (canonical), into w->route. */
int why_ask_route(
    struct why *w, struct slice address, struct slice sender, struct err *err);
/* The sentence for C, behind OUT. */
void why_say_cause(struct why *w, enum qcause c, const struct qsite *s,
    const struct qtally *t, struct buf *out);

#endif
