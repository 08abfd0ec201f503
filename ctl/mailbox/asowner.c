/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/asowner.h"

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/cmd/confined.h"
#include "ctl/inst/tables.h"
#include "ctl/mail/mailstore.h"
#include "ctl/mailbox/diskloop.h"
#include "ctl/mailbox/done.h"
#include "ctl/view/progress.h"
#include "log/log.h"
#include "mime/charset.h"
#include "store/account.h"
#include "store/store.h"
#include "store/usage.h"
#include "sys/beneath.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "table/account.h"
#include "table/key.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

enum { DIRS_MAX = 8, BUSY_MS = 100 };

/* The accounts to be done, and what came of it. */
struct tour {
	struct ctl *ctl;
	const struct tables *tables;
	const struct asowner_task *task;
	const char *domain; /* NULL: every */
	struct out out;
	size_t first_col;
	bool many;
	size_t found;
	int status;
};

/* ---- in the child ---- */

static int
confine(const struct tour *t, const struct asowner *o,
    const struct mailstore_owner *owner, struct err *err)
{
	int dirs[DIRS_MAX];
	struct ctl_confined c = { .uid = owner->uid,
		.gid = owner->gid,
		.dirs = dirs,
		.connect = t->task->connect,
		.sync = t->task->loop,
		.link = t->task->links };

	dirs[c.ndirs++] = o->dirfd;
	for (size_t i = 0; i < t->task->ndirs && c.ndirs < DIRS_MAX; i++)
		dirs[c.ndirs++] = t->task->dirs[i];
	return t->ctl->confine(&c, err);
}

/* Another process may be building the index. */
static int
open_account(struct asowner *o, struct err *err)
{
	const struct timespec pause = { .tv_nsec = BUSY_MS * 1000000L };
	enum found f;

	progress_begin("waiting for the index, in tenths of a second", 0);
	for (int n = 0;; n++) {
		f = store_account_open(o->store, ".", &o->account, err);
		if (f != TEMPFAIL || !store_is_building(err))
			break;
		progress_at(n);
		(void)nanosleep(&pause, NULL);
	}
	progress_end();
	return f == FOUND ? 0 : -1;
}

/* Its task, with the account open. */
static int
in_store(const struct tour *t, struct asowner *o, const char *boot_id)
{
	struct store_opts opts = { .hostname = t->tables->shared->hostname,
		.boot_id = boot_id,
		.place = o->entry->home,
		.visitor = true };
	struct err err;
	int rc;

	if (t->task->loop)
		opts.durable = diskloop_start(o->dirfd);
	o->store = store_new(o->dirfd, &opts);
	if (store_configure(o->store, o->shared, &err) == 0 &&
	    open_account(o, &err) == 0) {
		account_set_owner(o->account, slice_str(o->name),
		    &(struct quota){ .bytes = o->entry->quota_bytes,
			.messages = o->entry->quota_messages });
		rc = t->task->run(o);
		account_close(&o->account);
	} else {
		rc = asowner_fail(o, &err);
	}
	store_free(&o->store);
	diskloop_end();
	return rc;
}

static int
work(const struct tour *t, struct asowner *o,
    const struct mailstore_owner *owner)
{
	char boot_id[STORE_BOOT_ID_SIZE];
	struct err err;
	int rc;

	progress_remember();
	log_set(LOG_LOGFMT, LOG_LVL_WARN);
	if (store_boot_id(boot_id, &err) == -1 ||
	    confine(t, o, owner, &err) == -1)
		return asowner_fail(o, &err);
	rc = t->task->files ? t->task->run(o) : in_store(t, o, boot_id);
	progress_end();
	return rc;
}

/* ---- in the parent ---- */

/* CHILD's exit status; the rows that it added are counted. */
static int
wait_for(pid_t child, int fd, struct tour *t, const char *name)
{
	size_t rows;
	int status = 0;

	if (read(fd, &rows, sizeof rows) == (ssize_t)sizeof rows)
		t->out.rows = rows;
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return ctl_fail("%s: the process that works there was ended by "
			"signal %d",
	    name, WTERMSIG(status));
}

static int
in_child(struct tour *t, struct asowner *o, const struct mailstore_owner *owner)
{
	int ends[2], rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return ctl_fail("pipe: %s", strerror(errno));
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		rc = work(t, o, owner);
		if (fflush(stdout) == EOF && rc == CTL_OK)
			rc = ctl_fail("write to standard output failed");
		(void)!write(ends[1], &t->out.rows, sizeof t->out.rows);
		_exit(rc);
	}
	fd_close(&ends[1]);
	rc = pid == -1 ? ctl_fail("fork: %s", strerror(errno))
		       : wait_for(pid, ends[0], t, o->name);
	fd_close(&ends[0]);
	return rc;
}

