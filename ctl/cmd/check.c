/* SPDX-License-Identifier: ISC */
/* pabal check: everything that is likely to be wrong, in one go. */
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "conf/wanted.h"
#include "ctl/check/certs.h"
#include "ctl/check/check.h"
#include "ctl/check/run.h"
#include "ctl/check/secrets.h"
#include "ctl/check/sources.h"
#include "ctl/check/trial.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/owner.h"
#include "ctl/inst/tables.h"
#include "ctl/view/badfiles.h"
#include "ctl/view/loghealth.h"
#include "sys/fstype.h"
#include "table/table.h"
#include "tls/cert.h"

enum { CERT_WARN_DAYS = 14, DAY_S = 86400, FREE_WARN_PERCENT = 5 };

/* DIR is there, belongs to OWNER where daemons have uids of their own, and
 * others may not write to it. */
static void
check_dir(
    struct check_run *c, const char *what, const char *dir, const char *owner)
{
	const uid_t whose = owner_uid(&c->ctl->inst);
	const struct passwd *pw;
	struct stat st;

	if (whose != 0) /* the daemons run as that user */
		pw = owner != NULL ? getpwuid(whose) : NULL;
	else
		pw = owner != NULL ? getpwnam(owner) : NULL;

	if (stat(dir, &st) == -1)
		check_tell(
		    c, CHECK_BAD, what, "%s: %s", dir, strerrordesc_np(errno));
	else if (!S_ISDIR(st.st_mode))
		check_tell(c, CHECK_BAD, what, "%s is no directory", dir);
	else if (geteuid() == 0 && whose == 0 && owner != NULL && pw == NULL)
		check_tell(c, CHECK_BAD, what,
		    "there is no system user %s: \"make accounts\"", owner);
	else if (geteuid() == 0 && pw != NULL && st.st_uid != pw->pw_uid)
		check_tell(c, CHECK_BAD, what,
		    "%s belongs to uid %u: chown %s %s", dir,
		    (unsigned)st.st_uid, pw->pw_name, dir);
	else if ((st.st_mode & 022) != 0)
		check_tell(c, CHECK_BAD, what,
		    "others may write to %s: chmod go-w %s", dir, dir);
	else
		check_tell(c, CHECK_GOOD, what, "%s", dir);
}

/* Nothing is lost there, but it is as well to know. */
static void
check_type(struct check_run *c, const char *what, const char *dir)
{
	const struct fstype *type = fstype_find_path(dir);

	if (type != NULL)
		check_tell(c, CHECK_WARN, what,
		    "%s is on a file system of type %s: %s", dir, type->name,
		    type->lacks);
}

static void
check_space(struct check_run *c, const char *what, const char *dir)
{
	struct statvfs fs;
	unsigned long long percent;

	if (statvfs(dir, &fs) == -1 || fs.f_blocks == 0)
		return;
	percent = (unsigned long long)fs.f_bavail * 100 / fs.f_blocks;
	check_tell(c, percent < FREE_WARN_PERCENT ? CHECK_WARN : CHECK_GOOD,
	    what, "%llu %% of the file system of %s is free", percent, dir);
	if (fs.f_files > 0 &&
	    fs.f_favail * 100 / fs.f_files < FREE_WARN_PERCENT)
		check_tell(c, CHECK_WARN, what,
		    "the file system of %s runs out of inodes", dir);
}

/* A table that domains names: without it every address of a domain that is not
 * in the list is refused for the moment. */
static void
check_domain_tables(struct check_run *c, const struct tables *t)
{
	struct err err;

	if (tables_domain(t, SLICE("pabal.invalid"), &err) == TEMPFAIL)
		check_tell(c, CHECK_BAD, "table", "domains names %s", err.text);
}

static void
check_tables(struct check_run *c)
{
	const char *const *names = tables_known;
	struct tables t;

	if (tables_open(&t, &c->ctl->inst) == -1) {
		check_tell(c, CHECK_BAD, "tables", "cannot be opened");
		tables_close(&t);
		return;
	}
	for (size_t i = 0; names[i] != NULL; i++) {
		char *spec = xasprintf("cdb:%s", names[i]);
		struct table *table = NULL;
		struct err err;

		if (faccessat(t.dirfd, names[i], R_OK, 0) == -1) {
			if (errno != ENOENT)
				check_tell(c, CHECK_WARN, "table",
				    "%s cannot be read", names[i]);
		} else if ((table = table_open(spec, t.dirfd, &err)) == NULL) {
			check_tell(c, CHECK_BAD, "table", "%s: %s", names[i],
			    err.text);
		} else if (table_stale(table)) {
			check_tell(c, CHECK_BAD, "table",
			    "%s was changed and not compiled: \"pabal %smap "
			    "%s\"",
			    names[i], instance_flag(&c->ctl->inst), names[i]);
		} else {
			check_tell(c, CHECK_GOOD, "table", "%s", names[i]);
		}
		table_free(&table);
		free(spec);
	}
	check_domain_tables(c, &t);
	tables_close(&t);
}

