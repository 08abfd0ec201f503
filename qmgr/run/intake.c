/* SPDX-License-Identifier: ISC */
#include "qmgr/run/intake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "log/metric.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/recycle.h"
#include "qmgr/queue/spool.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/pump.h"
#include "queue/envelope_text.h"
#include "queue/front.h"
#include "queue/priority.h"
#include "queue/written.h"
#include "sys/fd.h"

enum {
	MAX_PARTS_BYTES = ENVELOPE_MAX_BYTES,
	PEER_MAX_BYTES = 256 << 20, /* of one smtpd, see charge */
	OPEN_BYTES = 1024,          /* beside the text of its envelope */
};

/* A peer, and what it has here of messages that are not accepted yet. */
struct intake_peer {
	LIST_ENTRY(intake_peer) link;
	const struct ipc *peer;
	size_t bytes;
};

/* A message between queue_open and the end of queue_commit. */
struct intake {
	TAILQ_ENTRY(intake) link;
	struct newfile file;
	struct ipc *peer; /* NULL: gone while the commit was under way */
	size_t bytes;     /* charged */
	uint64_t commit_id;
};

/* Parts of an envelope that did not fit in a frame. */
struct intake_parts {
	TAILQ_ENTRY(intake_parts) link;
	const struct ipc *peer;
	uint64_t key;
	size_t bytes; /* charged */
	struct buf text;
};

static struct {
	struct map by_id;
	TAILQ_HEAD(, intake) all;
	TAILQ_HEAD(, intake_parts) parts;
	LIST_HEAD(, intake_peer) peers;
	bool stopped;
} state;

static struct metric accepted = { .name = "pabal_qmgr_accepted",
	.help = "Messages accepted into the queue." };

static struct intake_peer *
peer_of(const struct ipc *peer)
{
	struct intake_peer *p;

	LIST_FOREACH(p, &state.peers, link)
	if (p->peer == peer)
		return p;
	p = xcalloc(1, sizeof *p);
	p->peer = peer;
	LIST_INSERT_HEAD(&state.peers, p, link);
	return p;
}

/* Add N to what PEER has here and to *BYTES, its share; false: that is more
 * than one may have, whatever it says and leaves unfinished. */
static bool
charge(const struct ipc *peer, size_t n, size_t *bytes)
{
	struct intake_peer *p = peer_of(peer);

	if (n > PEER_MAX_BYTES - p->bytes)
		return false;
	p->bytes += n;
	*bytes += n;
	return true;
}

static void
give_back(const struct ipc *peer, size_t bytes)
{
	if (bytes > 0 && peer != NULL)
		peer_of(peer)->bytes -= bytes;
}

static struct intake_parts *
parts_of(const struct ipc *peer, uint64_t key)
{
	struct intake_parts *p;

	TAILQ_FOREACH(p, &state.parts, link)
	if (p->peer == peer && p->key == key)
		return p;
	return NULL;
}

static void
parts_free(struct intake_parts *p)
{
	TAILQ_REMOVE(&state.parts, p, link);
	give_back(p->peer, p->bytes);
	buf_fini(&p->text);
	free(p);
}

void
intake_on_part(struct ipc *peer, struct msg *m)
{
	struct intake_parts *p = parts_of(peer, m->queue_part.key);

	if (p == NULL) {
		p = xcalloc(1, sizeof *p);
		p->peer = peer;
		p->key = m->queue_part.key;
		buf_init(&p->text, MAX_PARTS_BYTES);
		TAILQ_INSERT_TAIL(&state.parts, p, link);
	}
	if (charge(peer, OPEN_BYTES + m->queue_part.envelope.n, &p->bytes))
		buf_add(&p->text, m->queue_part.envelope);
	else
		ipc_drop(peer, "too many envelopes at once");
}

static void
intake_free(struct intake *in)
{
	map_del(&state.by_id, slice_str(in->file.id));
	TAILQ_REMOVE(&state.all, in, link);
	give_back(in->peer, in->bytes);
	newfile_fini(&in->file);
	free(in);
}

static void
refuse_open(struct ipc *peer, uint64_t id, const struct err *err)
{
	log_warn("queue.refused", kv_s("why", err->text));
	IPC_SEND(peer, queue_opened, .id = id, .ok = false, .code = err->code,
	    .why = slice_str(err->text), .file = -1);
}

