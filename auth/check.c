/* SPDX-License-Identifier: ISC */
#include "auth/check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "auth/asked.h"
#include "auth/cache.h"
#include "auth/conf.h"
#include "auth/fair.h"
#include "auth/penalty.h"
#include "auth/worker.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"
#include "ipc/auth.h"
#include "ipc/role.h"
#include "log/log.h"
#include "log/metric.h"
#include "sasl/password.h"
#include "sasl/secret.h"
#include "table/account.h"
#include "table/table.h"
#include "table/watch.h"
#include "tls/digest.h"

enum { RECORDS_MAX = 100000, CACHE_MAX = 50000, ADMIT_MS = 10000 };

struct auth_check {
	TAILQ_ENTRY(auth_check) link; /* among all */
	struct fair_entry turn;       /* while it waits for a worker */
	struct ipc *peer;             /* NULL: nobody waits for the answer */
	uint64_t id;
	struct table_request rq;
	struct worker_job job;
	struct ev_timer wait;
	struct ipc_call admit; /* master is being told */
	int64_t began_ms;
	bool waited; /* its penalty is settled */
	bool tls;
	char *login;   /* as typed */
	char *account; /* canonical; of a name that cannot be, lower case */
	char *authzid; /* canonical; empty: itself */
	char *stored;  /* hash; NULL: the account cannot log in */
	char *client;
	char service[16];
	struct buf secret;
	struct account_entry facts;
	uint8_t ticket[AUTH_TICKET_SIZE];
	bool has_ticket;
	uint8_t source_bytes[16];
	struct slice source;
};

static struct {
	int dir;
	struct table *passwords, *accounts;
	struct table_watch watch;
	struct penalty_limits limits;
	struct penalty *penalty;
	struct auth_cache *cache;
	TAILQ_HEAD(, auth_check) all;
	struct fair queue;
	size_t n;
} auth = {
	.all = TAILQ_HEAD_INITIALIZER(auth.all),
};

static struct metric forgotten = { .name = "pabal_auth_forgotten",
	.help = "Logins whose client left before they were checked." };

/* clang-format off */
static struct {
	const char *name;
	const char *text; /* for the client */
	struct metric metric;
} results[] = {
	[AUTH_OK] = { "ok", "",
	    { .name = "pabal_auth_ok", .help = "Successful logins." } },
	[AUTH_REFUSED] = { "refused", "wrong name or password",
	    { .name = "pabal_auth_refused",
	      .help = "Logins with an unknown name or a wrong password." } },
	[AUTH_DENIED] = { "denied", "this account may not do that",
	    { .name = "pabal_auth_denied",
	      .help = "Logins to a service that the account may not use." } },
	[AUTH_LIMITED] = { "limited", "too many attempts, try again later",
	    { .name = "pabal_auth_limited",
	      .help = "Logins refused after too many failures, or with too many waiting." } },
	[AUTH_TEMPFAIL] = { "tempfail", "temporary failure, try again",
	    { .name = "pabal_auth_tempfail",
	      .help = "Logins that could not be checked." } },
};
/* clang-format on */

static void pump(void);

/* ---- one check ---- */

