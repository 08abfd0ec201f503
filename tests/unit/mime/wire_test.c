/* SPDX-License-Identifier: ISC */
#include "mime/wire.h"

#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mime/param.h"
#include "mime/parser.h"
#include "mime/part.h"
#include "mime/record.h"

static const char nested[] =
    "Date: Thu, 1 Jan 1970 00:01:00 +0000\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\n\r\none\r\n"
    "--x\r\nContent-Type: text/html; charset=utf-8\r\n"
    "Content-Language: ko\r\n\r\ntwo\r\n"
    "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n--x--\r\n";

static struct mime_tree *
tree_of(const char *message)
{
	return mime_parse(slice_str(message), NULL);
}

/* T as it is, whatever mime_wire_put would say of it. */
static void
put_anyway(struct buf *out, const struct mime_tree *t)
{
	buf_init(out, MIME_WIRE_MAX);
	buf_add(out, slice_of("\x3c\0\0\0\0\0\0\0", 8));
	mime_record_put(out, t);
}

static void
strip(struct mime_part *p)
{
	p->header.lines = p->body.lines = 0;
	for (struct mime_part *c = p->child; c != NULL; c = c->next)
		strip(c);
}

static bool
is_taken(struct slice text, size_t size)
{
	int64_t sent;
	struct mime_tree *t = mime_wire_get(text, (int64_t)size, &sent);
	const bool taken = t != NULL;

	mime_tree_free(&t);
	return taken;
}

static void
test_round_trip(void **state)
{
	const size_t size = sizeof nested - 1;
	struct buf out = { .max = MIME_WIRE_MAX }, anyway;
	struct mime_tree *t = tree_of(nested), *again;
	int64_t sent;

	(void)state;
	assert_true(mime_wire_put(&out, t));
	put_anyway(&anyway, t);
	assert_true(slice_eq(buf_slice(&out), buf_slice(&anyway)));
	again = mime_wire_get(buf_slice(&out), (int64_t)size, &sent);
	assert_non_null(again);
	assert_int_equal(sent, 60);
	assert_int_equal(again->nparts, 5);
	assert_int_equal(again->root->body.bytes, t->root->body.bytes);
	assert_int_equal(again->root->body.lines, 0);
	assert_true(slice_eq(again->root->envelope, t->root->envelope));
	mime_tree_free(&again);
	mime_tree_free(&t);

	for (size_t n = 0; n < out.n; n++)
		assert_false(is_taken(slice_sub(buf_slice(&out), 0, n), size));
	assert_false(is_taken(buf_slice(&out), size - 1));
	assert_false(is_taken(buf_slice(&out), size + 1));
	buf_addc(&out, '\0');
	assert_false(is_taken(buf_slice(&out), size));
	buf_fini(&out);
	buf_fini(&anyway);
}

/* What is not passed on. */
static void
test_not_put(void **state)
{
	static const struct mime_limits few = { 2, 10, 10, 4096, 4096 };
	struct buf out = { .max = 2 * MIME_WIRE_MAX };
	struct buf large = { .max = 2 * MIME_WIRE_MAX };
	struct mime_tree *t;

	(void)state;
	t = tree_of("Subject: x\r\n\r\nbare\n");
	assert_false(mime_wire_put(&out, t));
	mime_tree_free(&t);
	t = mime_parse(slice_str(nested), &few);
	assert_false(mime_wire_put(&out, t));
	mime_tree_free(&t);
	buf_adds(&large, "Subject:");
	for (size_t i = 0; i < MIME_WIRE_MAX / 8; i++)
		buf_adds(&large, " 1234567");
	t = mime_parse(buf_slice(&large), NULL);
	assert_false(mime_wire_put(&out, t));
	mime_tree_free(&t);
	assert_int_equal(out.n, 0);
	buf_fini(&large);
}

