/* SPDX-License-Identifier: ISC */
/* pabal mailbox index: the full-text index of accounts, brought up to date. */
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "fulltext/fulltext.h"
#include "fulltext/indexer.h"
#include "mime/charset.h"
#include "mime/parser.h"
#include "store/beside.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { PAUSE_MS = 20, BUSY_MS = 60000, PROGRESS_STEPS = 256 };

struct index_request {
	const char *folder; /* NULL: all */
	bool rebuild;
};

static void
print(struct asowner *o, const struct indexer_progress *p,
    const struct fulltext_counts *counts, int64_t bytes)
{
	asowner_row(o);
	out_num(o->out, (int64_t)counts->docs);
	out_num(o->out, (int64_t)p->read);
	out_num(o->out, (int64_t)p->copies);
	out_num(o->out, (int64_t)p->gone);
	out_num(o->out, bytes);
}

/* A session may be at work in it, step by step as we are. */
static int
step(struct indexer *x, bool *more, int64_t *until_ms, struct err *err)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	if (indexer_step(x, more, err) == 0) {
		*until_ms = clock_ms() + BUSY_MS;
		return 0;
	}
	if (err->code != ERR_BUSY || clock_ms() > *until_ms)
		return -1;
	(void)nanosleep(&pause, NULL);
	return 0;
}

static int
run_indexer(struct asowner *o, struct fulltext *f, int dirfd, struct err *err)
{
	const struct index_request *r = o->arg;
	struct indexer *x = indexer_new(
	    o->account, f, slice_str(r->folder), &mime_limits_default);
	int64_t until_ms = clock_ms() + BUSY_MS;
	struct fulltext_counts counts;
	bool more = true;
	int rc = 0;

	progress_begin("messages looked at", 0);
	for (unsigned n = 0; more && rc == 0; n++) {
		rc = step(x, &more, &until_ms, err);
		if (n % PROGRESS_STEPS == 0)
			progress_at((int64_t)indexer_progress(x)->looked_at);
	}
	progress_end();
	if (rc == 0)
		rc = fulltext_counts(f, &counts, err);
	if (rc == 0)
		print(o, indexer_progress(x), &counts, fulltext_bytes(dirfd));
	indexer_free(&x);
	return rc;
}

static int
index_account(struct asowner *o)
{
	const struct index_request *r = o->arg;
	struct fulltext *f = NULL;
	enum found found = TEMPFAIL;
	bool damaged = true;
	uint64_t build;
	struct err err = { 0 };
	int dirfd, rc = -1;

	if (account_beside_open(o->account, &dirfd, &build, &err) == -1)
		return asowner_fail(o, &err);
	if (r->rebuild)
		fulltext_remove(dirfd);
	/* What was damaged is gone, and begun anew. */
	for (int i = 0; i < 2 && found == TEMPFAIL && damaged; i++)
		found = fulltext_open(dirfd, true, &f, &damaged, &err);
	if (found == FOUND)
		rc = run_indexer(o, f, dirfd, &err);
	fulltext_close(&f);
	fd_close(&dirfd);
	return rc == 0 ? CTL_OK : asowner_fail(o, &err);
}

int
cmd_mailbox_index(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "messages", -9 }, { "read", -9 }, { "copies", -9 },
		{ "gone", -9 }, { "bytes", 0 } };
	struct index_request r = { .folder = NULL };
	const struct asowner_task task = { .run = index_account,
		.cols = cols,
		.ncols = ARRAY_LEN(cols),
		.arg = &r };
	bool all = false;
	const struct ctl_opt opts[] = { { "all", NULL, &all },
		{ "rebuild", NULL, &r.rebuild }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 2);
	const char *who;

	if (n == -1 || asowner_who(ctl, all, n, argv, &who) == -1)
		return CTL_USAGE;
	if (n == 2)
		r.folder = argv[1];
	charset_preload(true);
	return asowner_run(ctl, who, &task);
}
