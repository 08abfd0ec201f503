/* SPDX-License-Identifier: ISC */
#include "fulltext/keeper.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "ev/turn.h"
#include "ev/work.h"
#include "fulltext/fulltext.h"
#include "fulltext/indexer.h"
#include "log/log.h"
#include "log/metric.h"
#include "mime/parser.h"
#include "store/beside.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	BEGIN_MS = 1000, /* behind a change, or the first session */
	NEXT_MS = 1,     /* between two steps, */
	PAUSE_MS = 20,   /* while others work */
	BUSY_MS = 50,
	RETRY_MS = 60000,
	REST_MS = 10000, /* the index stays open */
	ANEW_MAX = 3,    /* in a process; then the disk is at fault */
};

struct keeper {
	struct account *account;
	const char *name;
	struct keeper_owner *owner;
	struct fulltext *index; /* NULL: closed */
	uint64_t build;         /* of the account's own */
	uint64_t number;        /* of those that were opened */
	struct indexer *indexer;
	struct mime_limits limits;
	struct ev_timer timer;
	bool wanted;  /* by a search: made where there is none */
	bool changed; /* since indexer began */
	bool resting; /* only to be closed */
	unsigned anew;
	int64_t start_ms;
};

static struct metric indexed = { .name = "pabal_fulltext_messages",
	.help = "Messages read into full-text indexes." };
static struct metric begun_anew = { .name = "pabal_fulltext_begun_anew",
	.help = "Full-text indexes thrown away and made again." };
static struct metric failures = { .name = "pabal_fulltext_failures",
	.help = "Times that a full-text index could not be brought up to "
		"date." };

static void
tell_anew(struct keeper *k, const char *why)
{
	metric_add(&begun_anew, 1);
	k->anew++;
	log_info(
	    "fulltext.begun-anew", kv_s("account", k->name), kv_s("why", why));
}

static void
close_index(struct keeper *k)
{
	const bool damaged = k->index != NULL && fulltext_is_damaged(k->index);

	indexer_free(&k->indexer);
	fulltext_close(&k->index);
	if (damaged)
		tell_anew(k, "damaged");
}

static bool
may_make(const struct keeper *k)
{
	return k->wanted || k->owner->when(k->owner) == KEEPER_ALWAYS;
}

/* ABSENT: there is none, and none is to be made. */
static enum found
open_index(struct keeper *k, struct err *err)
{
	enum found found = TEMPFAIL;
	bool damaged = false;
	int dirfd;

	if (k->index != NULL &&
	    (fulltext_is_lost(k->index) ||
		account_beside_is_old(k->account, k->build, err)))
		close_index(k);
	if (k->index != NULL)
		return FOUND;
	if (account_beside_open(k->account, &dirfd, &k->build, err) == -1)
		return TEMPFAIL;
	for (int i = 0; i < 2; i++) {
		found = fulltext_open(
		    dirfd, may_make(k) || damaged, &k->index, &damaged, err);
		if (found != TEMPFAIL || !damaged || k->anew >= ANEW_MAX)
			break;
		tell_anew(k, "damaged");
	}
	fd_close(&dirfd);
	if (found == FOUND)
		k->number++;
	return found;
}

static void
rest(struct keeper *k)
{
	k->resting = true;
	if (k->index != NULL)
		ev_timer_set(&k->timer, REST_MS);
	k->owner->on_rest(k->owner);
}

/* It was at work when it failed. */
static void
fail(struct keeper *k, const struct err *err)
{
	if (err->code == ERR_BUSY) {
		ev_timer_set(&k->timer, BUSY_MS);
		return;
	}
	metric_add(&failures, 1);
	log_warn("fulltext.failed", kv_s("account", k->name),
	    kv_s("why", err->text));
	close_index(k);
	k->changed = true;
	ev_timer_set(&k->timer, k->anew < ANEW_MAX ? BEGIN_MS : RETRY_MS);
	k->owner->on_rest(k->owner);
}

/* Of what is in it most is gone: away with it. */
static bool
drop_stale(struct keeper *k)
{
	struct fulltext_counts counts;
	int dirfd;

	if (fulltext_counts(k->index, &counts, NULL) == -1 ||
	    !fulltext_is_stale(&counts) || k->anew >= ANEW_MAX ||
	    account_beside_open(k->account, &dirfd, &k->build, NULL) == -1)
		return false;
	close_index(k);
	fulltext_remove(dirfd);
	fd_close(&dirfd);
	tell_anew(k, "stale");
	k->wanted = true;
	return true;
}