/* clang-format off */
#define REST " NIL NIL NIL NIL NIL NIL NIL NIL NIL"
#define FROM(list) "(NIL NIL " list " NIL NIL NIL NIL NIL NIL NIL)"
static const struct {
	const char *envelope;
	bool taken;
} envelopes[] = {
	{ "(NIL" REST ")",                        true },
	{ "(\"a \\\" \\\\ ) (\"" REST ")",        true },
	{ "({3}\r\n\xea\r\n" REST ")",            true },
	{ FROM("((NIL NIL \"a\" \"b\"))"),        true },
	{ FROM("((NIL NIL \"a\" \"b\")(\"c\" NIL {1}\r\nd NIL))"), true },
	{ "",                                     false },
	{ "(NIL" REST,                            false },
	{ "(NIL" REST " NIL)",                    false },
	{ "(NIL" REST ") ",                       false },
	{ "(NIL" REST ")\r\n* BYE forged\r\n",    false },
	{ "(a" REST ")",                          false },
	{ "(\"\r\n* BYE\"" REST ")",              false },
	{ "(\"\xea\"" REST ")",                   false },
	{ "(\"a\\n\"" REST ")",                   false },
	{ "(\"a" REST ")",                        false },
	{ "({9}\r\na" REST ")",                   false },
	{ "({99}\r\na" REST ")",                  false },
	{ "({-1}\r\na" REST ")",                  false },
	{ "({1}a" REST ")",                       false },
	{ "((NIL)" REST ")",                      false },
	{ FROM("()"),                             false },
	{ FROM("(NIL)"),                          false },
	{ FROM("((NIL NIL NIL))"),                false },
	{ FROM("((NIL NIL NIL NIL NIL))"),        false },
	{ FROM("((NIL NIL NIL NIL) (NIL NIL NIL NIL))"), false },
	{ FROM("\"a\""),                          false },
};
/* clang-format on */

static void
test_envelopes(void **state)
{
	struct mime_tree *t = tree_of(nested);
	struct mime_part *inner = t->root->child->next->next->child;
	const struct slice own = t->root->envelope;

	(void)state;
	strip(t->root);
	for (size_t i = 0; i < ARRAY_LEN(envelopes); i++) {
		struct buf b;

		t->root->envelope = slice_str(envelopes[i].envelope);
		put_anyway(&b, t);
		assert_int_equal(is_taken(buf_slice(&b), sizeof nested - 1),
		    envelopes[i].taken);
		buf_fini(&b);
		t->root->envelope = own;
		inner->envelope = slice_str(envelopes[i].envelope);
		put_anyway(&b, t);
		assert_int_equal(is_taken(buf_slice(&b), sizeof nested - 1),
		    envelopes[i].taken);
		buf_fini(&b);
		inner->envelope = own;
	}
	/* A literal of the index may hold no NUL. */
	inner->envelope = slice_of("({1}\r\n\0" REST ")", sizeof REST + 7);
	{
		struct buf b;

		put_anyway(&b, t);
		assert_false(is_taken(buf_slice(&b), sizeof nested - 1));
		buf_fini(&b);
	}
	mime_tree_free(&t);
}

/* ---- parts that are not there ---- */

static void
as_it_is(struct mime_part *root)
{
	(void)root;
}

static void
opaque(struct mime_part *root)
{
	root->child->opaque = true;
}

static void
lines(struct mime_part *root)
{
	root->child->body.lines = 1;
}

static void
bare_lf(struct mime_part *root)
{
	root->child->body.lines = 1;
	root->child->body.crlf_bytes++;
}

static void
kind(struct mime_part *root)
{
	root->child->type = SLICE("message");
	root->child->subtype = SLICE("rfc822");
}

static void
no_kind(struct mime_part *root)
{
	root->subtype = SLICE("mixed");
	root->type = SLICE("text");
}

static void
overlaps(struct mime_part *root)
{
	struct mime_part *c = root->child->next;

	c->header.off = c->body.off = root->child->header.off;
	c->header.bytes = c->header.crlf_bytes = 0;
}

static void
too_long(struct mime_part *root)
{
	struct mime_part *c = root->child->next;

	c->body.bytes = c->body.crlf_bytes = sizeof nested - c->body.off;
}

static void
out_of_its_parent(struct mime_part *root)
{
	struct mime_part *c = root->child->next->next->child;

	c->body.bytes = c->body.crlf_bytes = 1;
}

