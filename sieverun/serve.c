/* SPDX-License-Identifier: ISC */
#include "sieverun/serve.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "sieve/compile.h"
#include "sieve/lang.h"
#include "sieve/limits.h"
#include "sieverun/answers.h"
#include "sieverun/global.h"
#include "sieverun/judge.h"
#include "sieverun/speak.h"
#include "sieverun/task.h"
#include "sys/fd.h"

enum { PAGE = 65536, MESSAGE_MAX = 1 << 20 };

static void
task_init(struct task *t, int fd, enum role peer)
{
	static const size_t max[SIEVE_PIECES] = {
		[SIEVE_PIECE_MESSAGE] = MESSAGE_MAX,
		[SIEVE_PIECE_SCRIPT] = 1 << 20,
		[SIEVE_PIECE_CODE] = 8 << 20,
	};

	*t = (struct task){ .fd = fd, .peer = peer };
	arena_init(&t->arena);
	for (size_t i = 0; i < ARRAY_LEN(max); i++)
		buf_init(&t->pieces[i], max[i]);
	buf_init(&t->trace, 128 << 10);
}

static void
task_fini(struct task *t)
{
	for (size_t i = 0; i < SIEVE_PIECES; i++)
		buf_fini(&t->pieces[i]);
	buf_fini(&t->trace);
	arena_fini(&t->arena);
	if (t->mapped.n > 0)
		(void)munmap((void *)(uintptr_t)t->mapped.p, t->mapped.n);
}

/* The message in a file, of which the kernel has the pages already. */
static int
map_file(struct task *t, struct msg_sieve_file *in)
{
	const int64_t before = in->offset % PAGE;
	char *p;

	if (in->offset < 0 || in->size <= 0 || in->size > INT64_MAX - PAGE ||
	    t->mapped.n > 0)
		return -1;
	p = mmap(NULL, (size_t)(before + in->size), PROT_READ, MAP_PRIVATE,
	    in->file, in->offset - before);
	fd_close(&in->file);
	if (p == MAP_FAILED)
		return -1;
	t->mapped = slice_of(p, (size_t)(before + in->size));
	t->message = slice_of(p + before, (size_t)in->size);
	return 0;
}

struct compilation {
	struct sieve_source source;
	struct task *task;
};

static enum found
on_include(struct sieve_source *src, enum sieve_location where,
    struct slice name, struct slice *text)
{
	return answers_script(
	    OUTER(src, struct compilation, source)->task, where, name, text);
}

static void
compile(struct task *t, const struct msg_sieve_compile *in)
{
	struct compilation c = { .task = t,
		.source = { .lang = global_lang(),
		    .limits = global_limits(),
		    .script = on_include } };
	const struct slice name = arena_slice(&t->arena, in->name);
	const struct slice text =
	    arena_slice(&t->arena, buf_slice(&t->pieces[SIEVE_PIECE_SCRIPT]));
	struct sieve_report report;
	struct buf code;
	bool temporary = false;

	buf_init(&code, global_limits()->code_bytes);
	sieve_report_init(&report, &t->arena, 1);
	if (sieve_compile(&c.source, name, text, &code, &report, &temporary)) {
		if (speak_pieces(t->fd, SIEVE_PIECE_CODE, buf_slice(&code)) ==
		    0)
			(void)SPEAK(
			    t->fd, sieve_compiled, .status = SIEVE_END_DONE);
		return;
	}
	(void)SPEAK(t->fd, sieve_compiled,
	    .status = temporary ? SIEVE_END_LATER : SIEVE_END_FAILED,
	    .script = report.first->script, .line = report.first->pos.line,
	    .why = slice_str(report.first->text));
}

/* False: that was all, of this message or script. */
static bool
take(struct task *t, struct msg *m)
{
	struct buf *b;

	switch ((int)m->type) {
	case MSG_sieve_piece:
		if (m->sieve_piece.what >= SIEVE_PIECES)
			return false;
		b = &t->pieces[m->sieve_piece.what];
		buf_add(b, m->sieve_piece.bytes);
		if (m->sieve_piece.what == SIEVE_PIECE_MESSAGE)
			t->message = buf_slice(b);
		return !b->failed;
	case MSG_sieve_file:
		return map_file(t, &m->sieve_file) == 0;
	case MSG_sieve_compile:
		compile(t, &m->sieve_compile);
		return false;
	case MSG_sieve_event:
		judge_event(t, &m->sieve_event);
		return true;
	case MSG_sieve_run:
		judge_run(t, m);
		return false;
	default:
		return false;
	}
}

void
serve(int fd, enum role peer)
{
	static struct task t;
	struct msg m;
	bool more;

	do {
		task_init(&t, fd, peer);
		while (speak_hear(fd, peer, &m) == 1 && take(&t, &m))
			continue;
		more = speak_flush(fd) == 0 && t.more;
		task_fini(&t);
	} while (more);
}
