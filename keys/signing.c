/* SPDX-License-Identifier: ISC */
#include "keys/signing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "keys/files.h"
#include "log/log.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "sys/beneath.h"

/* What each kind is called beneath the directory, and who may ask for it.  A
 * further kind is a line here. */
/* clang-format off */
static const struct {
	const char *dir;
	unsigned roles;
} kinds[KEYS_KINDS] = {
	[KEYS_DKIM] = { "dkim", 1u << ROLE_SMTP },
};
/* clang-format on */

static struct {
	int dirfd;
	struct map domains[KEYS_KINDS]; /* struct keys_signing */
} signing = { .dirfd = -1 };

bool
keys_signing_may(uint32_t kind, enum role role)
{
	return kind < KEYS_KINDS && (kinds[kind].roles & 1u << role) != 0;
}

/* ---- what is in memory ---- */

static void
drop_keys(struct keys_signing *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].selector);
		mailkey_free(&s->v[i].key);
	}
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

static void
drop(enum keys_kind kind, struct keys_signing *s)
{
	(void)map_del(&signing.domains[kind], slice_str(s->domain));
	drop_keys(s);
	free(s->domain);
	free(s);
}

void
keys_signing_forget(void)
{
	for (int k = 0; k < KEYS_KINDS; k++) {
		struct map_iter it = { 0 };

		while (map_next(&signing.domains[k], &it))
			drop((enum keys_kind)k, it.value);
		map_fini(&signing.domains[k]);
		map_init(&signing.domains[k]);
	}
}

void
keys_signing_use(int dirfd)
{
	keys_signing_forget();
	signing.dirfd = dirfd;
}

/* ---- files ---- */

/* The selector in a file's name; empty: it is no key's. */
static struct slice
selector_of(const char *name, bool *now)
{
	struct slice s = slice_str(name);

	if (!slice_ends(s, SLICE(".pem")))
		return SLICE("");
	s.n -= 4;
	*now = slice_ends(s, SLICE(".now"));
	if (*now)
		s.n -= 4;
	return s.n <= ADDRESS_DOMAIN_MAX && address_is_domain(s, 0) ? s
								    : SLICE("");
}

static int
newest_first(const void *a, const void *b)
{
	const struct keys_signer *x = a, *y = b;

	if (x->made_ns != y->made_ns)
		return x->made_ns < y->made_ns ? 1 : -1;
	return strcmp(y->selector, x->selector);
}

static struct mailkey *
read_key(int dirfd, const char *name, const char *shown, bool *failed)
{
	struct buf pem = { .max = MAILKEY_PEM_MAX };
	struct mailkey *key = NULL;
	struct err err = { 0 };

	(void)buf_room(&pem, MAILKEY_PEM_MAX); /* no copies of it stay behind */
	if (keys_files_read(dirfd, name, &pem, &err) == -1) {
		*failed |= err.class == ERR_TEMP;
		log_warn("keys.signing-failed", kv_s("file", shown),
		    kv_s("why", err.text));
	} else if (mailkey_parse(buf_slice(&pem), &key, &err) == -1) {
		log_warn("keys.signing-skipped", kv_s("file", shown),
		    kv_s("why", err.text));
	}
	if (pem.p != NULL)
		explicit_bzero(pem.p, pem.cap);
	buf_fini(&pem);
	return key;
}

static void
take(struct keys_signing *s, int dirfd, const char *name, bool *failed)
{
	bool now;
	const struct slice selector = selector_of(name, &now);
	char *shown = xasprintf("%s/%s", s->domain, name);
	struct keys_signer signer = { .now = now };
	struct stat st;

	if (selector.n > 0 && s->n < KEYS_SIGNERS_MAX)
		signer.key = read_key(dirfd, name, shown, failed);
	free(shown);
	if (signer.key == NULL)
		return;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		signer.made_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 +
				 st.st_mtim.tv_nsec;
	signer.selector = xslicedup(selector);
	s->v = xreallocarray(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n++] = signer;
}

