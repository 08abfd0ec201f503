/* SPDX-License-Identifier: ISC */
#include "index/stamp.h"

#include "base/buf.h"
#include "base/slice.h"
#include "index/ix.h"
#include "maildir/textfile.h"
#include "sys/durable_file.h"

enum { TEXT_MAX = 4096 };

static enum stamp
parse_stamp(struct slice text, const char *boot_id)
{
	struct buf version;
	struct slice line = slice_cut(text, '\n', &text);
	bool same;

	buf_init(&version, 100);
	buf_addf(&version, "pabal-index %d %zu", INDEX_VERSION,
	    sizeof(struct ix_box) + sizeof(struct ix_msg));
	same = slice_eq(line, buf_slice(&version));
	buf_fini(&version);
	/* Its name was on disk before its text. */
	if (line.n == 0)
		return STAMP_DOUBT;
	if (!same)
		return STAMP_NONE;
	line = slice_cut(text, '\n', &text);
	if (slice_is(line, "clean"))
		return STAMP_CLEAN;
	if (slice_istarts(line, SLICE("open ")) &&
	    slice_is(slice_from(line, 5), boot_id))
		return STAMP_CURRENT;
	return STAMP_DOUBT;
}

int
stamp_read(int dirfd, const char *boot_id, enum stamp *s, struct err *err)
{
	struct buf text;
	enum found f;

	*s = STAMP_NONE;
	buf_init(&text, TEXT_MAX);
	f = textfile_load(dirfd, STAMP_NAME, &text, err);
	if (f == FOUND)
		*s = parse_stamp(buf_slice(&text), boot_id);
	buf_fini(&text);
	return f == TEMPFAIL ? -1 : 0;
}

static void
stamp_text(struct buf *out, const char *boot_id)
{
	buf_addf(out, "pabal-index %d %zu\n", INDEX_VERSION,
	    sizeof(struct ix_box) + sizeof(struct ix_msg));
	if (boot_id == NULL)
		buf_adds(out, "clean\n");
	else
		buf_addf(out, "open %s\n", boot_id);
}

int
stamp_put(int dirfd, const char *boot_id, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, TEXT_MAX);
	stamp_text(&text, boot_id);
	rc = textfile_put(dirfd, STAMP_NAME, buf_slice(&text), err);
	buf_fini(&text);
	return rc;
}

int
stamp_write(int dirfd, const char *boot_id, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, TEXT_MAX);
	stamp_text(&text, boot_id);
	rc = durable_replace(dirfd, STAMP_NAME, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}
