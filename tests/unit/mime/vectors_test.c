/* SPDX-License-Identifier: ISC */
/* Header fields and what another implementation reads in them
 * (tests/vectors/README.md).  Where the two differ the RFC decides: such rows
 * stand here with their reason. */
#include <stdio.h>

#include "tests/unit.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mime/addrlist.h"
#include "mime/date.h"
#include "mime/header.h"
#include "mime/param.h"
#include "mime/word.h"

struct row {
	const char *header;
	const char *want; /* NULL: nothing can be read */
};

#define ROW(header, want) { header, want },
static const struct row addresses[] = {
#include "tests/vectors/address.h"
};
static const struct row content_types[] = {
#include "tests/vectors/content_type.h"
};
static const struct row dates[] = {
#include "tests/vectors/date.h"
};
/* clang-format off */
static const struct row our_dates[] = {
	/* months have names */
	ROW("20 11 (some \n 44 comments(more comments\n )) 79 05:34:27 -0300",
	    NULL)
	ROW(" 4 8 15 16 23 42, 4 8 15 16 23 42, 4 8 15 16 23 42, ",
	    NULL)
	/* the comment is whole: line ends count as folding */
	ROW("Tue, 1 Jul 2003 ((invalid)\ncomment) 10:52:37 +0200",
	    " 1-Jul-2003 10:52:37 +0200")
};
static const struct row our_content_types[] = {
	/* RFC 2231 4.1: only the first piece has a charset */
	ROW("application/pdf\n   filename*0*=iso-8859-1'es'%D1and%FA\n   filename*1*=iso-8859-1'%20r%E1pido\n   filename*2*=\"iso-8859-1' (versi%F3n \\'99 \\\"oficial\\\").pdf\"\n",
	    "application/pdf\nfilename=\303\221and\303\272iso-8859-1' r\303\241pidoiso-8859-1' (versi\303\263n '99 \"oficial\").pdf")
	/* RFC 2047 6.2: white space between words goes */
	ROW("image/jpeg;\n   name=\"=?iso-8859-1?B?4Q==?= =?utf-8?B?w6k=?= =?iso-8859-1?q?=ED?=.jpeg\"\n",
	    "image/jpeg\nname=\303\241\303\251\303\255.jpeg")
	/* a token is ASCII without these specials */
	ROW("=\n",
	    NULL)
	ROW("name=value\n",
	    "name")
	/* empty is not absent */
	ROW("text/plain; name=  \n",
	    "text/plain\nname=")
	ROW("\303\241/\303\251; \303\241=\303\251\n",
	    NULL)
	/* RFC 2045 5.1: the subtype is a token */
	ROW("text/plain/format\n",
	    "text/plain")
	ROW("text/plain/format;charset=us-ascii\n",
	    "text/plain\ncharset=us-ascii")
	ROW("text/plain/format ;charset=us-ascii\n",
	    "text/plain\ncharset=us-ascii")
};
static const struct row our_addresses[] = {
	/* a comment is the name only where there is no other */
	ROW("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>\n",
	    "Pete <pete@silly.test>")
	ROW("Pete(A nice \n \\\n ) chap) <pete(his\n account)@silly\n .test(his host)>\n",
	    "Pete chap <pete@silly.test>")
	ROW("A Group(Some people)\n        :Chris Jones <c@(Chris's host.)public.example>,\n            joe@example.org,\n     John <jdoe@one.test> (my dear friend); (the end of the group)\n",
	    "{A Group\nChris Jones <c@public.example>\n <joe@example.org>\nJohn <jdoe@one.test>\n}")
	ROW("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;\n",
	    "{Hidden recipients\n}")
	ROW("Nathaniel Borenstein <nsb@thumper.bellcore.com>\n    (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)\n",
	    "Nathaniel Borenstein <nsb@thumper.bellcore.com>")
	ROW("Name (comment) =?utf-8?q?Doe?= <a@b.com>\n",
	    "Name Doe <a@b.com>")
	/* RFC 5322 4.4: a route is no part of the mailbox */
	ROW("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example\n",
	    "Mary Smith <mary@example.net>\n <jdoe@test.example>")
	/* RFC 5322 4.4: nor is white space */
	ROW("John Doe <jdoe@machine(comment).  example>\n",
	    "John Doe <jdoe@machine.example>")
};
/* clang-format on */
#undef ROW

