/* SPDX-License-Identifier: ISC */
/* Where new mail goes, and how TLS will be used there. */
#ifndef CTL_WHY_ROUTE_H
#define CTL_WHY_ROUTE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/view/qsite.h"
#include "ctl/why/tls.h"

struct why_route {
	bool known; /* the rest is set */
	struct qroute to;
	struct why_tls tls;
	struct slice sts; /* the MTA-STS policy of its domain, or empty */
};

/* Ask lookup where mail from SENDER to ADDRESS (canonical) goes; REQUIRETLS: it
 * asks for that.  Strings are in A. */
int why_route_ask(struct why_route *r, const struct instance *in,
    struct slice address, struct slice sender, bool requiretls, struct arena *a,
    struct err *err);
/* Add lines for people, or a member "route" for programs; nothing if it is not
 * known. */
void why_route_print(const struct why_route *r, struct buf *out);
void why_route_json(const struct why_route *r, struct buf *out);

#endif
