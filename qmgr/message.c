/* SPDX-License-Identifier: ISC */
#include "qmgr/message.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/must.h"
#include "sys/fd.h"

enum {
	HEAD_FIRST_BYTES = 4096, /* enough for nearly every envelope */
	TAIL_MAX_BYTES = 64 << 20,
};

/* ---- lines of the tail ---- */

/* " !crc\n" behind a line that begins at FROM. */
static void
seal(struct buf *lines, size_t from)
{
	if (!lines->failed)
		buf_addf(lines, " !%08x\n",
		    crc32c(0, slice_from(buf_slice(lines), from)));
}

static void
add_part(struct buf *b, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_addf(b, " %s=", name);
	envelope_escape(b, value);
}

void
message_note_result(struct buf *lines, const struct rcpt *r)
{
	const size_t from = lines->n;

	must((r->state == RCPT_DEFERRED) == (r->status == JOB_TEMPFAIL));
	buf_addf(lines, "result %u %s", r->number, job_status_name(r->status));
	add_part(lines, "dsn", r->dsn);
	add_part(lines, "host", r->host);
	add_part(lines, "text", slice_sub(r->text, 0, 1000));
	seal(lines, from);
}

void
message_note_rcpt(struct buf *lines, const struct rcpt *r)
{
	const size_t from = lines->n;

	envelope_format_rcpt(&r->env, lines);
	if (lines->failed)
		return;
	lines->n--; /* its newline */
	seal(lines, from);
}

void
message_note(struct buf *lines, const char *word, int64_t at)
{
	const size_t from = lines->n;

	buf_addf(lines, "%s %lld", word, (long long)at);
	seal(lines, from);
}

int
message_append(const struct entry *e, const struct buf *lines, struct err *err)
{
	int fd, rc;

	if (lines->n == 0)
		return 0;
	fd = spool_open(
	    e->id, (enum spool_place)e->place, O_WRONLY | O_APPEND, err);
	if (fd == -1)
		return -1;
	rc = fd_write_all(fd, buf_slice(lines), err);
	fd_close(&fd);
	return rc;
}

/* ---- building ---- */

static struct rcpt *
add_rcpt(struct message *m, const struct envelope_rcpt *env)
{
	struct rcpt *r = arena_new(&m->arena, struct rcpt);

	/* The table grows by doubling at powers of two. */
	if ((m->nrcpts & (m->nrcpts - 1)) == 0)
		m->rcpts = xreallocarray(m->rcpts,
		    m->nrcpts > 0 ? m->nrcpts * 2 : 1, sizeof *m->rcpts);
	/* Nothing is delivered before an agent says so. */
	*r = (struct rcpt){ .message = m,
		.env = *env,
		.number = (uint32_t)m->nrcpts,
		.state = RCPT_PENDING,
		.status = JOB_TEMPFAIL };
	m->rcpts[m->nrcpts++] = r;
	return r;
}

struct message *
message_new(struct entry *e, struct arena *arena, const struct envelope *env,
    size_t head_bytes)
{
	struct message *m = xcalloc(1, sizeof *m);

	m->entry = e;
	m->arena = *arena;
	arena_init(arena);
	m->env = *env;
	m->head_bytes = head_bytes;
	for (size_t i = 0; i < env->nrcpts; i++)
		add_rcpt(m, &env->rcpts[i]);
	return m;
}

void
message_free(struct message **mp)
{
	struct message *m = *mp;

	if (m == NULL)
		return;
	arena_fini(&m->arena);
	free(m->rcpts);
	xfree(mp);
}

struct rcpt *
message_add_rcpt(
    struct message *m, const struct rcpt *parent, struct slice address)
{
	char number[16];
	struct envelope_rcpt env = { .address = arena_slice(&m->arena, address),
		.orcpt = parent->env.orcpt,
		.notify = parent->env.notify };
	struct rcpt *r;

	snprintf(number, sizeof number, "%u", parent->number);
	env.parent = arena_slice(&m->arena, slice_str(number));
	r = add_rcpt(m, &env);
	r->depth = (uint8_t)(parent->depth + 1);
	return r;
}

