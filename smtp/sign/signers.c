/* SPDX-License-Identifier: ISC */
#include "smtp/sign/signers.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "ipc/keys.h"
#include "log/log.h"

enum {
	ASK_MS = 30 * 1000,
	KEYS_MS = 5 * 60 * 1000, /* what keys said is asked again after that */
	SHOWN_MS = 10 * 60 * 1000,
	ABSENT_MS = 30 * 1000,
	FAILED_MS = 60 * 1000,
	DOMAINS_MAX = 4096,
	KEYS_MAX = 16, /* of a domain */
};

struct signers_key {
	struct smtp_signers *of;
	char *selector;
	char *public;
	bool rsa;
	bool now;
	/* What the DNS has of it; known: it was asked. */
	bool known;
	enum found shown;
	int64_t again_ms;
	struct ipc_call call;
};

struct smtp_signers {
	char *name; /* of From */
	char *domain;
	struct signers_key v[KEYS_MAX]; /* newest first */
	size_t n;
	bool known;
	unsigned generation; /* as of which keys was asked */
	int64_t again_ms;
	struct ipc_call call;
	struct ev_task wake;
	bool failed; /* what those who wait are told */
	TAILQ_HEAD(, smtp_signers_wait) waiting;
};

static struct {
	struct map domains;
	unsigned generation;
} signers;

/* ---- what is kept ---- */

static void
drop_keys(struct smtp_signers *s)
{
	for (size_t i = 0; i < s->n; i++) {
		ipc_cancel(&s->v[i].call);
		free(s->v[i].selector);
		free(s->v[i].public);
	}
	s->n = 0;
	xfree(&s->domain);
}

static void
make_room(void)
{
	struct map_iter it = { 0 };

	while (map_next(&signers.domains, &it)) {
		struct smtp_signers *s = it.value;

		if (!TAILQ_EMPTY(&s->waiting))
			continue;
		(void)map_del(&signers.domains, slice_str(s->name));
		drop_keys(s);
		ipc_cancel(&s->call);
		ev_task_cancel(&s->wake);
		free(s->name);
		free(s);
	}
}

static void
on_wake(struct ev_task *task)
{
	struct smtp_signers *s = OUTER(task, struct smtp_signers, wake);
	TAILQ_HEAD(, smtp_signers_wait) now = TAILQ_HEAD_INITIALIZER(now);
	struct smtp_signers_wait *w;
	const bool ok = !s->failed;

	/* Some will wait again. */
	s->failed = false;
	TAILQ_CONCAT(&now, &s->waiting, link);
	while ((w = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, w, link);
		w->on = NULL;
		w->ready(w, ok);
	}
}

static struct smtp_signers *
signers_of(struct slice domain)
{
	struct smtp_signers *s = map_find(&signers.domains, domain);

	if (s != NULL)
		return s;
	if (signers.domains.count >= DOMAINS_MAX)
		make_room();
	s = xcalloc(1, sizeof *s);
	s->name = xslicedup(domain);
	TAILQ_INIT(&s->waiting);
	ev_task_init(&s->wake, on_wake);
	(void)map_put(&signers.domains, domain, s);
	return s;
}

void
smtp_signers_cancel(struct smtp_signers_wait *w)
{
	if (w->on != NULL)
		TAILQ_REMOVE(&w->on->waiting, w, link);
	w->on = NULL;
}

unsigned
smtp_signers_generation(void)
{
	return signers.generation;
}

void
smtp_signers_changed(void)
{
	signers.generation++;
}

/* ---- what the DNS shows ---- */

static void
note_shown(struct signers_key *k, enum found found, bool other)
{
	static const int64_t keep_ms[] = {
		[FOUND] = SHOWN_MS, [ABSENT] = ABSENT_MS, [TEMPFAIL] = FAILED_MS
	};

	k->again_ms = ev_now_ms() + keep_ms[found];
	/* What was seen before is believed while nothing else is known. */
	if (found == TEMPFAIL && k->known)
		return;
	if (found == ABSENT && (!k->known || k->shown != ABSENT))
		log_warn("dkim.unpublished", kv_s("domain", k->of->domain),
		    kv_s("selector", k->selector),
		    kv_s("why", other ? "its record has another key"
				      : "the DNS has no record of it"));
	k->known = true;
	k->shown = found;
}

static void
on_published(struct ipc_call *call, struct msg *m)
{
	struct signers_key *k = OUTER(call, struct signers_key, call);
	const struct msg_lookup_published_is *in =
	    m != NULL ? &m->lookup_published_is : NULL;

	note_shown(k,
	    in == NULL || in->found > TEMPFAIL ? TEMPFAIL
					       : (enum found)in->found,
	    in != NULL && in->other);
	ev_task_queue(&k->of->wake);
}

static void
ask_dns(struct signers_key *k)
{
	char *name = xasprintf("%s._domainkey.%s", k->selector, k->of->domain);

	IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &k->call, lookup_published_is,
	    on_published, ASK_MS, lookup_published, .name = slice_str(name),
	    .key = slice_str(k->public));
	free(name);
}

