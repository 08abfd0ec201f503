/* SPDX-License-Identifier: ISC */
/* pabal check: everything that is likely to be wrong, in one go. */
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/certs.h"
#include "ctl/check.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/dial.h"
#include "ctl/instance.h"
#include "ctl/out.h"
#include "ctl/tables.h"
#include "sys/clock.h"
#include "table/table.h"
#include "tls/cert.h"

enum { CERT_WARN_DAYS = 14, DAY_S = 86400, FREE_WARN_PERCENT = 5 };

struct check {
	struct ctl *ctl;
	struct out out;
	const struct shared_conf *shared;
	unsigned failed;
};

enum verdict { GOOD, WARN, BAD };

__attribute__((format(printf, 4, 5))) static void
tell(struct check *c, enum verdict v, const char *what, const char *fmt, ...)
{
	static const char *const words[] = { "ok", "warning", "error" };
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	out_str(&c->out, slice_str(words[v]));
	out_str(&c->out, slice_str(what));
	out_str(&c->out, slice_str(text));
	c->failed += v == BAD;
}

/* DIR is there, belongs to OWNER (as root), and others may not write to it. */
static void
check_dir(struct check *c, const char *what, const char *dir, const char *owner)
{
	const struct passwd *pw = owner != NULL ? getpwnam(owner) : NULL;
	struct stat st;

	if (stat(dir, &st) == -1)
		tell(c, BAD, what, "%s: %s", dir, strerrordesc_np(errno));
	else if (!S_ISDIR(st.st_mode))
		tell(c, BAD, what, "%s is no directory", dir);
	else if (geteuid() == 0 && owner != NULL && pw == NULL)
		tell(c, BAD, what,
		    "there is no system user %s: \"make accounts\"", owner);
	else if (geteuid() == 0 && pw != NULL && st.st_uid != pw->pw_uid)
		tell(c, BAD, what, "%s belongs to uid %u: chown %s %s", dir,
		    (unsigned)st.st_uid, owner, dir);
	else if ((st.st_mode & 022) != 0)
		tell(c, BAD, what, "others may write to %s: chmod go-w %s", dir,
		    dir);
	else
		tell(c, GOOD, what, "%s", dir);
}

static void
check_space(struct check *c, const char *what, const char *dir)
{
	struct statvfs fs;
	unsigned long long percent;

	if (statvfs(dir, &fs) == -1 || fs.f_blocks == 0)
		return;
	percent = (unsigned long long)fs.f_bavail * 100 / fs.f_blocks;
	tell(c, percent < FREE_WARN_PERCENT ? WARN : GOOD, what,
	    "%llu %% of the file system of %s is free", percent, dir);
	if (fs.f_files > 0 &&
	    fs.f_favail * 100 / fs.f_files < FREE_WARN_PERCENT)
		tell(c, WARN, what, "the file system of %s runs out of inodes",
		    dir);
}

static void
check_tables(struct check *c)
{
	static const char *const names[] = { "accounts", "passwords", "aliases",
		"transports" };
	struct tables t;

	if (tables_open(&t, &c->ctl->inst) == -1) {
		tell(c, BAD, "tables", "cannot be opened");
		tables_close(&t);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *spec = xasprintf("cdb:%s", names[i]);
		struct table *table = NULL;
		struct err err;

		if (faccessat(t.dirfd, names[i], R_OK, 0) == -1) {
			if (errno != ENOENT)
				tell(c, WARN, "table", "%s cannot be read",
				    names[i]);
		} else if ((table = table_open(spec, t.dirfd, &err)) == NULL) {
			tell(c, BAD, "table", "%s: %s", names[i], err.text);
		} else if (table_stale(table)) {
			tell(c, BAD, "table",
			    "%s was changed and not compiled: \"pabal %smap "
			    "%s\"",
			    names[i], instance_flag(&c->ctl->inst), names[i]);
		} else {
			tell(c, GOOD, "table", "%s", names[i]);
		}
		table_free(&table);
		free(spec);
	}
	tables_close(&t);
}

