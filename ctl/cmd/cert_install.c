/* SPDX-License-Identifier: ISC */
/* pabal cert install, new: a certificate and its key into their place. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/check/certfit.h"
#include "ctl/check/certs.h"
#include "ctl/check/renew.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "tls/cert.h"
#include "tls/selfsigned.h"

/* What is to be installed. */
struct pair {
	const struct shared_conf *shared;
	char *dir;         /* of tls_key */
	struct buf cert;   /* PEM */
	struct buf key;    /* PEM */
	struct cert *leaf; /* CERT, read */
};

/* The files of name NAME: beside tls_key, or those two themselves. */
static void
paths(const struct pair *p, const char *name, char **cert, char **key)
{
	*cert = name != NULL ? xasprintf("%s/%s-cert.pem", p->dir, name)
			     : xstrdup(p->shared->tls_certificate);
	*key = name != NULL ? xasprintf("%s/%s-key.pem", p->dir, name)
			    : xstrdup(p->shared->tls_key);
}

static int
put(const struct pair *p, const char *name)
{
	char *cert, *key;
	struct err err;
	int rc = CTL_OK;

	paths(p, name, &cert, &key);
	if (certs_write(
		cert, buf_slice(&p->cert), key, buf_slice(&p->key), &err) == -1)
		rc = ctl_fail("cert: %s", err.text);
	else
		printf("installed %s\n", cert);
	if (rc == CTL_OK && name == NULL &&
	    !cert_matches(p->leaf, slice_str(p->shared->hostname)))
		ctl_fail("note: it does not stand for the hostname %s",
		    p->shared->hostname);
	free(cert);
	free(key);
	return rc;
}

/* What was installed counts from now on, where pabal runs. */
static int
tell(const struct ctl *ctl)
{
	struct err err;

	switch (renew_tell(&ctl->inst, &err)) {
	case 1:
		puts("new sessions get it from now on; those under way go on");
		return CTL_OK;
	case 0:
		return CTL_OK;
	default:
		return ctl_fail(
		    "cert: the running keys does not take it up: %s", err.text);
	}
}

static int
install(const struct ctl *ctl, const struct pair *p, const char *name)
{
	return put(p, name) == CTL_OK ? tell(ctl) : CTL_FAILED;
}

static int
pair_check(struct pair *p)
{
	struct err err;

	p->dir = certfit_dir(p->shared);
	if (p->dir == NULL)
		return CTL_FAILED;
	if (certs_match(buf_slice(&p->cert), buf_slice(&p->key), &err) == -1 ||
	    cert_parse(buf_slice(&p->cert), &p->leaf, &err) == -1 ||
	    certfit_usable(p->leaf, &err) == -1)
		return ctl_fail("cert: %s; nothing was changed", err.text);
	return CTL_OK;
}

static void
pair_init(struct pair *p, const struct shared_conf *shared)
{
	*p = (struct pair){ .shared = shared,
		.cert = { .max = CERT_PEM_MAX },
		.key = { .max = CERT_PEM_MAX } };
}

static void
pair_fini(struct pair *p)
{
	if (p->key.p != NULL)
		explicit_bzero(p->key.p, p->key.cap);
	buf_fini(&p->key);
	buf_fini(&p->cert);
	cert_free(&p->leaf);
	free(p->dir);
}

/* CERT and KEY, or with KEY NULL those in the directory CERT, as ACME clients
 * name them. */
static int
pair_read(struct pair *p, const char *cert, const char *key)
{
	char *paths[2] = { NULL, NULL };
	struct err err;
	int rc = CTL_OK;

	if (key == NULL) {
		paths[0] = xasprintf("%s/fullchain.pem", cert);
		paths[1] = xasprintf("%s/privkey.pem", cert);
		cert = paths[0];
		key = paths[1];
	}
	if (certs_read(cert, &p->cert, &err) == -1 ||
	    certs_read(key, &p->key, &err) == -1)
		rc = ctl_fail("cert: %s", err.text);
	free(paths[0]);
	free(paths[1]);
	return rc;
}

/* ---- a renewed one, in whose place? ---- */

struct places {
	const struct pair *pair;
	bool first;   /* that of tls_certificate */
	char **names; /* of --name */
	size_t n;
};

static void
consider(void *arg, const char *file, const struct cert *old)
{
	static const struct slice end = SLICE("-cert.pem");
	struct places *l = arg;
	const struct slice s = slice_str(file);
	const struct slice first = slice_str(l->pair->shared->tls_certificate);

	if (!certfit_cover(l->pair->leaf, old))
		return;
	if (slice_eq(slice_from(first, slice_rfind(first, '/') + 1), s)) {
		l->first = true;
	} else if (slice_ends(s, end)) {
		l->names = xreallocarray(l->names, l->n + 1, sizeof *l->names);
		l->names[l->n++] = xslicedup(slice_sub(s, 0, s.n - end.n));
	}
}

