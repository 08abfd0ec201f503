/* SPDX-License-Identifier: ISC */
#include "imapd/parse/section.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "imapd/parse/parse.h"

/* "items:name name+" with "+" for sections that set \Seen. */
static void
describe(struct buf *out, const struct fetch_items *f)
{
	buf_addf(out, "%x:", f->items);
	for (const struct section *s = f->sections; s != NULL; s = s->next) {
		buf_addc(out, ' ');
		buf_add(out, s->label);
		if (s->partial)
			buf_addf(out, ".%llu", (unsigned long long)s->len);
		buf_adds(out, s->peek ? "" : "+");
	}
}

static void
test_items(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "FLAGS",                   "2:" },
		{ "(flags uid)",             "3:" },
		{ "ALL",                     "1e:" },
		{ "FAST",                    "e:" },
		{ "FULL",                    "3e:" },
		{ "BODY",                    "20:" },
		{ "BODYSTRUCTURE",           "40:" },
		{ "(UID RFC822.SIZE)",       "9:" },
		{ "(SAVEDATE EMAILID threadid)", "380:" },
		{ "(PREVIEW UID)",           "401:" },
		{ "(preview (lazy) UID)",    "401:" },
		{ "PREVIEW (LAZY)",          "400:" },
		{ "PREVIEW (FUZZY)",         NULL },
		{ "PREVIEW ()",              NULL },
		{ "BINARY[1]",               "0: BINARY[1]+" },
		{ "binary.peek[1.2]<3.4>",   "0: BINARY[1.2]<3>.4" },
		{ "(BINARY.SIZE[2] BINARY[])", "0: BINARY.SIZE[2] BINARY[]+" },
		{ "BINARY",                  NULL },
		{ "BINARY[1.]",              NULL },
		{ "BINARY[HEADER]",          NULL },
		{ "BINARY[1.TEXT]",          NULL },
		{ "BINARY[0]",               NULL },
		{ "BINARY.SIZE[1]<0.1>",     NULL },
		{ "BINARY.SIZE",             NULL },
		{ "BINARY.PEEK[1]<0>",       NULL },
		{ "RFC822",                  "0: RFC822+" },
		{ "RFC822.HEADER",           "0: RFC822.HEADER" },
		{ "RFC822.TEXT",             "0: RFC822.TEXT+" },
		{ "BODY[]",                  "0: BODY[]+" },
		{ "BODY.PEEK[]",             "0: BODY[]" },
		{ "BODY[]<0.100>",           "0: BODY[]<0>.100+" },
		{ "body[1]",                 "0: BODY[1]+" },
		{ "BODY[1.2.3]<5.1>",        "0: BODY[1.2.3]<5>.1+" },
		{ "BODY[HEADER]",            "0: BODY[HEADER]+" },
		{ "BODY[1.HEADER]",          "0: BODY[1.HEADER]+" },
		{ "BODY[TEXT]",              "0: BODY[TEXT]+" },
		{ "BODY.PEEK[2.MIME]",       "0: BODY[2.MIME]" },
		{ "BODY[HEADER.FIELDS (From \"To\")]", "0: BODY[HEADER.FIELDS (From To)]+" },
		{ "BODY.PEEK[HEADER.FIELDS (\")\" \"A\" {1}\r\n) B)]", "0: BODY[HEADER.FIELDS (\")\" A \")\" B)]" },
		{ "BODY.PEEK[HEADER.FIELDS (\"a b\")]", "0: BODY[HEADER.FIELDS (\"a b\")]" },
		{ "BODY[HEADER.FIELDS (A]",  NULL },
		{ "BODY[HEADER.FIELDS (A) ]", NULL },
		{ "BODY[1.HEADER.FIELDS.NOT (X)]<0.9>", "0: BODY[1.HEADER.FIELDS.NOT (X)]<0>.9+" },
		{ "(BODY[1] BODY[2])",       "0: BODY[1]+ BODY[2]+" },
		{ "(FLAGS BODY[HEADER.FIELDS (A)] UID)", "3: BODY[HEADER.FIELDS (A)]+" },
		{ "BODY[MIME]",              NULL },
		{ "BODY[0]",                 NULL },
		{ "BODY[1.]",                NULL },
		{ "BODY[1.2",                NULL },
		{ "BODY[.1]",                NULL },
		{ "BODY[HEADER.FIELDS]",     NULL },
		{ "BODY[HEADER.FIELDS ()]",  NULL },
		{ "BODY[HEADERX]",           NULL },
		{ "BODY[]<0>",               NULL },
		{ "BODY[]<0.0>",             NULL },
		{ "BODY[]<-1.5>",            NULL },
		{ "BODY.PEEK",               NULL },
		{ "(ALL)",                   NULL },
		{ "()",                      NULL },
		{ "(FLAGS",                  NULL },
		{ "(FLAGS  UID)",            NULL },
		{ "NOTHING",                 NULL },
		{ "",                        NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fetch_items f;
		struct arena arena;
		struct parse p;
		struct buf got;

		arena_init(&arena);
		buf_init(&got, 1000);
		p = parse_of(slice_str(rows[i].in), &arena);
		f = section_parse(&p);
		if (rows[i].want == NULL) {
			assert_false(parse_end(&p));
		} else {
			assert_true(parse_end(&p));
			describe(&got, &f);
			assert_string_equal(buf_cstr(&got), rows[i].want);
		}
		buf_fini(&got);
		arena_fini(&arena);
	}
}

