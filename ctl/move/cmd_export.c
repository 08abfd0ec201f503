/* SPDX-License-Identifier: ISC */
/*
 * pabal mailbox export: mailboxes as others read them.  A tar holds a Maildir
 * as Dovecot and Courier have it, with its UIDs and keywords beside the
 * messages; an mbox the messages of one folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/archive/mbox_write.h"
#include "ctl/archive/tar.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/folders.h"
#include "ctl/move/output.h"
#include "ctl/move/scripts.h"
#include "ctl/view/progress.h"
#include "maildir/boxfile.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "maildir/kwlog.h"
#include "maildir/name.h"
#include "maildir/textfile.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/verify.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum { INFOS = 64, PIECE = 64 << 10, SMALL_MAX = 128 << 20 };

struct export_run {
	bool mbox;
	const char *folder; /* NULL: all */
	struct move_output out;
	struct buf dir; /* "" or ".Work/" */
	int64_t messages;
	/* in the child */
	struct mailbox *m;
	struct err err;
};

/* Its name in a Maildir: what we know of it stands there. */
static void
name_of(struct buf *out, const struct message_info *info)
{
	char base[96];
	struct filename f = { .size = info->size,
		.vsize = info->vsize,
		.uid = info->uid,
		.own_id = true,
		.email_id = info->email_id,
		.info = true,
		.flags = info->flags & MSG_FLAGS,
		.letters = keyword_set_letters(&info->keywords) };

	snprintf(base, sizeof base, "%lld.E%016llxU%u.pabal",
	    (long long)info->saved_s, (unsigned long long)info->email_id,
	    info->uid);
	f.base = slice_str(base);
	filename_format(out, &f);
}

/* ---- pieces of a message ---- */

static int
copy_text(struct export_run *x, int fd, int64_t size, struct mbox_writer *w)
{
	char piece[PIECE];

	for (int64_t at = 0; at < size;) {
		const size_t n =
		    size - at < PIECE ? (size_t)(size - at) : PIECE;

		if (fd_pread_all(fd, piece, n, at, &x->err) == -1)
			return -1;
		if (w != NULL)
			mbox_put(w, &x->out.text, slice_of(piece, n));
		else
			buf_add(&x->out.text, slice_of(piece, n));
		if (move_output_flush(&x->out, false, &x->err) == -1)
			return -1;
		at += (int64_t)n;
	}
	return 0;
}

static void
pad(struct export_run *x, uint64_t size)
{
	static const char zeros[TAR_BLOCK];

	buf_add(&x->out.text, slice_of(zeros, (size_t)tar_padding(size)));
}

static void
put_keywords(struct buf *out, const struct keyword_table *t,
    const struct keyword_set *set)
{
	for (unsigned k = keyword_set_next(set, 0); k < KEYWORDS_MAX;
	     k = keyword_set_next(set, k + 1)) {
		const char *name = keywords_name(t, k);

		if (name == NULL)
			continue;
		if (out->n > 0)
			buf_addc(out, ' ');
		buf_adds(out, name);
	}
}

static int
put_mbox(struct export_run *x, int fd, const struct message_info *info)
{
	struct buf keywords = { .max = KEYWORD_TEXT_MAX };
	struct mbox_writer w;
	int rc;

	put_keywords(&keywords, mailbox_keywords(x->m), &info->keywords);
	mbox_begin(
	    &w, &x->out.text, info->date_s, info->flags, buf_slice(&keywords));
	rc = copy_text(x, fd, info->size, &w);
	mbox_end(&w, &x->out.text);
	buf_fini(&keywords);
	return rc;
}

static int
put_tar(struct export_run *x, int fd, const struct message_info *info)
{
	struct buf name = { .max = TAR_NAME_MAX };
	int rc;

	buf_add(&name, buf_slice(&x->dir));
	buf_adds(&name, "cur/");
	name_of(&name, info);
	tar_put(&x->out.text, buf_slice(&name), TAR_FILE, (uint64_t)info->size,
	    info->date_s);
	buf_fini(&name);
	rc = copy_text(x, fd, info->size, NULL);
	pad(x, (uint64_t)info->size);
	return rc;
}

static int
put_message(struct export_run *x, uint32_t uid)
{
	struct message_info info;
	int fd, rc;

	switch (message_open(x->m, uid, &fd, &info, &x->err)) {
	case ABSENT:
		return 0; /* removed meanwhile */
	case TEMPFAIL:
		return -1;
	case FOUND:
		break;
	}
	rc = x->mbox ? put_mbox(x, fd, &info) : put_tar(x, fd, &info);
	fd_close(&fd);
	progress_at(++x->messages);
	return rc;
}

/* ---- what stands beside the messages ---- */

