/* SPDX-License-Identifier: ISC */
/* All of the file is in memory: a few megabytes, which their publishers replace
 * each week. */
#include "lookup/country.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "log/log.h"
#include "lookup/conf.h"
#include "sys/addr.h"
#include "sys/fd.h"

enum { FILE_MAX = 512 << 20 };

struct country_loaded {
	struct buf bytes;
	struct country_file file;
	struct stat seen;
};

static struct {
	int dir;
	struct country_loaded now;
} country = { .dir = -1 };

static int
read_all(int fd, struct country_loaded *l, struct err *err)
{
	if (fstat(fd, &l->seen) == -1 || !S_ISREG(l->seen.st_mode))
		return err_set(err, ERR_PERM, "it is not a file");
	if (fd_read_file(fd, &l->bytes, err) == -1)
		return -1;
	return country_open(&l->file, buf_slice(&l->bytes), err);
}

/* Nothing where none is wanted. */
static int
load(int dir, struct country_loaded *l, struct err *err)
{
	const char *name = lookup_conf->country_file;
	struct err why;
	int fd, rc;

	*l = (struct country_loaded){ .bytes.max = FILE_MAX };
	if (name[0] == '\0')
		return 0;
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM,
		    "country_file: open %s in table_directory", name);
	rc = read_all(fd, l, &why);
	fd_close(&fd);
	if (rc == -1) {
		buf_fini(&l->bytes);
		err_set(err, ERR_PERM, "country_file: %s: %s", name, why.text);
	}
	return rc;
}

int
lookup_country_try(int dir, struct err *err)
{
	struct country_loaded l;
	const int rc = load(dir, &l, err);

	if (rc == 0)
		buf_fini(&l.bytes);
	return rc;
}

int
lookup_country_configure(int dir, struct err *err)
{
	struct country_loaded l;

	country.dir = dir;
	if (load(dir, &l, err) == -1)
		return -1;
	buf_fini(&country.now.bytes);
	country.now = l;
	return 0;
}

static bool
is_seen(const struct stat *st)
{
	const struct stat *seen = &country.now.seen;

	return st->st_ino == seen->st_ino && st->st_size == seen->st_size &&
	       st->st_mtim.tv_sec == seen->st_mtim.tv_sec &&
	       st->st_mtim.tv_nsec == seen->st_mtim.tv_nsec;
}

/* What is none leaves the one before, and is said once. */
static void
look_again(void)
{
	struct err err;
	struct stat st;

	if (fstatat(country.dir, lookup_conf->country_file, &st, 0) == -1 ||
	    is_seen(&st))
		return;
	if (lookup_country_configure(country.dir, &err) == -1)
		log_err("lookup.country-file-invalid", kv_s("why", err.text));
	country.now.seen = st;
}

bool
lookup_country_find(struct slice client, char code[COUNTRY_CODE])
{
	struct addr addr;
	uint8_t ip[16];

	if (lookup_conf->country_file[0] == '\0' ||
	    !addr_of_ip(&addr, AF_UNSPEC, client, 0) || !addr_ip16(&addr, ip))
		return false;
	look_again();
	return country.now.bytes.n > 0 &&
	       country_find(&country.now.file, ip, code);
}