/* The directory of DOMAIN; *ABSENT: there is none. */
static int
open_dir(enum keys_kind kind, const char *domain, bool *absent)
{
	char *path = xasprintf("%s/%s", kinds[kind].dir, domain);
	struct err err;
	const int fd =
	    beneath_open(signing.dirfd, path, O_RDONLY | O_DIRECTORY, 0, &err);

	*absent = fd == -1 && (errno == ENOENT || errno == ENOTDIR);
	if (fd == -1 && !*absent)
		log_warn("keys.signing-failed", kv_s("file", path),
		    kv_s("why", err.text));
	free(path);
	return fd;
}

/* Read what has changed since it was read. */
static enum found
read_domain(enum keys_kind kind, struct keys_signing *s)
{
	struct keys_files files;
	bool absent, failed = false;
	const int fd = open_dir(kind, s->domain, &absent);

	if (fd == -1) {
		drop_keys(s);
		s->stamp = 0;
		return absent ? ABSENT : TEMPFAIL;
	}
	if (keys_files_list(fd, &files, NULL) == -1) {
		close(fd);
		return TEMPFAIL;
	}
	if (files.stamp != s->stamp) {
		drop_keys(s);
		for (size_t i = 0; i < files.n; i++)
			take(s, fd, files.names[i], &failed);
		if (s->n > 0)
			qsort(s->v, s->n, sizeof *s->v, newest_first);
		s->stamp = failed ? 0 : files.stamp;
	}
	keys_files_fini(&files);
	close(fd);
	if (s->n > 0)
		return FOUND;
	return failed ? TEMPFAIL : ABSENT;
}

/* The keys of DOMAIN itself. */
static enum found
find_own(enum keys_kind kind, struct slice domain, int64_t now_ms,
    int64_t every_ms, struct keys_signing **out)
{
	struct map *map = &signing.domains[kind];
	struct keys_signing *s = map_find(map, domain);
	enum found found;

	*out = s;
	if (s != NULL && now_ms - s->seen_ms < every_ms)
		return FOUND;
	if (s == NULL) {
		s = xcalloc(1, sizeof *s);
		s->domain = xslicedup(domain);
	}
	found = read_domain(kind, s);
	s->seen_ms = now_ms;
	*out = s;
	if (found == FOUND) {
		if (map->count >= KEYS_SIGNING_DOMAINS_MAX &&
		    map_find(map, domain) == NULL)
			keys_signing_forget();
		(void)map_put(map, domain, s);
	} else {
		drop(kind, s);
		*out = NULL;
	}
	return found;
}

enum found
keys_signing_find(enum keys_kind kind, struct slice domain, int64_t now_ms,
    int64_t every_ms, const struct keys_signing **out)
{
	struct keys_signing *s = NULL;
	enum found found = ABSENT;
	size_t dot;

	*out = NULL;
	/* Nothing else can be a name beneath the directory. */
	if (signing.dirfd == -1 || !address_is_domain(domain, 0))
		return ABSENT;
	while (found == ABSENT) {
		found = find_own(kind, domain, now_ms, every_ms, &s);
		dot = slice_find(domain, '.');
		if (dot == domain.n)
			break;
		domain = slice_from(domain, dot + 1);
	}
	*out = s;
	return found;
}

void
keys_signing_format(const struct keys_signing *s, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct keys_signer *k = &s->v[i];

		buf_addf(out, "%s %s %s ", k->selector,
		    mailkey_type(k->key) == MAILKEY_RSA ? "rsa" : "ed25519",
		    k->now ? "use" : "check");
		mailkey_public(k->key, out);
		buf_addc(out, '\n');
	}
}

int
keys_signing_sign(enum keys_kind kind, struct slice domain,
    struct slice selector, struct slice digest, struct buf *out,
    struct err *err)
{
	struct keys_signing *s = map_find(&signing.domains[kind], domain);

	if (digest.n != 32)
		return err_set(err, ERR_PERM, "not a digest");
	/* Let go of since it was found: read again, and by who asks next. */
	if (s == NULL && signing.dirfd != -1 && address_is_domain(domain, 0))
		(void)find_own(kind, domain, 0, 0, &s);
	for (size_t i = 0; s != NULL && i < s->n; i++)
		if (slice_is(selector, s->v[i].selector))
			return mailkey_sign(
			    s->v[i].key, (const uint8_t *)digest.p, out, err);
	return err_set(err, ERR_PERM, "no such key");
}
