/* SPDX-License-Identifier: ISC */
#include "qmgr/report/report.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/must.h"
#include "log/log.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/report/dsn.h"
#include "queue/written.h"
#include "sys/fd.h"

struct report {
	struct newfile file;
	struct message *about;
	enum notify kind;
	void (*done)(struct message *m, enum notify kind, bool ok);
};

/* For the log. */
static const char *const actions[] = {
	[NOTIFY_FAILURE] = "failed",
	[NOTIFY_DELAY] = "delayed",
	[NOTIFY_SUCCESS] = "delivered",
};

static void
on_written(struct newfile *nf, int error)
{
	struct report *rep = OUTER(nf, struct report, file);
	struct message *m = rep->about;
	const enum notify kind = rep->kind;
	void (*done)(struct message *, enum notify, bool) = rep->done;

	if (error == 0)
		log_info("mail.reported", kv_s("qid", m->entry->id),
		    kv_s("kind", actions[kind]),
		    kv_slice("to", notify_recipient(m)),
		    kv_s("report", nf->id));
	newfile_fini(nf);
	free(rep);
	done(m, kind, error == 0);
}

static int
write_report(struct report *rep, struct err *err)
{
	const struct message *m = rep->about;
	struct buf body = { .max = DSN_MAX_BYTES };
	struct envelope_rcpt rcpt;
	const bool doubled = m->env.sender.n == 0;
	struct envelope env = { .protocol = doubled ? SLICE(WRITTEN_NOTICE)
						    : SLICE(WRITTEN_REPORT),
		.client = SLICE("local"),
		.body = SLICE("8BITMIME"),
		.rcpts = &rcpt,
		.nrcpts = 1 };
	struct arena arena;
	int rc = -1;

	arena_init(&arena);
	rcpt = (struct envelope_rcpt){
		.address = arena_slice(&arena, notify_recipient(m)),
		.notify = SLICE("NEVER"),
	};
	env.smtputf8 = m->env.smtputf8;
	env.requiretls = m->env.requiretls;   /* RFC 8689 5 */
	env.mt_priority = m->env.mt_priority; /* RFC 6710 */
	env.trace = arena_slice(&arena, slice_str(m->entry->id));
	env.rcpts = arena_new(&arena, struct envelope_rcpt);
	*env.rcpts = rcpt;
	if (newfile_open(&rep->file, &arena, &env, err) == -1)
		goto out;
	dsn_add(&body, m, rep->kind, rep->file.id);
	must(!body.failed);
	if (fd_pwrite_all(rep->file.fd, buf_slice(&body),
		(int64_t)rep->file.head_bytes, err) == -1)
		goto out;
	rc = newfile_whole(
	    &rep->file, (int64_t)body.n, crc32c(0, buf_slice(&body)), err);
	if (rc == 0)
		rc = newfile_commit(&rep->file, on_written, err);
out:
	buf_fini(&body);
	return rc;
}

static bool
is_due(const struct message *m, enum notify kind)
{
	for (size_t i = 0; i < m->nrcpts; i++)
		if (notify_concerns(m->rcpts[i], kind))
			return true;
	return false;
}

void
report_write(struct message *m, enum notify kind,
    void (*done)(struct message *m, enum notify kind, bool ok))
{
	struct report *rep;
	struct err err = { 0 };

	if (!is_due(m, kind)) {
		if (kind == NOTIFY_FAILURE)
			log_info("mail.not-reported", kv_s("qid", m->entry->id),
			    kv_s("why", notify_recipient(m).n == 0
					    ? "null sender"
					    : "not wanted"));
		done(m, kind, true);
		return;
	}
	rep = xcalloc(1, sizeof *rep);
	rep->about = m;
	rep->kind = kind;
	rep->done = done;
	if (write_report(rep, &err) == 0)
		return;
	log_err(
	    "spool.failed", kv_s("qid", m->entry->id), kv_s("why", err.text));
	newfile_fini(&rep->file);
	free(rep);
	done(m, kind, false);
}
