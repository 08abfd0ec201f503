/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/decisions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/view/out.h"
#include "queue/envelope_text.h"
#include "sys/beneath.h"
#include "sys/fd.h"

#define DECIDED "sieve/.pabal-trace"

enum { FILE_MAX = 64 << 20, LINE_MAX_BYTES = 1 << 20 };

static const struct out_col cols[] = { { "account", 24 }, { "time", 20 },
	{ "qid", 13 }, { "from", 24 }, { "to", 24 }, { "script", 12 },
	{ "actions", 30 }, { "error", 20 }, { "why", 0 } };

/* The values of a record's first line, in the order of cols from qid on. */
static const char *const names[] = { "qid", "from", "to", "script", "actions",
	"error" };

struct decisions_one {
	struct slice time, values[ARRAY_LEN(names)];
	struct slice why; /* its lines, each behind a blank */
};

/* Take the next record off TEXT; false: there is none. */
static bool
next(struct slice *text, struct arena *a, struct decisions_one *d)
{
	struct slice line;
	size_t n = 0;

	*d = (struct decisions_one){ 0 };
	/* An older file may begin amid a record. */
	do {
		if (text->n == 0)
			return false;
		line = slice_cut(*text, '\n', text);
	} while (!slice_starts(line, SLICE("@ ")));
	d->time = slice_cut(slice_from(line, 2), ' ', &line);
	while (line.n > 0) {
		struct slice value;
		const struct slice name =
		    slice_cut(slice_cut(line, ' ', &line), '=', &value);

		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (slice_is(name, names[i]))
				(void)envelope_unescape(
				    a, value, &d->values[i]);
	}
	while (n < text->n && text->p[n] == ' ')
		n += slice_find(slice_from(*text, n), '\n') + 1;
	d->why = slice_sub(*text, 0, n);
	*text = slice_from(*text, n);
	return true;
}

static void
put_row(struct asowner *o, const struct decisions_one *d)
{
	asowner_row(o);
	out_str(o->out, d->time);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		out_str(o->out, d->values[i]);
	out_str(o->out, d->why);
}

/* The same among other objects of a list. */
static void
put_object(const struct asowner *o, const struct decisions_one *d)
{
	struct buf b = { .max = LINE_MAX_BYTES };

	buf_adds(&b, ",{\"account\":");
	out_json(&b, slice_str(o->name));
	buf_adds(&b, ",\"time\":");
	out_json(&b, d->time);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		buf_addf(&b, ",\"%s\":", names[i]);
		out_json(&b, d->values[i]);
	}
	buf_adds(&b, ",\"why\":");
	out_json(&b, d->why);
	buf_adds(&b, "}\n");
	(void)fwrite(b.p, 1, b.n, stdout);
	buf_fini(&b);
}

static void
put_text(const struct decisions_one *d)
{
	struct buf line = { .max = LINE_MAX_BYTES };

	buf_addf(&line, "%.*s %.*s <%.*s> to <%.*s>: ", SLICE_FMT(d->time),
	    SLICE_FMT(d->values[0]), SLICE_FMT(d->values[1]),
	    SLICE_FMT(d->values[2]));
	if (d->values[5].n > 0)
		buf_addf(&line, "error: %.*s; ", SLICE_FMT(d->values[5]));
	buf_addf(&line, "%.*s\n", SLICE_FMT(d->values[4]));
	out_text(stdout, buf_slice(&line));
	out_text(stdout, d->why);
	buf_fini(&line);
}

static void
put_all(struct asowner *o, struct slice text)
{
	const struct decisions *wanted = o->arg;
	struct arena a;
	struct decisions_one d;

	arena_init(&a);
	while (next(&text, &a, &d)) {
		if (wanted->qids != NULL &&
		    map_find(wanted->qids, d.values[0]) == NULL)
			continue;
		if (o->ctl->json && wanted->objects)
			put_object(o, &d);
		else if (o->ctl->json)
			put_row(o, &d);
		else
			put_text(&d);
	}
	arena_fini(&a);
}

static int
print(struct asowner *o)
{
	struct buf text = { .max = FILE_MAX };
	struct err err;
	int rc = CTL_OK;
	int fd =
	    beneath_open(o->dirfd, DECIDED, O_RDONLY | O_NONBLOCK, 0, &err);

	if (fd == -1 && errno == ENOENT)
		return CTL_OK;
	if (fd == -1 || fd_read_file(fd, &text, &err) == -1)
		rc = asowner_fail(o, &err);
	else
		put_all(o, buf_slice(&text));
	fd_close(&fd);
	buf_fini(&text);
	return rc;
}

int
decisions_print(
    struct ctl *ctl, const char *account, const struct decisions *wanted)
{
	struct asowner_task task = {
		.run = print, .files = true, .arg = (void *)(uintptr_t)wanted
	};

	if (ctl->json && !wanted->objects) {
		task.cols = cols;
		task.ncols = ARRAY_LEN(cols);
	}
	return asowner_run(ctl, account, &task);
}
