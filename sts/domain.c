/* SPDX-License-Identifier: ISC */
#include "sts/domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"
#include "log/metric.h"
#include "sts/cache.h"
#include "sts/conf.h"
#include "sts/inquiry.h"
#include "sys/clock.h"

enum {
	UNKNOWN_MAX = 10000, /* domains without a policy that are remembered */
	KEEP_S = 31 * 24 * 3600, /* so long at least without mail, too */
	AGAIN_S = 3600,          /* longest pause after a refresh that failed */
};

TAILQ_HEAD(domains, sts_domain);

struct sts_domain {
	TAILQ_ENTRY(sts_domain) link; /* longest unused first */
	TAILQ_HEAD(, sts_waiter) waiters;
	char *name;
	struct sts_policy policy;
	struct sts_inquiry *inquiry; /* NULL: none is under way */
	struct ev_timer refresh;
	bool checked;
	bool unknown; /* the DNS did not answer, or the policy host */
	int64_t checked_ms;
	char failed_id[MTASTS_ID_MAX + 1];
	int64_t retry_ms;
	const char *failure;
	int64_t failed_s;
	char why[200];
};

static struct {
	struct map by_name;
	struct domains kept, unknown; /* with a policy, and without */
	size_t nkept, nunknown;
} domains;

static struct metric policies = { .name = "pabal_sts_policies",
	.help = "MTA-STS policies in the cache.",
	.type = METRIC_GAUGE };
static struct metric fetched = { .name = "pabal_sts_fetched",
	.help = "MTA-STS policies that were fetched." };
static struct metric failures = { .name = "pabal_sts_failed",
	.help = "MTA-STS policies that a domain has and could not be had." };

/* ---- the lists ---- */

static void
list_add(struct sts_domain *d)
{
	if (d->policy.mx != NULL) {
		TAILQ_INSERT_TAIL(&domains.kept, d, link);
		domains.nkept++;
	} else {
		TAILQ_INSERT_TAIL(&domains.unknown, d, link);
		domains.nunknown++;
	}
	metric_set(&policies, (int64_t)domains.nkept);
}

static void
list_del(struct sts_domain *d)
{
	if (d->policy.mx != NULL) {
		TAILQ_REMOVE(&domains.kept, d, link);
		domains.nkept--;
	} else {
		TAILQ_REMOVE(&domains.unknown, d, link);
		domains.nunknown--;
	}
	metric_set(&policies, (int64_t)domains.nkept);
}

static void
domain_free(struct sts_domain *d)
{
	struct err err;

	if (d->policy.mx != NULL)
		(void)sts_cache_del(d->name, &err);
	list_del(d);
	ev_timer_stop(&d->refresh);
	map_del(&domains.by_name, slice_str(d->name));
	sts_policy_fini(&d->policy);
	free(d->name);
	free(d);
}

/* One that nobody waits for goes, if there are more than LIMIT. */
static void
shorten(const struct domains *list, size_t n, size_t limit)
{
	struct sts_domain *d;

	if (n <= limit)
		return;
	TAILQ_FOREACH(d, list, link)
	if (d->inquiry == NULL && TAILQ_EMPTY(&d->waiters)) {
		domain_free(d);
		return;
	}
}

static void
touch(struct sts_domain *d)
{
	list_del(d);
	list_add(d);
	shorten(&domains.kept, domains.nkept, sts_conf->cache_limit);
	shorten(&domains.unknown, domains.nunknown, UNKNOWN_MAX);
}

static void on_refresh(struct ev_timer *t);

static struct sts_domain *
domain_get(struct slice name)
{
	struct sts_domain *d = map_find(&domains.by_name, name);

	if (d != NULL)
		return d;
	d = xcalloc(1, sizeof *d);
	d->name = xslicedup(name);
	d->failure = "";
	TAILQ_INIT(&d->waiters);
	ev_timer_init(&d->refresh, on_refresh);
	map_put(&domains.by_name, name, d);
	list_add(d);
	return d;
}

/* ---- refreshing ahead of the end ---- */