/* The directory of O's account: ABSENT where nobody has used it yet. */
static enum found
open_home(struct asowner *o, const char *root, struct err *err)
{
	int rootfd = open(root, DIR_FLAGS);
	bool absent;

	if (rootfd == -1) {
		err_sys(err, ERR_TEMP, "open %s", root);
		return TEMPFAIL;
	}
	o->dirfd = beneath_open(rootfd, o->entry->home, DIR_FLAGS, 0, err);
	absent = o->dirfd == -1 && errno == ENOENT;
	fd_close(&rootfd);
	if (o->dirfd != -1)
		return FOUND;
	return absent ? ABSENT : TEMPFAIL;
}

static int
do_one(struct tour *t, const char *name, const struct account_entry *entry)
{
	const struct shared_conf *shared = t->tables->shared;
	struct asowner o = { .ctl = t->ctl,
		.shared = shared,
		.name = name,
		.entry = entry,
		.dirfd = -1,
		.out = t->task->cols != NULL ? &t->out : NULL,
		.many = t->many,
		.arg = t->task->arg };
	struct mailstore_owner owner;
	struct err err;
	struct asowner_done done;
	enum found f = TEMPFAIL;

	if (mailstore_find_owner(shared->mail_directory, entry, &owner, &err) ==
		0 &&
	    (!t->task->make || mailstore_create(shared->mail_directory,
				   shared->hostname, entry, &err) == 0))
		f = open_home(&o, owner.root, &err);
	if (f == TEMPFAIL)
		return asowner_fail(&o, &err);
	if (f == ABSENT && t->many)
		return CTL_OK;
	if (f == ABSENT)
		return ctl_fail("%s has no mailbox yet: it is made with the "
				"first mail or login",
		    name);
	done = (struct asowner_done){
		.name = name, .begun_s = clock_wall_s(), .arg = o.arg
	};
	done.status = in_child(t, &o, &owner);
	fd_close(&o.dirfd);
	return t->task->done != NULL ? t->task->done(&done) : done.status;
}

static bool
on_account(void *arg, struct slice key, struct slice value)
{
	struct tour *t = arg;
	const struct slice domain = slice_from(key, slice_rfind(key, '@') + 1);
	struct account_entry entry;
	char name[TABLE_KEY_MAX + 1];
	int rc;

	if (key.n > TABLE_KEY_MAX ||
	    (t->domain != NULL && !slice_iis(domain, t->domain)) ||
	    account_parse(key, value, &entry, NULL) == -1)
		return true;
	t->found++;
	memcpy(name, key.p, key.n);
	name[key.n] = '\0';
	rc = do_one(t, name, &entry);
	if (rc != CTL_OK)
		t->status = rc;
	return true;
}

static int
do_many(struct tour *t)
{
	struct err err;

	if (tables_each(t->tables, "accounts", on_account, t, &err) == -1)
		return ctl_fail_err(&err);
	if (t->found == 0 && t->domain != NULL)
		return ctl_fail("%s has no account", t->domain);
	return t->status;
}

static int
do_who(struct tour *t, const char *who)
{
	struct account_entry entry;
	struct err err;

	if (t->many)
		return do_many(t);
	if (tables_account(t->tables, who, &entry, &err) != FOUND)
		return ctl_fail_err(&err);
	return do_one(t, who, &entry);
}

int
asowner_run(struct ctl *ctl, const char *who, const struct asowner_task *task)
{
	struct tables tables;
	struct tour t = { .ctl = ctl,
		.tables = &tables,
		.task = task,
		.many = who == NULL || strchr(who, '@') == NULL };
	int rc = CTL_FAILED;

	t.domain = t.many ? who : NULL;
	t.first_col = t.many || ctl->json ? 0 : 1;
	if (tables_open(&tables, &ctl->inst) == -1)
		goto out;
	if (task->charsets)
		charset_preload(true);
	if (task->cols != NULL)
		out_begin(&t.out, ctl->json, task->cols + t.first_col,
		    task->ncols - t.first_col);
	rc = do_who(&t, who);
	if (task->cols != NULL)
		out_end(&t.out);
out:
	tables_close(&tables);
	return rc;
}

int
asowner_who(struct ctl *ctl, bool all, int argc, char **argv, const char **who)
{
	*who = argc > 0 && !all ? argv[0] : NULL;
	if (all == (argc == 0))
		return 0;
	(void)ctl_usage(ctl, "expected NAME@DOMAIN, DOMAIN or --all");
	return -1;
}

void
asowner_row(struct asowner *o)
{
	if (o->many || o->ctl->json)
		out_str(o->out, slice_str(o->name));
}

int
asowner_fail(const struct asowner *o, const struct err *err)
{
	return ctl_fail("%s: %s", o->name, err->text);
}