/* Words of qmgr's own where smtpd says how a message came in. */
static bool
claims_own(const struct envelope *env)
{
	return slice_is(env->protocol, WRITTEN_REPORT) ||
	       slice_is(env->protocol, WRITTEN_NOTICE) ||
	       slice_is(env->protocol, WRITTEN_LETTER) ||
	       slice_is(env->protocol, WRITTEN_AGGREGATE) ||
	       slice_is(env->protocol, WRITTEN_TLS_REPORT);
}

static int
read_envelope(struct slice text, struct arena *arena, struct envelope *env,
    struct err *err)
{
	size_t len;

	if (envelope_parse(text, ENVELOPE_FROM_SMTPD, arena, env, &len, err) ==
	    -1)
		return -1;
	if (len != text.n || env->nrcpts == 0)
		return err_set(err, ERR_PERM, "envelope");
	if (claims_own(env)) {
		err_set(err, ERR_PERM, "envelope: qmgr's own protocol");
		err->code = ERR_FORGED;
		return -1;
	}
	return 0;
}

static void
say_opened(struct ipc *peer, uint64_t id, const struct intake *in, int fd)
{
	IPC_SEND(peer, queue_opened, .id = id, .ok = true,
	    .qid = slice_str(in->file.id), .file = fd);
}

/* A file for who writes the message; -1: why is in ERR. */
static int
writer(struct intake *in, struct err *err)
{
	return newfile_make(&in->file, err) == 0
		   ? newfile_writer(&in->file, err)
		   : -1;
}

static void
open_message(struct ipc *peer, const struct msg_queue_open *q,
    struct slice text, struct err *err)
{
	struct intake *in;
	struct envelope env;
	struct arena arena;
	int fd = -1, rc;

	arena_init(&arena);
	if (read_envelope(text, &arena, &env, err) == -1) {
		arena_fini(&arena);
		return;
	}
	in = xcalloc(1, sizeof *in);
	in->peer = peer;
	/* Whatever smtpd says: the header decides, which has not come yet. */
	env.priority = SLICE(PRIORITY_MAIL);
	rc = newfile_reserve(&in->file, &arena, &env, err);
	if (rc == 0 && !charge(peer, OPEN_BYTES + text.n, &in->bytes))
		rc = err_set(err, ERR_TEMP, "too many messages at once");
	if (rc == 0 && q->file) {
		fd = writer(in, err);
		rc = fd != -1 ? 0 : -1;
	}
	if (rc == -1) {
		give_back(peer, in->bytes);
		newfile_fini(&in->file);
		free(in);
		return;
	}
	TAILQ_INSERT_TAIL(&state.all, in, link);
	map_put(&state.by_id, slice_str(in->file.id), in);
	say_opened(peer, q->id, in, fd);
	fd_close(&fd);
}

void
intake_on_open(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_open *q = &m->queue_open;
	struct intake_parts *p = parts_of(peer, q->key);
	struct err err = { 0 };

	if (p != NULL)
		buf_add(&p->text, q->envelope);
	if (state.stopped)
		err_set(&err, ERR_TEMP, "stopping");
	else if (p != NULL && p->text.failed)
		err_set(&err, ERR_PERM, "envelope too large");
	else
		open_message(peer, q,
		    p != NULL ? buf_slice(&p->text) : q->envelope, &err);
	if (p != NULL)
		parts_free(p);
	if (err.code == ERR_FORGED)
		ipc_drop(peer, err.text);
	else if (err.class != ERR_NONE)
		refuse_open(peer, q->id, &err);
}

static void
on_committed(struct newfile *nf, int error)
{
	struct intake *in = OUTER(nf, struct intake, file);

	if (error == 0 && nf->refused.n == 0)
		metric_add(&accepted, 1);
	if (in->peer != NULL)
		IPC_SEND(in->peer, queue_committed, .id = in->commit_id,
		    .ok = error == 0, .code = err_code_of(error),
		    .why = slice_str(error != 0 ? strerrordesc_np(error) : ""),
		    .refused = nf->refused);
	intake_free(in);
}

/* The message ID of PEER, which may name only its own. */
static struct intake *
own(const struct ipc *peer, struct slice qid)
{
	struct intake *in = map_find(&state.by_id, qid);

	return in != NULL && in->peer == peer && !in->file.committing ? in
								      : NULL;
}

