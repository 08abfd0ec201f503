/* SPDX-License-Identifier: ISC */
#include "sys/kvstamp.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

#define KVSTAMP_DATA "data.mdb"

enum { STAMP_MAX_BYTES = 4096 };

static void
stamp_text(
    struct buf *out, const char *form, const char *how, const char *boot_id)
{
	buf_addf(out, "%s\n%s%s\n", form, how, boot_id);
}

static int
write_stamp(int dir, const char *form, const char *how, const char *boot_id,
    struct err *err)
{
	struct buf text = { .max = STAMP_MAX_BYTES };
	int rc;

	stamp_text(&text, form, how, boot_id);
	rc = durable_replace(dir, KVSTAMP_FILE, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

static bool
stamp_is(
    struct slice text, const char *form, const char *how, const char *boot_id)
{
	struct buf want = { .max = STAMP_MAX_BYTES };
	bool same;

	stamp_text(&want, form, how, boot_id);
	same = slice_eq(text, buf_slice(&want));
	buf_fini(&want);
	return same;
}

static bool
read_stamp(int dir, struct buf *text)
{
	int fd = openat(
	    dir, KVSTAMP_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const bool ok = fd != -1 && fd_read_file(fd, text, NULL) == 0;

	fd_close(&fd);
	return ok;
}

bool
kvstamp_take(int dir, const char *form, const char *boot_id, bool once)
{
	struct buf text = { .max = STAMP_MAX_BYTES };
	bool good = false;

	if (!read_stamp(dir, &text))
		good = false;
	else if (stamp_is(buf_slice(&text), form, "clean", ""))
		good = write_stamp(dir, form, "open ", boot_id, NULL) == 0;
	else if (boot_id[0] != '\0' &&
		 stamp_is(buf_slice(&text), form, "open ", boot_id))
		good = !once ||
		       write_stamp(dir, form, "again ", boot_id, NULL) == 0;
	buf_fini(&text);
	return good;
}

bool
kvstamp_is(int dir)
{
	struct stat st;

	return fstatat(dir, KVSTAMP_DATA, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

void
kvstamp_remove(int dir)
{
	static const char *const names[] = { KVSTAMP_FILE, KVSTAMP_DATA,
		"lock.mdb" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(dir, names[i], 0);
}

int
kvstamp_renew(int dir, const char *form, const char *boot_id, struct err *err)
{
	kvstamp_remove(dir);
	return write_stamp(dir, form, "open ", boot_id, err);
}

void
kvstamp_clean(int dir, const char *form)
{
	(void)write_stamp(dir, form, "clean", "", NULL);
}
