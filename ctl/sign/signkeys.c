/* SPDX-License-Identifier: ISC */
#include "ctl/sign/signkeys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/sign/signplace.h"
#include "dkim/key.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "sys/clock.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "tls/mailkey.h"

enum {
	STRING_MAX = 200, /* of one of a record's strings: at most 255 */
	RECORD_MAX = 4096,
};

static const char ed25519[] = "-ed25519";

/* ---- reading ---- */

static void
wipe(struct buf *pem)
{
	if (pem->p != NULL)
		explicit_bzero(pem->p, pem->cap);
	buf_fini(pem);
}

/* The selector in a file's name (owned), NULL: it is no key's. */
static char *
selector_of(const char *name, bool *now)
{
	struct slice s = slice_str(name);

	if (name[0] == '.' || !slice_ends(s, SLICE(".pem")))
		return NULL;
	s.n -= 4;
	*now = slice_ends(s, SLICE(".now"));
	if (*now)
		s.n -= 4;
	return address_is_domain(s, 0) ? xslicedup(s) : NULL;
}

static void
add(struct signkeys *keys, const char *domain, int fd, const char *name)
{
	struct signkey k = { .now = false };
	struct buf pem = { .max = MAILKEY_PEM_MAX }, p = { .max = RECORD_MAX };
	struct mailkey *key = NULL;
	struct stat st;
	int file;

	k.selector = selector_of(name, &k.now);
	if (k.selector == NULL)
		return;
	file = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file != -1 && fstat(file, &st) == 0 &&
	    fd_read_file(file, &pem, NULL) == 0)
		(void)mailkey_parse(buf_slice(&pem), &key, NULL);
	fd_close(&file);
	wipe(&pem);
	if (key == NULL) {
		free(k.selector);
		return;
	}
	mailkey_public(key, &p);
	k.public = xslicedup(buf_slice(&p));
	k.type = mailkey_type(key) == MAILKEY_RSA ? "rsa" : "ed25519";
	k.domain = xstrdup(domain);
	k.made_ns =
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	keys->v = xreallocarray(keys->v, keys->n + 1, sizeof *keys->v);
	keys->v[keys->n++] = k;
	mailkey_free(&key);
	buf_fini(&p);
}

static int
in_order(const void *a, const void *b)
{
	const struct signkey *x = a, *y = b;
	const int domain = strcmp(x->domain, y->domain);

	if (domain != 0)
		return domain;
	if (x->made_ns != y->made_ns)
		return x->made_ns < y->made_ns ? 1 : -1;
	return strcmp(y->selector, x->selector);
}

static int
read_domain(
    const char *dir, const char *domain, struct signkeys *keys, struct err *err)
{
	char *path = xasprintf("%s/dkim/%s", dir, domain);
	DIR *d = opendir(path);
	const struct dirent *e;
	int rc = 0;

	if (d == NULL && errno != ENOENT)
		rc = err_sys(err, ERR_PERM, "list %s", path);
	while (d != NULL && (e = readdir(d)) != NULL)
		add(keys, domain, dirfd(d), e->d_name);
	if (d != NULL)
		closedir(d);
	free(path);
	return rc;
}

int
signkeys_read(
    const char *dir, const char *domain, struct signkeys *keys, struct err *err)
{
	char *path = xasprintf("%s/dkim", dir);
	DIR *d = domain == NULL ? opendir(path) : NULL;
	const struct dirent *e;
	int rc = 0;

	*keys = (struct signkeys){ .n = 0 };
	if (domain != NULL)
		rc = read_domain(dir, domain, keys, err);
	else if (d == NULL && errno != ENOENT)
		rc = err_sys(err, ERR_PERM, "list %s", path);
	while (d != NULL && rc == 0 && (e = readdir(d)) != NULL)
		if (address_is_domain(slice_str(e->d_name), 0))
			rc = read_domain(dir, e->d_name, keys, err);
	if (d != NULL)
		closedir(d);
	free(path);
	if (rc == -1)
		signkeys_free(keys);
	else if (keys->n > 0)
		qsort(keys->v, keys->n, sizeof *keys->v, in_order);
	return rc;
}

void
signkeys_free(struct signkeys *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		free(keys->v[i].domain);
		free(keys->v[i].selector);
		free(keys->v[i].public);
	}
	free(keys->v);
	*keys = (struct signkeys){ .n = 0 };
}

/* ---- writing ---- */

static char *
file_name(const char *selector, const char *more, bool now)
{
	return xasprintf("%s%s%s.pem", selector, more, now ? ".now" : "");
}

