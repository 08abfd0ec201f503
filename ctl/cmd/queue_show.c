/* SPDX-License-Identifier: ISC */
/* pabal queue show: one message out of its spool file. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/view/out.h"
#include "ctl/view/qview.h"
#include "mime/header.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"
#include "sys/fd.h"

enum { RESULTS_MAX = 16 << 20, HEADER_MAX_BYTES = 1 << 20 };

/* A spool file taken apart: doc/queue-format.md. */
struct spooled {
	int fd;
	int64_t end;       /* bytes of the file */
	size_t head_bytes; /* the message begins behind them */
	struct buf head;
	struct buf results; /* lines behind the message */
	struct buf header;  /* of the message */
	struct envelope env;
	struct arena arena;
};

static int
read_part(int fd, int64_t off, int64_t n, struct buf *to, struct err *err)
{
	const size_t len = n < (int64_t)to->max ? (size_t)n : to->max;
	char *p = buf_room(to, len);

	if (fd_pread_all(fd, p, len, off, err) == -1)
		return -1;
	buf_added(to, len);
	return 0;
}

static int
spooled_open(struct spooled *s, const struct instance *in, const char *qid,
    struct err *err)
{
	*s = (struct spooled){ .fd = -1 };
	arena_init(&s->arena);
	buf_init(&s->head, ENVELOPE_MAX_BYTES);
	buf_init(&s->results, RESULTS_MAX);
	buf_init(&s->header, HEADER_MAX_BYTES);
	if (qview_open_file(in, slice_str(qid), &s->fd, err) == -1)
		return -1;
	s->end = lseek(s->fd, 0, SEEK_END);
	if (s->end == -1)
		return err_sys(err, ERR_TEMP, "read the file");
	if (read_part(s->fd, 0, s->end, &s->head, err) == -1 ||
	    envelope_parse(buf_slice(&s->head), ENVELOPE_FROM_QMGR, &s->arena,
		&s->env, &s->head_bytes, err) == -1)
		return -1;
	buf_truncate(&s->head, s->head_bytes);
	if (read_part(s->fd, (int64_t)s->head_bytes, s->env.size, &s->header,
		err) == -1 ||
	    read_part(s->fd, (int64_t)s->head_bytes + s->env.size,
		s->end - (int64_t)s->head_bytes - s->env.size, &s->results,
		err) == -1)
		return -1;
	buf_truncate(&s->header, header_length(buf_slice(&s->header)));
	return 0;
}

static void
spooled_close(struct spooled *s)
{
	fd_close(&s->fd);
	arena_fini(&s->arena);
	buf_fini(&s->head);
	buf_fini(&s->results);
	buf_fini(&s->header);
}

static void
print_text(const struct spooled *s)
{
	out_text(stdout, buf_slice(&s->head));
	puts("-- results");
	out_text(stdout, buf_slice(&s->results));
	puts("-- header");
	out_text(stdout, buf_slice(&s->header));
}

/* As it is, save to a terminal. */
static int
print_message(const struct spooled *s, struct err *err)
{
	const bool terminal = isatty(STDOUT_FILENO) == 1;
	char piece[65536];
	int64_t off = (int64_t)s->head_bytes, left = s->env.size;

	while (left > 0) {
		const size_t n =
		    left < (int64_t)sizeof piece ? (size_t)left : sizeof piece;

		if (fd_pread_all(s->fd, piece, n, off, err) == -1)
			return -1;
		if (terminal)
			out_text(stdout, slice_of(piece, n));
		else
			fwrite(piece, 1, n, stdout);
		off += (int64_t)n;
		left -= (int64_t)n;
	}
	return 0;
}

static void
json_str(struct buf *b, const char *key, struct slice v)
{
	if (v.n == 0 && strcmp(key, "sender") != 0)
		return;
	buf_addf(b, ",\"%s\":", key);
	out_json(b, v);
}

static void
json_lines(struct buf *b, const char *key, struct slice text)
{
	const char *sep = "";

	buf_addf(b, ",\"%s\":[", key);
	while (text.n > 0) {
		const struct slice line = slice_cut(text, '\n', &text);

		buf_adds(b, sep);
		out_json(b, slice_trim(line));
		sep = ",";
	}
	buf_addc(b, ']');
}

static void
print_json(const struct spooled *s)
{
	const struct envelope *e = &s->env;
	struct buf b = { .max = 64 << 20 };

	buf_adds(&b, "{\"qid\":");
	out_json(&b, e->id);
	buf_addf(&b, ",\"arrived\":%lld,\"size\":%lld",
	    (long long)(e->arrived_us / 1000000), (long long)e->size);
	json_str(&b, "sender", e->sender);
	json_str(&b, "client", e->client);
	json_str(&b, "client_name", e->client_name);
	json_str(&b, "helo", e->helo);
	json_str(&b, "login", e->login);
	json_str(&b, "protocol", e->protocol);
	json_str(&b, "envid", e->envid);
	buf_adds(&b, ",\"recipients\":[");
	for (size_t i = 0; i < e->nrcpts; i++) {
		buf_adds(&b, i > 0 ? "," : "");
		out_json(&b, e->rcpts[i].address);
	}
	buf_addc(&b, ']');
	json_lines(&b, "results", buf_slice(&s->results));
	buf_adds(&b, ",\"header\":");
	out_json(&b, buf_slice(&s->header));
	buf_adds(&b, "}\n");
	fwrite(b.p, 1, b.n, stdout);
	buf_fini(&b);
}

int
cmd_queue_show(struct ctl *ctl, int argc, char **argv)
{
	bool message = false;
	const struct ctl_opt opts[] = { { "message", NULL, &message }, { 0 } };
	struct spooled s;
	struct err err;
	int rc = CTL_OK;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (spooled_open(&s, &ctl->inst, argv[0], &err) == -1)
		rc = ctl_fail("queue show %s: %s", argv[0], err.text);
	else if (message && print_message(&s, &err) == -1)
		rc = ctl_fail("queue show %s: %s", argv[0], err.text);
	else if (!message && ctl->json)
		print_json(&s);
	else if (!message)
		print_text(&s);
	spooled_close(&s);
	return rc;
}
