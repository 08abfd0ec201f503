/* SPDX-License-Identifier: ISC */
#include "pipe/aliases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "conf/shared.h"
#include "pipe/written.h"
#include "proto/address.h"
#include "table/key.h"
#include "table/reader.h"
#include "table/table.h"

enum { FILE_NAME_MAX = 256 };

int
aliases_open(struct aliases *a, const struct shared_conf *conf, struct err *err)
{
	struct table *t = table_open(conf->aliases, a->dirfd, err);

	if (t == NULL)
		return -1;
	table_free(&a->table);
	a->table = t;
	return 0;
}

void
aliases_close(struct aliases *a)
{
	table_free(&a->table);
}

/* ---- whose table it is ---- */

static int
check_one(const struct aliases *a, const struct stat *st, const char *name,
    struct err *err)
{
	if ((st->st_uid != 0 && st->st_uid != a->owner) ||
	    (st->st_mode & S_IWOTH) != 0)
		return err_set(err, ERR_TEMP,
		    "%s may have been written by others than its owner", name);
	return 0;
}

static int
check_file(const struct aliases *a, struct slice name, const char *suffix,
    struct err *err)
{
	char file[FILE_NAME_MAX];
	struct stat st;

	snprintf(file, sizeof file, "%.*s%s", SLICE_FMT(name), suffix);
	if (fstatat(a->dirfd, file, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT
			   ? 0
			   : err_sys(err, ERR_TEMP, "stat %s", file);
	return check_one(a, &st, file, err);
}

/* Where the directory is the owner's, nobody else puts files in their place. */
int
aliases_check_owner(const struct aliases *a, struct err *err)
{
	struct slice name;
	struct stat st;

	(void)slice_cut(slice_str(table_spec(a->table)), ':', &name);
	if (fstat(a->dirfd, &st) == -1)
		return err_sys(err, ERR_TEMP, "stat the directory of tables");
	if (check_one(a, &st, "the directory of tables", err) == -1 ||
	    check_file(a, name, "", err) == -1 ||
	    check_file(a, name, ".cdb", err) == -1)
		return -1;
	return check_file(a, name, ".journal", err);
}

/* ---- what it says ---- */

/* The keys that lookup may have found ADDRESS by (lookup/resolve.h). */
enum { KEYS_MAX = 5 };
struct keys {
	size_t n;
	struct buf v[KEYS_MAX];
};

static void
add_key(struct keys *k, struct slice local, struct slice domain)
{
	struct buf *b = &k->v[k->n++];

	buf_init(b, TABLE_KEY_MAX);
	buf_add(b, local);
	if (domain.n > 0) {
		buf_addc(b, '@');
		buf_add(b, domain);
	}
}

static void
make_keys(struct keys *k, const struct shared_conf *conf, struct slice address)
{
	const struct slice none = { NULL, 0 };
	struct slice local, domain, user, tag;

	address_split(address, &local, &domain);
	if (domain.n == 0)
		domain = slice_str(shared_domain(conf));
	add_key(k, local, domain);
	add_key(k, local, none);
	if (address_split_tag(local, conf->recipient_delimiter, &user, &tag)) {
		add_key(k, user, domain);
		add_key(k, user, none);
	}
	add_key(k, none, domain);
}

static enum found
find_by(const struct aliases *a, struct slice key, struct slice target,
    struct err *err)
{
	struct buf list = { .max = TABLE_VALUE_MAX };
	enum found found = table_get(a->table, key, &list, err);

	if (found == FOUND && !written_leads(buf_slice(&list), target))
		found = ABSENT;
	buf_fini(&list);
	return found;
}

enum found
aliases_find(const struct aliases *a, const struct shared_conf *conf,
    struct slice address, struct slice target, struct err *err)
{
	struct keys k = { .n = 0 };
	enum found found = ABSENT;

	if (aliases_check_owner(a, err) == -1)
		return TEMPFAIL;
	make_keys(&k, conf, address);
	for (size_t i = 0; i < k.n; i++) {
		if (found == ABSENT)
			found = find_by(a, buf_slice(&k.v[i]), target, err);
		buf_fini(&k.v[i]);
	}
	return found;
}