/* A descriptor of the file of the message QID, which is THERE or not yet, by
 * OPEN. */
static void
lend(struct ipc *peer, uint64_t id, struct slice qid, bool there,
    int (*open)(struct intake *in, struct err *err))
{
	struct intake *in = own(peer, qid);
	struct err err = { 0 };
	int fd = -1;

	if (in == NULL || (in->file.fd != -1) != there)
		err_set(&err, ERR_PERM, "no file for this message");
	else
		fd = open(in, &err);
	if (fd == -1)
		refuse_open(peer, id, &err);
	else
		say_opened(peer, id, in, fd);
	fd_close(&fd);
}

static int
reader(struct intake *in, struct err *err)
{
	return newfile_reader(&in->file, err);
}

void
intake_on_file(struct ipc *peer, struct msg *m)
{
	lend(peer, m->queue_file.id, m->queue_file.qid, false, writer);
}

void
intake_on_read(struct ipc *peer, struct msg *m)
{
	lend(peer, m->queue_read.id, m->queue_read.qid, true, reader);
}

static int
commit_file(
    struct intake *in, const struct msg_queue_commit *q, struct err *err)
{
	if (newfile_whole(&in->file, q->size, q->crc32c, err) == -1)
		return -1;
	if (pump_has_room() &&
	    direct_begin(&in->file, q->size, q->crc32c, on_committed))
		return 0;
	return newfile_commit(&in->file, on_committed, err);
}

static int
commit(struct intake *in, const struct msg_queue_commit *q, struct err *err)
{
	if (in->file.fd != -1)
		return commit_file(in, q, err);
	if (q->size < 0 || (uint64_t)q->size != q->body.n)
		return err_set(
		    err, ERR_PERM, "a message without a file, or a part of it");
	kept_body(&in->file.kept, q->body);
	if (pump_has_room() &&
	    direct_begin(&in->file, q->size, q->crc32c, on_committed))
		return 0;
	return newfile_commit_body(
	    &in->file, q->body, q->crc32c, on_committed, err);
}

void
intake_on_commit(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_commit *q = &m->queue_commit;
	struct intake *in = own(peer, q->qid);
	struct err err = { 0 };

	if (in == NULL) {
		IPC_SEND(peer, queue_committed, .id = q->id, .ok = false,
		    .why = SLICE("no such message"));
		return;
	}
	in->commit_id = q->id;
	kept_record(&in->file.kept, q->record);
	if (q->bulk)
		in->file.env.priority = SLICE(PRIORITY_BULK);
	if (!front_is_valid(q->front)) {
		ipc_drop(peer, "malformed fields");
		return;
	}
	newfile_judge(&in->file, q->front, q->junk, q->hold, q->why);
	if (commit(in, q, &err) == 0)
		return;
	log_err("queue.commit-failed", kv_s("qid", in->file.id),
	    kv_s("why", err.text));
	IPC_SEND(peer, queue_committed, .id = q->id, .ok = false,
	    .code = err.code, .why = slice_str(err.text));
	intake_free(in);
}

void
intake_on_abort(struct ipc *peer, struct msg *m)
{
	struct intake *in = own(peer, m->queue_abort.qid);

	if (m->queue_abort.code == ERR_NO_SPACE)
		recycle_drop();
	if (in != NULL)
		intake_free(in);
}

void
intake_forget(struct ipc *peer)
{
	struct intake *in, *next;
	struct intake_parts *p, *pnext;
	struct intake_peer *gone;

	for (in = TAILQ_FIRST(&state.all); in != NULL; in = next) {
		next = TAILQ_NEXT(in, link);
		if (in->peer != peer)
			continue;
		if (in->file.committing) {
			give_back(peer, in->bytes);
			in->peer = NULL;
		} else
			intake_free(in);
	}
	for (p = TAILQ_FIRST(&state.parts); p != NULL; p = pnext) {
		pnext = TAILQ_NEXT(p, link);
		if (p->peer == peer)
			parts_free(p);
	}
	gone = peer_of(peer);
	LIST_REMOVE(gone, link);
	free(gone);
}

void
intake_stop(void)
{
	state.stopped = true;
}

void
intake_init(void)
{
	map_init(&state.by_id);
	TAILQ_INIT(&state.all);
	TAILQ_INIT(&state.parts);
	LIST_INIT(&state.peers);
	metric_register(&accepted);
}
