/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cur.h"
#include "base/mem.h"
#include "log/log.h"
#include "qmgr/queue/repair.h"
#include "qmgr/queue/spool_names.h"
#include "qmgr/queue/tail.h"
#include "queue/envelope_text.h"
#include "queue/front.h"
#include "sys/fd.h"

enum {
	HEAD_FIRST_BYTES = 4096, /* enough for nearly every envelope */
	NOTES_MAX_BYTES = TAIL_MAX_BYTES,
};

/* ---- building ---- */

struct message *
message_new(struct entry *e, struct arena *arena, const struct envelope *env,
    size_t head_bytes)
{
	struct message *m = xcalloc(1, sizeof *m);

	m->entry = e;
	m->active_ms = ev_now_ms();
	m->arena = *arena;
	arena_init(arena);
	m->env = *env;
	m->held = env->hold.n > 0;
	m->held_why = env->hold;
	m->head_bytes = head_bytes;
	buf_init(&m->notes, NOTES_MAX_BYTES);
	ev_timer_init(&m->report_again, NULL);
	map_init(&m->by_address);
	for (size_t i = 0; i < env->nrcpts; i++)
		rcpt_add(m, &env->rcpts[i]);
	return m;
}

void
message_free(struct message **mp)
{
	struct message *m = *mp;

	if (m == NULL)
		return;
	ev_task_cancel(&m->write_notes);
	ev_timer_stop(&m->report_again);
	buf_fini(&m->notes);
	map_fini(&m->by_address);
	kept_drop(&m->kept);
	arena_fini(&m->arena);
	free(m->rcpts);
	xfree(mp);
}

int
message_open_file(struct message *m)
{
	struct entry *e = m->entry;
	struct err err = { 0 };
	int fd = -1;

	if (m->refused)
		return -1;
	if (m->in_tmp)
		fd = spool_open_reader(e->id, &err);
	else
		fd = spool_open(
		    e->id, (enum spool_place)e->place, O_RDONLY, &err);
	e->own = false;
	if (fd == -1)
		log_err(
		    "spool.failed", kv_s("qid", e->id), kv_s("why", err.text));
	return fd;
}

/* ---- loading ---- */

/* A number at the front of REST, which loses it and a blank. */
static bool
take_number(struct slice *rest, uint64_t max, uint64_t *v)
{
	struct cur c = cur_of(slice_cut(*rest, ' ', rest));

	*v = cur_u64(&c, max);
	return cur_end(&c);
}

/* "3,17": recipients that are there already. */
static bool
read_also(struct rcpt *r, struct slice value)
{
	struct cur c = cur_of(value);
	struct buf to = { .max = TAIL_MAX_BYTES };
	bool ok;

	do {
		const uint64_t v = cur_u64(&c, r->message->nrcpts - 1);
		const uint32_t number = (uint32_t)v;

		buf_add(&to, slice_of(&number, sizeof number));
	} while (cur_try_byte(&c, ','));
	ok = cur_end(&c);
	if (ok)
		rcpt_set_also(r, (const uint32_t *)(const void *)to.p,
		    to.n / sizeof(uint32_t));
	buf_fini(&to);
	return ok;
}

static bool
read_result(struct message *m, struct slice rest)
{
	enum job_status status;
	uint64_t n;
	struct rcpt *r;

	if (!take_number(&rest, UINT32_MAX, &n) || n >= m->nrcpts)
		return false;
	r = m->rcpts[n];
	if (!job_status_find(slice_cut(rest, ' ', &rest), &status))
		return false;
	while (rest.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(rest, ' ', &rest), '=', &value);

		if (!envelope_unescape(&m->arena, value, &value))
			return false;
		if (slice_is(name, "dsn"))
			r->dsn = value;
		else if (slice_is(name, "host"))
			r->host = value;
		else if (slice_is(name, "site"))
			r->site = value;
		else if (slice_is(name, "text"))
			r->text = value;
		else if (slice_is(name, "also") && !read_also(r, value))
			return false;
	}
	rcpt_restore(r, status);
	return true;
}

static bool
read_judged(struct message *m, struct slice rest)
{
	while (rest.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(rest, ' ', &rest), '=', &value);

		if (!envelope_unescape(&m->arena, value, &value))
			return false;
		if (slice_is(name, "junk"))
			m->env.junk = slice_is(value, "yes");
		else if (slice_is(name, "front") && front_is_valid(value))
			m->env.front = value;
		else
			return false;
	}
	return true;
}