/* Of now: Dovecot takes a list of keywords from 1970 for one that it knows. */
static void
put_small(struct export_run *x, const char *name, struct slice text)
{
	struct buf path = { .max = TAR_NAME_MAX };

	buf_add(&path, buf_slice(&x->dir));
	buf_adds(&path, name);
	tar_put(
	    &x->out.text, buf_slice(&path), TAR_FILE, text.n, clock_wall_s());
	buf_add(&x->out.text, text);
	pad(x, text.n);
	buf_fini(&path);
}

static void
put_dirs(struct export_run *x)
{
	static const char *const parts[] = { "", "cur/", "new/", "tmp/" };
	struct buf path = { .max = TAR_NAME_MAX };

	for (size_t i = x->dir.n == 0 ? 1 : 0; i < ARRAY_LEN(parts); i++) {
		buf_reset(&path);
		buf_add(&path, buf_slice(&x->dir));
		buf_adds(&path, parts[i]);
		tar_put(
		    &x->out.text, buf_slice(&path), TAR_DIR, 0, clock_wall_s());
	}
	buf_fini(&path);
	if (x->dir.n > 0)
		put_small(x, "maildirfolder", (struct slice){ NULL, 0 });
}

/* UIDs for Dovecot, and keywords without a letter for us. */
static int
put_lists(struct export_run *x, const struct mailbox_status *st)
{
	struct buf uids = { .max = SMALL_MAX }, more = { .max = SMALL_MAX },
		   name = { .max = TAR_NAME_MAX };
	struct message_info infos[INFOS];
	uint32_t next = 1;
	size_t got;
	int rc;

	buf_addf(
	    &uids, "3 V%u N%u G%s\n", st->uidvalidity, st->uidnext, st->id);
	buf_adds(&more, KWFILE_FIRST);
	while (
	    (rc = message_read(x->m, next, infos, INFOS, &got, &x->err)) == 0 &&
	    got > 0) {
		for (size_t i = 0; i < got; i++) {
			struct slice info;

			buf_reset(&name);
			name_of(&name, &infos[i]);
			buf_addf(&uids, "%u :%.*s\n", infos[i].uid,
			    SLICE_FMT(slice_cut(buf_slice(&name), ':', &info)));
			if (keyword_set_more(&infos[i].keywords))
				kwlog_line(&more, buf_cstr(&name),
				    mailbox_keywords(x->m), &infos[i].keywords);
		}
		next = infos[got - 1].uid + 1;
	}
	if (rc == 0 && (uids.failed || more.failed))
		rc = err_set(&x->err, ERR_PERM, "too many messages");
	if (rc == 0)
		put_small(x, "dovecot-uidlist", buf_slice(&uids));
	if (rc == 0 && more.n > sizeof KWFILE_FIRST - 1)
		put_small(x, KWFILE_NAME, buf_slice(&more));
	buf_fini(&uids);
	buf_fini(&more);
	buf_fini(&name);
	return rc;
}

static int
put_beside(struct export_run *x, const struct mailbox_status *st)
{
	struct boxfile f = { .uidvalidity = st->uidvalidity,
		.ceiling = st->uidnext,
		.special = st->special };
	struct buf text = { .max = SMALL_MAX };

	put_dirs(x);
	memcpy(f.id, st->id, sizeof f.id);
	boxfile_format(&text, &f);
	put_small(x, "pabal-mailbox", buf_slice(&text));
	buf_reset(&text);
	keywords_format(mailbox_keywords(x->m), &text, KEYWORD_LETTERS);
	if (text.n > 0)
		put_small(x, "dovecot-keywords", buf_slice(&text));
	buf_fini(&text);
	return put_lists(x, st);
}

/* ---- folders ---- */

static int
put_messages(struct export_run *x)
{
	struct message_info infos[INFOS];
	uint32_t next = 1;
	size_t got;

	for (;;) {
		if (message_read(x->m, next, infos, INFOS, &got, &x->err) == -1)
			return -1;
		if (got == 0)
			return 0;
		for (size_t i = 0; i < got; i++)
			if (put_message(x, infos[i].uid) == -1)
				return -1;
		next = infos[got - 1].uid + 1;
	}
}

static int
put_folder(struct export_run *x, struct account *a, struct slice name)
{
	struct mailbox_status st;
	int rc;

	buf_reset(&x->dir);
	if (!name_is_inbox(name) &&
	    (!name_to_dir(&x->dir, name) || (buf_addc(&x->dir, '/'), false)))
		return err_set(&x->err, ERR_PERM,
		    "no directory can be "
		    "called so");
	if (mailbox_open(a, name, &x->m, &x->err) != FOUND)
		return -1;
	rc = mailbox_sync(x->m, false, &x->err);
	if (rc == 0)
		rc = mailbox_status(x->m, &st, &x->err);
	if (rc == 0 && !x->mbox)
		rc = put_beside(x, &st);
	if (rc == 0)
		rc = put_messages(x);
	mailbox_close(&x->m);
	return rc;
}

