/* SPDX-License-Identifier: ISC */
/*
 * pabal import imap: for each account a process that talks to the server
 * (stranger.h) and one that is the mailbox's owner (asowner.h), several
 * accounts at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/move/account.h"
#include "ctl/move/source.h"
#include "ctl/move/stranger.h"
#include "ctl/move/tally.h"
#include "ctl/view/out.h"
#include "ctl/view/progress.h"
#include "ctl/view/prompt.h"
#include "sys/fd.h"

#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

enum {
	CA_MAX = 16 << 20,
	LIST_MAX = 64 << 20,
	PASSWORD_MAX = 4 << 10,
	JOBS = 4,
	JOBS_MAX = 64,
	TIMEOUT_S = 120,
	TIMEOUT_MAX_S = 3600,
	LOOK_US = 100000, /* how often we look how far they are */
};

struct job {
	const char *account;
	struct move_source source;
	struct slice password; /* in the run's secrets */
	struct move_tally *tally;
	pid_t pid;
};

struct import_run {
	struct ctl *ctl;
	struct arena arena;
	struct buf secrets; /* passwords, each with a NUL behind it */
	struct buf ca;
	struct job *v;
	size_t n;
	struct move_names names;
	struct move_options options;
	bool no_verify, cleartext;
	const char *ca_file;
	uint32_t jobs;
	int timeout_ms;
	struct move_tally *tallies; /* shared */
	const struct job *mine;     /* in a process of one account */
};

/* ---- one account ---- */

/* All passwords but that of our own account. */
static void
forget_others(void *arg)
{
	struct import_run *im = arg;

	for (size_t i = 0; i < im->n; i++)
		if (&im->v[i] != im->mine)
			explicit_bzero(im->secrets.p + (im->v[i].password.p -
							   im->secrets.p),
			    im->v[i].password.n);
}

static int
import_one(struct import_run *im, const struct job *j)
{
	struct move_account task = { .source = j->source.name,
		.names = im->names,
		.options = im->options,
		.tally = j->tally };
	const struct asowner_task owner = { .run = move_account_import,
		.make = true,
		.loop = true,
		.arg = &task };
	const struct move_stranger stranger = { .ctl = im->ctl,
		.source = &j->source,
		.password = j->password.p,
		.ca = buf_slice(&im->ca),
		.no_verify = im->no_verify,
		.cleartext = im->cleartext,
		.timeout_ms = im->timeout_ms,
		.forget = forget_others,
		.arg = im };
	struct err err;
	pid_t pid;
	int rc;

	im->mine = j;
	pid = move_stranger_start(&stranger, &task.fd, &err);
	/* Who has the mailbox needs none of them. */
	explicit_bzero(im->secrets.p, im->secrets.n);
	if (pid == -1)
		return ctl_fail_err(&err);
	rc = asowner_run(im->ctl, j->account, &owner);
	fd_close(&task.fd);
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return rc;
}

/* ---- all of them ---- */

static void
print(struct out *out, const struct job *j, int status)
{
	const struct move_tally *t = j->tally;

	out_str(out, slice_str(j->account));
	out_num(out, (int64_t)t->folders);
	out_num(out, (int64_t)t->messages);
	out_num(out, (int64_t)t->bytes);
	out_num(out, (int64_t)t->flags);
	out_num(out, (int64_t)t->deleted);
	out_num(out, (int64_t)t->missing);
	out_bool(out, status == CTL_OK && t->missing == 0);
}

static void
show_progress(const struct import_run *im)
{
	uint64_t messages = 0;

	for (size_t i = 0; i < im->n; i++)
		messages += im->v[i].tally->messages;
	progress_at((int64_t)messages);
}

static int
status_of(const struct job *j, int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return ctl_fail("%s: ended by signal %d", j->account, WTERMSIG(status));
}