static bool
is_there(int fd, const char *selector, const char *more)
{
	char *plain = file_name(selector, more, false);
	char *used = file_name(selector, more, true);
	const bool there = faccessat(fd, plain, F_OK, 0) == 0 ||
			   faccessat(fd, used, F_OK, 0) == 0;

	free(plain);
	free(used);
	return there;
}

static int
write_key(int fd, const char *selector, const char *more, bool now,
    enum mailkey_type type, const struct stat *like, struct err *err)
{
	struct buf pem = { .max = MAILKEY_PEM_MAX };
	char *name = file_name(selector, more, now);
	int rc;

	(void)buf_room(&pem, MAILKEY_PEM_MAX);
	rc = mailkey_make(type, &pem, err);
	if (rc == 0)
		rc = durable_replace_like(fd, name, buf_slice(&pem), like, err);
	wipe(&pem);
	free(name);
	return rc;
}

int
signkeys_make(const char *dir, const char *domain, const char *selector,
    bool now, struct err *err)
{
	struct stat like;
	int fd, rc = -1;

	fd = signplace_open(dir, "dkim", domain, &like, err);
	if (fd == -1)
		return -1;
	if (is_there(fd, selector, "") || is_there(fd, selector, ed25519))
		err_set_code(err, ERR_PERM, ERR_EXISTS,
		    "%s has a key with the selector %s already", domain,
		    selector);
	else if (write_key(fd, selector, ed25519, now, MAILKEY_ED25519, &like,
		     err) == 0)
		rc = write_key(fd, selector, "", now, MAILKEY_RSA, &like, err);
	fd_close(&fd);
	return rc;
}

int
signkeys_use_now(const char *dir, const struct signkey *key, struct err *err)
{
	char *from =
	    xasprintf("%s/dkim/%s/%s.pem", dir, key->domain, key->selector);
	char *to =
	    xasprintf("%s/dkim/%s/%s.now.pem", dir, key->domain, key->selector);
	int rc = 0;

	if (!key->now && rename(from, to) == -1)
		rc = err_sys(err, ERR_TEMP, "rename %s", from);
	free(from);
	free(to);
	return rc;
}

int
signkeys_remove(const char *dir, const struct signkey *key, struct err *err)
{
	char *path = xasprintf("%s/dkim/%s/%s%s.pem", dir, key->domain,
	    key->selector, key->now ? ".now" : "");
	int rc = 0;

	if (unlink(path) == -1)
		rc = err_sys(err, ERR_TEMP, "remove %s", path);
	free(path);
	return rc;
}

/* ---- names and records ---- */

static bool
has_selector(const struct signkeys *keys, const char *selector)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->v[i].selector, selector) == 0)
			return true;
	return false;
}

char *
signkeys_selector(const struct signkeys *keys, int64_t now_s)
{
	const time_t t = (time_t)now_s;
	char day[16];
	struct tm tm;
	char *selector;

	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "p%Y%m%d", &tm);
	selector = xstrdup(day);
	for (unsigned i = 2; has_selector(keys, selector); i++) {
		free(selector);
		selector = xasprintf("%s-%u", day, i);
	}
	return selector;
}

void
signkeys_record(const struct signkey *key, struct buf *out)
{
	struct buf text = { .max = RECORD_MAX };
	struct slice rest;

	dkim_key_record(key->type, slice_str(key->public), &text);
	buf_addf(out, "%s._domainkey.%s. TXT ", key->selector, key->domain);
	rest = buf_slice(&text);
	if (rest.n > STRING_MAX)
		buf_adds(out, "(");
	while (rest.n > 0) {
		const struct slice piece = slice_sub(rest, 0, STRING_MAX);

		buf_addf(out, "%s\"%.*s\"", text.n > STRING_MAX ? "\n    " : "",
		    SLICE_FMT(piece));
		rest = slice_from(rest, piece.n);
	}
	buf_adds(out, text.n > STRING_MAX ? " )\n" : "\n");
	buf_fini(&text);
}

static int
make_first(const char *dir, const char *domain, struct err *err)
{
	struct signkeys keys;
	int rc = signkeys_read(dir, domain, &keys, err);

	if (rc == 0 && keys.n == 0) {
		char *selector = signkeys_selector(&keys, clock_wall_s());

		rc = signkeys_make(dir, domain, selector, false, err);
		free(selector);
	}
	signkeys_free(&keys);
	return rc;
}

int
signkeys_make_first(
    const char *dir, const char *const *domains, struct err *err)
{
	int rc = 0;

	for (; *domains != NULL && rc == 0; domains++) {
		struct buf ascii = { .max = ADDRESS_DOMAIN_MAX + 1 };

		if (domain_to_ascii(slice_str(*domains), &ascii))
			rc = make_first(dir, buf_cstr(&ascii), err);
		buf_fini(&ascii);
	}
	return rc;
}
