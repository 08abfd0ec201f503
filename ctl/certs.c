/* SPDX-License-Identifier: ISC */
#include "ctl/certs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/sysusers.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "tls/privkey.h"

int
certs_read(const char *path, struct buf *pem, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
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
write_one(const char *path, struct slice body, mode_t mode, gid_t gid,
    struct err *err)
{
	const struct stat like = {
		.st_mode = mode, .st_uid = (uid_t)-1, .st_gid = gid
	};
	const struct slice p = slice_str(path);
	const size_t slash = slice_rfind(p, '/');
	char *dir = xslicedup(slice_sub(p, 0, slash));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		rc = err_sys(err, ERR_PERM, "open %s", dir);
	else
		rc = durable_replace_like(
		    fd, path + slash + 1, body, &like, err);
	fd_close(&fd);
	free(dir);
	return rc;
}

int
certs_write(const char *cert, struct slice cert_pem, const char *key,
    struct slice key_pem, struct err *err)
{
	gid_t gid = (gid_t)-1;
	uid_t unused;

	if (geteuid() == 0 &&
	    sysusers_find("pabal-keys", &unused, &gid, err) == -1)
		return -1;
	if (write_one(key, key_pem, 0640, gid, err) == -1)
		return -1;
	return write_one(cert, cert_pem, 0644, (gid_t)-1, err);
}
