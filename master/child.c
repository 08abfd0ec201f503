/* SPDX-License-Identifier: ISC */
#include "master/child.h"

#include <signal.h>
#include <stdlib.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "conf/master.h"
#include "ipc/role_facts.h"
#include "log/log.h"
#include "master/broker.h"
#include "master/equip.h"
#include "master/idle.h"
#include "master/launch.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/size.h"
#include "master/slots.h"

enum {
	DELAY_MAX_MS = 60000, /* between two starts */
	STEADY_MS = 30000,    /* ready for that long: the delay starts anew */
	KILL_AFTER_MS = 5000, /* SIGTERM to SIGKILL */
	LAST_WORDS_MS = 3000, /* for the logger to write what it has */
	ALONE_MS = 50,        /* to look whether the other has ended */
};

static unsigned serving; /* processes that serve somebody in particular */

static void start(struct child *c);
static void on_restart_time(struct ev_timer *t);

static void (*on_answer)(struct child *c, bool ok, struct slice why);

void
child_setup(void (*answer)(struct child *c, bool ok, struct slice why))
{
	on_answer = answer;
}

void
child_answered(struct child *c, bool ok, struct slice why)
{
	if (c->awaited > 0 && --c->awaited == 0)
		on_answer(c, ok, why);
}

void
child_enter(struct child *c, enum child_state state)
{
	c->state = state;
	c->since_ms = ev_now_ms();
}

bool
child_is_served(const struct child *c)
{
	return role_serves_uid(c->role) && !c->nursery;
}

static void
keep_backoff(const struct child *c)
{
	char room[SLOT_KEY_BYTES];
	const struct slot_key key = slots_key_of(c);

	backoff_keep(slots_key_bytes(&key, room), &c->backoff, ev_now_ms());
}

static void
take_backoff(struct child *c)
{
	char room[SLOT_KEY_BYTES];
	const struct slot_key key = slots_key_of(c);

	c->backoff = backoff_take(slots_key_bytes(&key, room), ev_now_ms());
}

static void
slot_free(struct child *c)
{
	if (child_is_served(c))
		keep_backoff(c);
	broker_fail(c, "the process has ended");
	ev_timer_stop(&c->timer);
	idle_set(c, false);
	serving -= child_is_served(c);
	slots_remove(c);
	equip_close_place(c);
	free(c->place);
	free(c->account);
	free(c);
}

/* ---- ending ---- */

static void
drop_channel(struct child *c)
{
	struct ipc *peer = c->peer;

	broker_ended(c);
	c->peer = NULL;
	if (peer == NULL)
		return;
	ipc_set_data(peer, NULL);
	ipc_drop(peer, NULL);
}

void
child_on_kill_time(struct ev_timer *t)
{
	struct child *c = OUTER(t, struct child, timer);

	if (c->pid <= 0)
		return;
	(void)kill(c->pid, c->killed ? SIGKILL : SIGTERM);
	c->killed = true;
	ev_timer_set(t, KILL_AFTER_MS);
}

void
child_stop(struct child *c, bool retire)
{
	int64_t limit = master.conf->stop_timeout;

	if (role_writes_log(c->role) && limit > LAST_WORDS_MS)
		limit = LAST_WORDS_MS;
	c->retired |= retire;
	if (c->retired)
		slots_retire(c);
	if (c->state == CHILD_STOPPING)
		return;
	idle_set(c, false);
	if (c->pid <= 0) {
		/* The nursery's child ends by itself without a channel. */
		drop_channel(c);
		if (c->retired)
			slot_free(c);
		return;
	}
	child_enter(c, CHILD_STOPPING);
	if (c->peer == NULL ||
	    !IPC_SEND(c->peer, master_stop, .deadline_ms = (uint32_t)limit))
		(void)kill(c->pid, SIGTERM);
	c->timer.on_time = child_on_kill_time;
	ev_timer_set(&c->timer, limit + 1000);
}

/* Who comes and goes is started anew only if somebody still wants it. */
static void
on_restart_time(struct ev_timer *t)
{
	struct child *c = OUTER(t, struct child, timer);

	if (child_is_served(c) && TAILQ_EMPTY(&c->askers))
		slot_free(c);
	else
		start(c);
}

/* One account or user who makes his own process die again and again waits
 * longer each time; he who does so with one that serves others as well must not
 * have them wait. */
static int64_t
longest_delay_ms(const struct child *c)
{
	const bool shared =
	    role_serves_uid(c->role) && c->uid == 0 && c->account[0] == '\0';

	return shared ? 0 : DELAY_MAX_MS;
}

static void
start_later(struct child *c, int64_t ms)
{
	child_enter(c, CHILD_WAITING);
	c->timer.on_time = on_restart_time;
	ev_timer_set(&c->timer, ms);
}

