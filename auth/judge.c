/* SPDX-License-Identifier: ISC */
#include "auth/judge.h"

#include <stdbool.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "auth/apps.h"
#include "auth/attempt.h"
#include "auth/cache.h"
#include "auth/conf.h"
#include "auth/fair.h"
#include "auth/penalty.h"
#include "auth/scram.h"
#include "auth/worker.h"
#include "base/mem.h"
#include "sasl/password.h"

enum { RECORDS_MAX = 100000, CACHE_MAX = 50000 };

static struct {
	struct penalty_limits limits;
	struct penalty *penalty;
	struct auth_cache *cache;
} judge;

static struct penalty_who
who_of(const struct auth_check *c)
{
	return (struct penalty_who){
		.source = c->source,
		.account = slice_str(c->account),
	};
}

static struct auth_cache_key
cache_key(const struct auth_check *c)
{
	return (struct auth_cache_key){
		.account = slice_str(c->account),
		.stored = slice_str(c->stored),
		.secret = buf_slice(&c->secret),
	};
}

/* Whoever waits for a turn of the same pair need not wait any more. */
static void
release(const struct auth_check *c)
{
	struct auth_check *other;

	TAILQ_FOREACH(other, &auth_attempts.all, link)
	if (!other->held && ev_timer_running(&other->wait) &&
	    strcmp(other->account, c->account) == 0 &&
	    slice_eq(other->source, c->source))
		ev_timer_set(&other->wait, 0);
}

static void
pass(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);

	penalty_passed(judge.penalty, &who);
	release(c);
	if ((c->facts.flags & ACCOUNT_NO_LOGIN) != 0)
		attempt_finish(c, AUTH_DENIED, "login=no");
	else if (c->authzid[0] != '\0' && strcmp(c->authzid, c->account) != 0)
		attempt_finish(
		    c, AUTH_DENIED, "another authorization identity");
	else
		attempt_succeed(c);
}

/* Why it is not who it says, for the log. */
static const char *
why_not(const struct auth_check *c)
{
	if (c->by == PROOF_TOKEN)
		return c->problem != NULL ? c->problem : "unknown";
	if (c->stored == NULL)
		return "unknown";
	return c->scram != NULL && !c->scram->real ? "no secret of SCRAM"
						   : "password";
}

static void
settle(struct auth_check *c, bool right)
{
	const struct penalty_who who = who_of(c);

	if (right) {
		pass(c);
		return;
	}
	penalty_failed(judge.penalty, &who, ev_now_ms());
	attempt_finish(c, AUTH_REFUSED, why_not(c));
}

static void
on_hashed(struct worker_job *job, enum found found, const char *why)
{
	struct auth_check *c = OUTER(job, struct auth_check, job);
	const struct auth_cache_key key = cache_key(c);
	const bool right = found == FOUND && c->stored != NULL;

	if (right)
		auth_cache_put(judge.cache, &key, ev_now_ms());
	if (found == TEMPFAIL)
		attempt_finish(c, AUTH_TEMPFAIL, why);
	else
		settle(c, right);
}

/* ---- the queue ---- */

/* Who speaks for many people has no source: there each account counts. */
static void
enqueue(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);
	const enum fair_class class =
	    penalty_is_known(judge.penalty, &who)                 ? FAIR_KNOWN
	    : penalty_was_wrong(judge.penalty, &who, ev_now_ms()) ? FAIR_WRONG
								  : FAIR_FRESH;

	fair_put(&auth_attempts.queue, &c->turn,
	    c->source.n > 0 ? c->source : slice_str(c->account), class);
}

