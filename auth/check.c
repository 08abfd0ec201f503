/* SPDX-License-Identifier: ISC */
#include "auth/check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "auth/cache.h"
#include "auth/conf.h"
#include "auth/name.h"
#include "auth/penalty.h"
#include "auth/ticket.h"
#include "auth/worker.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "conf/param.h"
#include "conf/shared.h"
#include "ev/loop.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "log/log.h"
#include "log/metric.h"
#include "sasl/password.h"
#include "sasl/secret.h"
#include "sasl/server.h"
#include "sys/addr.h"
#include "table/account.h"
#include "table/table.h"
#include "table/watch.h"

enum { RECORDS_MAX = 100000, TICKETS_MAX = 10000, CACHE_MAX = 50000 };

struct check {
	TAILQ_ENTRY(check) link;  /* among all */
	TAILQ_ENTRY(check) queue; /* while queued */
	struct ipc *peer;
	uint64_t id;
	struct table_request rq;
	struct worker_job job;
	struct ev_timer wait;
	bool queued;
	bool waited; /* its turn has come */
	bool tls;
	char *login;   /* as typed */
	char *account; /* canonical; of a name that cannot be, lower case */
	char *authzid; /* canonical; empty: itself */
	char *stored;  /* hash; NULL: the account cannot log in */
	char *client;
	char service[16];
	struct buf secret;
	struct account facts;
	uint8_t source_bytes[16];
	struct slice source;
};

static struct {
	int dir;
	struct table *passwords, *accounts;
	struct table_watch watch;
	struct penalty_limits limits;
	struct penalty *penalty;
	struct tickets *tickets;
	struct auth_cache *cache;
	TAILQ_HEAD(, check) all, queue;
	size_t n;
} auth = {
	.all = TAILQ_HEAD_INITIALIZER(auth.all),
	.queue = TAILQ_HEAD_INITIALIZER(auth.queue),
};

/* clang-format off */
static struct {
	const char *name;
	const char *text; /* for the client */
	struct metric metric;
} results[] = {
	[AUTH_OK] = { "ok", "",
	    { .name = "pabal_auth_ok", .help = "Logins that were right." } },
	[AUTH_REFUSED] = { "refused", "wrong name or password",
	    { .name = "pabal_auth_refused",
	      .help = "Logins with a wrong name or password." } },
	[AUTH_DENIED] = { "denied", "this account may not do that",
	    { .name = "pabal_auth_denied",
	      .help = "Right logins for what the account may not do." } },
	[AUTH_LIMITED] = { "limited", "too many attempts, try again later",
	    { .name = "pabal_auth_limited",
	      .help = "Logins refused because too many failed or wait." } },
	[AUTH_TEMPFAIL] = { "tempfail", "temporary failure, try again",
	    { .name = "pabal_auth_tempfail",
	      .help = "Logins that could not be checked." } },
};
/* clang-format on */

static void pump(void);

/* ---- one check ---- */

static void
check_free(struct check *c)
{
	table_cancel(&c->rq);
	workers_forget(&c->job);
	ev_timer_stop(&c->wait);
	if (c->queued)
		TAILQ_REMOVE(&auth.queue, c, queue);
	TAILQ_REMOVE(&auth.all, c, link);
	auth.n--;
	secret_fini(&c->secret);
	if (c->stored != NULL)
		explicit_bzero(c->stored, strlen(c->stored));
	free(c->stored);
	free(c->login);
	free(c->account);
	free(c->authzid);
	free(c->client);
	free(c);
}

static struct penalty_who
who_of(const struct check *c)
{
	return (struct penalty_who){
		.source = c->source,
		.account = slice_str(c->account),
	};
}

static struct auth_cache_key
cache_key(const struct check *c)
{
	return (struct auth_cache_key){
		.account = slice_str(c->account),
		.stored = slice_str(c->stored),
		.secret = buf_slice(&c->secret),
	};
}

static void
log_result(const struct check *c, enum auth_result result, const char *why)
{
	const char *tls = c->tls ? "yes" : "no";

	if (result == AUTH_OK)
		log_info("auth.ok", kv_s("account", c->account),
		    kv_s("client", c->client), kv_s("service", c->service),
		    kv_s("tls", tls));
	else
		log_warn("auth.refused", kv_s("account", c->account),
		    kv_s("client", c->client), kv_s("service", c->service),
		    kv_s("tls", tls), kv_s("result", results[result].name),
		    kv_s("why", why));
}