static void
check_expiry(struct check *c, const struct cert *cert)
{
	const int64_t days = (cert_not_after_s(cert) - clock_wall_s()) / DAY_S;
	const char *file = c->shared->tls_certificate;

	if (cert_not_after_s(cert) < clock_wall_s())
		tell(c, BAD, "certificate", "%s has expired", file);
	else if (days < CERT_WARN_DAYS)
		tell(c, WARN, "certificate", "%s expires in %lld days", file,
		    (long long)days);
	else
		tell(c, GOOD, "certificate", "%s is good for %lld days", file,
		    (long long)days);
	if (!cert_matches(cert, slice_str(c->shared->hostname)))
		tell(c, WARN, "certificate", "%s is not for the hostname %s",
		    file, c->shared->hostname);
}

static void
check_certificate(struct check *c)
{
	struct buf pem = { .max = CERT_PEM_MAX };
	struct buf key = { .max = CERT_PEM_MAX };
	struct cert *cert = NULL;
	struct err err;

	if (*c->shared->tls_certificate == '\0') {
		tell(c, WARN, "certificate",
		    "none is set: nobody can use TLS or log in");
		return;
	}
	if (certs_read(c->shared->tls_certificate, &pem, &err) == -1 ||
	    cert_parse(buf_slice(&pem), &cert, &err) == -1)
		tell(c, BAD, "certificate", "%s", err.text);
	else if (certs_read(c->shared->tls_key, &key, &err) == -1)
		tell(c, geteuid() == 0 ? BAD : WARN, "certificate", "%s",
		    err.text);
	else if (certs_match(buf_slice(&pem), buf_slice(&key), &err) == -1)
		tell(c, BAD, "certificate", "%s: %s",
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
check_hostname(struct check *c)
{
	struct addrinfo *found = NULL;
	const int rc = getaddrinfo(c->shared->hostname, NULL, NULL, &found);

	if (rc == 0) {
		tell(c, GOOD, "hostname", "%s", c->shared->hostname);
		freeaddrinfo(found);
	} else {
		tell(c, WARN, "hostname",
		    "%s does not resolve (%s): other hosts may refuse mail "
		    "from here",
		    c->shared->hostname, gai_strerror(rc));
	}
}

static void
check_running(struct check *c)
{
	struct buf text = { .max = 1 << 20 };
	struct err err;
	bool ok = false;

	if (dial_master_pid(&c->ctl->inst) == 0)
		tell(c, WARN, "running", "no");
	else if (dial_verb(&c->ctl->inst, "status", &ok, &text, &err) == -1)
		tell(c, WARN, "running", "%s", err.text);
	else
		tell(c, ok ? GOOD : BAD, "running", "%s",
		    ok ? "every service is ready"
		       : "not every service is ready: \"pabal status\"");
	buf_fini(&text);
}

static void
check_all(struct check *c)
{
	const struct shared_conf *s = c->shared;

	check_dir(c, "spool", s->spool_directory, "pabal-queue");
	check_space(c, "spool", s->spool_directory);
	check_dir(c, "mail", s->mail_directory, "pabal-mail");
	check_space(c, "mail", s->mail_directory);
	check_dir(c, "tables", s->table_directory, NULL);
	check_tables(c);
	check_certificate(c);
	check_hostname(c);
	check_running(c);
}

int
cmd_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "verdict", 7 }, { "what", 13 },
		{ "detail", 0 } };
	struct check c = { .ctl = ctl };
	struct shared_conf *shared;
	bool conf_good;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	conf_good = check_conf(&ctl->inst) == 0;
	shared = instance_shared(&ctl->inst);
	if (shared == NULL)
		return CTL_FAILED;
	c.shared = shared;
	out_begin(&c.out, ctl->json, cols, ARRAY_LEN(cols));
	tell(&c, conf_good ? GOOD : BAD, "configuration", "%s%s", ctl->inst.etc,
	    conf_good ? "" : ": see above");
	check_all(&c);
	out_end(&c.out);
	instance_shared_free(&shared);
	return c.failed == 0 ? CTL_OK : CTL_FAILED;
}