static void
schedule(struct sts_domain *d)
{
	const int64_t now = clock_wall_s();
	const int64_t ends = sts_policy_ends_s(&d->policy);
	const int64_t in = sts_policy_refresh_s(&d->policy, arc4random());
	int64_t next = in > 0 ? d->policy.fetched_s + in : ends;

	if (d->policy.mx == NULL)
		return;
	if (next <= now) /* the last attempt failed, or we were not there */
		next = now + 60 + arc4random_uniform(AGAIN_S);
	if (next > ends)
		next = ends > now ? ends : now;
	ev_timer_set(&d->refresh, (next - now) * 1000);
}

static bool
is_wanted(const struct sts_policy *p)
{
	const int64_t keep =
	    p->is.max_age_s > KEEP_S ? p->is.max_age_s : KEEP_S;

	return clock_wall_s() - p->asked_s < keep;
}

static void
expire(struct sts_domain *d)
{
	struct err err;

	log_info("sts.expired", kv_s("domain", d->name));
	(void)sts_cache_del(d->name, &err);
	list_del(d);
	sts_policy_fini(&d->policy);
	list_add(d);
	d->checked = false; /* who asks next has it looked for */
}

static void begin(struct sts_domain *d, bool fetch);

static void
on_refresh(struct ev_timer *t)
{
	struct sts_domain *d = OUTER(t, struct sts_domain, refresh);
	const int64_t now = clock_wall_s();

	if (!sts_policy_is_valid(&d->policy, now))
		expire(d);
	else if (is_wanted(&d->policy))
		begin(d, true);
	else
		ev_timer_set(
		    &d->refresh, (sts_policy_ends_s(&d->policy) - now) * 1000);
}

/* ---- finding out ---- */

static void
end(struct sts_domain *d)
{
	struct sts_waiter *w;

	d->checked = true;
	d->checked_ms = ev_now_ms();
	sts_inquiry_free(&d->inquiry);
	if (d->policy.mx != NULL)
		schedule(d);
	TAILQ_FOREACH(w, &d->waiters, link)
	ev_timer_set(&w->deadline, 0);
}

static void
note(struct sts_domain *d, const char *failure, const char *why)
{
	d->failure = failure;
	d->failed_s = *failure != '\0' ? clock_wall_s() : 0;
	(void)strlcpy(d->why, why, sizeof d->why);
}

static bool
wants(void *arg, const char *id)
{
	const struct sts_domain *d = arg;

	if (sts_policy_is_valid(&d->policy, clock_wall_s()) &&
	    strcmp(id, d->policy.id) == 0)
		return false;
	return strcmp(id, d->failed_id) != 0 || ev_now_ms() >= d->retry_ms;
}

static void
fail(struct sts_domain *d, const struct sts_found *f)
{
	note(d, f->failure, f->why);
	(void)strlcpy(d->failed_id, f->id, sizeof d->failed_id);
	d->retry_ms = ev_now_ms() + sts_conf->retry_interval;
	metric_add(&failures, 1);
	log_info("sts.fetch-failed", kv_s("domain", d->name),
	    kv_s("policy", f->id), kv_s("result", f->failure),
	    kv_s("why", f->why));
}

static void
take(struct sts_domain *d, struct sts_found *f)
{
	struct sts_policy *p = &f->policy;
	struct err err;

	p->asked_s = d->policy.mx != NULL ? d->policy.asked_s : p->fetched_s;
	list_del(d);
	sts_policy_fini(&d->policy);
	d->policy = *p;
	*p = (struct sts_policy){ .mx = NULL };
	list_add(d);
	note(d, "", "");
	d->failed_id[0] = '\0';
	metric_add(&fetched, 1);
	log_info("sts.policy", kv_s("domain", d->name),
	    kv_s("mode", mtasts_mode_name(d->policy.is.mode)),
	    kv_s("policy", d->policy.id),
	    kv_i("max_age_s", d->policy.is.max_age_s),
	    kv_s("mx", d->policy.mx));
	(void)sts_cache_put(d->name, &d->policy, &err);
}

static void
on_found(void *arg, struct sts_found *f)
{
	struct sts_domain *d = arg;

	d->unknown =
	    f->kind == STS_FOUND_FAILED || f->kind == STS_FOUND_UNKNOWN;
	switch (f->kind) {
	case STS_FOUND_NONE:
	case STS_FOUND_UNKNOWN:
		note(d, "", f->why);
		break;
	case STS_FOUND_SAME:
		if (strcmp(f->id, d->failed_id) != 0)
			note(d, "", "");
		break;
	case STS_FOUND_FAILED:
		fail(d, f);
		break;
	case STS_FOUND_POLICY:
		take(d, f);
		break;
	}
	end(d);
}