/* C, which was taken out of the queue: is its password to be hashed now? */
static bool
has_turn(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);
	int64_t wait;

	if (ev_now_ms() - c->began_ms > AUTH_WAIT_MS) {
		attempt_finish(c, AUTH_TEMPFAIL, "late");
		return false;
	}
	if (c->waited)
		return true;
	wait = penalty_wait(judge.penalty, &who, ev_now_ms());
	c->waited = true;
	if (wait == 0)
		return true;
	/* in a flood nobody waits for what is likely to be wrong */
	if (wait == -1 ||
	    auth_attempts.n - auth_attempts.queue.n - auth_attempts.held.count >
		auth_conf->queue_limit)
		attempt_finish(c, AUTH_LIMITED, "penalty");
	else
		ev_timer_set(&c->wait, wait);
	return false;
}

void
judge_now(struct auth_check *c)
{
	if (has_turn(c))
		settle(c, c->proven && c->exists);
}

/* An app password costs nothing either (table/app.h), and has its turn like any
 * other. */
static bool
is_app(struct auth_check *c)
{
	const struct auth_asked a = {
		.secret = buf_slice(&c->secret),
		.service = slice_str(c->service),
		.client = slice_str(c->client),
	};

	return c->exists && c->apps != NULL &&
	       auth_apps_find(slice_str(c->apps), &a, &c->app);
}

/* Give work to the workers that are free.  Penalties are looked at here and not
 * when a login arrives, so that of a thousand guesses sent at once only the
 * first few are cheap. */
void
judge_next(void)
{
	struct fair_entry *e;

	while (
	    worker_is_free() && (e = fair_next(&auth_attempts.queue)) != NULL) {
		struct auth_check *c = OUTER(e, struct auth_check, turn);

		if (!has_turn(c))
			continue;
		if (is_app(c))
			settle(c, true);
		else
			worker_run(&c->job, slice_str(c->stored),
			    buf_slice(&c->secret));
	}
}

static void
on_turn(struct ev_timer *t)
{
	struct auth_check *c = OUTER(t, struct auth_check, wait);

	if (c->held) {
		attempt_free(c); /* its client does not answer */
	} else if (c->by != PROOF_PASSWORD) {
		judge_now(c);
	} else {
		enqueue(c);
		judge_next();
	}
}

/* Too many wait: the last one of those who have most waiting goes. */
static void
make_room(void)
{
	struct fair_entry *e = fair_surplus(&auth_attempts.queue);

	if (e != NULL)
		attempt_finish(
		    OUTER(e, struct auth_check, turn), AUTH_LIMITED, "queue");
}

void
judge_init(struct auth_check *c)
{
	c->job.done = on_hashed;
	ev_timer_init(&c->wait, on_turn);
}

void
judge_await(struct auth_check *c, int64_t while_ms)
{
	ev_timer_set(&c->wait, while_ms);
}

void
judge_password(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);
	const struct auth_cache_key key = cache_key(c);
	const int64_t now = ev_now_ms();

	if (c->stored != NULL && penalty_peek(judge.penalty, &who, now) == 0 &&
	    auth_cache_hit(judge.cache, &key, now, auth_conf->cache_lifetime)) {
		pass(c);
		return;
	}
	enqueue(c);
	if (auth_attempts.queue.n > auth_conf->queue_limit)
		make_room();
	judge_next();
}

/* ---- start and end ---- */

void
judge_configure(void)
{
	judge.limits = (struct penalty_limits){
		.base_ms = auth_conf->penalty_delay,
		.max_ms = auth_conf->penalty_delay_max,
		.forget_ms = auth_conf->penalty_forget,
		.free_pair = auth_conf->penalty_free,
		.free_source = auth_conf->penalty_free_address,
	};
}

static unsigned
worker_count(void)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (auth_conf->workers > 0)
		return auth_conf->workers;
	return cpus > 2 ? (unsigned)cpus : 2;
}

int
judge_start(struct err *err)
{
	judge.penalty = penalty_new(&judge.limits, RECORDS_MAX);
	judge.cache = auth_cache_new(CACHE_MAX);
	judge_configure();
	return worker_start_all(worker_count(),
	    password_scheme(auth_conf->unknown_scheme), judge_next, err);
}

void
judge_stop(void)
{
	auth_cache_free(&judge.cache);
	penalty_free(&judge.penalty);
}
