/* SPDX-License-Identifier: ISC */
/*
 * pabal queue export: copies of messages, which stay in the queue.
 *
 * Into a directory: QID.eml, the message byte for byte, and QID.json beside it,
 * its envelope.  Each is written under another name first and gets its own when
 * it is on disk, the message last: where QID.eml is, both are whole.  Nothing
 * that is there is replaced, but a QID.json alone that an export of the message
 * has left which was killed.
 *
 * To standard output: an mbox (with >From quoted, mboxrd) whose messages begin
 * with X-Envelope-From, X-Envelope-To for each open recipient, and X-Queue-Id.
 */
#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "ctl/view/qview.h"
#include "ctl/view/spooled.h"
#include "ipc/role.h"
#include "sys/fd.h"

enum { FILTER_MAX = 50000, ARGS_MAX = 10000, NAME_BYTES = 64 };

struct copies {
	struct dial files;
	int dirfd; /* -1: to standard output */
	struct buf text;
	int64_t done, gone, failed;
	/* of an mbox: */
	bool line_begins;
	size_t arrows; /* > that stand at the beginning of the line */
	size_t from;   /* bytes of "From " behind them */
};

/* ---- an envelope ---- */

static void
add_json(struct buf *b, const char *key, struct slice v)
{
	buf_addf(b, ",\"%s\":", key);
	out_json(b, v);
}

static void
envelope_json(
    struct buf *b, const struct spooled *s, const struct qview_entry *e)
{
	const struct envelope *v = &s->env;

	buf_adds(b, "{\"qid\":");
	out_json(b, v->id);
	buf_addf(b, ",\"arrived\":%lld,\"size\":%lld",
	    (long long)(v->arrived_us / 1000000), (long long)v->size);
	add_json(b, "sender", v->sender);
	add_json(b, "client", v->client);
	add_json(b, "client_name", v->client_name);
	add_json(b, "helo", v->helo);
	add_json(b, "login", v->login);
	add_json(b, "protocol", v->protocol);
	add_json(b, "envid", v->envid);
	add_json(b, "state", e->state);
	buf_adds(b, ",\"recipients\":[");
	for (size_t i = 0; i < e->nrcpts; i++) {
		buf_adds(b, i > 0 ? "," : "");
		out_json(b, e->rcpts[i].address);
	}
	buf_adds(b, "]}\n");
}

/* ---- files ---- */

static int
write_piece(void *arg, struct slice piece, struct err *err)
{
	const int *fd = arg;

	return fd_write_all(*fd, piece, err);
}

/* A new file NAME; S: the message, else TEXT. */
static int
write_file(int dirfd, const char *name, const struct spooled *s,
    struct slice text, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	char tmp[NAME_BYTES + 32];
	int fd, rc;

	snprintf(tmp, sizeof tmp, ".%s.%ld", name, (long)getpid());
	fd = openat(dirfd, tmp, flags, 0600);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "create %s", tmp);
	rc = s != NULL ? spooled_message(s, write_piece, &fd, err)
		       : fd_write_all(fd, text, err);
	if (rc == 0)
		rc = fd_sync(fd, err);
	fd_close(&fd);
	if (rc == 0 && fd_rename_new(dirfd, tmp, dirfd, name) == -1)
		rc = err_sys(err, ERR_TEMP, "%s", name);
	if (rc == -1)
		(void)unlinkat(dirfd, tmp, 0);
	return rc;
}

/* Letters and digits, as qmgr makes them: no other directory is meant. */
static bool
is_plain(struct slice qid)
{
	for (size_t i = 0; i < qid.n; i++)
		if (!((qid.p[i] >= '0' && qid.p[i] <= '9') ||
			(qid.p[i] >= 'A' && qid.p[i] <= 'Z')))
			return false;
	return qid.n > 0 && qid.n < NAME_BYTES - 8;
}

/* Is JSON, which stands alone, of an export of message QID that was ended
 * before the message was there? */
