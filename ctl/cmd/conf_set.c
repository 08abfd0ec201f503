/* SPDX-License-Identifier: ISC */
/* pabal conf set, unset: changing one parameter in its file. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "conf/edit.h"
#include "conf/errors.h"
#include "conf/param.h"
#include "conf/value.h"
#include "ctl/check/check.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/files.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/target.h"
#include "lookup/conf.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

/* VALUE as it must stand in the file: text that would be read differently
 * there gets quotes; what has them already, and other types, stay as given. */
static void
quote(const struct conf_param *p, const char *value, struct buf *out)
{
	const struct conf_param text = { .type = CONF_STR };

	if ((p->type == CONF_STR || p->type == CONF_PATH ||
		p->type == CONF_SECRET) &&
	    *value != '"')
		conf_value_format(&text, &value, out);
	else
		buf_adds(out, value);
}

/* Write BODY over the file of T; keeps its mode and owner. */
static int
replace(const struct target *t, const struct instance *in, struct slice body,
    struct err *err)
{
	struct stat like = {
		.st_mode = 0644, .st_uid = (uid_t)-1, .st_gid = (gid_t)-1
	};
	char name[64];
	int dirfd, rc = -1;

	snprintf(name, sizeof name, "%s.conf", t->daemon);
	dirfd = open(in->etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1)
		return err_sys(err, ERR_TEMP, "open %s", in->etc);
	if (fstatat(dirfd, name, &like, 0) == -1 && errno != ENOENT)
		err_sys(err, ERR_TEMP, "look at %s/%s", in->etc, name);
	else {
		durable_sweep(dirfd, name); /* the lock is held */
		rc = durable_replace_like(dirfd, name, body, &like, err);
	}
	fd_close(&dirfd);
	return rc;
}

/* With the new text there must not be more mistakes than before, in any file:
 * it may name a service that is not there, or need another's parameter. */
static int
try_load(const struct target *t, const struct instance *in, struct slice body)
{
	const struct conf_text draft = { t->files.names[t->files.n - 1], body };
	struct instance then = *in;
	struct conf_errors before = { 0 }, after = { 0 };
	int rc = 0;

	then.draft = &draft;
	(void)check_conf_errors(in, &before);
	(void)check_conf_errors(&then, &after);
	if (after.n + after.more > before.n + before.more) {
		files_print_errors(&after);
		rc = -1;
	}
	conf_errors_fini(&before);
	conf_errors_fini(&after);
	return rc;
}

/* Two administrators at once must not lose one's change. */
static int
lock(const struct instance *in, struct err *err)
{
	int fd = open(in->etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", in->etc);
	if (flock(fd, LOCK_EX) == -1) {
		err_sys(err, ERR_TEMP, "lock %s", in->etc);
		fd_close(&fd);
	}
	return fd;
}

/* VALUE NULL: unset.  1: nothing was to be done. */
static int
edit(const struct conf_param *p, struct target *t, const char *value,
    struct buf *out)
{
	const struct slice text = files_own(&t->files)->body;
	const struct slice section = slice_str(t->section);
	const struct slice name = slice_str(p->name);
	struct buf quoted;

	/* A service lives by its section; no daemon does. */
	if (value == NULL)
		return conf_edit_unset(text, section, name, !t->is_master, out)
			   ? 0
			   : 1;
	buf_init(&quoted, FILES_MAX_BYTES);
	quote(p, value, &quoted);
	conf_edit_set(text, section, name, buf_slice(&quoted), out);
	buf_fini(&quoted);
	return out->failed ? -1 : 0;
}

static int
change(struct ctl *ctl, struct target *t, const char *name, const char *value)
{
	const struct conf_param *p = target_param(t, name);
	struct buf out;
	struct err err;
	int rc = CTL_FAILED;
	int fd;

	if (p == NULL)
		return CTL_FAILED;
	if (value != NULL && strpbrk(value, "\n\r") != NULL)
		return ctl_fail("%s: a value is one line", name);
	fd = lock(&ctl->inst, &err);
	if (fd == -1)
		return ctl_fail_err(&err);
	buf_init(&out, FILES_MAX_BYTES);
	if (target_read(t, &ctl->inst, false) == -1)
		goto out;
	switch (edit(p, t, value, &out)) {
	case 0:
		if (try_load(t, &ctl->inst, buf_slice(&out)) == -1)
			ctl_fail("%s was not changed", name);
		else if (replace(t, &ctl->inst, buf_slice(&out), &err) == -1)
			ctl_fail_err(&err);
		else
			rc = CTL_OK;
		break;
	case 1:
		rc = CTL_OK;
		break;
	default:
		ctl_fail("%s would be too large", files_own(&t->files)->name);
	}
out:
	buf_fini(&out);
	fd_close(&fd);
	return rc;
}

static int
run(struct ctl *ctl, const char *daemon, const char *name, const char *value)
{
	struct target t;
	int rc;

	if (target_find(&t, &ctl->inst, daemon) == -1)
		return CTL_FAILED;
	rc = change(ctl, &t, name, value);
	target_fini(&t);
	return rc;
}

static bool
has_trust_anchor(const struct ctl *ctl)
{
	struct conf_errors ignored = { 0 };
	struct target t;
	bool has = true;

	if (target_parse(&t, "lookup") == 0 &&
	    target_read(&t, &ctl->inst, false) == 0 &&
	    target_load(&t, &ignored) == 0)
		has = *((const struct lookup_conf *)t.conf)->dns_trust_anchor !=
		      '\0';
	conf_errors_fini(&ignored);
	target_fini(&t);
	return has;
}

/* DANE needs the keys of the DNS root: those of the distribution are set as
 * well where none are.  Without them the change is refused, and why is said. */
static int
set_dane(struct ctl *ctl, const char *daemon, const char *name)
{
	static const char anchor[] = "dns_trust_anchor";
	const bool add =
	    access(CHECK_TRUST_ANCHOR, R_OK) == 0 && !has_trust_anchor(ctl);
	int rc = CTL_OK;

	if (add)
		rc = run(ctl, "lookup", anchor, CHECK_TRUST_ANCHOR);
	if (rc == CTL_OK)
		rc = run(ctl, daemon, name, "dane");
	if (add && rc == CTL_OK)
		printf("lookup %s = %s was set as well; it takes effect at the "
		       "next start\n",
		    anchor, CHECK_TRUST_ANCHOR);
	else if (add)
		(void)run(ctl, "lookup", anchor, NULL);
	return rc;
}

static bool
is_dane(const char *daemon, const char *name, const char *value)
{
	struct slice rest;

	return slice_is(slice_cut(slice_str(daemon), ':', &rest), "smtp") &&
	       strcmp(name, "tls_policy") == 0 &&
	       slice_iis(slice_str(value), "dane");
}

int
cmd_conf_set(struct ctl *ctl, int argc, char **argv)
{
	if (ctl_options(ctl, NULL, argc, argv, 3, 3) == -1)
		return CTL_USAGE;
	if (is_dane(argv[0], argv[1], argv[2]))
		return set_dane(ctl, argv[0], argv[1]);
	return run(ctl, argv[0], argv[1], argv[2]);
}

int
cmd_conf_unset(struct ctl *ctl, int argc, char **argv)
{
	if (ctl_options(ctl, NULL, argc, argv, 2, 2) == -1)
		return CTL_USAGE;
	return run(ctl, argv[0], argv[1], NULL);
}