static void
check_free(struct auth_check *c)
{
	table_cancel(&c->rq);
	worker_forget(&c->job);
	ipc_cancel(&c->admit);
	ev_timer_stop(&c->wait);
	explicit_bzero(c->ticket, sizeof c->ticket);
	fair_del(&auth.queue, &c->turn);
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

static void
log_result(const struct auth_check *c, enum auth_result result, const char *why)
{
	const char *tls = c->tls ? "yes" : "no";

	if (result == AUTH_OK)
		log_info("auth.ok", kv_s("account", c->account),
		    kv_s("client", c->client), kv_s("protocol", c->service),
		    kv_s("tls", tls));
	else
		log_warn("auth.refused", kv_s("account", c->account),
		    kv_s("client", c->client), kv_s("protocol", c->service),
		    kv_s("tls", tls), kv_s("result", results[result].name),
		    kv_s("why", why));
}

/* A ticket opens a mailbox; sending mail needs none. */
static bool
has_session(struct slice service)
{
	return slice_is(service, "imap") || slice_is(service, "pop3");
}

/* Answer, and the check is over; WHY is for the log. */
static void
finish(struct auth_check *c, enum auth_result result, const char *why)
{
	const bool ok = result == AUTH_OK;

	metric_add(&results[result].metric, 1);
	log_result(c, result, why);
	if (c->peer == NULL) {
		check_free(c);
		return;
	}
	IPC_SEND(c->peer, auth_checked, .id = c->id, .result = result,
	    .account = slice_str(ok ? c->account : ""),
	    .ticket =
		slice_of(c->ticket, ok && c->has_ticket ? sizeof c->ticket : 0),
	    .why = slice_str(results[result].text));
	check_free(c);
}

static void
on_admitted(struct ipc_call *call, struct msg *m)
{
	struct auth_check *c = OUTER(call, struct auth_check, admit);

	if (m != NULL && m->master_admitted.ok) {
		finish(c, AUTH_OK, NULL);
		return;
	}
	log_warn("auth.not-admitted", kv_s("account", c->account),
	    kv_slice("why",
		m != NULL ? m->master_admitted.why : SLICE("no answer")));
	finish(c, AUTH_TEMPFAIL, "no session");
}

static enum role
session_role(const struct auth_check *c)
{
	return slice_is(slice_str(c->service), "imap") ? ROLE_IMAPD
						       : ROLE_POP3D;
}

/* Of a session master has to know, and it may have no room for it. */
static void
succeed(struct auth_check *c)
{
	if (c->peer == NULL || !has_session(slice_str(c->service))) {
		finish(c, AUTH_OK, NULL);
		return;
	}
	digest_random(c->ticket, sizeof c->ticket);
	c->has_ticket = true;
	IPC_CALL(ipc_master(), &c->admit, master_admitted, on_admitted,
	    ADMIT_MS, master_admit, .role = session_role(c),
	    .login = ipc_index(c->peer),
	    .ticket = slice_of(c->ticket, sizeof c->ticket),
	    .account = slice_str(c->account),
	    .uid = c->facts.uid == ACCOUNT_VIRTUAL ? 0 : c->facts.uid,
	    .home = slice_of(c->facts.home, c->facts.home_len),
	    .quota = c->facts.quota_bytes);
}

/* Whoever waits for a turn of the same pair need not wait any more. */
static void
release(const struct auth_check *c)
{
	struct auth_check *other;

	TAILQ_FOREACH(other, &auth.all, link)
	if (ev_timer_running(&other->wait) &&
	    strcmp(other->account, c->account) == 0 &&
	    slice_eq(other->source, c->source))
		ev_timer_set(&other->wait, 0);
}

static void
pass(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);

	penalty_passed(auth.penalty, &who);
	release(c);
	if ((c->facts.flags & ACCOUNT_NO_LOGIN) != 0)
		finish(c, AUTH_DENIED, "login=no");
	else if (c->authzid[0] != '\0' && strcmp(c->authzid, c->account) != 0)
		finish(c, AUTH_DENIED, "another authorization identity");
	else
		succeed(c);
}

static void
on_hashed(struct worker_job *job, enum found found, const char *why)
{
	struct auth_check *c = OUTER(job, struct auth_check, job);
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

/* Who speaks for many people has no source: there each account counts. */
static void
enqueue(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);
	const enum fair_class class =
	    penalty_is_known(auth.penalty, &who)                 ? FAIR_KNOWN
	    : penalty_was_wrong(auth.penalty, &who, ev_now_ms()) ? FAIR_WRONG
								 : FAIR_FRESH;

	fair_put(&auth.queue, &c->turn,
	    c->source.n > 0 ? c->source : slice_str(c->account), class);
}

static void
on_turn(struct ev_timer *t)
{
	enqueue(OUTER(t, struct auth_check, wait));
	pump();
}

/* C, which was taken out of the queue: is its password to be hashed now? */
static bool
has_turn(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);
	int64_t wait;

	if (ev_now_ms() - c->began_ms > AUTH_WAIT_MS) {
		finish(c, AUTH_TEMPFAIL, "late");
		return false;
	}
	if (c->waited)
		return true;
	wait = penalty_wait(auth.penalty, &who, ev_now_ms());
	c->waited = true;
	if (wait == 0)
		return true;
	/* in a flood nobody waits for what is likely to be wrong */
	if (wait == -1 || auth.n - auth.queue.n > auth_conf->queue_limit)
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
	struct fair_entry *e;

	while (worker_is_free() && (e = fair_next(&auth.queue)) != NULL) {
		struct auth_check *c = OUTER(e, struct auth_check, turn);

		if (has_turn(c))
			worker_run(&c->job, slice_str(c->stored),
			    buf_slice(&c->secret));
	}
}

/* Too many wait: the last one of those who have most waiting goes. */
static void
make_room(void)
{
	struct fair_entry *e = fair_surplus(&auth.queue);

	if (e != NULL)
		finish(
		    OUTER(e, struct auth_check, turn), AUTH_LIMITED, "queue");
}

/* ---- the tables ---- */

static void
table_failed(struct auth_check *c, const struct table *t)
{
	table_log_problem(t);
	finish(c, AUTH_TEMPFAIL, "table");
}

static void
ready(struct auth_check *c)
{
	const struct penalty_who who = who_of(c);
	const struct auth_cache_key key = cache_key(c);
	const int64_t now = ev_now_ms();

	if (c->stored != NULL && penalty_peek(auth.penalty, &who, now) == 0 &&
	    auth_cache_hit(auth.cache, &key, now, auth_conf->cache_lifetime)) {
		pass(c);
		return;
	}
	enqueue(c);
	if (auth.queue.n > auth_conf->queue_limit)
		make_room();
	pump();
}