static bool
is_left(const struct copies *x, struct slice qid, const char *json)
{
	const size_t n = sizeof "{\"qid\":\"\"" - 1 + qid.n;
	const struct slice begin = slice_sub(buf_slice(&x->text), 0, n);
	char there[NAME_BYTES + 16];
	int fd = openat(
	    x->dirfd, json, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got = -1;

	if (fd != -1 && n <= sizeof there)
		got = read(fd, there, n);
	fd_close(&fd);
	return got == (ssize_t)n && slice_eq(slice_of(there, n), begin);
}

static int
to_files(struct copies *x, const struct spooled *s, const struct qview_entry *e,
    struct err *err)
{
	char eml[NAME_BYTES], json[NAME_BYTES];
	struct stat st;

	if (!is_plain(e->qid))
		return err_set(err, ERR_PERM, "not the id of a message");
	snprintf(eml, sizeof eml, "%.*s.eml", SLICE_FMT(e->qid));
	snprintf(json, sizeof json, "%.*s.json", SLICE_FMT(e->qid));
	if (fstatat(x->dirfd, eml, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(err, ERR_PERM, "%s is there already", eml);
	envelope_json(&x->text, s, e);
	if (is_left(x, e->qid, json))
		(void)unlinkat(x->dirfd, json, 0);
	if (write_file(x->dirfd, json, NULL, buf_slice(&x->text), err) == -1)
		return -1;
	if (write_file(x->dirfd, eml, s, SLICE(""), err) == 0)
		return 0;
	(void)unlinkat(x->dirfd, json, 0);
	return -1;
}

/* ---- mbox ---- */

static void
put(const char *p, size_t n)
{
	fwrite(p, 1, n, stdout);
}

/* C, with LF for CRLF, and a > before each line of some > and "From ". */
static void
put_char(struct copies *x, char c)
{
	static const char from[] = "From ";

	if (c == '\r')
		return;
	if (x->line_begins && x->from == 0 && c == '>') {
		x->arrows++;
		return;
	}
	if (x->line_begins && c == from[x->from]) {
		x->from++;
		if (x->from < sizeof from - 1)
			return;
		putchar('>');
		c = '\0';
	}
	if (x->line_begins) {
		for (size_t i = 0; i < x->arrows; i++)
			putchar('>');
		put(from, x->from);
		x->arrows = x->from = 0;
		x->line_begins = false;
	}
	if (c != '\0')
		putchar(c);
	x->line_begins = c == '\n';
}

static int
mbox_piece(void *arg, struct slice piece, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < piece.n; i++)
		put_char(arg, piece.p[i]);
	return 0;
}

/* The sender of a From line has no blanks. */
static void
mbox_from(struct buf *b, const struct spooled *s)
{
	const time_t at = (time_t)(s->env.arrived_us / 1000000);
	struct tm tm;
	char date[64] = "";

	buf_adds(b, "From ");
	if (s->env.sender.n == 0)
		buf_adds(b, "MAILER-DAEMON");
	for (size_t i = 0; i < s->env.sender.n; i++)
		buf_addc(
		    b, s->env.sender.p[i] == ' ' ? '_' : s->env.sender.p[i]);
	if (gmtime_r(&at, &tm) != NULL)
		(void)strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm);
	buf_addf(b, " %s\n", date);
}

static int
to_mbox(struct copies *x, const struct spooled *s, const struct qview_entry *e,
    struct err *err)
{
	struct buf *b = &x->text;

	mbox_from(b, s);
	buf_addf(b, "X-Queue-Id: %.*s\nX-Envelope-From: <%.*s>\n",
	    SLICE_FMT(e->qid), SLICE_FMT(s->env.sender));
	for (size_t i = 0; i < e->nrcpts; i++)
		buf_addf(b, "X-Envelope-To: <%.*s>\n",
		    SLICE_FMT(e->rcpts[i].address));
	put(b->p, b->n);
	x->line_begins = true;
	x->arrows = x->from = 0;
	if (spooled_message(s, mbox_piece, x, err) == -1)
		return -1;
	/* What is held back, and an empty line. */
	if (!x->line_begins || x->arrows > 0 || x->from > 0)
		put_char(x, '\n');
	putchar('\n');
	if (ferror(stdout))
		return err_set(err, ERR_TEMP,
		    "standard output cannot be "
		    "written");
	return 0;
}

/* ---- all ---- */

static bool
export_one(void *arg, const struct qview_entry *e)
{
	struct copies *x = arg;
	struct spooled s;
	struct err err;
	int fd, rc;

	if (qview_next_file(&x->files, e->qid, &fd, &err) == -1) {
		/* Delivered or deleted meanwhile, or qmgr is gone. */
		if (err.class == ERR_PERM)
			x->gone++;
		else
			x->failed++;
		return err.class == ERR_PERM;
	}
	buf_reset(&x->text);
	rc = spooled_init(&s, fd, &err);
	if (rc == 0 && x->dirfd != -1)
		rc = to_files(x, &s, e, &err);
	else if (rc == 0)
		rc = to_mbox(x, &s, e, &err);
	spooled_fini(&s);
	if (rc == 0)
		x->done++;
	else {
		x->failed++;
		ctl_fail("queue export %.*s: %s", SLICE_FMT(e->qid), err.text);
	}
	return !ferror(stdout);
}

static void
print_done(const struct ctl *ctl, const struct copies *x)
{
	if (ctl->json)
		printf("{\"messages\":%lld,\"gone\":%lld,\"failed\":%lld}\n",
		    (long long)x->done, (long long)x->gone,
		    (long long)x->failed);
	else
		printf("export: %lld message%s\n", (long long)x->done,
		    x->done == 1 ? "" : "s");
}

static int
export_all(struct ctl *ctl, struct copies *x, struct slice filter)
{
	struct err err;
	int rc;

	if (dial_open(&x->files, &ctl->inst, ROLE_QMGR, &err) == -1)
		return ctl_fail("queue export: %s", err.text);
	progress_begin("export", 0);
	rc = qview_each(&ctl->inst, filter, export_one, x, &err);
	progress_end();
	dial_close(&x->files);
	if (rc == 0 && x->dirfd != -1)
		rc = fd_sync(x->dirfd, &err);
	if (x->dirfd == -1 && fflush(stdout) == EOF)
		x->failed++;
	if (rc == -1)
		return ctl_fail("queue export: %s", err.text);
	if (x->dirfd != -1)
		print_done(ctl, x);
	return x->failed == 0 ? CTL_OK : CTL_FAILED;
}

int
cmd_queue_export(struct ctl *ctl, int argc, char **argv)
{
	const char *to = NULL;
	const struct ctl_opt opts[] = { { "to", &to, NULL }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, ARGS_MAX);
	struct copies x = { .dirfd = -1, .text = { .max = 64 << 20 } };
	struct buf filter = { .max = FILTER_MAX };
	int rc;

	if (n == -1)
		return CTL_USAGE;
	if (to == NULL)
		return ctl_usage(ctl, "queue export: where to? --to a "
				      "directory, or - for standard output");
	if (strcmp(to, "-") == 0 && isatty(STDOUT_FILENO) == 1)
		return ctl_usage(ctl, "queue export: not to a terminal; queue "
				      "show --message shows a message there");
	if (qview_filter(ctl, n, argv, &filter) == -1)
		return CTL_USAGE;
	if (strcmp(to, "-") != 0) {
		x.dirfd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (x.dirfd == -1)
			return ctl_fail(
			    "queue export: %s: %s", to, strerrordesc_np(errno));
	}
	rc = export_all(ctl, &x, buf_slice(&filter));
	fd_close(&x.dirfd);
	buf_fini(&x.text);
	buf_fini(&filter);
	return rc;
}