static void
end(struct keeper *k)
{
	const struct indexer_progress *p = indexer_progress(k->indexer);

	if (p->read > 0)
		log_debug("fulltext.updated", kv_s("account", k->name),
		    kv_u("messages", p->read),
		    kv_i("ms", clock_ms() - k->start_ms));
	metric_add(&indexed, (int64_t)p->read);
	indexer_free(&k->indexer);
	if (drop_stale(k) || k->changed)
		ev_timer_set(&k->timer, BEGIN_MS);
	else
		rest(k);
}

static void
work(struct keeper *k)
{
	struct err err = { 0 };
	bool more = true;

	if (fulltext_is_lost(k->index) ||
	    account_beside_is_old(k->account, k->build, &err)) {
		close_index(k);
		k->changed = true;
		ev_timer_set(&k->timer, BEGIN_MS);
		return;
	}
	turn_note("fulltext", k->name);
	work_begin();
	while (more && !work_spent())
		if (indexer_step(k->indexer, &more, &err) == -1) {
			fail(k, &err);
			return;
		}
	if (!more)
		end(k);
	else
		ev_timer_set(&k->timer, work_waits() ? PAUSE_MS : NEXT_MS);
}

static void
begin(struct keeper *k)
{
	struct err err = { 0 };

	if (k->owner->when(k->owner) == KEEPER_NEVER) {
		close_index(k);
		rest(k);
		return;
	}
	switch (open_index(k, &err)) {
	case FOUND:
		k->changed = false;
		k->limits = k->owner->limits(k->owner);
		k->start_ms = clock_ms();
		k->indexer = indexer_new(k->account, k->index,
		    (struct slice){ NULL, 0 }, &k->limits);
		work(k);
		break;
	case ABSENT:
		rest(k);
		break;
	case TEMPFAIL:
		fail(k, &err);
		break;
	}
}

static void
on_time(struct ev_timer *t)
{
	struct keeper *k = OUTER(t, struct keeper, timer);

	if (k->resting)
		close_index(k);
	else if (k->indexer != NULL)
		work(k);
	else
		begin(k);
}

struct keeper *
keeper_new(struct account *a, const char *name, struct keeper_owner *owner)
{
	static bool registered;
	struct keeper *k = xcalloc(1, sizeof *k);

	if (!registered) {
		metric_register(&indexed);
		metric_register(&begun_anew);
		metric_register(&failures);
	}
	registered = true;
	k->account = a;
	k->name = name;
	k->owner = owner;
	ev_timer_init(&k->timer, on_time);
	ev_timer_set(&k->timer, BEGIN_MS);
	return k;
}

void
keeper_free(struct keeper **kp)
{
	struct keeper *k = *kp;

	if (k == NULL)
		return;
	ev_timer_stop(&k->timer);
	if (k->indexer != NULL)
		(void)indexer_commit(k->indexer, NULL);
	close_index(k);
	xfree(kp);
}

/* Begin, unless it has. */
static void
wake(struct keeper *k)
{
	if (k->indexer == NULL && (k->resting || !ev_timer_running(&k->timer)))
		ev_timer_set(&k->timer, BEGIN_MS);
	k->resting = false;
}

void
keeper_changed(struct keeper *k)
{
	k->changed = true;
	wake(k);
}

bool
keeper_is_busy(const struct keeper *k)
{
	return k->indexer != NULL;
}

struct fulltext *
keeper_index(struct keeper *k, uint64_t *number)
{
	struct err err = { 0 };

	if (k->owner->when(k->owner) == KEEPER_NEVER)
		return NULL;
	if (!k->wanted)
		wake(k);
	k->wanted = true;
	if (open_index(k, &err) != FOUND)
		return NULL;
	wake(k);
	*number = k->number;
	return k->index;
}

void
keeper_failed(struct keeper *k)
{
	if (k->index != NULL && fulltext_is_damaged(k->index))
		close_index(k);
	k->changed = true;
	wake(k);
}