/* Compare, but where OURS has a row for the header. */
static unsigned
check(const struct row *row, const struct row *ours, size_t n, const char *got)
{
	const char *want = row->want;

	for (size_t i = 0; i < n; i++)
		if (strcmp(ours[i].header, row->header) == 0)
			want = ours[i].want;
	if (want == NULL ? got == NULL : got != NULL && strcmp(got, want) == 0)
		return 0;
	print_error("%s: got %s, not %s\n", row->header, got, want);
	return 1;
}

static void
test_dates(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
		struct date d;
		struct buf b;

		buf_init(&b, 100);
		if (date_parse(slice_str(dates[i].header), &d))
			date_put_imap(&b, &d);
		failed += check(&dates[i], our_dates, ARRAY_LEN(our_dates),
		    b.n > 0 ? buf_cstr(&b) : NULL);
		buf_fini(&b);
	}
	assert_int_equal(failed, 0);
}

static void
put_lower(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, ascii_lower(s.p[i]));
}

static bool
is_extended(struct slice name)
{
	return slice_ends(name, SLICE("*"));
}

static bool
describe_type(struct slice header, struct arena *a, struct buf *out)
{
	struct slice type, subtype = { NULL, 0 };
	struct param *params;

	if (!param_content_type(a, header, &type, &subtype, &params) &&
	    !param_disposition(a, header, &type, &params))
		return false;
	put_lower(out, type);
	if (subtype.n > 0) {
		buf_addc(out, '/');
		put_lower(out, subtype);
	}
	for (struct param *p = params; p != NULL; p = p->next) {
		struct slice name = p->name;

		name.n -= is_extended(name);
		buf_addc(out, '\n');
		put_lower(out, name);
		buf_addc(out, '=');
		(void)param_text(params, arena_str(a, name), out);
	}
	return true;
}

static void
test_content_types(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(content_types); i++) {
		struct arena a;
		struct buf b;
		bool ok;

		arena_init(&a);
		buf_init(&b, 10000);
		ok = describe_type(slice_str(content_types[i].header), &a, &b);
		failed += check(&content_types[i], our_content_types,
		    ARRAY_LEN(our_content_types), ok ? buf_cstr(&b) : NULL);
		buf_fini(&b);
		arena_fini(&a);
	}
	assert_int_equal(failed, 0);
}

static void
describe_addresses(const struct addrlist_item *a, struct buf *out)
{
	for (; a != NULL; a = a->next) {
		if (out->n > 0)
			buf_addc(out, '\n');
		if (a->kind == ADDRLIST_GROUP_END) {
			buf_addc(out, '}');
			continue;
		}
		if (a->kind == ADDRLIST_GROUP) {
			buf_addc(out, '{');
			word_decode(out, a->mailbox);
			continue;
		}
		word_decode(out, a->name);
		buf_addf(out, " <%.*s%s%.*s>", SLICE_FMT(a->mailbox),
		    a->host.n > 0 ? "@" : "", SLICE_FMT(a->host));
	}
}

static void
test_addresses(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct arena a;
		struct buf b;

		arena_init(&a);
		buf_init(&b, 10000);
		describe_addresses(
		    addrlist_parse(&a, slice_str(addresses[i].header), 100),
		    &b);
		failed += check(&addresses[i], our_addresses,
		    ARRAY_LEN(our_addresses), buf_cstr(&b));
		buf_fini(&b);
		arena_fini(&a);
	}
	assert_int_equal(failed, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_content_types),
		cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