/* Answer, and the check is over; WHY is for the log. */
static void
finish(struct check *c, enum auth_result result, const char *why)
{
	uint8_t number[AUTH_TICKET_SIZE];
	struct slice ticket = { NULL, 0 };
	const bool ok = result == AUTH_OK;
	const uint32_t uid = c->facts.uid == ACCOUNT_VIRTUAL ? 0 : c->facts.uid;

	if (ok && (slice_is(slice_str(c->service), "imap") ||
		      slice_is(slice_str(c->service), "pop3"))) {
		const struct ticket_facts facts = {
			.service = slice_str(c->service),
			.account = slice_str(c->account),
			.home = slice_of(c->facts.home, c->facts.home_len),
			.uid = uid,
			.quota = c->facts.quota_bytes,
		};

		tickets_issue(auth.tickets, &facts, ev_now_ms(), number);
		ticket = slice_of(number, sizeof number);
	}
	metric_add(&results[result].metric, 1);
	log_result(c, result, why);
	IPC_SEND(c->peer, auth_checked, .id = c->id, .result = result,
	    .account = slice_str(ok ? c->account : ""), .uid = ok ? uid : 0,
	    .ticket = ticket, .why = slice_str(results[result].text));
	explicit_bzero(number, sizeof number);
	check_free(c);
}

/* Whoever waits for a turn of the same pair need not wait any more. */
static void
release(const struct check *c)
{
	struct check *other;

	TAILQ_FOREACH(other, &auth.all, link)
	if (ev_timer_running(&other->wait) &&
	    strcmp(other->account, c->account) == 0 &&
	    slice_eq(other->source, c->source))
		ev_timer_set(&other->wait, 0);
}

static void
pass(struct check *c)
{
	const struct penalty_who who = who_of(c);

	penalty_passed(auth.penalty, &who);
	release(c);
	if ((c->facts.flags & ACCOUNT_NO_LOGIN) != 0)
		finish(c, AUTH_DENIED, "login=no");
	else if (c->authzid[0] != '\0' && strcmp(c->authzid, c->account) != 0)
		finish(c, AUTH_DENIED, "another authorization identity");
	else
		finish(c, AUTH_OK, NULL);
}

static void
on_hashed(struct worker_job *job, enum found found, const char *why)
{
	struct check *c = OUTER(job, struct check, job);
	const struct penalty_who who = who_of(c);
	const struct auth_cache_key key = cache_key(c);

	if (found == TEMPFAIL) {
		finish(c, AUTH_TEMPFAIL, why);
	} else if (found == FOUND && c->stored != NULL) {
		auth_cache_put(auth.cache, &key, ev_now_ms());
		pass(c);
	} else {
		penalty_failed(auth.penalty, &who, ev_now_ms());
		finish(c, AUTH_REFUSED,
		    c->stored != NULL ? "password" : "unknown");
	}
}

/* ---- the queue ---- */

static void
enqueue(struct check *c, bool first)
{
	c->queued = true;
	if (first)
		TAILQ_INSERT_HEAD(&auth.queue, c, queue);
	else
		TAILQ_INSERT_TAIL(&auth.queue, c, queue);
}

static void
dequeue(struct check *c)
{
	c->queued = false;
	TAILQ_REMOVE(&auth.queue, c, queue);
}

static void
on_turn(struct ev_timer *t)
{
	struct check *c = OUTER(t, struct check, wait);

	enqueue(c, true);
	pump();
}

/* C is the first in the queue: may it go on?  It is not there any more if
 * not. */
static bool
has_turn(struct check *c)
{
	const struct penalty_who who = who_of(c);
	int64_t wait;

	if (c->waited)
		return true;
	wait = penalty_wait(auth.penalty, &who, ev_now_ms());
	c->waited = true;
	if (wait == 0)
		return true;
	dequeue(c);
	if (wait == -1)
		finish(c, AUTH_LIMITED, "penalty");
	else
		ev_timer_set(&c->wait, wait);
	return false;
}

