/* SPDX-License-Identifier: ISC */
#include "ctl/reports/reading.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/confined.h"
#include "ctl/mailbox/asowner.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "sys/fd.h"

enum { FILE_MAX = 64 << 20, INFOS = 64 };

/* What is in FD; NAME is for what is wrong. */
static int
add(const struct reports_reading *k, void *sum, int fd, const char *name,
    bool must_have)
{
	struct buf file = { .max = FILE_MAX };
	struct err err = { 0 };
	size_t reports = 0;
	int rc = CTL_OK;

	if (fd_read_rest(fd, &file, &err) == -1 ||
	    k->add(sum, buf_slice(&file), &reports, &err) == -1)
		rc = ctl_fail("%s: %s: %s", k->name, name, err.text);
	else if (must_have && reports == 0)
		rc =
		    ctl_fail("%s: %s: there is no report in it", k->name, name);
	buf_fini(&file);
	return rc;
}

/* ---- files ---- */

struct reading_files {
	const struct reports_reading *kind;
	const struct ctl *ctl;
	char **names;
	int *fds;
	int n;
};

static int
read_files(void *arg)
{
	const struct reading_files *f = arg;
	void *sum = f->kind->begin();
	int rc = CTL_OK;

	for (int i = 0; i < f->n; i++)
		if (f->fds[i] == -1 ||
		    add(f->kind, sum, f->fds[i], f->names[i], true) != CTL_OK)
			rc = CTL_FAILED;
	f->kind->end(sum, f->ctl->json);
	return rc;
}

static int
open_file(const struct reports_reading *kind, const char *path)
{
	struct err err;
	int fd = strcmp(path, "-") == 0
		     ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
		     : open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		err_sys(&err, ERR_PERM, "%s: open %s", kind->name, path);
		(void)ctl_fail_err(&err);
	}
	return fd;
}

static int
from_files(const struct reports_reading *kind, const struct ctl *ctl, int n,
    char **names)
{
	struct reading_files f = {
		.kind = kind, .ctl = ctl, .names = names, .n = n
	};
	int rc;

	f.fds = xcalloc((size_t)n, sizeof *f.fds);
	for (int i = 0; i < n; i++)
		f.fds[i] = open_file(kind, names[i]);
	rc = confined_run(ctl, read_files, &f);
	for (int i = 0; i < n; i++)
		fd_close(&f.fds[i]);
	free(f.fds);
	return rc;
}

/* ---- a mailbox ---- */

static int
add_message(
    const struct reports_reading *k, void *sum, struct mailbox *m, uint32_t uid)
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
	rc = add(k, sum, fd, name, false);
	fd_close(&fd);
	return rc;
}

static int
add_messages(const struct reports_reading *k, void *sum, struct mailbox *m)
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
			if (add_message(k, sum, m, infos[i].uid) != CTL_OK)
				rc = CTL_FAILED;
			next = infos[i].uid + 1;
		}
	} while (got == INFOS);
	return rc;
}

struct reading_folder {
	const struct reports_reading *kind;
	const char *folder;
};

static int
read_mailbox(struct asowner *o)
{
	const struct reading_folder *f = o->arg;
	const char *folder = f->folder;
	void *sum;
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
	sum = f->kind->begin();
	rc = add_messages(f->kind, sum, m);
	mailbox_close(&m);
	f->kind->end(sum, o->ctl->json);
	return rc;
}

int
reading_run(
    const struct reports_reading *kind, struct ctl *ctl, int argc, char **argv)
{
	const char *who = NULL;
	const struct ctl_opt opts[] = { { "mailbox", &who, NULL }, { 0 } };
	struct reading_folder folder = { .kind = kind, .folder = "INBOX" };
	struct asowner_task task = { .run = read_mailbox, .arg = &folder };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 10000);

	if (n == -1)
		return CTL_USAGE;
	if (who == NULL)
		return n > 0 ? from_files(kind, ctl, n, argv)
			     : ctl_usage(ctl, "which file?");
	if (n > 1 || strchr(who, '@') == NULL)
		return ctl_usage(
		    ctl, "--mailbox takes NAME@DOMAIN and one folder");
	if (n == 1)
		folder.folder = argv[0];
	return asowner_run(ctl, who, &task);
}
