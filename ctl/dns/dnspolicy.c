/* SPDX-License-Identifier: ISC */
#include "ctl/dns/dnspolicy.h"

#include "ctl/cmd/ctl.h"
#include "ctl/dns/dnscheck.h"
#include "ctl/dns/surroundings.h"
#include "ctl/view/stspolicy.h"
#include "httpd/conf.h"
#include "ipc/msg.h"
#include "proto/mtasts.h"

/* For each of our domains the same. */
static void
add_published(struct dnspolicy *p, const struct httpd_conf *c,
    const char *hostname, struct dnscheck_sts *sts)
{
	static const enum mtasts_mode modes[] = {
		[HTTPD_MTA_STS_NONE] = MTASTS_NONE,
		[HTTPD_MTA_STS_TESTING] = MTASTS_TESTING,
		[HTTPD_MTA_STS_ENFORCE] = MTASTS_ENFORCE,
	};

	for (size_t i = 0; i < c->mta_sts_mx.n; i++)
		buf_addf(&p->mx, "%s%s", i > 0 ? " " : "", c->mta_sts_mx.v[i]);
	if (c->mta_sts_mx.n == 0)
		buf_adds(&p->mx, hostname);
	sts->our_mx = buf_slice(&p->mx);
	sts->our_max_age_s = c->mta_sts_max_age / 1000;
	sts->our_mode = slice_str(mtasts_mode_name(modes[c->mta_sts_policy]));
}

static void
fetch_it(struct dnspolicy *p, const struct instance *in, const char *domain,
    struct dnscheck_sts *sts)
{
	struct stspolicy known;
	struct err err;

	sts->asked = true;
	if (stspolicy_fetch(in, slice_str(domain), &p->fetched, &known, &err) ==
	    -1) {
		buf_reset(&p->fetched);
		buf_addf(&p->fetched, "sts: %s", err.text);
		sts->why = buf_slice(&p->fetched);
		return;
	}
	sts->mode = known.mode;
	sts->mx = known.mx;
	sts->max_age_s = known.max_age_s;
	sts->why = known.why;
	sts->failed = known.mode.n == 0;
}

int
dnspolicy_find(struct dnspolicy *p, struct ctl *ctl, const char *domain,
    const char *hostname, bool fetch, struct dnscheck_sts *sts)
{
	const struct httpd_conf *c;

	buf_init(&p->fetched, MSG_MAX_BYTES);
	buf_init(&p->mx, MTASTS_MX_MAX);
	if (surroundings_conf(&p->httpd, ctl, "httpd") != CTL_OK)
		return -1;
	c = p->httpd.conf;
	if (c->mta_sts_policy != HTTPD_MTA_STS_OFF)
		add_published(p, c, hostname, sts);
	if (fetch)
		fetch_it(p, &ctl->inst, domain, sts);
	return 0;
}

void
dnspolicy_fini(struct dnspolicy *p)
{
	target_fini(&p->httpd);
	buf_fini(&p->fetched);
	buf_fini(&p->mx);
}