bool
message_has(const struct message *m, struct slice address, struct slice target)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (slice_ieq(m->rcpts[i]->env.address, address) &&
		    slice_eq(m->rcpts[i]->env.target, target))
			return true;
	return false;
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

static bool
read_result(struct message *m, struct slice rest)
{
	uint64_t n;
	struct rcpt *r;

	if (!take_number(&rest, UINT32_MAX, &n) || n >= m->nrcpts)
		return false;
	r = m->rcpts[n];
	if (!job_status_find(slice_cut(rest, ' ', &rest), &r->status))
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
		else if (slice_is(name, "text"))
			r->text = value;
	}
	r->state = r->status == JOB_TEMPFAIL ? RCPT_PENDING : RCPT_DONE;
	return true;
}

static bool
read_rcpt(struct message *m, struct slice rest)
{
	struct envelope_rcpt env;
	struct rcpt *r;
	uint64_t parent;

	if (envelope_parse_rcpt(rest, &m->arena, &env, NULL) == -1)
		return false;
	r = add_rcpt(m, &env);
	if (take_number(&env.parent, UINT32_MAX, &parent) &&
	    parent < m->nrcpts - 1)
		r->depth = (uint8_t)(m->rcpts[parent]->depth + 1);
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
	if (!take_number(&rest, INT64_MAX, &v))
		return false;
	if (slice_is(word, "next")) {
		m->next_ms = (int64_t)v;
		m->entry->attempts++;
	} else if (slice_is(word, "held"))
		m->held = true;
	else if (slice_is(word, "released"))
		m->held = false;
	else if (slice_is(word, "warned"))
		m->warned = true;
	else
		return false;
	return true;
}

/* The line without its seal; false when the seal is not right. */
static bool
unseal(struct slice *line)
{
	const size_t at = slice_rfind(*line, '!');
	char want[12];

	if (at == line->n || at < 1 || line->p[at - 1] != ' ')
		return false;
	snprintf(
	    want, sizeof want, "%08x", crc32c(0, slice_sub(*line, 0, at - 1)));
	if (!slice_is(slice_from(*line, at + 1), want))
		return false;
	*line = slice_sub(*line, 0, at - 1);
	return true;
}

static int
read_tail(struct message *m, struct slice tail, struct err *err)
{
	while (tail.n > 0) {
		struct slice rest;
		struct slice line = slice_cut(tail, '\n', &rest);
		const bool last = line.n + 1 >= tail.n;

		/* Cut short by a crash: it was never relied on. */
		if (line.n == tail.n)
			return 0;
		if (!unseal(&line)) {
			if (last)
				return 0;
			return err_set(err, ERR_PERM, "damaged result line");
		}
		if (!read_line(m, line))
			return err_set(err, ERR_PERM, "unknown result line");
		tail = rest;
	}
	return 0;
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
		    buf_slice(&head), true, arena, env, len, err);
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

static struct message *
load(struct entry *e, int fd, struct err *err)
{
	struct buf tail = { .max = TAIL_MAX_BYTES };
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
	if (!__builtin_add_overflow((int64_t)len, env.size, &end) &&
	    st.st_size < end) {
		err_set(err, ERR_PERM, "shorter than its envelope says");
		goto out;
	}
	e->arrived_us = e->arrived_us > 0 ? e->arrived_us : env.arrived_us;
	e->attempts = 0;
	m = message_new(e, &arena, &env, len);
	if ((st.st_size > end &&
		read_part(fd, &tail, (size_t)(st.st_size - end), end, err) ==
		    -1) ||
	    read_tail(m, buf_slice(&tail), err) == -1)
		message_free(&m);
out:
	buf_fini(&tail);
	arena_fini(&arena);
	return m;
}

struct message *
message_load(struct entry *e, struct err *err)
{
	struct message *m;
	int fd = spool_open(e->id, (enum spool_place)e->place, O_RDONLY, err);

	if (fd == -1)
		return NULL;
	m = load(e, fd, err);
	fd_close(&fd);
	return m;
}