/* More part numbers, fields and sections than anybody means. */
static void
test_hostile(void **state)
{
	static const char *const units[] = { "1.", "BODY[HEADER.FIELDS (A)] ",
		"BODY[] ", "\"\\\"\" " };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct arena arena;
		struct parse p;
		struct buf in;

		arena_init(&arena);
		buf_init(&in, 1 << 20);
		buf_adds(&in, i == 0   ? "BODY["
			      : i == 3 ? "BODY[HEADER.FIELDS ("
				       : "(");
		while (in.n < 60000)
			buf_adds(&in, units[i]);
		p = parse_of(buf_slice(&in), &arena);
		(void)section_parse(&p);
		assert_false(parse_end(&p));
		assert_true(arena.used_bytes < 16 << 20);
		buf_fini(&in);
		arena_fini(&arena);
	}
}

/* Names are counted over all sections of a command. */
static void
test_field_names(void **state)
{
	static const struct {
		unsigned sections, names;
		bool ok;
	} rows[] = { { 1, 200, true }, { 1, 201, false }, { 100, 2, true },
		{ 100, 3, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		struct parse p;
		struct buf in;

		arena_init(&arena);
		buf_init(&in, 1 << 20);
		for (unsigned k = 0; k < rows[i].sections; k++) {
			buf_adds(&in, k == 0 ? "(" : " ");
			buf_adds(&in, "BODY[HEADER.FIELDS (a");
			for (unsigned n = 1; n < rows[i].names; n++)
				buf_adds(&in, " b");
			buf_adds(&in, ")]");
		}
		buf_addc(&in, ')');
		p = parse_of(buf_slice(&in), &arena);
		(void)section_parse(&p);
		assert_int_equal(parse_end(&p), rows[i].ok);
		buf_fini(&in);
		arena_fini(&arena);
	}
}

static void
test_filter(void **state)
{
	/* clang-format off */
	static const struct { const char *item, *header, *want; } rows[] = {
		{ "BODY[HEADER.FIELDS (a C)]", "A: 1\nB: 2\nc: 3\n x\n\n", "A: 1\r\nc: 3\r\n x\r\n\r\n" },
		{ "BODY[HEADER.FIELDS.NOT (a C)]", "A: 1\r\nB: 2\r\nc: 3\r\n x\r\n\r\n", "B: 2\r\n\r\n" },
		{ "BODY[HEADER.FIELDS (X)]", "A: 1\n\n", "\r\n" },
		{ "BODY[HEADER.FIELDS (A)]", "A: 1", "A: 1\r\n" },
		{ "BODY[HEADER.FIELDS (A)]", "\n", "\r\n" },
		{ "BODY[HEADER.FIELDS (A)]", "", "" },
		{ "BODY[HEADER.FIELDS (A)]", "From x\nA: 1\ngarbage\n\n", "A: 1\r\n\r\n" },
		{ "BODY[HEADER.FIELDS.NOT (A)]", "From x\nA: 1\ngarbage\n\n", "\r\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fetch_items f;
		struct arena arena;
		struct parse p;
		struct buf got;

		arena_init(&arena);
		buf_init(&got, 1000);
		p = parse_of(slice_str(rows[i].item), &arena);
		f = section_parse(&p);
		section_filter(&got, f.sections, slice_str(rows[i].header));
		assert_string_equal(buf_cstr(&got), rows[i].want);
		buf_fini(&got);
		arena_fini(&arena);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_field_names),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
