/* SPDX-License-Identifier: ISC */
#include "qmgr/report/adminmail.h"

#include <time.h>

#include "base/arena.h"
#include "base/crc32c.h"
#include "qmgr/conf.h"
#include "queue/written.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { BODY_MAX_BYTES = 1 << 20, PLAIN_MAX = 400 };

static void
add_header(struct buf *b, const struct adminmail *m, const char *id)
{
	const char *host = qmgr_conf->shared.hostname;
	const time_t now = (time_t)clock_wall_s();
	struct tm tm;
	char date[64];

	localtime_r(&now, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S %z", &tm);
	buf_addf(b,
	    "Date: %s\r\nFrom: Mail Delivery System <MAILER-DAEMON@%s>"
	    "\r\nTo: %s\r\n",
	    date, host, m->to);
	buf_addf(b,
	    "Subject: %s on %s\r\nMessage-ID: <%s.notice@%s>"
	    "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n\r\n",
	    m->subject, host, id, host);
}

void
adminmail_plain(struct buf *b, struct slice s)
{
	for (size_t i = 0; i < s.n && i < PLAIN_MAX; i++)
		buf_addc(b, s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p[i] : '?');
}

static int
open_file(struct newfile *nf, const char *to, struct err *err)
{
	struct envelope env = { .protocol = SLICE(WRITTEN_NOTICE),
		.client = SLICE("local"),
		.body = SLICE("7BIT"),
		.nrcpts = 1 };
	struct arena arena;

	arena_init(&arena);
	env.rcpts = arena_new(&arena, struct envelope_rcpt);
	*env.rcpts = (struct envelope_rcpt){
		.address = arena_slice(&arena, slice_str(to)),
		.notify = SLICE("NEVER"),
	};
	return newfile_open(nf, &arena, &env, err);
}

int
adminmail_write(struct newfile *nf, const struct adminmail *m,
    void (*done)(struct newfile *nf, int error), struct err *err)
{
	struct buf body = { .max = BODY_MAX_BYTES };
	int rc = -1;

	if (open_file(nf, m->to, err) == -1)
		return -1;
	add_header(&body, m, nf->id);
	buf_add(&body, m->text);
	if (body.failed)
		err_set(err, ERR_TEMP, "notice too large");
	else if (fd_pwrite_all(nf->fd, buf_slice(&body),
		     (int64_t)nf->head_bytes, err) == 0)
		rc = newfile_whole(
		    nf, (int64_t)body.n, crc32c(0, buf_slice(&body)), err);
	if (rc == 0)
		rc = newfile_commit(nf, done, err);
	buf_fini(&body);
	return rc;
}
