/* SPDX-License-Identifier: ISC */
/* A file of records, each a line "@ TIME qid= from= to= actions=" and what led
 * to it, indented. */
#include "script/decided.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "queue/envelope_text.h"
#include "script/verdict.h"
#include "sys/beneath.h"
#include "sys/fd.h"

#define DECIDED "sieve/.pabal-trace"

enum {
	FILE_MAX = 32 << 20,
	RECORD_MAX = 80 << 10,
	LOOK_BYTES = 16 << 10, /* so often it is counted what is there */
};

static void
put_value(struct buf *out, const char *name, struct slice value)
{
	buf_addf(out, " %s=", name);
	envelope_escape(out, value);
}

static void
put_record(struct buf *out, const struct decided *d)
{
	struct buf actions = { .max = 8192 };
	const time_t now = (time_t)d->time_s;
	struct slice trace = slice_sub(d->trace, 0, RECORD_MAX / 2);
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	verdict_describe(d->verdict, &actions);
	buf_addf(out, "@ %s", when);
	put_value(out, "qid", d->qid);
	put_value(out, "from", d->from);
	put_value(out, "to", d->to);
	put_value(out, "script", d->script);
	put_value(out, "actions", buf_slice(&actions));
	if (d->failed != NULL)
		put_value(out, "error", slice_str(d->failed));
	buf_addc(out, '\n');
	while (trace.n > 0) {
		const struct slice line = slice_cut(trace, '\n', &trace);

		buf_addf(out, " %.*s\n", SLICE_FMT(line));
	}
	buf_fini(&actions);
}

/* Bytes of TEXT before its last KEEP records; 0: it has no more. */
static size_t
too_many(struct slice text, uint64_t keep)
{
	size_t at = text.n, last = text.n;
	uint64_t n = 0;

	while (at > 0) {
		const size_t from =
		    slice_rfind(slice_sub(text, 0, at - 1), '\n');

		/* The line begins behind that line end, or at the start. */
		const size_t begin = from == at - 1 ? 0 : from + 1;

		at = begin;
		if (text.p[begin] != '@')
			continue;
		if (++n > keep)
			return last;
		last = begin;
	}
	return 0;
}

static void
write_file(int account, struct slice text, struct slice record)
{
	int fd = beneath_open(account, DECIDED ".new",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, NULL);

	if (fd != -1 && fd_write_all(fd, text, NULL) == 0 &&
	    fd_write_all(fd, record, NULL) == 0)
		(void)renameat(account, DECIDED ".new", account, DECIDED);
	fd_close(&fd);
}

/* Does RECORD end in another part of the file than the record before it? */
static bool
is_to_be_read(int fd, struct slice record)
{
	struct stat st;

	return fstat(fd, &st) == -1 ||
	       (uint64_t)st.st_size / LOOK_BYTES !=
		   ((uint64_t)st.st_size + record.n) / LOOK_BYTES;
}

/* Most deliveries append; when there are twice as many as are kept, half go. */
static bool
append(int account, uint64_t keep, struct slice record)
{
	struct buf text = { .max = FILE_MAX };
	int fd = beneath_open(
	    account, DECIDED, O_RDWR | O_APPEND | O_NOFOLLOW, 0, NULL);
	bool done = false;

	if (fd == -1)
		return false;
	if (!is_to_be_read(fd, record)) {
		done = fd_write_all(fd, record, NULL) == 0;
	} else if (fd_read_file(fd, &text, NULL) == 0) {
		const struct slice all = buf_slice(&text);

		if (too_many(all, 2 * keep) > 0)
			write_file(account,
			    slice_from(all, too_many(all, keep)), record);
		else
			(void)fd_write_all(fd, record, NULL);
		done = true;
	}
	buf_fini(&text);
	fd_close(&fd);
	return done;
}

void
decided_keep(int account, uint64_t keep, const struct decided *d)
{
	struct buf record = { .max = RECORD_MAX };
	int dir;

	if (keep == 0)
		return;
	put_record(&record, d);
	if (!append(account, keep, buf_slice(&record))) {
		dir = beneath_make(account, "sieve", 0700, NULL);
		if (dir != -1)
			write_file(account, SLICE(""), buf_slice(&record));
		fd_close(&dir);
	}
	buf_fini(&record);
}
