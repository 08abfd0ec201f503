/* SPDX-License-Identifier: ISC */
#include "master/reload.h"

#include <bsd/string.h>
#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/confset.h"
#include "ev/loop.h"
#include "log/log.h"
#include "master/child.h"
#include "master/child_roster.h"
#include "master/config.h"
#include "master/equip.h"
#include "master/isolation.h"
#include "master/lastgood.h"
#include "master/listen.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/slots.h"
#include "master/trial.h"

enum {
	TEXT_BYTES = MSG_MAX_BYTES - 64,
	QUIET_MS = 3000,  /* then it is said who is waited for, */
	AGAIN_MS = 10000, /* and again */
};

struct reload_request {
	TAILQ_ENTRY(reload_request) link;
	struct ipc *peer; /* NULL: nobody waits for the answer */
	uint64_t id;
	bool apply;
};

TAILQ_HEAD(requests, reload_request);

static struct {
	struct requests waiting;
	struct requests now; /* those that one run answers; empty: none is
				under way */
	bool apply;          /* what they ask for */
	struct trial *trial; /* under way; or NULL */
	struct equip with;   /* what is being tried */
	struct master_conf *conf;
	struct confset *files;
	struct buf why; /* mistakes, a line each */
	/* Once they are in effect: what was before, until all have answered. */
	bool applied;
	struct master_conf *old_conf;
	struct confset *old_files;
	bool was_last_good;
	struct buf answers;
	struct ev_timer deadline, quiet;
	struct ev_task settle, next;
} reload = { .waiting = TAILQ_HEAD_INITIALIZER(reload.waiting),
	.now = TAILQ_HEAD_INITIALIZER(reload.now) };

/* ---- words on the way ---- */

static void
add_awaited(struct buf *out)
{
	const struct child *c;

	if (reload.trial != NULL)
		trial_awaited(reload.trial, out);
	TAILQ_FOREACH(c, &master_children, link)
	{
		if (!reload.applied || c->retired || c->awaited == 0)
			continue;
		buf_addf(out, "waiting for service %s (", c->service);
		if (c->pid > 0)
			buf_addf(out, "process %d)\n", (int)c->pid);
		else
			buf_adds(out, "no process yet)\n");
	}
}

static void
tell_all(const struct requests *to, struct slice text)
{
	const struct reload_request *r;

	TAILQ_FOREACH(r, to, link)
	if (r->peer != NULL)
		IPC_SEND(r->peer, master_controlled, .id = r->id, .ok = true,
		    .more = true, .text = text);
}

static void
on_quiet(struct ev_timer *t)
{
	struct buf text = { .max = TEXT_BYTES };
	struct slice rest;

	if (master.stopping)
		return;
	add_awaited(&text);
	tell_all(&reload.now, buf_slice(&text));
	tell_all(&reload.waiting, buf_slice(&text));
	for (rest = buf_slice(&text); rest.n > 0;)
		log_warn("master.reload-waiting",
		    kv_slice("what", slice_cut(rest, '\n', &rest)));
	buf_fini(&text);
	ev_timer_set(t, AGAIN_MS);
}

/* ---- the end of a request ---- */

static void
finish(bool ok)
{
	struct reload_request *r;

	ev_timer_stop(&reload.quiet);
	if (!ok && reload.apply)
		log_err("master.reload-refused",
		    kv_slice("why", slice_trim(buf_slice(&reload.why))));
	while ((r = TAILQ_FIRST(&reload.now)) != NULL) {
		if (r->peer != NULL)
			IPC_SEND(r->peer, master_controlled, .id = r->id,
			    .ok = ok, .more = false,
			    .text =
				buf_slice(ok ? &reload.answers : &reload.why));
		TAILQ_REMOVE(&reload.now, r, link);
		free(r);
	}
	master_conf_free(&reload.conf);
	confset_free(&reload.files);
	master_conf_free(&reload.old_conf);
	confset_free(&reload.old_files);
	buf_fini(&reload.why);
	buf_fini(&reload.answers);
	reload.applied = false;
	ev_task_queue(&reload.next);
}

static void
refuse(void)
{
	if (reload.conf != NULL)
		master_listen_trim(master.conf);
	finish(false);
}

/* ---- in effect ---- */

static unsigned
awaited(void)
{
	const struct child *c;
	unsigned n = 0;

	TAILQ_FOREACH(c, &master_children, link)
	n += !c->retired && c->awaited > 0;
	return n;
}

/* Processes that stay compare old and new, so old goes last. */
static void
put_in_force(struct master_conf *conf, struct confset *files, bool last_good)
{
	const struct isolations isolations = isolation_load(files);

	child_retire(conf, &isolations);
	master.isolations = isolations;
	master.conf = conf;
	master.files = files;
	master.last_good = last_good;
	master.generation++;
	child_apply(conf);
}

/* A process has said no: back to what was, whose addresses are still bound. */
static void
take_back(void)
{
	struct master_conf *conf = master.conf;
	struct confset *files = master.files;

	put_in_force(reload.old_conf, reload.old_files, reload.was_last_good);
	reload.old_conf = conf;
	reload.old_files = files;
	master_listen_trim(master.conf);
	finish(false);
}