struct check_sources {
	struct sources_report report;
	struct check_run *check;
};

static void
on_missing(
    struct sources_report *r, struct slice key, struct slice ip, int error)
{
	check_tell(OUTER(r, struct check_sources, report)->check, CHECK_BAD,
	    "source",
	    "source_addresses: %.*s has %.*s: %s: its mail is "
	    "deferred",
	    SLICE_FMT(key), SLICE_FMT(ip), strerrordesc_np(error));
}

static void
check_sources(struct check_run *c)
{
	struct check_sources s = { { on_missing }, c };

	sources_each_missing(&c->ctl->inst, &s.report);
}

static void
check_expiry(struct check_run *c, const struct cert *cert)
{
	const int64_t left_s = cert_left_s(cert);
	const int64_t days = left_s / DAY_S;
	const char *file = c->shared->tls_certificate;

	if (left_s < 0)
		check_tell(c, CHECK_BAD, "certificate", "%s has expired", file);
	else if (days < CERT_WARN_DAYS)
		check_tell(c, CHECK_WARN, "certificate",
		    "%s expires in %lld days", file, (long long)days);
	else
		check_tell(c, CHECK_GOOD, "certificate",
		    "%s is good for %lld days", file, (long long)days);
	if (!cert_matches(cert, slice_str(c->shared->hostname)))
		check_tell(c, CHECK_WARN, "certificate",
		    "%s is not for the hostname %s", file, c->shared->hostname);
}

static void
check_certificate(struct check_run *c)
{
	struct buf pem = { .max = CERT_PEM_MAX };
	struct buf key = { .max = CERT_PEM_MAX };
	struct cert *cert = NULL;
	struct err err;

	if (*c->shared->tls_certificate == '\0') {
		check_tell(c, CHECK_WARN, "certificate",
		    "none is set: nobody can use TLS or log in");
		return;
	}
	if (certs_read(c->shared->tls_certificate, &pem, &err) == -1 ||
	    cert_parse(buf_slice(&pem), &cert, &err) == -1)
		check_tell(c, CHECK_BAD, "certificate", "%s", err.text);
	else if (certs_read(c->shared->tls_key, &key, &err) == -1)
		check_tell(c, geteuid() == 0 ? CHECK_BAD : CHECK_WARN,
		    "certificate", "%s", err.text);
	else if (certs_match(buf_slice(&pem), buf_slice(&key), &err) == -1)
		check_tell(c, CHECK_BAD, "certificate", "%s: %s",
		    c->shared->tls_certificate, err.text);
	if (cert != NULL)
		check_expiry(c, cert);
	if (key.p != NULL)
		explicit_bzero(key.p, key.cap);
	buf_fini(&key);
	buf_fini(&pem);
	cert_free(&cert);
}

static void
check_hostname(struct check_run *c)
{
	struct addrinfo *found = NULL;
	const int rc = getaddrinfo(c->shared->hostname, NULL, NULL, &found);

	if (rc == 0) {
		check_tell(
		    c, CHECK_GOOD, "hostname", "%s", c->shared->hostname);
		freeaddrinfo(found);
	} else {
		check_tell(c, CHECK_WARN, "hostname",
		    "%s does not resolve (%s): other hosts may refuse mail "
		    "from here",
		    c->shared->hostname, gai_strerror(rc));
	}
}

static void
check_set_aside(struct check_run *c)
{
	struct err err;
	int64_t n;

	if (badfiles_count(&c->ctl->inst, &n, &err) == 0 && n > 0)
		check_tell(c, CHECK_WARN, "queue",
		    "%lld file%s quarantined: \"pabal %squeue "
		    "bad\" shows why",
		    (long long)n, n == 1 ? "" : "s",
		    instance_flag(&c->ctl->inst));
}

static void
check_log(struct check_run *c)
{
	static const enum check_verdict verdicts[] = { CHECK_GOOD, CHECK_WARN,
		CHECK_BAD };
	char text[128];
	const int health = loghealth(&c->ctl->inst, text);

	check_tell(c, verdicts[health], "log", "%s", text);
}

static void
check_running(struct check_run *c)
{
	struct buf text = { .max = 1 << 20 };
	struct err err;
	bool ok = false;

	if (dial_master_pid(&c->ctl->inst) == 0)
		check_tell(c, CHECK_WARN, "running", "no");
	else if (dial_verb(&c->ctl->inst, "status", &ok, &text, &err) == -1)
		check_tell(c, CHECK_WARN, "running", "%s", err.text);
	else
		check_tell(c, ok ? CHECK_GOOD : CHECK_BAD, "running", "%s",
		    ok ? "every service is ready"
		       : "not every service is ready: \"pabal status\"");
	if (ok)
		check_set_aside(c);
	if (text.n > 0)
		check_log(c);
	buf_fini(&text);
}