/* Is it known what the DNS shows of S's keys?  What is old is asked again, and
 * is good meanwhile. */
static bool
is_seen(struct smtp_signers *s)
{
	bool all = true;

	for (size_t i = 0; i < s->n; i++) {
		struct signers_key *k = &s->v[i];

		if (k->now)
			continue;
		if (k->again_ms <= ev_now_ms() && !ipc_calling(&k->call))
			ask_dns(k);
		all = all && k->again_ms != 0;
	}
	return all;
}

/* ---- what keys has ---- */

/* "SELECTOR TYPE check|use PUBLIC" */
static bool
parse_key(struct slice line, struct signers_key *k)
{
	const struct slice selector = slice_cut(line, ' ', &line);
	const struct slice type = slice_cut(line, ' ', &line);
	const struct slice use = slice_cut(line, ' ', &line);
	const bool rsa = slice_is(type, "rsa");

	if (selector.n == 0 || line.n == 0 ||
	    (!rsa && !slice_is(type, "ed25519")))
		return false;
	k->selector = xslicedup(selector);
	k->public = xslicedup(line);
	k->rsa = rsa;
	k->now = slice_is(use, "use");
	return true;
}

/* What is known of K in OLD; what was not published may be by now. */
static void
keep_seen(struct signers_key *k, const struct signers_key *old, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(old[i].selector, k->selector) != 0 ||
		    strcmp(old[i].public, k->public) != 0 ||
		    (old[i].known && old[i].shown == ABSENT))
			continue;
		k->known = old[i].known;
		k->shown = old[i].shown;
		k->again_ms = old[i].again_ms;
	}
}

static void
take_keys(struct smtp_signers *s, struct slice domain, struct slice lines)
{
	struct signers_key fresh[KEYS_MAX] = { 0 };
	const bool same = s->domain != NULL && slice_is(domain, s->domain);
	size_t n = 0;

	while (lines.n > 0 && n < KEYS_MAX) {
		struct signers_key *k = &fresh[n];

		if (!parse_key(slice_cut(lines, '\n', &lines), k))
			continue;
		if (same)
			keep_seen(k, s->v, s->n);
		n++;
	}
	drop_keys(s);
	for (size_t i = 0; i < n; i++) {
		s->v[i] = fresh[i];
		s->v[i].of = s;
	}
	s->n = n;
	s->domain = xslicedup(domain);
}

static void
on_signers(struct ipc_call *call, struct msg *m)
{
	struct smtp_signers *s = OUTER(call, struct smtp_signers, call);

	ev_task_queue(&s->wake);
	if (m == NULL || !m->keys_signers_are.ok) {
		s->failed = true;
		s->again_ms = 0;
		return;
	}
	take_keys(s, m->keys_signers_are.domain, m->keys_signers_are.signers);
	s->known = true;
	s->again_ms = ev_now_ms() + KEYS_MS;
}

static void
ask_keys(struct smtp_signers *s)
{
	s->generation = signers.generation;
	IPC_CALL(ipc_link(ROLE_KEYS, 0, 0), &s->call, keys_signers_are,
	    on_signers, ASK_MS, keys_signers, .kind = KEYS_DKIM,
	    .domain = slice_str(s->name));
}

/* ---- what is used ---- */

/* Of a type the newest that the DNS shows.  Where it says nothing of any, the
 * oldest, which has had most time to be known: a signature whose key is not
 * found does no harm. */
static const struct signers_key *
choose(const struct smtp_signers *s, bool rsa)
{
	const struct signers_key *doubt = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct signers_key *k = &s->v[i];

		if (k->rsa != rsa)
			continue;
		if (k->now || (k->known && k->shown == FOUND))
			return k;
		if (!k->known || k->shown == TEMPFAIL)
			doubt = k;
	}
	return doubt;
}

bool
smtp_signers_find(
    struct slice domain, struct smtp_signing *out, struct smtp_signers_wait *w)
{
	/* Ed25519 comes first, so that its field stands below that of RSA,
	 * which everybody knows. */
	struct smtp_signers *s = signers_of(domain);
	const bool stale = s->generation != signers.generation;

	*out = (struct smtp_signing){ .n = 0 };
	if ((stale || s->again_ms <= ev_now_ms()) && !ipc_calling(&s->call))
		ask_keys(s);
	if (!s->known || (stale && ipc_calling(&s->call)) || !is_seen(s)) {
		w->on = s;
		TAILQ_INSERT_TAIL(&s->waiting, w, link);
		return false;
	}
	for (int rsa = 0; rsa < SMTP_SIGNERS_USED; rsa++) {
		const struct signers_key *k = choose(s, rsa == 1);

		if (k != NULL)
			out->v[out->n++] = (struct smtp_signer){ k->rsa,
				slice_str(k->selector) };
	}
	out->domain = slice_str(s->domain);
	return true;
}
