/* SPDX-License-Identifier: ISC */
#include "ctl/check/certs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/inst/sysusers.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "tls/privkey.h"

int
certs_read(const char *path, struct buf *pem, struct err *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_PERM, "read %s", path);
	rc = fd_read_file(fd, pem, err);
	fd_close(&fd);
	return rc;
}

static int
is_candidate(const struct dirent *e)
{
	const struct slice s = slice_str(e->d_name);

	return e->d_name[0] != '.' &&
	       (slice_ends(s, SLICE(".pem")) || slice_ends(s, SLICE(".crt")) ||
		   slice_ends(s, SLICE(".cer")));
}

int
certs_each(const char *dir,
    void (*visit)(void *arg, const char *name, const struct cert *c), void *arg,
    struct err *err)
{
	struct dirent **names;
	const int n = scandir(dir, &names, is_candidate, alphasort);

	if (n == -1)
		return err_sys(err, ERR_PERM, "list %s", dir);
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]->d_name);
		struct buf pem = { .max = CERT_PEM_MAX };
		struct cert *c = NULL;

		if (certs_read(path, &pem, NULL) == 0 &&
		    cert_parse(buf_slice(&pem), &c, NULL) == 0)
			visit(arg, names[i]->d_name, c);
		cert_free(&c);
		if (pem.p != NULL)
			explicit_bzero(pem.p, pem.cap);
		buf_fini(&pem);
		free(path);
		free(names[i]);
	}
	free(names);
	return 0;
}

int
certs_match(struct slice cert_pem, struct slice key_pem, struct err *err)
{
	struct cert *c = NULL;
	struct privkey *k = NULL;
	int rc = -1;

	if (cert_parse(cert_pem, &c, err) == 0 &&
	    privkey_parse(key_pem, &k, err) == 0)
		rc = strcmp(cert_key_id(c), privkey_id(k)) == 0
			 ? 0
			 : err_set(err, ERR_PERM,
			       "the key is not that of the certificate");
	cert_free(&c);
	privkey_free(&k);
	return rc;
}

static int
write_one(const char *path, struct slice body, const struct stat *like,
    struct err *err)
{
	const struct slice p = slice_str(path);
	const size_t slash = slice_rfind(p, '/');
	char *dir = xslicedup(slice_sub(p, 0, slash));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		rc = err_sys(err, ERR_PERM, "open %s", dir);
	else
		rc =
		    durable_replace_like(fd, path + slash + 1, body, like, err);
	fd_close(&fd);
	free(dir);
	return rc;
}

/* Locked while files in it are replaced, and what runs that were killed have
 * left is removed: it may be a key.  -1: ERR_TEMP. */
static int
lock_dir(const char *cert, const char *key, const char *next, struct err *err)
{
	const char *const paths[] = { cert, key, next };
	const size_t slash = slice_rfind(slice_str(key), '/');
	char *dir = xslicedup(slice_sub(slice_str(key), 0, slash));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		err_sys(err, ERR_PERM, "open %s", dir);
	else if (flock(fd, LOCK_EX) == -1) {
		err_sys(err, ERR_TEMP, "lock %s", dir);
		fd_close(&fd);
	}
	for (size_t i = 0; fd != -1 && i < ARRAY_LEN(paths); i++) {
		const size_t at = slice_rfind(slice_str(paths[i]), '/');

		durable_sweep(fd, paths[i] + at + 1);
	}
	free(dir);
	return fd;
}

/* A run that was killed may have left in NEXT the only key of CERT. */
static int
keep_key(const char *cert, const char *key, const char *next, struct err *err)
{
	struct buf c = { .max = CERT_PEM_MAX }, k = { .max = CERT_PEM_MAX };
	int rc = 0;

	if (certs_read(next, &k, NULL) == 0 &&
	    certs_read(cert, &c, NULL) == 0 &&
	    certs_match(buf_slice(&c), buf_slice(&k), NULL) == 0 &&
	    rename(next, key) == -1)
		rc = err_sys(err, ERR_TEMP, "rename %s to %s", next, key);
	if (k.p != NULL)
		explicit_bzero(k.p, k.cap);
	buf_fini(&k);
	buf_fini(&c);
	return rc;
}

int
certs_write(const char *cert, struct slice cert_pem, const char *key,
    struct slice key_pem, struct err *err)
{
	struct stat secret = {
		.st_mode = 0600, .st_uid = (uid_t)-1, .st_gid = (gid_t)-1
	};
	const struct stat open = {
		.st_mode = 0644, .st_uid = (uid_t)-1, .st_gid = (gid_t)-1
	};
	char *next;
	int rc = -1, lock;

	if (geteuid() == 0 && sysusers_find("pabal-keys", &secret.st_uid,
				  &secret.st_gid, err) == -1)
		return -1;
	/* keys finds the key of a certificate by what it is, in any file. */
	next = xasprintf("%s.next.key", key);
	lock = lock_dir(cert, key, next, err);
	if (lock != -1 && keep_key(cert, key, next, err) == 0 &&
	    write_one(next, key_pem, &secret, err) == 0) {
		if (write_one(cert, cert_pem, &open, err) == -1)
			(void)unlinkat(AT_FDCWD, next, 0);
		else
			rc = write_one(key, key_pem, &secret, err);
		/* Where the key did not come to its place it stays there. */
		if (rc == 0)
			(void)unlinkat(AT_FDCWD, next, 0);
	}
	fd_close(&lock);
	free(next);
	return rc;
}
