/* SPDX-License-Identifier: ISC */
#include "qmgr/admin/badadmin.h"

#include <fcntl.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "log/log.h"
#include "qmgr/queue/bad.h"
#include "qmgr/queue/message.h"
#include "qmgr/queue/waiting.h"
#include "qmgr/run/pump.h"
#include "queue/envelope_text.h"
#include "sys/fd.h"

enum {
	NAMES_A_CALL = 200,
	TEXT_BYTES = 40000, /* then the page is full */
	RCPTS_SHOWN = 100,
};

/* What a verb has to say. */
struct answer {
	bool more;
	uint64_t files;
	struct buf text;
	int fd;
};

/* ---- list, count ---- */

static void
add_word(struct buf *b, const char *key, struct slice escaped)
{
	if (escaped.n > 0)
		buf_addf(b, " %s=%.*s", key, SLICE_FMT(escaped));
}

/* A line for the file and one for each recipient; what comes from a file that
 * is damaged is cut to what fits. */
static void
describe(struct buf *b, struct slice name, const struct bad_file *f)
{
	buf_adds(b, "name=");
	envelope_escape(b, name);
	buf_addf(b, " kind=%s time=%lld bytes=%lld arrived=%lld told=%d",
	    bad_kind_name(f->kind), (long long)f->time_ms / 1000,
	    (long long)f->file_bytes, (long long)f->arrived_us / 1000000,
	    f->told);
	if (f->why.n > 0) {
		buf_adds(b, " why=");
		envelope_escape(b, slice_sub(f->why, 0, 500));
	}
	add_word(b, "sender", slice_sub(f->sender, 0, 1000));
	buf_addc(b, '\n');
	for (size_t i = 0; i < f->nrcpts && i < RCPTS_SHOWN; i++) {
		if (b->n > TEXT_BYTES)
			break;
		buf_adds(b, " rcpt");
		add_word(b, "address", slice_sub(f->rcpts[i], 0, 1000));
		buf_addc(b, '\n');
	}
}

static int
do_list(struct slice after, struct answer *a, struct err *err)
{
	struct slice names[NAMES_A_CALL];
	struct arena arena, scratch;
	size_t n;

	(void)err;
	arena_init(&arena);
	arena_init(&scratch);
	n = bad_names(after, ARRAY_LEN(names), names, &arena, &a->more);
	for (size_t i = 0; i < n; i++) {
		struct bad_file f;

		if (a->text.n > TEXT_BYTES) {
			a->more = true;
			break;
		}
		arena_reset(&scratch);
		if (bad_read(names[i], &scratch, &f, NULL) == 0)
			describe(&a->text, names[i], &f);
	}
	arena_fini(&arena);
	arena_fini(&scratch);
	return 0;
}

static int
do_count(struct slice name, struct answer *a, struct err *err)
{
	(void)name;
	(void)err;
	a->files = bad_count();
	return 0;
}

/* ---- restore ---- */

/* Does the message of M, which an agent would check, have its checksum? */
static int
check_body(const struct message *m, struct err *err)
{
	int fd = spool_open(m->entry->id, SPOOL_CUR, O_RDONLY, err);
	char piece[65536];
	uint32_t crc = 0;
	int rc = fd == -1 ? -1 : 0;

	for (int64_t at = 0; rc == 0 && at < m->env.size;) {
		const int64_t left = m->env.size - at;
		const size_t n =
		    left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;

		rc = fd_pread_all(
		    fd, piece, n, (int64_t)m->head_bytes + at, err);
		crc = crc32c(crc, slice_of(piece, n));
		at += (int64_t)n;
	}
	fd_close(&fd);
	if (rc == 0 && crc != m->env.crc32c)
		rc = err_set(err, ERR_PERM, "the message's checksum differs");
	return rc;
}

/* The file stands in cur/ again: is it understood now? */
static int
take_in(struct entry *e, struct err *err)
{
	struct message *m = message_load(e, err);
	int rc = -1;

	if (m != NULL && check_body(m, err) == 0) {
		if (m->held)
			entry_hold(e);
		else
			entry_wait(e, 0);
		waiting_put(m, false);
		rc = 0;
	}
	message_free(&m);
	return rc;
}

static int
id_of(struct slice name, char id[ENVELOPE_ID_BYTES], struct err *err)
{
	struct bad_file f;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = bad_read(name, &arena, &f, err);
	if (rc == 0 &&
	    (f.id.n == 0 || slice_find(f.id, '/') < f.id.n ||
		f.id.p[0] == '.' || !slice_copy(f.id, id, ENVELOPE_ID_BYTES)))
		rc = err_set(err, ERR_PERM, "no queue id can be read");
	arena_fini(&arena);
	return rc;
}

static int
do_restore(struct slice name, struct answer *a, struct err *err)
{
	char id[ENVELOPE_ID_BYTES];
	struct entry *e;

	(void)a;
	if (id_of(name, id, err) == -1)
		return -1;
	e = waiting_recall(slice_str(id));
	if (e != NULL) {
		waiting_settle(e);
		return err_set(
		    err, ERR_PERM, "message %s is in the queue already", id);
	}
	e = entry_add(id, SPOOL_CUR, 0);
	if (spool_restore(name, id, err) == -1) {
		waiting_drop(&e);
		return -1;
	}
	if (take_in(e, err) == -1) {
		waiting_drop(&e);
		(void)spool_unrestore(name, id, NULL);
		return -1;
	}
	bad_forget(name);
	log_info("spool.restored", kv_s("qid", id));
	pump_now();
	return 0;
}

/* ---- delete, show ---- */

static int
do_delete(struct slice name, struct answer *a, struct err *err)
{
	(void)a;
	if (bad_delete(name, err) == -1)
		return -1;
	log_info("spool.deleted", kv_slice("qid", name));
	return 0;
}

static int
do_show(struct slice name, struct answer *a, struct err *err)
{
	a->fd = bad_open(name, err);
	return a->fd != -1 ? 0 : -1;
}

static const struct {
	const char *verb;
	int (*act)(struct slice name, struct answer *a, struct err *err);
} verbs[] = {
	{ "list", do_list },
	{ "count", do_count },
	{ "restore", do_restore },
	{ "delete", do_delete },
	{ "show", do_show },
};

void
badadmin_on_bad(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_bad *q = &m->queue_bad;
	struct answer a = { .text = { .max = MSG_MAX_BYTES - 256 }, .fd = -1 };
	struct err err = { 0 };
	int rc = -1;

	err_set(&err, ERR_PERM, "no such verb");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (slice_is(q->verb, verbs[i].verb))
			rc = verbs[i].act(q->name, &a, &err);
	IPC_SEND(peer, queue_bad_done, .id = q->id, .ok = rc == 0,
	    .more = a.more, .files = a.files,
	    .text = rc == 0 ? buf_slice(&a.text) : slice_str(err.text),
	    .file = a.fd);
	fd_close(&a.fd);
	buf_fini(&a.text);
}
