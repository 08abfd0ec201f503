/* SPDX-License-Identifier: ISC */
/* Only hashes of the names are kept: of two that are alike one is tried for
 * nothing. */
#include "sieverun/charsets.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "sys/fd.h"

enum { FILE_MAX = 4 << 20, NAMES_MAX = 1 << 16, NAME_BYTES = 64 };

static uint64_t *hashes;
static size_t nhashes;

/* iconv has these in itself. */
static const char *const inner[] = { "UTF8", "UTF-8", "UCS4", "UCS-4",
	"UCS-4LE", "UCS-4BE", "CSUCS4", "ISO-10646", "WCHAR_T", "UCS2", "UCS-2",
	"UCS-2LE", "UCS-2BE", "UNICODELITTLE", "UNICODEBIG", "ISO-10646-UCS-2",
	"ANSI_X3.4-1968", "ANSI_X3.4-1986", "ISO_646.IRV:1991", "ISO646-US",
	"ISO-IR-6", "ISO-IR-193", "US", "IBM367", "CP367", "CSASCII",
	"10646-1:1993", "OSF00010020" };

/* As iconv reads NAME: in capitals, without what no name has. */
static uint64_t
hash(struct slice name)
{
	char text[NAME_BYTES];
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < sizeof text; i++)
		if (ascii_isalnum(name.p[i]) ||
		    memchr("_-.,:", name.p[i], 5) != NULL)
			text[n++] = ascii_upper(name.p[i]);
	return map_hash_fixed(slice_of(text, n));
}

static void
add(struct slice name)
{
	if (name.n == 0 || nhashes == NAMES_MAX)
		return;
	hashes = xreallocarray(hashes, nhashes + 1, sizeof *hashes);
	hashes[nhashes++] = hash(name);
}

static struct slice
word(struct slice *line)
{
	size_t n = 0;

	*line = slice_trim(*line);
	while (n < line->n && !ascii_isspace(line->p[n]))
		n++;
	const struct slice w = slice_sub(*line, 0, n);

	*line = slice_from(*line, n);
	return w;
}

/* "alias NAME// NAME//" and "module NAME// NAME// FILE COST". */
static void
read_lines(struct slice text)
{
	while (text.n > 0) {
		struct slice line = slice_cut(text, '\n', &text), rest;
		const struct slice what = word(&line);

		if (!slice_is(what, "alias") && !slice_is(what, "module"))
			continue;
		for (int i = 0; i < 2; i++) {
			const struct slice name = word(&line);

			/* ISO-10646/UTF-8/ is asked for by none of mail */
			add(slice_cut(name, '/', &rest));
		}
	}
}

static bool
read_file(int dirfd, const char *name)
{
	struct buf text = { .max = FILE_MAX };
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	const bool ok = fd != -1 && fd_read_file(fd, &text, NULL) == 0;

	if (ok)
		read_lines(buf_slice(&text));
	buf_fini(&text);
	fd_close(&fd);
	return ok;
}

static void
read_more(int dirfd)
{
	int fd = openat(
	    dirfd, "gconv-modules.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (d == NULL) {
		fd_close(&fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (slice_ends(slice_str(e->d_name), SLICE(".conf")))
			(void)read_file(fd, e->d_name);
	closedir(d);
}

static int
by_value(const void *pa, const void *pb)
{
	const uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

bool
charsets_read(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool ok = fd != -1 && read_file(fd, "gconv-modules");

	if (ok) {
		read_more(fd);
		for (size_t i = 0; i < ARRAY_LEN(inner); i++)
			add(slice_str(inner[i]));
		qsort(hashes, nhashes, sizeof *hashes, by_value);
	}
	fd_close(&fd);
	return ok;
}

bool
charsets_has(struct slice name)
{
	const uint64_t key = hash(name);

	return nhashes == 0 ||
	       bsearch(&key, hashes, nhashes, sizeof key, by_value) != NULL;
}
