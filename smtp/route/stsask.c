/* SPDX-License-Identifier: ISC */
#include "smtp/route/stsask.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "log/log.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "smtp/conf.h"

enum {
	GRACE_MS = 1000, /* sts answers in time what it knows by then */
	PAUSE_MS = 100,  /* until one that has ended is there again */
	DOWN_MS = 60000, /* it has not answered in time */
	KNOWN_MS = 24 * 3600 * 1000, /* for so long it is remembered */
	KNOWN_MAX = 10000,
};

/* A policy that is enforced. */
struct sts_remembered {
	int64_t until_ms, max_age_s;
	char mx[];
};

static struct map known; /* by domain */
static int64_t down_until_ms;

/* ---- what is remembered ---- */

static void
forget(struct slice domain)
{
	free(map_del(&known, domain));
}

static void
make_room(void)
{
	struct map_iter it = { 0 };

	if (known.count < KNOWN_MAX)
		return;
	while (map_next(&known, &it))
		if (((const struct sts_remembered *)it.value)->until_ms <
		    ev_now_ms())
			forget(it.key);
}

static void
remember(const struct smtp_stsask *s)
{
	const size_t n = strlen(s->mx) + 1;
	struct sts_remembered *k;

	forget(slice_str(s->domain));
	if (s->mode != MTASTS_ENFORCE)
		return;
	make_room();
	if (known.count >= KNOWN_MAX)
		return;
	k = xmalloc(sizeof *k + n);
	k->until_ms =
	    ev_now_ms() +
	    (s->max_age_s < KNOWN_MS / 1000 ? s->max_age_s * 1000 : KNOWN_MS);
	k->max_age_s = s->max_age_s;
	memcpy(k->mx, s->mx, n);
	(void)map_put(&known, slice_str(s->domain), k);
}

static bool
recall(struct smtp_stsask *s)
{
	const struct sts_remembered *k = map_find(&known, slice_str(s->domain));

	if (k == NULL || k->until_ms <= ev_now_ms())
		return false;
	s->mode = MTASTS_ENFORCE;
	s->max_age_s = k->max_age_s;
	s->mx = xstrdup(k->mx);
	return true;
}

/* ---- asking ---- */

static void
unavailable(struct smtp_stsask *s)
{
	const char *action = "may";

	if (recall(s)) {
		action = "enforce";
	} else if (smtp_conf->mta_sts_unavailable == SMTP_STS_DEFER) {
		s->unavailable = true;
		action = "defer";
	} else {
		s->unknown = true;
	}
	log_warn("smtp.sts-unavailable", kv_s("domain", s->domain),
	    kv_s("action", action));
}

static void
take(struct smtp_stsask *s, const struct msg_sts_policy *in)
{
	/* It could not be had in time: the one that was there still counts. */
	if (!in->found && in->failure.n > 0 && recall(s))
		return;
	s->mode = in->found && in->mode <= MTASTS_ENFORCE
		      ? (enum mtasts_mode)in->mode
		      : MTASTS_NONE;
	s->max_age_s = in->max_age_s;
	s->mx = xslicedup(in->mx);
	s->unknown = in->unknown;
	(void)slice_copy(
	    in->found ? SLICE("") : in->failure, s->failure, sizeof s->failure);
	remember(s);
}

static void on_policy(struct ipc_call *call, struct msg *m);

static void
ask(struct smtp_stsask *s)
{
	IPC_CALL(ipc_link(ROLE_STS, 0, 0), &s->call, sts_policy, on_policy,
	    smtp_conf->mta_sts_timeout + GRACE_MS, sts_ask,
	    .time_ms = (uint32_t)smtp_conf->mta_sts_timeout,
	    .domain = slice_str(s->domain));
}

static void
on_policy(struct ipc_call *call, struct msg *m)
{
	struct smtp_stsask *s = OUTER(call, struct smtp_stsask, call);
	const bool ended =
	    ev_now_ms() - s->since_ms < smtp_conf->mta_sts_timeout;

	/* What has ended is soon there again. */
	if (m != NULL) {
		down_until_ms = 0;
		take(s, &m->sts_policy);
	} else if (ended && down_until_ms <= ev_now_ms()) {
		ev_timer_set(&s->pause, PAUSE_MS);
		return;
	} else {
		down_until_ms = ev_now_ms() + DOWN_MS;
		unavailable(s);
	}
	s->done(s);
}

static void
on_pause(struct ev_timer *t)
{
	ask(OUTER(t, struct smtp_stsask, pause));
}

/* It did not answer others a moment ago. */
static void
on_late(struct ev_task *t)
{
	struct smtp_stsask *s = OUTER(t, struct smtp_stsask, late);

	unavailable(s);
	s->done(s);
}

static char *
ascii_of(struct slice domain)
{
	struct buf out = { .max = ADDRESS_DOMAIN_MAX };
	const bool ok = domain_to_ascii(domain, &out) &&
			address_is_domain(buf_slice(&out), 0);
	char *ascii = ok ? xslicedup(buf_slice(&out)) : NULL;

	buf_fini(&out);
	return ascii;
}

bool
smtp_stsask(struct smtp_stsask *s, struct slice domain,
    void (*done)(struct smtp_stsask *s))
{
	if (!smtp_conf->mta_sts || !ipc_has(ROLE_STS))
		return false;
	s->domain = ascii_of(domain);
	if (s->domain == NULL)
		return false;
	s->done = done;
	s->since_ms = ev_now_ms();
	ev_timer_init(&s->pause, on_pause);
	ev_task_init(&s->late, on_late);
	if (down_until_ms <= ev_now_ms())
		ask(s);
	else
		ev_task_queue(&s->late);
	return true;
}

void
smtp_stsask_fini(struct smtp_stsask *s)
{
	ipc_cancel(&s->call);
	ev_timer_stop(&s->pause);
	ev_task_cancel(&s->late);
	free(s->domain);
	free(s->mx);
}
