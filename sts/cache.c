/* SPDX-License-Identifier: ISC */
#include "sts/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "log/log.h"
#include "proto/address.h"
#include "sts/policy.h"
#include "sys/beneath.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

enum { FILE_MAX = MTASTS_MX_MAX * 8 };

static int dir = -1;

static int
read_file(
    const char *name, int64_t now_s, struct sts_policy *p, struct err *err)
{
	struct buf text = { .max = FILE_MAX };
	int fd = beneath_open(dir, name, O_RDONLY, 0, err);
	int rc = fd == -1 ? -1 : fd_read_file(fd, &text, err);

	if (rc == 0)
		rc = sts_policy_parse(buf_slice(&text), now_s, p, err);
	fd_close(&fd);
	buf_fini(&text);
	return rc;
}

static void
failed(const char *name, const struct err *err)
{
	log_warn(
	    "sts.cache-failed", kv_s("domain", name), kv_s("why", err->text));
}

/* A temporary file that a process has left, or what nobody can read, goes; what
 * is no domain's name is not ours. */
static void
load(const char *name, int64_t now_s,
    void (*take)(struct slice domain, struct sts_policy *p))
{
	struct sts_policy p = { .mx = NULL };
	struct err err;

	if (name[0] == '.') {
		if (address_is_domain(slice_str(name + 1), 0))
			(void)unlinkat(dir, name, 0);
		return;
	}
	if (!address_is_domain(slice_str(name), 0))
		return;
	if (read_file(name, now_s, &p, &err) == 0) {
		take(slice_str(name), &p);
	} else {
		failed(name, &err);
		if (err.class == ERR_PERM)
			(void)unlinkat(dir, name, 0);
	}
	sts_policy_fini(&p);
}

int
sts_cache_open(int dirfd, int64_t now_s,
    void (*take)(struct slice domain, struct sts_policy *p), struct err *err)
{
	const struct dirent *e;
	DIR *d;
	int fd;

	dir = dirfd;
	if (dir == -1)
		return 0;
	fd = beneath_open(dirfd, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd == -1)
		return -1;
	d = fdopendir(fd);
	if (d == NULL) {
		err_sys(err, ERR_TEMP, "read the cache");
		close(fd);
		return -1;
	}
	while ((e = readdir(d)) != NULL)
		load(e->d_name, now_s, take);
	closedir(d);
	return 0;
}

int
sts_cache_put(const char *domain, const struct sts_policy *p, struct err *err)
{
	struct buf text = { .max = FILE_MAX };
	int rc;

	if (dir == -1)
		return 0;
	sts_policy_format(p, &text);
	rc = durable_replace(dir, domain, buf_slice(&text), 0600, err);
	buf_fini(&text);
	if (rc == -1)
		failed(domain, err);
	return rc;
}

int
sts_cache_del(const char *domain, struct err *err)
{
	if (dir == -1 || unlinkat(dir, domain, 0) == 0 || errno == ENOENT)
		return 0;
	err_sys(err, ERR_TEMP, "remove %s", domain);
	failed(domain, err);
	return -1;
}
