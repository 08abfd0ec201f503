/* SPDX-License-Identifier: ISC */
/* pabal queue show: one message out of its spool file. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/view/out.h"
#include "ctl/view/qview.h"
#include "ctl/view/spooled.h"
#include "mime/header.h"
#include "queue/envelope.h"

enum { RESULTS_MAX = 16 << 20, HEADER_MAX_BYTES = 1 << 20 };

/* A message, with what is shown of it. */
struct shown {
	struct spooled file;
	struct buf results; /* lines behind the message */
	struct buf header;  /* of the message */
};

static int
shown_open(struct shown *s, const struct instance *in, const char *qid,
    struct err *err)
{
	const struct spooled *f = &s->file;
	int fd;

	*s = (struct shown){ .file.fd = -1 };
	buf_init(&s->results, RESULTS_MAX);
	buf_init(&s->header, HEADER_MAX_BYTES);
	if (qview_open_file(in, slice_str(qid), &fd, err) == -1 ||
	    spooled_init(&s->file, fd, err) == -1)
		return -1;
	if (spooled_read(f, (int64_t)f->head_bytes, f->env.size, &s->header,
		err) == -1 ||
	    spooled_read(f, (int64_t)f->head_bytes + f->env.size,
		f->end - (int64_t)f->head_bytes - f->env.size, &s->results,
		err) == -1)
		return -1;
	buf_truncate(&s->header, header_length(buf_slice(&s->header)));
	return 0;
}

static void
shown_close(struct shown *s)
{
	spooled_fini(&s->file);
	buf_fini(&s->results);
	buf_fini(&s->header);
}

static void
print_text(struct shown *s)
{
	struct slice why;

	out_text(stdout, buf_slice(&s->file.head));
	puts("-- results");
	out_text(stdout, buf_slice(&s->results));
	if (spooled_is_held(&s->file, buf_slice(&s->results), &why) &&
	    why.n > 0) {
		puts("-- held by");
		out_text(stdout, why);
		puts("");
	}
	puts("-- header");
	out_text(stdout, s->file.env.front);
	out_text(stdout, buf_slice(&s->header));
}

/* As it is, save to a terminal. */
static int
print_piece(void *arg, struct slice piece, struct err *err)
{
	const bool *terminal = arg;

	(void)err;
	if (*terminal)
		out_text(stdout, piece);
	else
		fwrite(piece.p, 1, piece.n, stdout);
	return 0;
}

static int
print_message(const struct shown *s, struct err *err)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;

	return spooled_message(&s->file, print_piece, &terminal, err);
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
print_json(struct shown *s)
{
	const struct envelope *e = &s->file.env;
	struct slice why;
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
	if (e->mt_priority != 0)
		buf_addf(&b, ",\"mt_priority\":%d", e->mt_priority);
	buf_adds(&b, ",\"recipients\":[");
	for (size_t i = 0; i < e->nrcpts; i++) {
		buf_adds(&b, i > 0 ? "," : "");
		out_json(&b, e->rcpts[i].address);
	}
	buf_addc(&b, ']');
	if (spooled_is_held(&s->file, buf_slice(&s->results), &why))
		json_str(&b, "held_by", why);
	json_lines(&b, "results", buf_slice(&s->results));
	buf_adds(&b, ",\"header\":");
	out_json(&b, buf_slice(&s->header));
	if (e->front.n > 0)
		json_str(&b, "front", e->front);
	buf_adds(&b, "}\n");
	fwrite(b.p, 1, b.n, stdout);
	buf_fini(&b);
}

int
cmd_queue_show(struct ctl *ctl, int argc, char **argv)
{
	bool message = false;
	const struct ctl_opt opts[] = { { "message", NULL, &message }, { 0 } };
	struct shown s;
	struct err err;
	int rc = CTL_OK;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	if (shown_open(&s, &ctl->inst, argv[0], &err) == -1)
		rc = ctl_fail("queue show %s: %s", argv[0], err.text);
	else if (message && print_message(&s, &err) == -1)
		rc = ctl_fail("queue show %s: %s", argv[0], err.text);
	else if (!message && ctl->json)
		print_json(&s);
	else if (!message)
		print_text(&s);
	shown_close(&s);
	return rc;
}