/* The one that has ended, and *STATUS; NULL: none has. */
static struct job *
reap(struct import_run *im, int *status)
{
	const pid_t pid = waitpid(-1, status, WNOHANG);

	for (size_t i = 0; i < im->n && pid > 0; i++)
		if (im->v[i].pid == pid)
			return &im->v[i];
	return NULL;
}

static int
start(struct import_run *im, struct job *j)
{
	(void)fflush(NULL);
	j->pid = fork();
	if (j->pid == 0)
		_exit(import_one(im, j));
	return j->pid == -1 ? ctl_fail("fork: %s", strerror(errno)) : CTL_OK;
}

static int
import_all(struct import_run *im, struct out *out)
{
	size_t started = 0, ended = 0;
	int rc = CTL_OK, status;
	struct job *j;

	progress_begin("imported messages", 0);
	while (ended < im->n) {
		while (started < im->n && started - ended < im->jobs) {
			if (start(im, &im->v[started++]) == CTL_OK)
				continue;
			ended++;
			rc = CTL_FAILED;
		}
		j = reap(im, &status);
		if (j == NULL) {
			(void)usleep(LOOK_US);
			show_progress(im);
			continue;
		}
		ended++;
		progress_end();
		status = status_of(j, status);
		print(out, j, status);
		(void)fflush(stdout);
		if (status != CTL_OK || j->tally->missing > 0)
			rc = CTL_FAILED;
		progress_begin("imported messages", 0);
	}
	progress_end();
	return rc;
}

/* ---- what to do ---- */

static int
read_file(const char *path, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_PERM, "%s", path);
	rc = fd_read_file(fd, out, err);
	fd_close(&fd);
	return rc;
}

static int
add_job(struct import_run *im, struct slice account, struct slice url,
    struct slice password, struct err *err)
{
	struct job j = { .account = arena_str(&im->arena, account) };

	if (move_source_parse(&j.source, &im->arena, url, err) == -1)
		return -1;
	if (slice_find(account, '@') == account.n)
		return err_set(
		    err, ERR_PERM, "\"%s\" is not NAME@DOMAIN", j.account);
	if (password.n == 0 || password.n > PASSWORD_MAX ||
	    slice_find(password, '\0') != password.n)
		return err_set(
		    err, ERR_PERM, "%s: there is no password", j.account);
	j.password = slice_of(im->secrets.p + im->secrets.n, password.n);
	buf_add(&im->secrets, password);
	buf_addc(&im->secrets, '\0');
	im->v = xreallocarray(im->v, im->n + 1, sizeof *im->v);
	im->v[im->n++] = j;
	return 0;
}

/* NAME@DOMAIN URL PASSWORD */
static int
read_list(struct import_run *im, const char *path, struct err *err)
{
	struct buf text = { .max = LIST_MAX };
	struct slice rest;
	size_t number = 0;
	int rc = read_file(path, &text, err);

	/* Passwords stay where they are: there is room for all. */
	if (rc == 0)
		(void)buf_room(&im->secrets, text.n + 1);
	rest = buf_slice(&text);
	while (rc == 0 && rest.n > 0) {
		struct slice line = slice_cut(rest, '\n', &rest), url;
		struct slice account, password;
		struct err why;

		number++;
		line = slice_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		account = slice_cut(line, ' ', &url);
		url = slice_cut(slice_trim(url), ' ', &password);
		if (add_job(im, account, url, slice_trim(password), &why) == -1)
			rc = err_set(err, ERR_PERM, "%s:%zu: %s", path, number,
			    why.text);
	}
	prompt_wipe(&text);
	return rc;
}

static int
read_single(struct import_run *im, const char *account, const char *url,
    const char *password_file, struct err *err)
{
	struct buf text = { .max = PASSWORD_MAX };
	struct slice rest;
	int rc;

	if (password_file != NULL)
		rc = read_file(password_file, &text, err);
	else
		rc = prompt_secret(url, &text, err);
	(void)buf_room(&im->secrets, PASSWORD_MAX + 1);
	if (rc == 0)
		rc = add_job(im, slice_str(account), slice_str(url),
		    slice_trim(slice_cut(buf_slice(&text), '\n', &rest)), err);
	prompt_wipe(&text);
	return rc;
}