/* Give work to the workers that are free.  Penalties are looked at here and not
 * when a login arrives, so that of a thousand guesses sent at once only the
 * first few are cheap. */
static void
pump(void)
{
	struct check *c;

	while ((c = TAILQ_FIRST(&auth.queue)) != NULL) {
		if (!has_turn(c))
			continue;
		if (!workers_free())
			return;
		dequeue(c);
		workers_run(
		    &c->job, slice_str(c->stored), buf_slice(&c->secret));
	}
}

/* ---- the tables ---- */

static void
table_failed(struct check *c, const struct table *t)
{
	log_err("table.failed", kv_s("table", table_spec(t)),
	    kv_s("why", table_problem(t)));
	finish(c, AUTH_TEMPFAIL, "table");
}

static void
ready(struct check *c)
{
	const struct penalty_who who = who_of(c);
	const struct auth_cache_key key = cache_key(c);
	const int64_t now = ev_now_ms();

	if (c->stored != NULL && penalty_peek(auth.penalty, &who, now) == 0 &&
	    auth_cache_hit(auth.cache, &key, now, auth_conf->cache_lifetime)) {
		pass(c);
		return;
	}
	enqueue(c, false);
	pump();
}

static void
on_account(struct table_request *rq, enum found found, struct slice value)
{
	struct check *c = OUTER(rq, struct check, rq);
	struct err err;

	if (found == TEMPFAIL) {
		table_failed(c, auth.accounts);
		return;
	}
	if (found == FOUND && account_parse(slice_str(c->account), value,
				  &c->facts, &err) == -1) {
		log_err("auth.account-entry", kv_s("account", c->account),
		    kv_s("why", err.text));
		finish(c, AUTH_TEMPFAIL, "table");
		return;
	}
	if (found == ABSENT)
		xfree(&c->stored);
	ready(c);
}

static void
on_password(struct table_request *rq, enum found found, struct slice value)
{
	struct check *c = OUTER(rq, struct check, rq);

	if (found == TEMPFAIL) {
		table_failed(c, auth.passwords);
		return;
	}
	if (found == FOUND && value.n > PASSWORD_HASH_MAX) {
		log_err("auth.hash-too-long", kv_s("account", c->account));
		finish(c, AUTH_TEMPFAIL, "hash");
		return;
	}
	if (found == FOUND)
		c->stored = xslicedup(value);
	rq->done = on_account;
	table_find(auth.accounts, slice_str(c->account), rq);
}

/* ---- messages ---- */

static struct slice
default_domain(void)
{
	const struct slice d = slice_str(auth_conf->default_domain);

	return d.n > 0 ? d : slice_str(auth_conf->shared.domains.v[0]);
}

/* The account that NAME means, or NAME itself where it can be none: then no
 * table knows it. */
static char *
account_name(struct slice name)
{
	struct buf out;
	char *account;

	buf_init(&out, AUTH_LOGIN_MAX * 2);
	if (!auth_name(name, default_domain(), &out))
		buf_add(&out, name);
	account = xslicedup(buf_slice(&out));
	buf_fini(&out);
	return account;
}

/* Take over what M says; false when it is more than an honest peer sends. */
static bool
take(struct check *c, const struct msg_auth_check *in)
{
	struct addr client;

	c->tls = in->tls;
	if (in->login.n > AUTH_LOGIN_MAX || in->authzid.n > AUTH_LOGIN_MAX ||
	    in->secret.n > AUTH_SECRET_MAX || in->client.n > 100 ||
	    !slice_copy(in->service, c->service, sizeof c->service))
		return false;
	c->account = account_name(in->login);
	c->authzid =
	    in->authzid.n > 0 ? account_name(in->authzid) : xstrdup("");
	c->client = xslicedup(in->client);
	c->source = penalty_source(slice_str(c->client), c->source_bytes);
	if (addr_parse(&client, slice_str(c->client), 1, NULL) == 0 &&
	    conf_nets_match(&auth_conf->penalty_exempt_networks, &client))
		c->source = slice_of(NULL, 0);
	secret_init(&c->secret, AUTH_SECRET_MAX);
	buf_add(&c->secret, in->secret);
	return true;
}

