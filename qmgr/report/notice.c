/* SPDX-License-Identifier: ISC */
#include "qmgr/report/notice.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/conf.h"
#include "qmgr/queue/bad.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/report/adminmail.h"

enum {
	COLLECT_MS = 60000,  /* from the first file on */
	EVERY_MS = 3600000,  /* between two notices */
	RETRY_MS = 300000,   /* after one that could not be written */
	FILES_A_NOTICE = 50, /* named in it */
	TEXT_MAX_BYTES = 512 << 10,
};

struct notice {
	struct newfile file;
	struct arena names_arena;
	struct slice names[FILES_A_NOTICE];
	size_t n;
	bool more; /* there are others */
	struct ev_task collect;
	struct slice after; /* how far bad/ has been looked through */
};

static struct {
	struct ev_timer timer;
	int64_t next_ms; /* none before then */
	struct notice *open;
	bool again; /* a file came while one is open */
	bool stopped;
} state;

static void
set_timer(int64_t wait_ms)
{
	const int64_t left = state.next_ms - ev_now_ms();

	if (state.stopped || state.open != NULL)
		return;
	ev_timer_set(&state.timer, wait_ms > left ? wait_ms : left);
}

/* ---- what it says ---- */

static void
add_file(struct buf *b, struct slice name)
{
	struct bad_file file, *f = &file;
	struct arena arena;

	arena_init(&arena);
	(void)bad_read(name, &arena, f, NULL);
	buf_adds(b, "\r\n");
	adminmail_plain(b, name);
	buf_adds(b, "\r\n    reason: ");
	adminmail_plain(b, f->why.n > 0 ? f->why : SLICE("not known"));
	buf_adds(b, "\r\n    sender: ");
	adminmail_plain(b, f->sender.n > 0 ? f->sender : SLICE("-"));
	for (size_t i = 0; i < f->nrcpts && i < 20; i++) {
		buf_adds(b, "\r\n    recipient: ");
		adminmail_plain(b, f->rcpts[i]);
	}
	buf_adds(b, "\r\n");
	arena_fini(&arena);
}

static void
add_text(struct buf *b, const struct notice *n)
{
	buf_addf(b,
	    "The queue on %s has quarantined these files, because they "
	    "could not be\r\nparsed. Nobody else has been notified, "
	    "and they are not delivered.\r\n\r\n",
	    qmgr_conf->shared.hostname);
	buf_adds(b, "    pabal queue bad                 shows them\r\n"
		    "    pabal queue bad restore all     tries them again\r\n"
		    "    pabal queue bad show NAME       prints one\r\n"
		    "    pabal queue bad delete NAME     removes one\r\n");
	for (size_t i = 0; i < n->n; i++)
		add_file(b, n->names[i]);
	if (n->more)
		buf_adds(b, "\r\nand others.\r\n");
}

static bool
is_to_tell(struct slice name)
{
	struct bad_file f;
	struct arena arena;
	bool yes;

	arena_init(&arena);
	yes = bad_read(name, &arena, &f, NULL) == 0 && f.kind == BAD_DAMAGED &&
	      !f.told;
	arena_fini(&arena);
	return yes;
}

/* The next files that nobody knows of, all of them if they are few; false when
 * there is no more to look at. */
static bool
collect(struct notice *n)
{
	struct slice names[FILES_A_NOTICE];
	bool more;
	const size_t got = bad_names(
	    n->after, ARRAY_LEN(names), names, &n->names_arena, &more);

	for (size_t i = 0; i < got; i++) {
		n->after = names[i];
		if (!is_to_tell(names[i]))
			continue;
		if (n->n == ARRAY_LEN(n->names))
			n->more = true;
		else
			n->names[n->n++] = names[i];
	}
	return more && !n->more;
}

/* ---- writing it ---- */

static void
finish(struct notice *n, bool ok)
{
	const bool more = n->more || !ok;

	if (n->n > 0)
		state.next_ms = ev_now_ms() + (ok ? EVERY_MS : RETRY_MS);
	for (size_t i = 0; ok && i < n->n; i++)
		bad_told(n->names[i]);
	newfile_fini(&n->file);
	arena_fini(&n->names_arena);
	free(n);
	state.open = NULL;
	if (more || state.again)
		set_timer(more ? 0 : COLLECT_MS);
	state.again = false;
}

static void
on_written(struct newfile *nf, int error)
{
	struct notice *n = OUTER(nf, struct notice, file);

	if (error == 0)
		log_info("spool.postmaster-notified", kv_s("qid", nf->id),
		    kv_u("files", n->n));
	finish(n, error == 0);
}

static int
write_notice(struct notice *n, struct err *err)
{
	struct buf text = { .max = TEXT_MAX_BYTES };
	int rc;

	add_text(&text, n);
	rc = adminmail_write(&n->file,
	    &(const struct adminmail){ .to = "postmaster",
		.subject = "Messages quarantined",
		.text = buf_slice(&text) },
	    on_written, err);
	buf_fini(&text);
	return rc;
}

/* A page of bad/ in each turn. */
static void
on_collect(struct ev_task *task)
{
	struct notice *n = OUTER(task, struct notice, collect);
	struct err err = { 0 };

	if (collect(n)) {
		ev_task_queue(task);
		return;
	}
	if (n->n > 0 && write_notice(n, &err) == 0)
		return;
	if (n->n > 0)
		log_err("spool.failed", kv_s("qid", ""), kv_s("why", err.text));
	n->more = false;
	finish(n, n->n == 0);
}

static void
on_time(struct ev_timer *t)
{
	struct notice *n = xcalloc(1, sizeof *n);

	(void)t;
	n->file.fd = -1;
	n->after = SLICE("");
	arena_init(&n->file.arena);
	arena_init(&n->names_arena);
	ev_task_init(&n->collect, on_collect);
	state.open = n;
	on_collect(&n->collect);
}

/* There is something to tell; others are waited for first. */
static void
on_damaged(void)
{
	if (state.open != NULL)
		state.again = true;
	else if (!ev_timer_running(&state.timer))
		set_timer(COLLECT_MS);
}

void
notice_start(void)
{
	set_timer(0);
}

void
notice_stop(void)
{
	state.stopped = true;
	ev_timer_stop(&state.timer);
}

void
notice_init(void)
{
	ev_timer_init(&state.timer, on_time);
	bad_on_damaged(on_damaged);
}
