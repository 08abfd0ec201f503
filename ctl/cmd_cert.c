/* SPDX-License-Identifier: ISC */
/* pabal cert: the certificates that clients see. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/certs.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/instance.h"
#include "ctl/out.h"
#include "sys/clock.h"
#include "tls/cert.h"
#include "tls/selfsigned.h"

enum { DAY_S = 86400 };

/* Where the shared facts say the certificates are; -1: said that nowhere. */
static int
find(const struct shared_conf *s, char **dir)
{
	if (*s->tls_certificate == '\0' || *s->tls_key == '\0')
		return ctl_fail("cert: tls_certificate and tls_key are not set "
				"in pabal.conf");
	*dir = xslicedup(slice_sub(
	    slice_str(s->tls_key), 0, slice_rfind(slice_str(s->tls_key), '/')));
	return CTL_OK;
}

struct listing {
	struct out out;
	size_t n;
};

static void
list_one(void *arg, const char *name, const struct cert *c)
{
	struct listing *l = arg;
	struct buf names = { .max = 65536 };
	const time_t end = (time_t)cert_not_after_s(c);
	const int64_t left_s = cert_not_after_s(c) - clock_wall_s();
	char when[32];
	struct tm tm;

	for (size_t i = 0; cert_name(c, i) != NULL; i++)
		buf_addf(&names, "%s%s", i > 0 ? " " : "", cert_name(c, i));
	gmtime_r(&end, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	out_str(&l->out, slice_str(name));
	out_str(&l->out, slice_str(cert_type(c) == CERT_EC ? "EC" : "RSA"));
	out_num(&l->out, (int64_t)cert_chain_len(c));
	out_str(&l->out, slice_str(when));
	out_num(&l->out, left_s < 0 ? left_s / DAY_S - 1 : left_s / DAY_S);
	out_str(&l->out, buf_slice(&names));
	l->n++;
	buf_fini(&names);
}

int
cmd_cert_list(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "file", 20 }, { "key", 3 },
		{ "chain", -5 }, { "expires", 20 }, { "days", -5 },
		{ "names", 0 } };
	struct shared_conf *s;
	struct listing l = { .n = 0 };
	char *dir = NULL;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	s = instance_shared(&ctl->inst);
	if (s != NULL && find(s, &dir) == CTL_OK) {
		out_begin(&l.out, ctl->json, cols, ARRAY_LEN(cols));
		rc = CTL_OK;
		if (certs_each(dir, list_one, &l, &err) == -1)
			rc = ctl_fail("cert: %s", err.text);
		out_end(&l.out);
	}
	free(dir);
	instance_shared_free(&s);
	return rc;
}

/* The files of name NAME: beside tls_key, or those two themselves. */
static void
paths(const struct shared_conf *s, const char *dir, const char *name,
    char **cert, char **key)
{
	*cert = name != NULL ? xasprintf("%s/%s-cert.pem", dir, name)
			     : xstrdup(s->tls_certificate);
	*key = name != NULL ? xasprintf("%s/%s-key.pem", dir, name)
			    : xstrdup(s->tls_key);
}

static int
install(const struct shared_conf *s, const char *name, struct slice cert_pem,
    struct slice key_pem)
{
	char *dir = NULL, *cert, *key;
	struct err err;
	int rc;

	if (find(s, &dir) != CTL_OK)
		return CTL_FAILED;
	paths(s, dir, name, &cert, &key);
	if (certs_match(cert_pem, key_pem, &err) == -1 ||
	    certs_write(cert, cert_pem, key, key_pem, &err) == -1) {
		rc = ctl_fail("cert: %s", err.text);
	} else {
		printf("installed %s; it is taken up within the minute, or "
		       "with \"pabal reload\"\n",
		    cert);
		rc = CTL_OK;
	}
	free(dir);
	free(cert);
	free(key);
	return rc;
}

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
	const struct ctl_opt opts[] = { { "name", &name, NULL }, { 0 } };
	struct buf cert = { .max = CERT_PEM_MAX };
	struct buf key = { .max = CERT_PEM_MAX };
	struct shared_conf *s;
	struct err err;
	int rc = CTL_FAILED;

	if (ctl_options(ctl, opts, argc, argv, 2, 2) == -1 ||
	    check_name(ctl, name) != 0)
		return CTL_USAGE;
	s = instance_shared(&ctl->inst);
	if (s != NULL) {
		if (certs_read(argv[0], &cert, &err) == -1 ||
		    certs_read(argv[1], &key, &err) == -1)
			ctl_fail("cert: %s", err.text);
		else
			rc =
			    install(s, name, buf_slice(&cert), buf_slice(&key));
	}
	if (key.p != NULL)
		explicit_bzero(key.p, key.cap);
	buf_fini(&key);
	buf_fini(&cert);
	instance_shared_free(&s);
	return rc;
}

int
cmd_cert_new(struct ctl *ctl, int argc, char **argv)
{
	const char *days = "3650", *name = NULL;
	const struct ctl_opt opts[] = { { "days", &days, NULL },
		{ "name", &name, NULL }, { 0 } };
	struct buf cert = { .max = CERT_PEM_MAX };
	struct buf key = { .max = CERT_PEM_MAX };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 100);
	struct cur c = cur_of(slice_str(days));
	const int days_n = (int)cur_u64(&c, 36500);
	struct slice alt[100];
	size_t nalt = 0;
	struct shared_conf *s;
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
	if (selfsigned_make(slice_str(n > 0 ? argv[0] : s->hostname), alt, nalt,
		days_n, &cert, &key, &err) == -1)
		ctl_fail("cert: %s", err.text);
	else
		rc = install(s, name, buf_slice(&cert), buf_slice(&key));
	if (key.p != NULL)
		explicit_bzero(key.p, key.cap);
	buf_fini(&key);
	buf_fini(&cert);
	instance_shared_free(&s);
	return rc;
}