static void
at_the_boundary(struct mime_part *root)
{
	struct mime_part *c = root->child->next->next->child;

	/* As it is: the header's line end is the boundary's. */
	assert_int_equal(
	    c->body.off, c->parent->body.off + c->parent->body.bytes + 2);
}

static void
not_at_the_start(struct mime_part *root)
{
	root->header.off = 1;
	root->header.bytes--;
	root->header.crlf_bytes--;
}

static void
no_name(struct mime_part *root)
{
	root->child->params->name = SLICE("");
}

static void
no_language(struct mime_part *root)
{
	root->child->next->languages->name = SLICE("");
}

/* clang-format off */
static const struct {
	void (*change)(struct mime_part *root);
	bool taken;
} changes[] = {
	{ as_it_is,          true },
	{ at_the_boundary,   true },
	{ opaque,            false },
	{ lines,             false },
	{ bare_lf,           false },
	{ kind,              false },
	{ no_kind,           false },
	{ overlaps,          false },
	{ too_long,          false },
	{ out_of_its_parent, false },
	{ not_at_the_start,  false },
	{ no_name,           false },
	{ no_language,       false },
};
/* clang-format on */

static void
test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct mime_tree *t = tree_of(nested);
		struct buf b;

		strip(t->root);
		changes[i].change(t->root);
		put_anyway(&b, t);
		assert_int_equal(is_taken(buf_slice(&b), sizeof nested - 1),
		    changes[i].taken);
		buf_fini(&b);
		mime_tree_free(&t);
	}
}

/* Fields are taken as they are checked, and left out where there is no room. */
static void
test_fields(void **state)
{
	struct mime_tree *t = tree_of("Subject: y\r\n\r\n");
	struct buf b, large = { .max = 2 * MIME_WIRE_MAX };
	struct slice fields;
	int64_t sent;

	(void)state;
	strip(t->root);
	put_anyway(&b, t);
	assert_true(is_taken(buf_slice(&b), 14));
	buf_fini(&b);
	t->fields = slice_sub(t->fields, 0, t->fields.n - 1);
	put_anyway(&b, t);
	assert_false(is_taken(buf_slice(&b), 14));
	buf_fini(&b);
	mime_tree_free(&t);

	for (int i = 0; i < 2; i++)
		buf_addf(&large, "To: %01000d\r\n", 0);
	buf_addf(&large, "In-Reply-To: %01500d\r\n", 0);
	buf_addf(&large, "Subject: %013000d\r\n", 0);
	t = mime_parse(buf_slice(&large), NULL);
	assert_true(t->fields.n > 2000);
	buf_init(&b, MIME_WIRE_MAX);
	assert_true(mime_wire_put(&b, t));
	mime_tree_free(&t);
	t = mime_wire_get(buf_slice(&b), (int64_t)large.n, &sent);
	assert_non_null(t);
	assert_int_equal(t->fields.n, 0);
	assert_true(mime_record_header(slice_from(buf_slice(&b), 8), &fields));
	assert_int_equal(fields.n, 0);
	mime_tree_free(&t);
	buf_fini(&b);
	buf_fini(&large);
}

/* A number in more bytes than it needs is another form of the same record. */
static void
test_one_form(void **state)
{
	struct mime_tree *t = tree_of("X: y\r\n\r\n");
	struct buf b, longer = { .max = MIME_WIRE_MAX };
	struct slice fields;
	size_t at;

	(void)state;
	strip(t->root);
	put_anyway(&b, t);
	assert_true(mime_record_header(slice_from(buf_slice(&b), 8), &fields));
	at = (size_t)(fields.p - b.p) + fields.n + 1; /* the root's flags */
	assert_int_equal(b.p[at], 0);
	buf_add(&longer, slice_sub(buf_slice(&b), 0, at));
	buf_add(&longer, slice_of("\x80\0", 2));
	buf_add(&longer, slice_from(buf_slice(&b), at + 1));
	assert_true(is_taken(buf_slice(&b), 8));
	assert_false(is_taken(buf_slice(&longer), 8));
	buf_fini(&b);
	buf_fini(&longer);
	mime_tree_free(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_not_put),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
