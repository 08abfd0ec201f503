/* SPDX-License-Identifier: ISC */
#include "pipe/include.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/cur.h"
#include "sys/fd.h"
#include "table/alias.h"

enum {
	LIST_MAX_BYTES = 4 << 20,
	ANSWER_BYTES = 40000, /* then the rest of the list is another target */
};

/* "/path" or "+N:/path" behind the ":include:". */
static int
parse_target(
    struct slice target, char path[PATH_MAX], size_t *from, struct err *err)
{
	struct cur c = cur_of(target);

	*from = 0;
	cur_lit(&c, ":include:");
	if (cur_try_byte(&c, '+')) {
		*from = (size_t)cur_u64(&c, ALIAS_TARGETS_MAX);
		cur_lit(&c, ":");
	}
	if (cur_peek(&c) != '/' || !slice_copy(cur_rest(&c), path, PATH_MAX))
		return err_set(err, ERR_TEMP, "not the name of a list");
	return 0;
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

		buf_addf(&rest, "+%zu:%s", from, path);
		t.text = slice_str(buf_cstr(&rest));
		alias_put(&t, out);
		buf_fini(&rest);
	}
	if (out->failed || out->n == 0)
		return err_set(err, ERR_TEMP, "list %s: %s", path,
		    out->failed ? "an entry is too long" : "it is empty");
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
	else
		rc = fd_read_file(fd, text, err);
	fd_close(&fd);
	return rc;
}

int
include_read(struct slice target, struct buf *out, struct err *err)
{
	struct buf text = { .max = LIST_MAX_BYTES };
	char path[PATH_MAX];
	struct arena arena;
	struct alias a;
	size_t from;
	int rc = -1;

	arena_init(&arena);
	if (parse_target(target, path, &from, err) == 0 &&
	    read_list(path, &text, err) == 0 &&
	    alias_parse(buf_slice(&text), &arena, &a, err) == 0)
		rc = put_targets(&a, from, path, out, err);
	if (rc == -1 && err != NULL)
		err->class = ERR_TEMP;
	arena_fini(&arena);
	buf_fini(&text);
	return rc;
}