static int
put_subscriptions(struct export_run *x, int dirfd)
{
	struct buf text = { .max = SMALL_MAX };
	const enum found f =
	    textfile_load(dirfd, "subscriptions", &text, &x->err);

	buf_reset(&x->dir);
	if (f == FOUND)
		put_small(x, "subscriptions", buf_slice(&text));
	buf_fini(&text);
	return f == TEMPFAIL ? -1 : 0;
}

static bool
is_wanted(const struct export_run *x, const struct folder *f)
{
	return f->used && (x->folder == NULL || slice_is(f->name, x->folder));
}

/* What is not to be read is not left out in silence; what is misnamed is. */
static void
on_directory(void *arg, const struct verify_finding *f)
{
	struct export_run *x = arg;

	if (strcmp(f->what, "unusable") == 0)
		(void)err_set(&x->err, ERR_PERM,
		    "the directory %.100s cannot be read (pabal-log(7), "
		    "store.directory-unusable)",
		    f->file);
}

static int
see_directories(struct export_run *x, struct asowner *o)
{
	struct err err;

	x->err = (struct err){ .class = ERR_NONE };
	if (account_verify_dirs(o->account, on_directory, x, &err) == -1) {
		x->err = err;
		return -1;
	}
	return x->err.class == ERR_NONE ? 0 : -1;
}

static int
put_all(struct export_run *x, struct asowner *o)
{
	struct folders l;
	bool any = false;
	int rc = folders_read(&l, o->account, &x->err);

	if (rc == 0 && x->folder == NULL)
		rc = see_directories(x, o);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		if (!is_wanted(x, &l.v[i]))
			continue;
		any = true;
		rc = put_folder(x, o->account, l.v[i].name);
	}
	folders_fini(&l);
	if (rc == 0 && !any)
		rc = err_set(&x->err, ERR_PERM, "there is no folder %s",
		    x->folder != NULL ? x->folder : "");
	if (rc == 0 && !x->mbox && x->folder == NULL)
		rc = put_subscriptions(x, o->dirfd);
	if (rc == 0 && !x->mbox && x->folder == NULL)
		rc = move_scripts_put(o, &x->out.text, clock_wall_s(), &x->err);
	if (rc == 0 && !x->mbox)
		tar_put_end(&x->out.text);
	return rc == 0 ? move_output_flush(&x->out, true, &x->err) : -1;
}

static int export(struct asowner *o)
{
	struct export_run *x = o->arg;
	int rc;

	progress_begin("exported messages", 0);
	buf_init(&x->dir, NAME_DIR_LIMIT + 1);
	rc = put_all(x, o);
	buf_fini(&x->dir);
	progress_end();
	return rc == 0 ? CTL_OK : asowner_fail(o, &x->err);
}

/* ---- where to ---- */

/* In PATH when it is whole, and on disk. */
static int
to_file(struct ctl *ctl, struct export_run *x, const char *who,
    const char *path, const struct asowner_task *task)
{
	struct buf part = { .max = 4096 };
	struct err err = { 0 };
	int rc;

	if (access(path, F_OK) == 0)
		return ctl_fail("%s is there already", path);
	buf_addf(&part, "%s.part", path);
	x->out.fd = open(buf_cstr(&part),
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (x->out.fd == -1) {
		rc = ctl_fail("%s: %s", buf_cstr(&part), strerror(errno));
	} else {
		rc = asowner_run(ctl, who, task);
		if (rc == CTL_OK && (fd_sync(x->out.fd, &err) == -1 ||
					rename(buf_cstr(&part), path) == -1))
			rc = ctl_fail("%s: %s", path, strerror(errno));
		if (rc != CTL_OK)
			(void)unlink(buf_cstr(&part));
		fd_close(&x->out.fd);
	}
	buf_fini(&part);
	return rc;
}

int
cmd_mailbox_export(struct ctl *ctl, int argc, char **argv)
{
	struct export_run x = { .mbox = false };
	const struct asowner_task task = { .run = export, .arg = &x };
	const char *to = NULL, *format = "tar";
	const struct ctl_opt opts[] = { { "to", &to, NULL },
		{ "format", &format, NULL }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 1, 2);
	int rc;

	if (n == -1)
		return CTL_USAGE;
	x.mbox = strcmp(format, "mbox") == 0;
	if (to == NULL || (!x.mbox && strcmp(format, "tar") != 0))
		return ctl_usage(
		    ctl, "expected --to FILE|-, --format tar or mbox");
	x.folder = n > 1 ? argv[1] : NULL;
	if (x.mbox && x.folder == NULL)
		x.folder = "INBOX";
	if (strcmp(to, "-") == 0 && isatty(STDOUT_FILENO) == 1)
		return ctl_fail("standard output is a terminal");
	move_output_init(&x.out, STDOUT_FILENO);
	rc = strcmp(to, "-") == 0 ? asowner_run(ctl, argv[0], &task)
				  : to_file(ctl, &x, argv[0], to, &task);
	move_output_fini(&x.out);
	return rc;
}