static bool
read_rcpt(struct message *m, struct slice rest)
{
	struct envelope_rcpt env;

	if (envelope_parse_rcpt(
		rest, ENVELOPE_FROM_QMGR, &m->arena, &env, NULL) == -1)
		return false;
	rcpt_add(m, &env);
	return true;
}

/* Older versions did not write where an expansion leads when all of that was
 * there already: it is done once more. */
static void
reopen_blind(struct message *m)
{
	bool *has_child = xcalloc(m->nrcpts + 1, sizeof *has_child);

	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i]->parent != RCPT_NO_PARENT)
			has_child[m->rcpts[i]->parent] = true;
	for (size_t i = 0; i < m->nrcpts; i++) {
		struct rcpt *r = m->rcpts[i];

		if (r->state == RCPT_EXPANDED && r->nalso == 0 && !has_child[i])
			rcpt_restore(r, JOB_TEMPFAIL);
	}
	free(has_child);
}

/* What stands behind its time; other parts are of versions to come. */
static bool
read_held(struct message *m, struct slice rest)
{
	m->held = true;
	m->held_why = SLICE("");
	while (rest.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(rest, ' ', &rest), '=', &value);

		if (slice_is(name, "why") &&
		    !envelope_unescape(&m->arena, value, &m->held_why))
			return false;
	}
	return true;
}

static bool
read_line(struct message *m, struct slice line)
{
	struct slice rest;
	const struct slice word = slice_cut(line, ' ', &rest);
	uint64_t v;

	if (slice_is(word, "result"))
		return read_result(m, rest);
	if (slice_is(word, "rcpt"))
		return read_rcpt(m, rest);
	if (slice_is(word, "judged"))
		return read_judged(m, rest);
	if (!take_number(&rest, INT64_MAX, &v))
		return false;
	if (slice_is(word, "next")) {
		m->next_ms = (int64_t)v;
		m->entry->attempts++;
	} else if (slice_is(word, "held"))
		return read_held(m, rest);
	else if (slice_is(word, "released")) {
		m->held = false;
		m->released = true;
	} else if (slice_is(word, "warned"))
		m->warned = true;
	else
		return false;
	return true;
}

/* Is the line a recipient that is there already?  Then an expansion was
 * written in part before it was written whole. */
static bool
repeats_rcpt(struct message *m, struct slice line)
{
	struct envelope_rcpt env;
	struct slice rest;

	return slice_is(slice_cut(line, ' ', &rest), "rcpt") &&
	       envelope_parse_rcpt(
		   rest, ENVELOPE_FROM_QMGR, &m->arena, &env, NULL) == 0 &&
	       rcpt_find(m, env.address, env.target) != NULL;
}

/* Does the line speak of a recipient that may have had another number, or of
 * one whose line may be lost? */
static bool
is_doubtful(const struct message *m, struct slice line)
{
	struct cur c = cur_of(line);

	return cur_try(&c, "result ") &&
	       (cur_u64(&c, UINT32_MAX) >= m->env.nrcpts ||
		   cur_try(&c, " expanded"));
}

/* A line behind a flaw.  What it says of recipients of the envelope holds;
 * those of an expansion are tried again, and it is made again. */
static bool
read_behind_flaw(struct message *m, struct slice line, struct flaws *flaws)
{
	if (repeats_rcpt(m, line)) {
		flaws->lost++;
		return true;
	}
	return (flaws->lost > 0 && is_doubtful(m, line)) || read_line(m, line);
}

/* The lines of TAIL; *GOOD is how many of its bytes can stay. */
static int
read_tail(
    struct message *m, struct slice tail, struct flaws *flaws, struct err *err)
{
	const size_t n = tail.n;
	struct slice line;

	for (;;) {
		const size_t at = n - tail.n;

		switch (tail_next(&tail, &line)) {
		case TAIL_END:
			return 0;
		case TAIL_TORN:
			flaws->torn = true;
			flaws->good_bytes = at;
			return 0;
		case TAIL_BAD:
			flaws->lost++;
			continue;
		case TAIL_JOINED:
			flaws->joined++;
			break;
		case TAIL_LINE:
			break;
		}
		if (flaws->lost + flaws->joined > 0
			? !read_behind_flaw(m, line, flaws)
			: !read_line(m, line))
			return err_set(err, ERR_PERM, "unknown result line");
	}
}