static bool
tells_password(struct slice mechanism)
{
	const struct sasl_mech *mech = sasl_mech_find(mechanism);

	return mech != NULL && sasl_mech_is_clear(mech);
}

void
auth_on_check(struct ipc *peer, struct msg *m)
{
	struct check *c = xcalloc(1, sizeof *c);

	c->peer = peer;
	c->id = m->auth_check.id;
	c->job.done = on_hashed;
	c->rq.done = on_password;
	ev_timer_init(&c->wait, on_turn);
	TAILQ_INSERT_TAIL(&auth.all, c, link);
	auth.n++;
	if (!take(c, &m->auth_check))
		finish(c, AUTH_TEMPFAIL, "message");
	else if (auth.n > auth_conf->queue_limit)
		finish(c, AUTH_LIMITED, "queue");
	else if (!tells_password(m->auth_check.mechanism))
		finish(c, AUTH_TEMPFAIL, "mechanism");
	else
		table_find(auth.passwords, slice_str(c->account), &c->rq);
}

void
auth_on_redeem(struct ipc *peer, struct msg *m)
{
	const struct slice service =
	    ipc_role(peer) == ROLE_IMAPD ? SLICE("imap") : SLICE("pop3");
	struct ticket_facts facts = { .uid = 0 };

	if (!tickets_redeem(auth.tickets, m->auth_redeem.ticket, service,
		ipc_uid(peer), ev_now_ms(), &facts)) {
		log_warn("auth.ticket-refused",
		    kv_s("peer", role_name(ipc_role(peer))),
		    kv_u("index", ipc_index(peer)));
		IPC_SEND(peer, auth_redeemed, .id = m->auth_redeem.id,
		    .ok = false, .why = SLICE("the ticket does not count"));
		return;
	}
	IPC_SEND(peer, auth_redeemed, .id = m->auth_redeem.id, .ok = true,
	    .account = facts.account, .uid = facts.uid, .home = facts.home,
	    .quota = facts.quota);
}

void
auth_on_gone(struct ipc *peer)
{
	struct check *c, *next;

	for (c = TAILQ_FIRST(&auth.all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->peer == peer)
			check_free(c);
	}
	pump();
}

/* ---- start and end ---- */

int
auth_check_configure(struct err *err)
{
	struct table *passwords, *accounts;

	auth.limits = (struct penalty_limits){
		.base_ms = auth_conf->penalty_delay,
		.max_ms = auth_conf->penalty_delay_max,
		.forget_ms = auth_conf->penalty_forget,
		.free_pair = auth_conf->penalty_free,
		.free_source = auth_conf->penalty_free_address,
	};
	passwords = table_open(auth_conf->passwords, auth.dir, err);
	accounts = table_open(auth_conf->shared.accounts, auth.dir, err);
	if (passwords == NULL || accounts == NULL) {
		table_free(&passwords);
		table_free(&accounts);
		return -1;
	}
	table_watch_stop(&auth.watch);
	table_free(&auth.passwords);
	table_free(&auth.accounts);
	auth.passwords = passwords;
	auth.accounts = accounts;
	table_watch_start(
	    &auth.watch, (struct table *[]){ passwords, accounts }, 2);
	return 0;
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
auth_check_start(int tables_dir, struct err *err)
{
	static struct buf scheme = { .max = 32 };

	auth.dir = tables_dir;
	auth.penalty = penalty_new(&auth.limits, RECORDS_MAX);
	auth.tickets = tickets_new(TICKETS_MAX);
	auth.cache = auth_cache_new(CACHE_MAX);
	ev_timer_init(&auth.watch.timer, NULL);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		metric_register(&results[i].metric);
	buf_add(
	    &scheme, conf_word(&auth_conf_desc, auth_conf, "unknown_scheme"));
	if (auth_check_configure(err) == -1)
		return -1;
	return workers_start(worker_count(), buf_cstr(&scheme), pump, err);
}

void
auth_check_stop(void)
{
	workers_stop();
	while (!TAILQ_EMPTY(&auth.all))
		check_free(TAILQ_FIRST(&auth.all));
	table_watch_stop(&auth.watch);
	table_free(&auth.passwords);
	table_free(&auth.accounts);
	auth_cache_free(&auth.cache);
	tickets_free(&auth.tickets);
	penalty_free(&auth.penalty);
}
