/* SPDX-License-Identifier: ISC */
/* pabal dmarc: reports of others about mail in the name of our domains.  They
 * are read by a child that can reach nothing, or the account alone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/confined.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/reports/dmarcsum.h"
#include "ctl/view/out.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "sys/fd.h"

enum { FILE_MAX = 64 << 20, INFOS = 64 };

static const struct out_col cols[] = { { "domain", 24 }, { "source", 15 },
	{ "messages", -8 }, { "from", 24 }, { "disposition", 11 },
	{ "dkim", 4 }, { "spf", 4 }, { "reason", 0 } };

static void
print(struct dmarcsum *s, bool json)
{
	struct out out;
	size_t n;
	const struct dmarcsum_row *const *rows = dmarcsum_rows(s, &n);

	out_begin(&out, json, cols, ARRAY_LEN(cols));
	for (size_t i = 0; i < n; i++) {
		const struct dmarcsum_row *r = rows[i];

		out_str(&out, r->values[0]);
		out_str(&out, r->values[1]);
		out_num(&out,
		    r->messages > INT64_MAX ? INT64_MAX : (int64_t)r->messages);
		for (size_t k = 2; k < DMARCSUM_VALUES; k++)
			out_str(&out, r->values[k]);
	}
	out_end_or(&out, "no report");
}

/* What is in FD; NAME is for what is wrong. */
static int
add(struct dmarcsum *s, int fd, const char *name, bool must_have)
{
	struct buf file = { .max = FILE_MAX };
	struct err err = { 0 };
	size_t reports = 0;
	int rc = CTL_OK;

	if (fd_read_rest(fd, &file, &err) == -1 ||
	    dmarcsum_add(s, buf_slice(&file), &reports, &err) == -1)
		rc = ctl_fail("dmarc: %s: %s", name, err.text);
	else if (must_have && reports == 0)
		rc = ctl_fail("dmarc: %s: there is no report in it", name);
	buf_fini(&file);
	return rc;
}

/* ---- files ---- */

struct dmarc_files {
	const struct ctl *ctl;
	char **names;
	int *fds;
	int n;
};

static int
read_files(void *arg)
{
	const struct dmarc_files *f = arg;
	struct dmarcsum *s = dmarcsum_new();
	int rc = CTL_OK;

	for (int i = 0; i < f->n; i++)
		if (f->fds[i] == -1 ||
		    add(s, f->fds[i], f->names[i], true) != CTL_OK)
			rc = CTL_FAILED;
	print(s, f->ctl->json);
	dmarcsum_free(&s);
	return rc;
}

static int
open_file(const char *path)
{
	struct err err;
	int fd = strcmp(path, "-") == 0
		     ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
		     : open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		err_sys(&err, ERR_PERM, "dmarc: open %s", path);
		(void)ctl_fail_err(&err);
	}
	return fd;
}

static int
from_files(const struct ctl *ctl, int n, char **names)
{
	struct dmarc_files f = { .ctl = ctl, .names = names, .n = n };
	int rc;

	f.fds = xcalloc((size_t)n, sizeof *f.fds);
	for (int i = 0; i < n; i++)
		f.fds[i] = open_file(names[i]);
	rc = confined_run(ctl, read_files, &f);
	for (int i = 0; i < n; i++)
		fd_close(&f.fds[i]);
	free(f.fds);
	return rc;
}

/* ---- a mailbox ---- */

static int
add_message(struct dmarcsum *s, struct mailbox *m, uint32_t uid)
{
	char name[32];
	struct err err;
	int fd, rc;

	switch (message_open(m, uid, &fd, NULL, &err)) {
	case ABSENT:
		return CTL_OK;
	case TEMPFAIL:
		return ctl_fail_err(&err);
	case FOUND:
		break;
	}
	snprintf(name, sizeof name, "message %u", uid);
	rc = add(s, fd, name, false);
	fd_close(&fd);
	return rc;
}

static int
add_messages(struct dmarcsum *s, struct mailbox *m)
{
	struct message_info infos[INFOS];
	struct err err = { 0 };
	uint32_t next = 1;
	int rc = CTL_OK;
	size_t got;

	do {
		if (message_read(m, next, infos, INFOS, &got, &err) == -1)
			return ctl_fail_err(&err);
		for (size_t i = 0; i < got; i++) {
			if (add_message(s, m, infos[i].uid) != CTL_OK)
				rc = CTL_FAILED;
			next = infos[i].uid + 1;
		}
	} while (got == INFOS);
	return rc;
}

static int
read_mailbox(struct asowner *o)
{
	const char *folder = o->arg;
	struct dmarcsum *s;
	struct mailbox *m;
	struct err err;
	int rc;

	switch (mailbox_open(o->account, slice_str(folder), &m, &err)) {
	case ABSENT:
		return ctl_fail("%s: there is no %s", o->name, folder);
	case TEMPFAIL:
		return asowner_fail(o, &err);
	case FOUND:
		break;
	}
	s = dmarcsum_new();
	rc = add_messages(s, m);
	mailbox_close(&m);
	print(s, o->ctl->json);
	dmarcsum_free(&s);
	return rc;
}

int
cmd_dmarc(struct ctl *ctl, int argc, char **argv)
{
	const char *who = NULL;
	const struct ctl_opt opts[] = { { "mailbox", &who, NULL }, { 0 } };
	static char inbox[] = "INBOX";
	struct asowner_task task = { .run = read_mailbox, .arg = inbox };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 10000);

	if (n == -1)
		return CTL_USAGE;
	if (who == NULL)
		return n > 0 ? from_files(ctl, n, argv)
			     : ctl_usage(ctl, "which file?");
	if (n > 1 || strchr(who, '@') == NULL)
		return ctl_usage(
		    ctl, "--mailbox takes NAME@DOMAIN and one folder");
	if (n == 1)
		task.arg = argv[0];
	return asowner_run(ctl, who, &task);
}