static void
begin(struct sts_domain *d, bool fetch)
{
	if (d->inquiry == NULL)
		d->inquiry =
		    sts_inquiry_new(d->name, fetch ? NULL : wants, on_found, d);
}

/* ---- who asks ---- */

static void
on_deadline(struct ev_timer *t)
{
	struct sts_waiter *w = OUTER(t, struct sts_waiter, deadline);
	struct sts_domain *d = w->domain;

	sts_domain_forget(w);
	w->on_known(w, d);
}

static bool
is_known(const struct sts_domain *d)
{
	const int64_t age_ms = ev_now_ms() - d->checked_ms;

	if (d->policy.mx != NULL &&
	    !sts_policy_is_valid(&d->policy, clock_wall_s()))
		return false;
	return d->checked && age_ms < sts_conf->check_interval;
}

void
sts_domain_ask(
    struct sts_waiter *w, struct slice name, int64_t wait_ms, bool fetch)
{
	struct sts_domain *d = domain_get(name);

	w->domain = d;
	TAILQ_INSERT_TAIL(&d->waiters, w, link);
	ev_timer_init(&w->deadline, on_deadline);
	d->policy.asked_s = clock_wall_s();
	touch(d);
	if (!fetch && is_known(d)) {
		ev_timer_set(&w->deadline, 0);
		return;
	}
	begin(d, fetch);
	ev_timer_set(&w->deadline, wait_ms);
}

void
sts_domain_forget(struct sts_waiter *w)
{
	if (w->domain == NULL)
		return;
	TAILQ_REMOVE(&w->domain->waiters, w, link);
	ev_timer_stop(&w->deadline);
	w->domain = NULL;
}

/* ---- what is known ---- */

const struct sts_policy *
sts_domain_policy(const struct sts_domain *d)
{
	return sts_policy_is_valid(&d->policy, clock_wall_s()) ? &d->policy
							       : NULL;
}

const char *
sts_domain_failure(const struct sts_domain *d)
{
	return d->failure;
}

const char *
sts_domain_why(const struct sts_domain *d)
{
	return d->why;
}

bool
sts_domain_is_unknown(const struct sts_domain *d)
{
	return sts_domain_policy(d) == NULL &&
	       (d->unknown || d->inquiry != NULL);
}

int64_t
sts_domain_failed_s(const struct sts_domain *d)
{
	return d->failed_s;
}

const char *
sts_domain_name(const struct sts_domain *d)
{
	return d->name;
}

const struct sts_domain *
sts_domain_find(struct slice name)
{
	return map_find(&domains.by_name, name);
}

static int
by_name(const void *a, const void *b)
{
	const struct sts_domain *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

const struct sts_domain **
sts_domain_list(struct slice behind, size_t *n)
{
	const struct sts_domain **v =
	    xcalloc(domains.nkept + domains.nunknown + 1,
		sizeof(const struct sts_domain *));
	const struct sts_domain *d;

	*n = 0;
	TAILQ_FOREACH(d, &domains.kept, link)
	if (slice_cmp(slice_str(d->name), behind) > 0)
		v[(*n)++] = d;
	TAILQ_FOREACH(d, &domains.unknown, link)
	if (d->failed_s > 0 && slice_cmp(slice_str(d->name), behind) > 0)
		v[(*n)++] = d;
	qsort(v, *n, sizeof(const struct sts_domain *), by_name);
	return v;
}

/* ---- the start ---- */

static void
on_loaded(struct slice name, struct sts_policy *p)
{
	struct sts_domain *d = domain_get(name);

	list_del(d);
	d->policy = *p;
	*p = (struct sts_policy){ .mx = NULL };
	list_add(d);
	schedule(d);
}

int
sts_domain_start(int dirfd, struct err *err)
{
	map_init(&domains.by_name);
	TAILQ_INIT(&domains.kept);
	TAILQ_INIT(&domains.unknown);
	metric_register(&policies);
	metric_register(&fetched);
	metric_register(&failures);
	return sts_cache_open(dirfd, clock_wall_s(), on_loaded, err);
}