void
child_ended(struct child *c)
{
	const bool asked = c->state == CHILD_STOPPING;
	const bool steady =
	    c->state == CHILD_READY && ev_now_ms() - c->since_ms >= STEADY_MS;

	slots_set_pid(c, 0);
	idle_set(c, false);
	if (role_writes_log(c->role))
		logpipe_logger(NULL);
	if (c->log != NULL)
		logpipe_free(c->log);
	c->log = NULL;
	drop_channel(c);
	ev_timer_stop(&c->timer);
	if (c->awaited > 0)
		c->awaited = 1;
	if (c->awaited > 0 && !c->anew) {
		child_answered(c, false,
		    c->why[0] != '\0' ? slice_str(c->why)
				      : SLICE("ended at its start"));
	}
	if (c->retired || master.stopping) {
		slot_free(c);
		return;
	}
	/* The first restart is at once: a crash costs its own sessions only. */
	if (asked || steady)
		c->backoff = (struct backoff){ 0, 0 };
	c->restarts += !asked;
	start_later(c, c->backoff.delay_ms);
	backoff_ended(&c->backoff, master.conf->restart_delay,
	    longest_delay_ms(c), ev_now_ms());
}

/* ---- starting ---- */

/* What only one process may own has been left by the one before. */
static bool
is_alone(const struct child *c)
{
	const struct child *other;

	if (role_facts(c->role)->number != NUMBER_ONE)
		return true;
	TAILQ_FOREACH(other, &master_children, link)
	if (other != c && other->role == c->role && other->pid > 0)
		return false;
	return true;
}

static void
on_start_timeout(struct ev_timer *t)
{
	struct child *c = OUTER(t, struct child, timer);

	strlcpy(c->why, "not ready within start_timeout", sizeof c->why);
	log_err("child.start-timeout", kv_s("service", c->service),
	    kv_i("pid", c->pid));
	if (c->pid > 0)
		(void)kill(c->pid, SIGKILL);
	else
		child_ended(c);
}

static struct child *
nursery_of(enum role role)
{
	return slots_find(
	    &(const struct slot_key){ .role = role, .nursery = true });
}

/* False when there is nothing for it to hold. */
static bool
open_place(struct child *c)
{
	struct err err = { 0 };

	if (equip_open_place(c, &err) == 0)
		return true;
	log_err("child.directory-failed", kv_s("service", c->service),
	    kv_s("directory", c->place), kv_s("why", err.text));
	return false;
}

static void
start(struct child *c)
{
	const struct child *nursery = NULL;
	struct err err = { 0 };

	if (!is_alone(c)) {
		c->timer.on_time = on_restart_time;
		ev_timer_set(&c->timer, ALONE_MS);
		return;
	}
	if (!open_place(c)) {
		broker_fail(c, "its directory cannot be opened");
		child_ended(c);
		return;
	}
	if (child_has_nursery(c)) {
		nursery = nursery_of(c->role);
		/* One that was killed has no channel before it is waited for.
		 */
		c->unborn = nursery == NULL || nursery->state != CHILD_READY ||
			    nursery->peer == NULL;
		if (c->unborn) /* start_unborn */
			return;
		c->generation = nursery->generation;
	}
	if (launch(c, nursery, &err) == -1) {
		log_err("child.exec-failed", kv_s("service", c->service),
		    kv_s("why", err.text));
		child_ended(c);
		return;
	}
	child_enter(c, CHILD_STARTING);
	c->timer.on_time = on_start_timeout;
	ev_timer_set(&c->timer, master.conf->start_timeout);
}

void
child_start_unborn(enum role role)
{
	struct child *c, *tmp;

	TAILQ_FOREACH_SAFE(c, &master_children, link, tmp)
	if (c->unborn && c->role == role) {
		c->unborn = false;
		start(c);
	}
}

/* ---- slots ---- */

struct child *
child_new(const struct service_conf *s, const struct slot_key *key,
    const char *account)
{
	struct child *c = xcalloc(1, sizeof *c);

	strlcpy(c->service, s->name, sizeof c->service);
	strlcpy(c->daemon, s->daemon, sizeof c->daemon);
	c->role = key->role;
	c->index = key->index;
	c->uid = key->uid;
	c->place = xslicedup(key->place);
	c->account = xstrdup(account);
	c->nursery = key->nursery;
	c->place_fd = -1;
	TAILQ_INIT(&c->askers);
	TAILQ_INIT(&c->unacked);
	ev_timer_init(&c->timer, on_restart_time);
	if (!open_place(c)) {
		free(c->place);
		free(c->account);
		free(c);
		return NULL;
	}
	serving += child_is_served(c);
	/* Who comes later has what counts then. */
	c->awaited = !child_is_served(c);
	slots_add(c);
	if (child_has_nursery(c) && nursery_of(c->role) == NULL)
		(void)child_new(s,
		    &(const struct slot_key){
			.role = c->role, .nursery = true },
		    "");
	if (child_is_served(c))
		take_backoff(c);
	if (c->backoff.until_ms > ev_now_ms())
		start_later(c, c->backoff.until_ms - ev_now_ms());
	else
		start(c);
	return c;
}

bool
child_have_room(void)
{
	struct child *c = idle_longest();

	if (serving < size_serving(master.conf))
		return true;
	if (c == NULL)
		return false;
	log_debug(
	    "child.idle", kv_s("service", c->service), kv_i("pid", c->pid));
	child_stop(c, true);
	return true;
}
