/* SPDX-License-Identifier: ISC */
/*
 * The law of BODYSTRUCTURE (RFC 9051 6.4.5, 7.5.2): what it tells can be
 * fetched, and what it does not tell cannot.  For the unit test and the fuzz
 * target.
 */
#ifndef TESTS_STRUCTURE_H
#define TESTS_STRUCTURE_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/must.h"
#include "imapd/parse/section.h"
#include "mailread/body.h"
#include "mime/imap.h"
#include "mime/part.h"

/* A value of BODYSTRUCTURE: a list, or a string (p == NULL: NIL). */
struct structure_value {
	struct structure_value *next;
	struct structure_value *list;
	bool is_list;
	struct slice text;
};

static struct slice
structure_text(struct cur *c)
{
	struct slice s;

	if (cur_try_byte(c, '"')) {
		s = cur_rest(c);
		s.n = 0;
		while (cur_peek(c) != '"') {
			s.n += cur_try_byte(c, '\\') + 1u;
			cur_byte(c);
		}
		cur_lit(c, "\"");
		return s;
	}
	if (cur_try_byte(c, '{')) {
		const uint64_t n = cur_u64(c, SIZE_MAX / 2);

		cur_lit(c, "}\r\n");
		return cur_take(c, (size_t)n);
	}
	s = cur_while(c, ascii_isalnum);
	must(s.n > 0);
	return slice_is(s, "NIL") ? (struct slice){ NULL, 0 } : s;
}

static struct structure_value *
structure_read(struct cur *c, struct arena *a)
{
	struct structure_value *v = arena_new(a, struct structure_value);
	struct structure_value **tail = &v->list;

	v->is_list = cur_try_byte(c, '(');
	if (!v->is_list) {
		v->text = structure_text(c);
		return v;
	}
	while (cur_ok(c) && !cur_try_byte(c, ')')) {
		*tail = structure_read(c, a);
		tail = &(*tail)->next;
		(void)cur_try_byte(c, ' ');
	}
	must(cur_ok(c));
	return v;
}

static const struct structure_value *
structure_nth(const struct structure_value *list, unsigned n)
{
	const struct structure_value *v = list->list;

	for (; v != NULL && n > 0; n--)
		v = v->next;
	must(v != NULL);
	return v;
}

struct structure_walk {
	const struct mime_part *root;
	int fd;
	uint32_t path[MIME_DEPTH_MAX];
	size_t depth;
	struct buf out;
};

/* Fetch KIND of the part at the path: its bytes to w->out.  False: NIL. */
static bool
structure_fetch(struct structure_walk *w, enum section_kind kind)
{
	struct section s = { .kind = kind, .path = w->path, .npath = w->depth };
	struct mime_span span;
	struct err err;
	struct body b;

	buf_reset(&w->out);
	if (!section_span(&s, w->root, &span))
		return false;
	body_init(&b, w->fd, &span, 0, UINT64_MAX);
	while (b.left > 0)
		must(body_write(&b, &w->out, &err) == 0);
	return true;
}

static uint64_t
structure_number(const struct structure_value *v)
{
	struct cur c = cur_of(v->text);
	const uint64_t n = cur_u64(&c, UINT64_MAX);

	must(!v->is_list && cur_end(&c));
	return n;
}

static void
structure_check_size(struct structure_walk *w, uint64_t size, int64_t lines)
{
	int64_t n = 0;

	must(structure_fetch(w, SECTION_MIME));
	must(structure_fetch(w, SECTION_ALL));
	must(w->out.n == size);
	for (size_t i = 0; i < w->out.n; i++)
		n += w->out.p[i] == '\n';
	must(lines < 0 || n == lines);
}

static void structure_check_message(
    struct structure_walk *w, const struct structure_value *body);

/* A body that is no multipart, of the part at the path. */
static void
structure_check_single(
    struct structure_walk *w, const struct structure_value *body)
{
	const struct slice type = structure_nth(body, 0)->text;
	const uint64_t size = structure_number(structure_nth(body, 6));

	if (slice_iis(type, "text")) {
		structure_check_size(
		    w, size, (int64_t)structure_number(structure_nth(body, 7)));
	} else if (slice_iis(type, "message") &&
		   structure_nth(body, 7)->is_list &&
		   structure_nth(body, 8)->is_list) {
		uint64_t n;

		structure_check_size(
		    w, size, (int64_t)structure_number(structure_nth(body, 9)));
		must(structure_fetch(w, SECTION_HEADER));
		n = w->out.n;
		must(structure_fetch(w, SECTION_TEXT));
		/* The empty line of its header may be the line end that
		 * belongs to the boundary behind it. */
		must(n + w->out.n == size ||
		     (w->out.n == 0 && n > size && n <= size + 2));
		structure_check_message(w, structure_nth(body, 8));
		return;
	} else {
		structure_check_size(w, size, -1);
	}
	w->path[w->depth++] = 1;
	must(!structure_fetch(w, SECTION_ALL));
	w->depth--;
}

/* The parts of BODY, which is a message's or a multipart's. */
static void
structure_check_parts(
    struct structure_walk *w, const struct structure_value *body)
{
	const struct structure_value *v = body->list;
	uint32_t n = 0;

	for (; v != NULL && v->is_list; v = v->next) {
		w->path[w->depth++] = ++n;
		if (v->list != NULL && v->list->is_list) {
			must(structure_fetch(w, SECTION_MIME));
			must(structure_fetch(w, SECTION_ALL));
			structure_check_parts(w, v);
		} else {
			structure_check_single(w, v);
		}
		w->depth--;
	}
	must(n > 0);
	w->path[w->depth++] = n + 1;
	must(!structure_fetch(w, SECTION_ALL));
	must(!structure_fetch(w, SECTION_MIME));
	w->depth--;
}

/* A message's number is that of the part that holds it; its only part, where it
 * is no multipart, is 1. */
static void
structure_check_message(
    struct structure_walk *w, const struct structure_value *body)
{
	if (body->list != NULL && body->list->is_list) {
		structure_check_parts(w, body);
		return;
	}
	w->path[w->depth++] = 1;
	structure_check_single(w, body);
	w->path[w->depth - 1] = 2;
	must(!structure_fetch(w, SECTION_ALL));
	w->depth--;
}

/* MESSAGE, of which TREE was made, keeps the law. */
static void
structure_check(struct slice message, const struct mime_tree *tree)
{
	struct structure_walk w = { .root = tree->root };
	struct structure_value *v;
	struct arena arena;
	struct buf text;
	struct cur c;

	w.fd = memfd_create("message", MFD_CLOEXEC);
	must(w.fd != -1);
	must(write(w.fd, message.p, message.n) == (ssize_t)message.n);
	arena_init(&arena);
	buf_init(&text, SIZE_MAX / 2);
	buf_init(&w.out, SIZE_MAX / 2);
	imap_put_body(&text, tree->root, true);
	c = cur_of(buf_slice(&text));
	v = structure_read(&c, &arena);
	must(cur_end(&c));
	structure_check_message(&w, v);
	must(structure_fetch(&w, SECTION_ALL));
	buf_fini(&w.out);
	buf_fini(&text);
	arena_fini(&arena);
	close(w.fd);
}

#endif
