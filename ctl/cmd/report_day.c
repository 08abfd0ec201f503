/* SPDX-License-Identifier: ISC */
/* pabal report: what became of mail on each day, out of the log. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mail/sendmail.h"
#include "ctl/summary/days.h"
#include "ctl/summary/print.h"
#include "ctl/view/logcut.h"
#include "ctl/view/logset.h"
#include "ctl/view/logsince.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { TOP_MAX = 1000, TEXT_MAX = INT32_MAX, DAY_S = 86400 };

struct report_days {
	struct ctl *ctl;
	const char *to; /* NULL: standard output */
	struct days days;
	struct logcut_reader reader;
	struct buf text;
};

/* ---- which days ---- */

static void
day_at(int64_t now_s, char date[static DAY_BYTES])
{
	const time_t at = (time_t)now_s;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(date, DAY_BYTES, "%Y-%m-%d", &tm) == 0)
		date[0] = '\0';
}

static bool
parse_day(const char *word, char date[static DAY_BYTES])
{
	char midnight[DAY_BYTES + 16];

	if (strcmp(word, "today") == 0) {
		day_at(clock_wall_s(), date);
		return true;
	}
	if (strcmp(word, "yesterday") == 0) {
		day_at(clock_wall_s() - DAY_S, date);
		return true;
	}
	snprintf(midnight, sizeof midnight, "%.10sT00:00:00Z", word);
	return day_of(slice_str(midnight), date) && strcmp(word, date) == 0;
}

/* From the words WORD (NULL: none) and SINCE (NULL) to the days, and where in
 * the log they begin; CTL_OK or CTL_USAGE. */
static int
choose(struct report_days *r, const char *word, const char *since,
    struct logset_from *from)
{
	struct days *d = &r->days;

	if (since != NULL && word != NULL)
		return ctl_usage(r->ctl, "a day or --since, not both");
	if (since != NULL) {
		if (!logsince_parse(
			slice_str(since), clock_wall_s(), from->since))
			return ctl_usage(r->ctl,
			    "--since: expected an age as 7d or 12h, or the "
			    "beginning of a time as 2026-11-20");
		snprintf(d->from, sizeof d->from, "%.10s", from->since);
		return CTL_OK;
	}
	if (!parse_day(word != NULL ? word : "today", d->from))
		return ctl_usage(
		    r->ctl, "expected today, yesterday or a day as 2026-11-20");
	memcpy(d->to, d->from, sizeof d->to);
	return logsince_parse(slice_str(d->from), clock_wall_s(), from->since)
		   ? CTL_OK
		   : CTL_USAGE;
}

/* ---- reading ---- */

static void
on_line(struct logcut_reader *reader, const struct logcut_line *l)
{
	struct report_days *r = OUTER(reader, struct report_days, reader);

	days_add(&r->days, l->line, l->time);
}

static int
read_log(struct report_days *r, const struct logset_from *from)
{
	struct err err;
	struct logset *log = logset_open(from, &err);
	int rc = CTL_OK;

	if (log == NULL)
		return ctl_fail("report: %s", err.text);
	if (logset_is_closed(log)) {
		rc = ctl_fail("report: the log cannot be read: only root and "
			      "the group systemd-journal may");
	} else {
		if (logset_left_out(log)[0] != '\0')
			fprintf(stderr,
			    "pabal: report: not read (--all does that): %s\n",
			    logset_left_out(log));
		r->reader.on_line = on_line;
		if (logset_scan(log, NULL, 0, &r->reader, &err) == -1)
			rc = ctl_fail("report: %s", err.text);
	}
	logset_free(&log);
	return rc;
}

/* ---- telling ---- */

static void
put(struct report_days *r)
{
	const struct days *d = &r->days;
	struct buf *b = &r->text;
	const bool json = r->ctl->json;

	for (size_t i = 0; i < d->n; i++) {
		if (json)
			buf_adds(b, i > 0 ? ",\n" : "[");
		else if (i > 0)
			buf_adds(b, "\n\n");
		if (json)
			print_day_json(b, d->all[i], d->names);
		else
			print_day(b, d->all[i], d->names);
	}
	if (json)
		buf_adds(b, d->n > 0 ? "]\n" : "[]\n");
	else if (d->n == 0)
		buf_adds(b, "The log says nothing about that time.\n");
}

static void
put_header(
    struct report_days *r, const struct shared_conf *shared, struct buf *out)
{
	const struct days *d = &r->days;

	buf_addf(out,
	    "To: %s\n"
	    "Subject: %s: mail of %s%s%s\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: %s; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    r->to, shared->hostname, d->from,
	    d->n > 1 || d->to[0] == '\0' ? " to " : "",
	    d->to[0] == '\0' && d->n > 0 ? d->all[d->n - 1]->date : "",
	    r->ctl->json ? "application/json" : "text/plain");
}

/* As sendmail takes it, from its standard input. */
static int
send(struct report_days *r)
{
	char *argv[] = { (char[]){ "sendmail" }, (char[]){ "-i" },
		(char[]){ "-t" }, NULL };
	struct shared_conf *shared = instance_shared(&r->ctl->inst);
	struct buf header = { .max = 8192 };
	struct err err;
	int fd, rc = -1;

	if (shared == NULL)
		return CTL_FAILED;
	put_header(r, shared, &header);
	instance_shared_free(&shared);
	fd = memfd_create("report", MFD_CLOEXEC);
	if (fd == -1)
		err_sys(&err, ERR_TEMP, "memfd_create");
	else if (fd_write_all(fd, buf_slice(&header), &err) == 0 &&
		 fd_write_all(fd, buf_slice(&r->text), &err) == 0 &&
		 lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, 0) == 0)
		rc = 0;
	buf_fini(&header);
	fd_close(&fd);
	if (rc == -1)
		return ctl_fail("report: %s", err.text);
	return sendmail_main(r->ctl, 3, argv) == 0 ? CTL_OK : CTL_FAILED;
}

static int
tell(struct report_days *r)
{
	put(r);
	if (r->text.failed)
		return ctl_fail("report: it is too large");
	if (r->to != NULL)
		return send(r);
	fwrite(r->text.p, 1, r->text.n, stdout);
	return CTL_OK;
}

static bool
parse_top(const char *text, size_t *n)
{
	struct cur c = cur_of(slice_str(text));

	*n = (size_t)cur_u64(&c, TOP_MAX);
	return cur_end(&c) && *n > 0;
}

int
cmd_report(struct ctl *ctl, int argc, char **argv)
{
	struct logset_from from = { .in = &ctl->inst };
	const char *since = NULL, *top = NULL;
	struct report_days r = { .ctl = ctl, .text.max = TEXT_MAX };
	const struct ctl_opt opts[] = { { "log", &from.file, NULL },
		{ "since", &since, NULL }, { "top", &top, NULL },
		{ "mail", &r.to, NULL }, { "all", NULL, &from.packed }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	int rc;

	if (n == -1)
		return CTL_USAGE;
	days_init(&r.days);
	if (top != NULL && !parse_top(top, &r.days.names))
		rc = ctl_usage(ctl, "--top: expected a number to %d", TOP_MAX);
	else if (r.to != NULL && strpbrk(r.to, "\r\n") != NULL)
		rc = ctl_usage(ctl, "--mail: expected an address");
	else
		rc = choose(&r, n > 0 ? argv[0] : NULL, since, &from);
	if (rc == CTL_OK)
		rc = read_log(&r, &from);
	if (rc == CTL_OK)
		rc = tell(&r);
	buf_fini(&r.text);
	days_fini(&r.days);
	return rc;
}
