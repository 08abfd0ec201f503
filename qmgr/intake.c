/* SPDX-License-Identifier: ISC */
#include "qmgr/intake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/map.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/metric.h"
#include "qmgr/newfile.h"

enum { MAX_PARTS_BYTES = ENVELOPE_MAX_BYTES };

/* A message between queue_open and the end of queue_commit. */
struct intake {
	TAILQ_ENTRY(intake) link;
	struct newfile file;
	struct ipc *peer; /* NULL: gone while the commit was under way */
	uint64_t commit_id;
};

/* Parts of an envelope that did not fit in a frame. */
struct parts {
	TAILQ_ENTRY(parts) link;
	const struct ipc *peer;
	uint64_t key;
	struct buf text;
};

static struct {
	struct map by_id;
	TAILQ_HEAD(, intake) all;
	TAILQ_HEAD(, parts) parts;
	bool stopped;
} state;

static struct metric accepted = { .name = "pabal_qmgr_accepted",
	.help = "Messages accepted into the queue." };

static struct parts *
parts_of(const struct ipc *peer, uint64_t key)
{
	struct parts *p;

	TAILQ_FOREACH(p, &state.parts, link)
	if (p->peer == peer && p->key == key)
		return p;
	return NULL;
}

static void
parts_free(struct parts *p)
{
	TAILQ_REMOVE(&state.parts, p, link);
	buf_fini(&p->text);
	free(p);
}

void
intake_on_part(struct ipc *peer, struct msg *m)
{
	struct parts *p = parts_of(peer, m->queue_part.key);

	if (p == NULL) {
		p = xcalloc(1, sizeof *p);
		p->peer = peer;
		p->key = m->queue_part.key;
		buf_init(&p->text, MAX_PARTS_BYTES);
		TAILQ_INSERT_TAIL(&state.parts, p, link);
	}
	buf_add(&p->text, m->queue_part.envelope);
}

static void
intake_free(struct intake *in)
{
	map_del(&state.by_id, slice_str(in->file.id));
	TAILQ_REMOVE(&state.all, in, link);
	newfile_fini(&in->file);
	free(in);
}

static void
refuse_open(struct ipc *peer, uint64_t id, const char *why)
{
	log_warn("queue.refused", kv_s("why", why));
	IPC_SEND(peer, queue_opened, .id = id, .ok = false,
	    .why = slice_str(why), .file = -1);
}

static void
open_file(struct ipc *peer, uint64_t id, struct slice text)
{
	struct intake *in;
	struct envelope env;
	struct arena arena;
	struct err err = { 0 };
	size_t len;

	arena_init(&arena);
	if (envelope_parse(text, false, &arena, &env, &len, &err) == -1 ||
	    len != text.n || env.nrcpts == 0) {
		refuse_open(
		    peer, id, err.class != ERR_NONE ? err.text : "envelope");
		arena_fini(&arena);
		return;
	}
	in = xcalloc(1, sizeof *in);
	in->peer = peer;
	if (newfile_open(&in->file, &arena, &env, &err) == -1) {
		refuse_open(peer, id, err.text);
		newfile_fini(&in->file);
		free(in);
		return;
	}
	TAILQ_INSERT_TAIL(&state.all, in, link);
	map_put(&state.by_id, slice_str(in->file.id), in);
	IPC_SEND(peer, queue_opened, .id = id, .ok = true,
	    .qid = slice_str(in->file.id), .file = in->file.fd);
}

void
intake_on_open(struct ipc *peer, struct msg *m)
{
	const struct msg_queue_open *q = &m->queue_open;
	struct parts *p = parts_of(peer, q->key);

	if (state.stopped) {
		refuse_open(peer, q->id, "stopping");
		return;
	}
	if (p == NULL) {
		open_file(peer, q->id, q->envelope);
		return;
	}
	buf_add(&p->text, q->envelope);
	if (p->text.failed)
		refuse_open(peer, q->id, "envelope too large");
	else
		open_file(peer, q->id, buf_slice(&p->text));
	parts_free(p);
}

static void
on_committed(struct newfile *nf, int error)
{
	struct intake *in = OUTER(nf, struct intake, file);

	if (error == 0)
		metric_add(&accepted, 1);
	if (in->peer != NULL)
		IPC_SEND(in->peer, queue_committed, .id = in->commit_id,
		    .ok = error == 0,
		    .why = slice_str(error != 0 ? strerrordesc_np(error) : ""));
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
	if (newfile_commit(&in->file, q->size, q->crc32c, on_committed, &err) ==
	    0)
		return;
	log_err("queue.commit-failed", kv_s("qid", in->file.id),
	    kv_s("why", err.text));
	IPC_SEND(peer, queue_committed, .id = q->id, .ok = false,
	    .why = slice_str(err.text));
	intake_free(in);
}

void
intake_on_abort(struct ipc *peer, struct msg *m)
{
	struct intake *in = own(peer, m->queue_abort.qid);

	if (in != NULL)
		intake_free(in);
}

void
intake_forget(struct ipc *peer)
{
	struct intake *in, *next;
	struct parts *p, *pnext;

	for (in = TAILQ_FIRST(&state.all); in != NULL; in = next) {
		next = TAILQ_NEXT(in, link);
		if (in->peer != peer)
			continue;
		if (in->file.committing)
			in->peer = NULL;
		else
			intake_free(in);
	}
	for (p = TAILQ_FIRST(&state.parts); p != NULL; p = pnext) {
		pnext = TAILQ_NEXT(p, link);
		if (p->peer == peer)
			parts_free(p);
	}
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
	metric_register(&accepted);
}