/* A host may have certificates that are not for its mail: one goes where one
 * stands that it can replace, or where a first one for this host is due. */
static int
install_renewed(const struct ctl *ctl, const struct pair *p)
{
	struct places l = { .pair = p };
	struct err err;
	int rc = CTL_OK;

	if (certs_each(p->dir, consider, &l, &err) == -1)
		return ctl_fail("cert: %s", err.text);
	if (l.n == 0)
		l.first = l.first ||
			  cert_matches(p->leaf, slice_str(p->shared->hostname));
	if (!l.first && l.n == 0)
		puts("not for a name of an installed certificate: left alone");
	if (l.first)
		rc = put(p, NULL);
	for (size_t i = 0; i < l.n; i++) {
		if (rc == CTL_OK)
			rc = put(p, l.names[i]);
		free(l.names[i]);
	}
	free(l.names);
	if (rc == CTL_OK && (l.first || l.n > 0))
		rc = tell(ctl);
	return rc;
}

/* ---- commands ---- */

static int
check_name(struct ctl *ctl, const char *name)
{
	if (name == NULL ||
	    (strchr(name, '/') == NULL && *name != '.' && *name != '\0'))
		return 0;
	return ctl_usage(ctl, "--name: expected a word without /");
}

int
cmd_cert_install(struct ctl *ctl, int argc, char **argv)
{
	const char *name = NULL;
	bool renewed = false;
	const struct ctl_opt opts[] = { { "name", &name, NULL },
		{ "renewed", NULL, &renewed }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 1, 2);
	struct shared_conf *s;
	struct pair p;
	int rc;

	if (n == -1 || check_name(ctl, name) != 0)
		return CTL_USAGE;
	if (renewed && name != NULL)
		return ctl_usage(
		    ctl, "--name and --renewed exclude each other");
	s = instance_shared(&ctl->inst);
	if (s == NULL)
		return CTL_FAILED;
	pair_init(&p, s);
	rc = pair_read(&p, argv[0], n == 2 ? argv[1] : NULL);
	if (rc == CTL_OK)
		rc = pair_check(&p);
	if (rc == CTL_OK)
		rc =
		    renewed ? install_renewed(ctl, &p) : install(ctl, &p, name);
	pair_fini(&p);
	instance_shared_free(&s);
	return rc;
}

/* Does a certificate that an authority has signed stand where P would go?  It
 * is not to be had again by another command. */
static bool
would_lose(const struct pair *p, const char *name)
{
	struct buf pem = { .max = CERT_PEM_MAX };
	struct cert *old = NULL;
	char *cert, *key;
	bool lose;

	paths(p, name, &cert, &key);
	lose = certs_read(cert, &pem, NULL) == 0 &&
	       cert_parse(buf_slice(&pem), &old, NULL) == 0 &&
	       !cert_is_selfsigned(old) && cert_left_s(old) > 0;
	if (lose)
		ctl_fail(
		    "cert: %s holds one that an authority has signed, good "
		    "for %lld more days; --force puts a self-signed one in "
		    "its place, --name NAME beside it",
		    cert, (long long)(cert_left_s(old) / 86400));
	cert_free(&old);
	buf_fini(&pem);
	free(cert);
	free(key);
	return lose;
}

int
cmd_cert_new(struct ctl *ctl, int argc, char **argv)
{
	const char *days = "3650", *name = NULL;
	bool force = false;
	const struct ctl_opt opts[] = { { "days", &days, NULL },
		{ "name", &name, NULL }, { "force", NULL, &force }, { 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 100);
	struct cur c = cur_of(slice_str(days));
	const int days_n = (int)cur_u64(&c, 36500);
	struct slice alt[100];
	size_t nalt = 0;
	struct shared_conf *s;
	struct pair p;
	struct err err;
	int rc = CTL_FAILED;

	if (n == -1 || check_name(ctl, name) != 0)
		return CTL_USAGE;
	if (!cur_end(&c))
		return ctl_usage(ctl, "--days: expected a number up to 36500");
	s = instance_shared(&ctl->inst);
	if (s == NULL)
		return CTL_FAILED;
	for (int i = 1; i < n; i++)
		alt[nalt++] = slice_str(argv[i]);
	pair_init(&p, s);
	if (selfsigned_make(slice_str(n > 0 ? argv[0] : s->hostname), alt, nalt,
		days_n, &p.cert, &p.key, &err) == -1)
		ctl_fail("cert: %s", err.text);
	else if (pair_check(&p) == CTL_OK && (force || !would_lose(&p, name)))
		rc = install(ctl, &p, name);
	pair_fini(&p);
	instance_shared_free(&s);
	return rc;
}
