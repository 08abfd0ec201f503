/* SPDX-License-Identifier: ISC */
#include "policy/sites.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "policy/conf.h"

enum {
	SILENT_MAX = 3, /* then it is not asked for */
	REST_MS = 60 * 1000,
	TOLD_MS = 3600 * 1000,
};

struct policy_site {
	struct dnsbl_site site;
	unsigned silent; /* in a row */
	int64_t rests_until_ms;
	int64_t told_until_ms;
};

static struct {
	struct policy_site *v;
	size_t n;
} sites;

int
policy_sites_configure(struct err *err)
{
	const struct conf_list *words = &policy_conf->dnsbl_sites;
	struct policy_site *v;

	if (words->n > DNSBL_SITES_MAX)
		return err_set(err, ERR_PERM,
		    "dnsbl_sites: expected at most %d", DNSBL_SITES_MAX);
	v = xcalloc(words->n + 1, sizeof *v);
	for (size_t i = 0; i < words->n; i++) {
		struct err why;

		if (dnsbl_parse(slice_str(words->v[i]), &v[i].site, &why) == 0)
			continue;
		free(v);
		return err_set(err, ERR_PERM, "dnsbl_sites: %s", why.text);
	}
	free(sites.v);
	sites.v = v;
	sites.n = words->n;
	return 0;
}

const struct dnsbl_site *
policy_sites_now(struct arena *arena, size_t *n)
{
	struct dnsbl_site *now =
	    arena_alloc(arena, (sites.n + 1) * sizeof *now);

	*n = 0;
	for (size_t i = 0; i < sites.n; i++)
		if (sites.v[i].rests_until_ms <= ev_now_ms())
			now[(*n)++] = sites.v[i].site;
	return now;
}

static void
tell(struct policy_site *s, const struct dnsbl_found *found)
{
	char answer[16];

	if (s->told_until_ms > ev_now_ms())
		return;
	s->told_until_ms = ev_now_ms() + TOLD_MS;
	snprintf(answer, sizeof answer, "%u.%u.%u.%u", found->a[0], found->a[1],
	    found->a[2], found->a[3]);
	log_warn("policy.dnsbl-failed", kv_slice("site", dnsbl_shown(&s->site)),
	    kv_s("why", dnsbl_error_text(found->error)),
	    kv_s("answer", found->error == DNSBL_SILENT ? "" : answer));
}

void
policy_sites_found(
    const struct dnsbl_site *site, const struct dnsbl_found *found)
{
	struct policy_site *s = NULL;

	for (size_t i = 0; i < sites.n && s == NULL; i++)
		if (slice_eq(sites.v[i].site.zone, site->zone))
			s = &sites.v[i];
	if (s == NULL)
		return;
	if (found->error != DNSBL_OK)
		tell(s, found);
	if (found->error != DNSBL_SILENT) {
		s->silent = 0;
	} else if (++s->silent >= SILENT_MAX) {
		s->silent = 0;
		s->rests_until_ms = ev_now_ms() + REST_MS;
	}
}