static void
on_account(struct table_request *rq, enum found found, struct slice value)
{
	struct auth_check *c = OUTER(rq, struct auth_check, rq);
	struct err err;

	if (found == TEMPFAIL) {
		table_failed(c, auth.accounts);
		return;
	}
	if (found == FOUND && account_parse(slice_str(c->account), value,
				  &c->facts, &err) == -1) {
		log_err("auth.entry-invalid", kv_s("account", c->account),
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
	struct auth_check *c = OUTER(rq, struct auth_check, rq);

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

/* Take over what M says; false when it is more than an honest peer sends. */
static bool
take(struct auth_check *c, const struct msg_auth_check *in)
{
	c->tls = in->tls;
	if (in->login.n > AUTH_LOGIN_MAX || in->authzid.n > AUTH_LOGIN_MAX ||
	    in->secret.n > AUTH_SECRET_MAX || in->client.n > 100 ||
	    !slice_copy(in->service, c->service, sizeof c->service))
		return false;
	c->account = asked_account(in->login);
	c->authzid =
	    in->authzid.n > 0 ? asked_account(in->authzid) : xstrdup("");
	c->client = xslicedup(in->client);
	c->source = asked_source(slice_str(c->client), c->source_bytes);
	secret_init(&c->secret, AUTH_SECRET_MAX);
	buf_add(&c->secret, in->secret);
	return true;
}

void
auth_on_check(struct ipc *peer, struct msg *m)
{
	struct auth_check *c;

	/* an smtpd that wants into mailboxes was taken over */
	if (has_session(m->auth_check.service) !=
	    (ipc_role(peer) == ROLE_LOGIN)) {
		ipc_drop(peer, "asks for another's service");
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->peer = peer;
	c->id = m->auth_check.id;
	c->began_ms = ev_now_ms();
	c->job.done = on_hashed;
	c->rq.done = on_password;
	ev_timer_init(&c->wait, on_turn);
	TAILQ_INSERT_TAIL(&auth.all, c, link);
	auth.n++;
	if (!take(c, &m->auth_check))
		finish(c, AUTH_TEMPFAIL, "message");
	else if (!asked_tells_password(m->auth_check.mechanism))
		finish(c, AUTH_TEMPFAIL, "mechanism");
	else
		table_find(auth.passwords, slice_str(c->account), &c->rq);
}

/* C's client has left.  A password that is being hashed is a guess all the
 * same, and counts. */
static void
forget(struct auth_check *c)
{
	metric_add(&forgotten, 1);
	if (c->job.worker != NULL)
		c->peer = NULL;
	else
		check_free(c);
}

void
auth_on_forget(struct ipc *peer, struct msg *m)
{
	struct auth_check *c;

	TAILQ_FOREACH(c, &auth.all, link)
	if (c->peer == peer && c->id == m->auth_forget.check) {
		forget(c);
		return;
	}
}

void
auth_on_gone(struct ipc *peer)
{
	struct auth_check *c, *next;

	for (c = TAILQ_FIRST(&auth.all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->peer == peer)
			forget(c);
	}
	pump();
}

/* ---- start and end ---- */

static int
open_tables(struct table **passwords, struct table **accounts, struct err *err)
{
	*passwords = table_open(auth_conf->passwords, auth.dir, err);
	*accounts = *passwords == NULL
			? NULL
			: table_open(auth_conf->shared.accounts, auth.dir, err);
	if (*accounts != NULL)
		return 0;
	table_free(passwords);
	return -1;
}

int
auth_check_try(int tables_dir, struct err *err)
{
	struct table *passwords, *accounts;
	int rc;

	auth.dir = tables_dir;
	if (open_tables(&passwords, &accounts, err) == -1)
		return -1;
	rc = table_try_needed(passwords, err);
	if (rc == 0)
		rc = table_try_needed(accounts, err);
	table_free(&passwords);
	table_free(&accounts);
	return rc;
}

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
	if (open_tables(&passwords, &accounts, err) == -1)
		return -1;
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
	auth.dir = tables_dir;
	auth.penalty = penalty_new(&auth.limits, RECORDS_MAX);
	auth.cache = auth_cache_new(CACHE_MAX);
	fair_init(&auth.queue);
	metric_register(&forgotten);
	ev_timer_init(&auth.watch.timer, NULL);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		metric_register(&results[i].metric);
	if (auth_check_configure(err) == -1)
		return -1;
	return worker_start_all(worker_count(),
	    password_scheme(auth_conf->unknown_scheme), pump, err);
}

void
auth_check_stop(void)
{
	worker_stop_all();
	while (!TAILQ_EMPTY(&auth.all))
		check_free(TAILQ_FIRST(&auth.all));
	fair_fini(&auth.queue);
	table_watch_stop(&auth.watch);
	table_free(&auth.passwords);
	table_free(&auth.accounts);
	auth_cache_free(&auth.cache);
	penalty_free(&auth.penalty);
}