static void
on_secret(void *arg, const char *path, bool open)
{
	struct check_run *c = arg;

	if (open)
		check_tell(c, CHECK_BAD, "secret",
		    "others may read %s: chmod 600 %s", path, path);
	else
		check_tell(c, CHECK_GOOD, "secret", "%s", path);
}

/* In a container root may not raise it; what master has counts. */
static void
check_files_limit(struct check_run *c)
{
	const pid_t master = dial_master_pid(&c->ctl->inst);
	struct rlimit files;

	if (master == 0 || prlimit(master, RLIMIT_NOFILE, NULL, &files) == -1)
		return;
	if (files.rlim_cur >= MASTER_FILES_WANTED)
		check_tell(c, CHECK_GOOD, "files",
		    "%llu may be open in a process",
		    (unsigned long long)files.rlim_cur);
	else
		check_tell(c, CHECK_WARN, "files",
		    "the limit of open files is %llu and could not be raised "
		    "to "
		    "%d: there is room for fewer sessions (LimitNOFILE, ulimit "
		    "-n)",
		    (unsigned long long)files.rlim_cur, MASTER_FILES_WANTED);
}

/* Root's trial of another user's instance would find what he does not. */
static int
try_configuration(const struct instance *in, struct conf_errors *errors)
{
	bool again;

	if (geteuid() != 0 || owner_uid(in) == 0 || dial_master_pid(in) != 0)
		return trial_conf(in, errors, &again);
	return check_conf_errors(in, errors) == 0 ? 1 : -1;
}

/* What the files say, and what the daemons say to them. */
static void
check_configuration(struct check_run *c)
{
	const struct instance *in = &c->ctl->inst;
	struct conf_errors errors = { 0 };
	const int rc = try_configuration(in, &errors);
	struct buf text;
	struct slice rest;
	char when[32];

	buf_init(&text, 1 << 18);
	conf_errors_format(&errors, &text);
	conf_errors_fini(&errors);
	for (rest = buf_slice(&text); rest.n > 0;) {
		const struct slice line = slice_cut(rest, '\n', &rest);

		check_tell(
		    c, CHECK_BAD, "configuration", "%.*s", SLICE_FMT(line));
	}
	buf_fini(&text);
	if (rc == 0)
		check_tell(c, CHECK_GOOD, "configuration", "%s", in->etc);
	else if (rc == 1)
		check_tell(c, CHECK_GOOD, "configuration",
		    "%s: the files alone; who starts pabal can have the "
		    "daemons try them",
		    in->etc);
	if (trial_in_force(in, when))
		check_tell(c, CHECK_WARN, "configuration",
		    "the one that has been good since %s is in effect, not %s",
		    when, in->etc);
}

static void
check_kernel(struct check_run *c)
{
	const char *lacks = check_sandbox();

	if (lacks == NULL)
		check_tell(
		    c, CHECK_GOOD, "kernel", "it supports the whole sandbox");
	else
		check_tell(c, CHECK_WARN, "kernel",
		    "a compromised daemon is not kept by Landlock "
		    "from: %s",
		    lacks);
}

static void
check_all(struct check_run *c)
{
	const struct shared_conf *s = c->shared;

	check_dir(c, "spool", s->spool_directory, "pabal-queue");
	check_space(c, "spool", s->spool_directory);
	check_type(c, "spool", s->spool_directory);
	check_dir(c, "mail", s->mail_directory, "pabal-mail");
	check_space(c, "mail", s->mail_directory);
	check_type(c, "mail", s->mail_directory);
	check_dir(c, "tables", s->table_directory, NULL);
	check_tables(c);
	check_aliases(c);
	check_commands(c);
	check_sources(c);
	check_certificate(c);
	secrets_each(&c->ctl->inst, on_secret, c);
	check_hostname(c);
	check_relay(c);
	check_vouched(c);
	check_srs(c);
	check_policy(c);
	check_filters(c);
	check_sts(c);
	check_cafiles(c);
	check_parking(c);
	check_running(c);
	check_files_limit(c);
	check_kernel(c);
}

int
cmd_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "verdict", 7 }, { "what", 13 },
		{ "detail", 0 } };
	struct check_run c = { .ctl = ctl };
	struct shared_conf *shared;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	shared = instance_shared(&ctl->inst);
	if (shared == NULL)
		return CTL_FAILED;
	c.shared = shared;
	out_begin(&c.out, ctl->json, cols, ARRAY_LEN(cols));
	check_configuration(&c);
	check_all(&c);
	out_end(&c.out);
	instance_shared_free(&shared);
	return c.failed == 0 ? CTL_OK : CTL_FAILED;
}
