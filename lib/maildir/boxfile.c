/* SPDX-License-Identifier: ISC */
#include "maildir/boxfile.h"

#include <stdlib.h>

#include "base/cur.h"
#include "maildir/textfile.h"
#include "sys/durable_file.h"

#define BOXFILE "pabal-mailbox"

enum { FILE_LIMIT = 64 << 10 };

static void
parse_line(struct slice line, struct boxfile *f)
{
	struct slice value;
	const struct slice key = slice_cut(line, ' ', &value);
	struct cur c = cur_of(value);

	if (slice_is(key, "uidvalidity"))
		f->uidvalidity = (uint32_t)cur_u64(&c, UINT32_MAX);
	else if (slice_is(key, "ceiling"))
		f->ceiling = (uint32_t)cur_u64(&c, UINT32_MAX);
	else if (slice_is(key, "brought"))
		f->brought = (uint32_t)cur_u64(&c, UINT32_MAX);
	else if (slice_is(key, "given"))
		f->given = (uint32_t)cur_u64(&c, UINT32_MAX);
	else if (slice_is(key, "hidden"))
		f->hidden = (unsigned)cur_u64(&c, 0xff);
	else if (slice_is(key, "special"))
		f->special = (unsigned)cur_u64(&c, 0xff);
	else if (slice_is(key, "id"))
		slice_copy(value, f->id, sizeof f->id);
}

bool
boxfile_parse(struct slice text, struct boxfile *f)
{
	*f = (struct boxfile){ 0 };
	if (!slice_is(slice_cut(text, '\n', &text), "pabal-mailbox 1"))
		return false;
	while (text.n > 0)
		parse_line(slice_cut(text, '\n', &text), f);
	return f->uidvalidity != 0 && f->ceiling != 0 && f->id[0] != '\0';
}

void
boxfile_format(struct buf *out, const struct boxfile *f)
{
	buf_addf(out, "pabal-mailbox 1\nuidvalidity %u\nid %s\nceiling %u\n",
	    f->uidvalidity, f->id, f->ceiling);
	if (f->brought != 0)
		buf_addf(out, "brought %u\n", f->brought);
	if (f->given != 0)
		buf_addf(out, "given %u\n", f->given);
	if (f->hidden != 0)
		buf_addf(out, "hidden %u\n", f->hidden);
	if (f->special != 0)
		buf_addf(out, "special %u\n", f->special);
}

enum found
boxfile_read(int dirfd, struct boxfile *f, struct err *err)
{
	struct buf text;
	enum found found;

	buf_init(&text, FILE_LIMIT);
	found = textfile_load(dirfd, BOXFILE, &text, err);
	if (found == FOUND && !boxfile_parse(buf_slice(&text), f))
		found = ABSENT;
	buf_fini(&text);
	return found;
}

int
boxfile_write(int dirfd, const struct boxfile *f, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_LIMIT);
	boxfile_format(&text, f);
	rc = durable_replace(dirfd, BOXFILE, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

int
boxfile_put(int dirfd, const struct boxfile *f, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_LIMIT);
	boxfile_format(&text, f);
	rc = textfile_put(dirfd, BOXFILE, buf_slice(&text), err);
	buf_fini(&text);
	return rc;
}

void
boxfile_new_id(char id[MAILBOX_ID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[(MAILBOX_ID_SIZE - 1) / 2];

	arc4random_buf(raw, sizeof raw);
	for (size_t i = 0; i < sizeof raw; i++) {
		id[2 * i] = hex[raw[i] >> 4];
		id[2 * i + 1] = hex[raw[i] & 15];
	}
	id[MAILBOX_ID_SIZE - 1] = '\0';
}