static int
share_tallies(struct import_run *im, struct err *err)
{
	void *p = mmap(NULL, im->n * sizeof *im->tallies,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return err_sys(err, ERR_TEMP, "mmap");
	im->tallies = p;
	for (size_t i = 0; i < im->n; i++)
		im->v[i].tally = &im->tallies[i];
	return 0;
}

static int
prepare(struct import_run *im, struct err *err)
{
	if (im->n == 0)
		return err_set(err, ERR_PERM, "there is nobody in the list");
	if (!im->no_verify &&
	    read_file(im->ca_file != NULL ? im->ca_file : SYSTEM_CA, &im->ca,
		err) == -1)
		return -1;
	return share_tallies(im, err);
}

static int
run(struct import_run *im)
{
	static const struct out_col cols[] = { { "account", 24 },
		{ "folders", -7 }, { "messages", -8 }, { "bytes", -11 },
		{ "flags", -6 }, { "deleted", -7 }, { "missing", -7 },
		{ "complete", 0 } };
	struct out out;
	int rc;

	out_begin(&out, im->ctl->json, cols, ARRAY_LEN(cols));
	rc = import_all(im, &out);
	out_end(&out);
	return rc;
}

static bool
number(const char *text, uint32_t max, uint32_t *out)
{
	struct cur c = cur_of(slice_str(text));

	if (text == NULL)
		return true;
	*out = (uint32_t)cur_u64(&c, max);
	return cur_end(&c) && *out > 0;
}

static void
end(struct import_run *im)
{
	if (im->tallies != NULL)
		(void)munmap(im->tallies, im->n * sizeof *im->tallies);
	prompt_wipe(&im->secrets);
	buf_fini(&im->ca);
	free(im->v);
	arena_fini(&im->arena);
}

int
cmd_import_imap(struct ctl *ctl, int argc, char **argv)
{
	struct import_run im = { .ctl = ctl,
		.secrets.max = 2 * LIST_MAX,
		.ca.max = CA_MAX,
		.jobs = JOBS };
	const char *from = NULL, *file = NULL, *list = NULL, *jobs = NULL,
		   *timeout = NULL;
	const struct ctl_opt opts[] = { { "from", &from, NULL },
		{ "password-file", &file, NULL }, { "list", &list, NULL },
		{ "jobs", &jobs, NULL }, { "timeout", &timeout, NULL },
		{ "folders", &im.names.folders, NULL },
		{ "map", &im.names.map, NULL }, { "ca", &im.ca_file, NULL },
		{ "delete", NULL, &im.options.delete_gone },
		{ "keep-flags", NULL, &im.options.keep_flags },
		{ "no-verify", NULL, &im.no_verify },
		{ "cleartext", NULL, &im.cleartext }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	uint32_t timeout_s = TIMEOUT_S;
	struct err err;
	int rc;

	if (n == -1)
		return CTL_USAGE;
	if ((list == NULL) == (n == 0 || from == NULL) ||
	    (list != NULL && (n > 0 || from != NULL || file != NULL)))
		return ctl_usage(
		    ctl, "expected NAME@DOMAIN --from URL, or --list FILE");
	if (!number(jobs, JOBS_MAX, &im.jobs) ||
	    !number(timeout, TIMEOUT_MAX_S, &timeout_s))
		return ctl_usage(ctl, "--jobs is 1 to %d, --timeout 1 to %d",
		    JOBS_MAX, TIMEOUT_MAX_S);
	im.timeout_ms = (int)timeout_s * 1000;
	arena_init(&im.arena);
	rc = list != NULL ? read_list(&im, list, &err)
			  : read_single(&im, argv[0], from, file, &err);
	if (rc == 0)
		rc = prepare(&im, &err);
	rc = rc == 0 ? run(&im) : ctl_fail_err(&err);
	end(&im);
	return rc;
}