/* What the processes of service NAME have said. */
static void
tell_service(const char *name, struct buf *out)
{
	const char *how = "good; no process runs", *remark = "";
	const struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	{
		if (c->retired || strcmp(c->service, name) != 0)
			continue;
		how = "reloaded";
		if (c->why[0] != '\0')
			remark = c->why;
	}
	buf_addf(out, "service %s: %s%s%s\n", name, how,
	    *remark != '\0' ? "; " : "", remark);
}

static void
settle(struct ev_task *task)
{
	(void)task;
	if (!reload.applied || awaited() > 0 || master.stopping)
		return;
	ev_timer_stop(&reload.deadline);
	if (reload.why.n > 0) {
		take_back();
		return;
	}
	for (size_t i = 0; i < master.conf->nservices; i++)
		tell_service(master.conf->services[i].name, &reload.answers);
	master_listen_trim(master.conf);
	log_info("master.reloaded");
	lastgood_save();
	finish(true);
}

static void
add_no(const struct child *c, struct slice why)
{
	buf_addf(&reload.why, "service %s: %.*s\n", c->service, SLICE_FMT(why));
}

/* C may be in the middle of its end, so what follows comes later. */
static void
on_answer(struct child *c, bool ok, struct slice why)
{
	if (!reload.applied)
		return;
	if (!ok)
		add_no(c, why);
	else
		(void)slice_copy(why, c->why, sizeof c->why);
	ev_task_queue(&reload.settle);
}

static void
on_deadline(struct ev_timer *t)
{
	struct child *c;

	(void)t;
	TAILQ_FOREACH(c, &master_children, link)
	{
		if (c->retired || c->awaited == 0)
			continue;
		c->awaited = 0;
		if (c->anew) {
			strlcpy(c->why,
			    "finishes its work; then another takes its place",
			    sizeof c->why);
			continue;
		}
		add_no(c,
		    SLICE("no answer within start_timeout and stop_timeout"));
	}
	settle(&reload.settle);
}

static void
apply(void)
{
	struct child *c;

	TAILQ_FOREACH(c, &master_children, link)
	c->why[0] = '\0';
	reload.old_conf = master.conf;
	reload.old_files = master.files;
	reload.was_last_good = master.last_good;
	reload.applied = true;
	put_in_force(reload.conf, reload.files, false);
	reload.conf = NULL;
	reload.files = NULL;
	/* What is replaced may have work to finish before the other starts. */
	ev_timer_set(&reload.deadline,
	    master.conf->start_timeout + master.conf->stop_timeout);
	ev_task_queue(&reload.settle);
}

/* ---- the trial ---- */

static void
on_tried(struct trial *t, struct slice why)
{
	(void)t;
	reload.trial = NULL;
	buf_add(&reload.why, why);
	if (reload.why.n > 0)
		refuse();
	else if (reload.apply)
		apply();
	else
		finish(true);
}

/* The files are read after all who wait asked for that: one run is for all of
 * them that ask for the same. */
static bool
take_requests(void)
{
	struct reload_request *r = TAILQ_FIRST(&reload.waiting), *next;

	if (r == NULL)
		return false;
	reload.apply = r->apply;
	TAILQ_FOREACH_SAFE(r, &reload.waiting, link, next)
	if (r->apply == reload.apply) {
		TAILQ_REMOVE(&reload.waiting, r, link);
		TAILQ_INSERT_TAIL(&reload.now, r, link);
	}
	return true;
}

static void
begin(struct ev_task *task)
{
	(void)task;
	if (!TAILQ_EMPTY(&reload.now) || master.stopping || !take_requests())
		return;
	buf_init(&reload.why, TEXT_BYTES);
	buf_init(&reload.answers, TEXT_BYTES);
	ev_timer_set(&reload.quiet, QUIET_MS);
	if (reload.apply)
		logpipe_reopen();
	else if (master.log_file != NULL) /* a restart may follow */
		logpipe_try(master.log_file, &reload.why);
	reload.files = master_config_read(&reload.why);
	if (reload.files == NULL ||
	    master_config_load(reload.files, &reload.conf, &reload.why) == -1) {
		finish(false);
		return;
	}
	if (reload.apply)
		(void)master_listen_bind(reload.conf, &reload.why);
	else
		(void)master_listen_try(reload.conf, &reload.why);
	reload.with = (struct equip){ reload.conf, reload.files };
	reload.trial = trial_new(&reload.with, on_tried);
}

/* ---- requests ---- */

void
reload_request(struct ipc *peer, uint64_t id, bool apply_too)
{
	struct reload_request *r = xcalloc(1, sizeof *r);

	r->peer = peer;
	r->id = id;
	r->apply = apply_too;
	TAILQ_INSERT_TAIL(&reload.waiting, r, link);
	ev_task_queue(&reload.next);
}

void
reload_forget(const struct ipc *peer)
{
	struct reload_request *r;

	TAILQ_FOREACH(r, &reload.now, link)
	if (r->peer == peer)
		r->peer = NULL;
	TAILQ_FOREACH(r, &reload.waiting, link)
	if (r->peer == peer)
		r->peer = NULL;
}

void
reload_init(void)
{
	ev_timer_init(&reload.deadline, on_deadline);
	ev_timer_init(&reload.quiet, on_quiet);
	ev_task_init(&reload.settle, settle);
	ev_task_init(&reload.next, begin);
	child_setup(on_answer);
}
