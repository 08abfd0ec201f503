/* SPDX-License-Identifier: ISC */
#include "maildir/metafile.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/cur.h"
#include "base/mem.h"
#include "maildir/textfile.h"
#include "sys/durable_file.h"

static const struct slice head = SLICE("pabal-metadata 1\n");

bool
metafile_is_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	return name.n > 0 && name.n <= METAFILE_NAME_MAX &&
	       name.p[name.n - 1] != ' ';
}

struct metafile_entry *
metafile_find(const struct metafile *f, struct slice name)
{
	for (size_t i = 0; i < f->n; i++)
		if (slice_ieq(f->v[i].name, name))
			return &f->v[i];
	return NULL;
}

static void
add(struct metafile *f, struct slice name, struct slice value)
{
	f->v = xreallocarray(f->v, f->n + 1, sizeof *f->v);
	f->v[f->n++] = (struct metafile_entry){ name, value };
}

void
metafile_set(struct metafile *f, struct slice name, struct slice value)
{
	struct metafile_entry *e = metafile_find(f, name);

	if (e == NULL && value.p != NULL) {
		add(f, name, value);
	} else if (e != NULL && value.p != NULL) {
		e->value = value;
	} else if (e != NULL) {
		*e = f->v[--f->n];
	}
}

size_t
metafile_bytes(const struct metafile *f)
{
	size_t all = 0;

	for (size_t i = 0; i < f->n; i++)
		all += f->v[i].name.n + f->v[i].value.n;
	return all;
}

/* name SP length LF value LF */
static bool
parse_entry(struct cur *c, struct metafile *f)
{
	const struct slice line = cur_until(c, '\n');
	const size_t at = slice_rfind(line, ' ');
	const struct slice name = slice_sub(line, 0, at);
	struct cur number = cur_of(slice_from(line, at + 1));
	const uint64_t size = cur_u64(&number, METAFILE_BYTES_MAX);
	struct slice value;

	if (!cur_end(&number) || !metafile_is_name(name) ||
	    f->n == METAFILE_ENTRIES_MAX || metafile_find(f, name) != NULL)
		return false;
	value = cur_take(c, (size_t)size);
	cur_lit(c, "\n");
	if (!cur_ok(c))
		return false;
	add(f, name, value);
	return true;
}

bool
metafile_parse(struct slice text, struct metafile *f)
{
	struct cur c = cur_of(text);

	if (!slice_starts(text, head))
		return false;
	(void)cur_take(&c, head.n);
	while (cur_left(&c) > 0)
		if (!parse_entry(&c, f))
			return false;
	return cur_end(&c);
}

void
metafile_format(struct buf *out, const struct metafile *f)
{
	buf_add(out, head);
	for (size_t i = 0; i < f->n; i++) {
		buf_add(out, f->v[i].name);
		buf_addc(out, ' ');
		buf_addu(out, f->v[i].value.n);
		buf_addc(out, '\n');
		buf_add(out, f->v[i].value);
		buf_addc(out, '\n');
	}
}

int
metafile_read(int dirfd, const char *name, struct metafile *f, struct err *err)
{
	enum found found;

	*f = (struct metafile){ 0 };
	buf_init(&f->text, METAFILE_BYTES_MAX);
	found = textfile_load(dirfd, name, &f->text, err);
	if (found == FOUND && !metafile_parse(buf_slice(&f->text), f)) {
		err_set(err, ERR_TEMP, "%s is corrupt", name);
		found = TEMPFAIL;
	}
	if (found == TEMPFAIL)
		metafile_fini(f);
	return found == TEMPFAIL ? -1 : 0;
}

int
metafile_write(
    int dirfd, const char *name, const struct metafile *f, struct err *err)
{
	struct buf text;
	int rc;

	if (f->n == 0)
		return textfile_remove(dirfd, name, err);
	buf_init(&text, METAFILE_BYTES_MAX);
	metafile_format(&text, f);
	rc =
	    text.failed
		? err_set_code(err, ERR_PERM, ERR_LIMIT, "too many annotations")
		: durable_replace(dirfd, name, buf_slice(&text), 0600, err);
	buf_fini(&text);
	return rc;
}

void
metafile_fini(struct metafile *f)
{
	xfree(&f->v);
	buf_fini(&f->text);
	f->n = 0;
}
