/* SPDX-License-Identifier: ISC */
#include "pipe/include.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/cur.h"
#include "sys/fd.h"
#include "table/alias.h"

enum {
	LIST_MAX_BYTES = 4 << 20,
	ANSWER_BYTES = 40000, /* then the rest of the list is another target */
};

/* "/path" or "+N/TOTAL:/path" behind the ":include:" (older: "+N:/path"). */
static struct slice
parse_target(struct slice target, size_t *from)
{
	struct cur c = cur_of(target);

	*from = 0;
	cur_lit(&c, ":include:");
	if (cur_try_byte(&c, '+')) {
		*from = (size_t)cur_u64(&c, ALIAS_TARGETS_MAX);
		if (cur_try_byte(&c, '/'))
			(void)cur_u64(&c, ALIAS_TARGETS_MAX);
		cur_lit(&c, ":");
	}
	return cur_peek(&c) == '/' ? cur_rest(&c) : SLICE("");
}

struct slice
include_path(struct slice target)
{
	size_t from;

	return parse_target(target, &from);
}

static int
put_targets(const struct alias *a, size_t from, const char *path,
    struct buf *out, struct err *err)
{
	for (size_t i = from; i < a->n && out->n < ANSWER_BYTES; i++, from++)
		alias_put(&a->targets[i], out);
	if (from < a->n) {
		struct buf rest = { .max = PATH_MAX + 32 };
		struct alias_target t = { .kind = ALIAS_INCLUDE };

		buf_addf(&rest, "+%zu/%zu:%s", from, a->n, path);
		t.text = slice_str(buf_cstr(&rest));
		alias_put(&t, out);
		buf_fini(&rest);
	}
	if (out->failed)
		return err_set(
		    err, ERR_PERM, "list %s: an entry is too long", path);
	if (out->n == 0)
		return err_set(err, ERR_TEMP, "list %s: it is empty", path);
	return 0;
}

static int
read_list(const char *path, struct buf *text, struct err *err)
{
	struct stat st;
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "list %s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		err_set(err, ERR_TEMP, "list %s: not a file", path);
	else if (st.st_size > LIST_MAX_BYTES)
		err_set(err, ERR_PERM, "list %s: larger than %d MiB", path,
		    LIST_MAX_BYTES >> 20);
	else
		rc = fd_read_file(fd, text, err);
	fd_close(&fd);
	return rc;
}

/* Nonsense in a list is mended sooner or later; its length is not. */
static int
parse_list(struct slice text, const char *path, struct arena *arena,
    struct alias *a, struct err *err)
{
	struct err why = { 0 };

	if (alias_parse(text, arena, a, &why) == 0)
		return 0;
	return err_set(err, a->n == ALIAS_TARGETS_MAX ? ERR_PERM : ERR_TEMP,
	    "list %s: line %zu: %s", path, a->line, why.text);
}

int
include_load(
    const char *path, struct arena *arena, struct alias *a, struct err *err)
{
	struct buf text = { .max = LIST_MAX_BYTES };
	int rc = -1;

	if (read_list(path, &text, err) == 0)
		rc = parse_list(buf_slice(&text), path, arena, a, err);
	buf_fini(&text);
	return rc;
}

int
include_read(struct slice target, struct buf *out, struct err *err)
{
	char path[PATH_MAX];
	struct arena arena;
	struct alias a;
	size_t from;
	int rc = -1;
	const struct slice name = parse_target(target, &from);

	if (name.n == 0 || !slice_copy(name, path, sizeof path))
		return err_set(err, ERR_TEMP, "not the name of a list");
	arena_init(&arena);
	if (include_load(path, &arena, &a, err) == 0)
		rc = put_targets(&a, from, path, out, err);
	arena_fini(&arena);
	return rc;
}
