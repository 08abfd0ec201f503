/* SPDX-License-Identifier: ISC */
/*
 * A name that is kept beside its file is written first and removed last, so a
 * script never is without it; one without a script harms nobody.
 */
#include "sievestore/name.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/utf8.h"
#include "sys/beneath.h"
#include "sys/durable_file.h"
#include "sys/fd.h"

#define ENDING ".sieve"

enum {
	PLAIN_MAX = 240, /* bytes of a name in its file's name */
	SHOWN_MAX = 160, /* of one that is cut */
	HASH_DIGITS = 16,
};

static bool
is_forbidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 ||
	       c == 0x2029;
}

bool
sievestore_name_valid(struct slice name)
{
	if (name.n == 0 || name.n > SIEVESTORE_NAME_MAX)
		return false;
	while (name.n > 0) {
		const size_t n = utf8_len(name);

		if (n == 0 || is_forbidden(utf8_code(name)))
			return false;
		name = slice_from(name, n);
	}
	return true;
}

static bool
is_plain(struct slice name)
{
	return name.n <= PLAIN_MAX && name.p[0] != '.' &&
	       slice_find(name, '/') == name.n;
}

/* What of NAME can be shown. */
static struct slice
shown(struct slice name)
{
	const struct slice cut = slice_sub(name, 0, SHOWN_MAX);

	return slice_sub(cut, 0, utf8_span(cut));
}

/* The file of a NAME that is not plain, with ENDING. */
static void
put_file(struct slice name, const char *ending,
    char file[static SIEVESTORE_FILE_BYTES])
{
	const struct slice s = shown(name);

	snprintf(file, SIEVESTORE_FILE_BYTES, "%.*s~%016" PRIx64 "%s",
	    SLICE_FMT(s), map_hash_fixed(name), ending);
	for (size_t i = 0; i < s.n; i++)
		if (file[i] == '/' || (i == 0 && file[i] == '.'))
			file[i] = '_';
}

void
sievestore_name_file(struct slice name, char file[static SIEVESTORE_FILE_BYTES])
{
	if (is_plain(name))
		snprintf(file, SIEVESTORE_FILE_BYTES, "%.*s" ENDING,
		    SLICE_FMT(name));
	else
		put_file(name, ENDING, file);
}

void
sievestore_name_code(struct slice name, char file[static SIEVESTORE_CODE_BYTES])
{
	snprintf(file, SIEVESTORE_CODE_BYTES, SIEVESTORE_CODE ".%016" PRIx64,
	    map_hash_fixed(name));
}

/* Does STEM end in "~" and a hash? */
static bool
is_cut(struct slice stem)
{
	const size_t at = stem.n - HASH_DIGITS;

	if (stem.n <= HASH_DIGITS || stem.p[at - 1] != '~')
		return false;
	for (size_t i = at; i < stem.n; i++)
		if (!ascii_isdigit(stem.p[i]) &&
		    (stem.p[i] < 'a' || stem.p[i] > 'f'))
			return false;
	return true;
}

/* The whole name that stands beside FILE, whose stem is STEM. */
static bool
read_whole(int dir, const char *file, struct slice stem, struct buf *name)
{
	char beside[SIEVESTORE_FILE_BYTES];
	char back[SIEVESTORE_FILE_BYTES];
	bool ok;
	int fd;

	snprintf(beside, sizeof beside, "%.*s.name", SLICE_FMT(stem));
	fd = beneath_open(dir, beside, O_RDONLY | O_NONBLOCK, 0, NULL);
	if (fd == -1)
		return false;
	buf_reset(name);
	ok = fd_read_file(fd, name, NULL) == 0 &&
	     sievestore_name_valid(buf_slice(name));
	fd_close(&fd);
	if (!ok)
		return false;
	sievestore_name_file(buf_slice(name), back);
	return slice_is(slice_str(file), back);
}

bool
sievestore_name_of(int dir, const char *file, struct buf *name)
{
	const struct slice all = slice_str(file);
	const struct slice stem =
	    slice_sub(all, 0, all.n - (sizeof ENDING - 1));

	if (!slice_ends(all, SLICE(ENDING)) || file[0] == '.')
		return false;
	if (is_cut(stem) && read_whole(dir, file, stem, name))
		return true;
	if (!sievestore_name_valid(stem) || !is_plain(stem))
		return false;
	buf_reset(name);
	buf_add(name, stem);
	return !name->failed;
}

int
sievestore_name_keep(int dir, struct slice name, struct err *err)
{
	char file[SIEVESTORE_FILE_BYTES];

	if (is_plain(name))
		return 0;
	put_file(name, ".name", file);
	durable_sweep(dir, file);
	return durable_replace(dir, file, name, 0600, err);
}

void
sievestore_name_drop(int dir, struct slice name)
{
	char file[SIEVESTORE_FILE_BYTES];

	if (is_plain(name))
		return;
	put_file(name, ".name", file);
	(void)unlinkat(dir, file, 0);
}