/* Read LEN bytes at OFF of FD into B. */
static int
read_part(int fd, struct buf *b, size_t len, int64_t off, struct err *err)
{
	char *to = buf_room(b, len);

	if (to == NULL)
		return err_set(err, ERR_PERM, "larger than can be right");
	if (fd_pread_all(fd, to, len, off, err) == -1)
		return -1;
	buf_added(b, len);
	return 0;
}

/* The envelope block: a few kilobytes at first, the rest if they are not all
 * of it. */
static int
load_head(int fd, int64_t file_bytes, struct arena *arena, struct envelope *env,
    size_t *len, struct err *err)
{
	struct buf head = { .max = ENVELOPE_MAX_BYTES };
	size_t want = HEAD_FIRST_BYTES;
	int rc;

	for (;;) {
		if ((int64_t)want > file_bytes)
			want = (size_t)file_bytes;
		rc = read_part(fd, &head, want - head.n, (int64_t)head.n, err);
		if (rc == -1)
			break;
		rc = envelope_parse(
		    buf_slice(&head), ENVELOPE_FROM_QMGR, arena, env, len, err);
		if (rc == 0 || (int64_t)want == file_bytes ||
		    want >= ENVELOPE_MAX_BYTES)
			break;
		want *= 16;
		if (want > ENVELOPE_MAX_BYTES)
			want = ENVELOPE_MAX_BYTES;
	}
	buf_fini(&head);
	return rc;
}

/* The lines behind the message, which ends at FROM, and what was to stand
 * there. */
static int
load_tail(struct message *m, int fd, int64_t from, int64_t to,
    struct flaws *flaws, struct err *err)
{
	struct buf tail = { .max = TAIL_MAX_BYTES };
	struct flaws none = { 0 };
	int rc = 0;

	if (to > from)
		rc = read_part(fd, &tail, (size_t)(to - from), from, err);
	if (rc == 0)
		rc = read_tail(m, buf_slice(&tail), flaws, err);
	if (rc == 0)
		rc = read_tail(m, tail_kept(m->entry), &none, err);
	buf_fini(&tail);
	return rc;
}

static struct message *
load(struct entry *e, int fd, struct flaws *flaws, struct err *err)
{
	struct message *m = NULL;
	struct envelope env;
	struct arena arena;
	struct stat st;
	int64_t end;
	size_t len;

	arena_init(&arena);
	if (fstat(fd, &st) == -1) {
		err_sys(err, ERR_TEMP, "stat");
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_PERM, "not a file");
		return NULL;
	}
	if (load_head(fd, st.st_size, &arena, &env, &len, err) == -1)
		goto out;
	if (!slice_is(env.id, e->id)) {
		err_set(err, ERR_PERM, "the file of another message");
		goto out;
	}
	if (__builtin_add_overflow((int64_t)len, env.size, &end) ||
	    st.st_size < end) {
		err_set(err, ERR_PERM, "shorter than its envelope says");
		goto out;
	}
	e->arrived_us = e->arrived_us > 0 ? e->arrived_us : env.arrived_us;
	e->attempts = 0;
	m = message_new(e, &arena, &env, len);
	if (load_tail(m, fd, end, tail_end(e, st.st_size), flaws, err) == -1)
		message_free(&m);
	else
		reopen_blind(m);
out:
	arena_fini(&arena);
	return m;
}

struct message *
message_load(struct entry *e, struct err *err)
{
	struct flaws flaws = { 0 };
	struct message *m;
	enum spool_place place = (enum spool_place)e->place;
	int fd = spool_open(e->id, place, O_RDONLY, err);

	/* The index was told of a rename that was not made. */
	if (fd == -1 && errno == ENOENT && spool_find(e->id, &place, err)) {
		e->place = (uint8_t)place;
		fd = spool_open(e->id, place, O_RDONLY, err);
	}
	if (fd == -1)
		return NULL;
	m = load(e, fd, &flaws, err);
	if (m != NULL)
		repair(m, fd, &flaws);
	fd_close(&fd);
	return m;
}
