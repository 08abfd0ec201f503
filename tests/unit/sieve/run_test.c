/* SPDX-License-Identifier: ISC */
#include "sieve/run.h"

#include <stdlib.h>

#include "tests/unit.h"

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "mime/header.h"
#include "sieve/code.h"
#include "sieve/compile.h"
#include "sieve/env.h"
#include "sieve/lang.h"
#include "sieve/letter.h"
#include "sieve/limits.h"
#include "sieve/load.h"
#include "sieve/result.h"

#define ALL                                                                    \
	"require [\"fileinto\", \"variables\", \"copy\", \"imap4flags\", "     \
	"\"regex\", \"reject\", \"vacation\", \"mailbox\", \"editheader\", "   \
	"\"foreverypart\", \"duplicate\", \"body\"]; "

static const char message[] =
    "From: ann@example.org\r\nTo: me@example.net\r\nSubject: hello "
    "world\r\nMessage-ID: <1@x>\r\n\r\ntext\r\n";

static void
compile(const char *text, struct buf *out)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct sieve_source source = { .lang = &lang };
	struct sieve_report report;
	struct arena arena;
	bool temporary;

	arena_init(&arena);
	sieve_report_init(&report, &arena, 100);
	if (!sieve_compile(
		&source, SLICE("t"), slice_str(text), out, &report, &temporary))
		fail_msg("%s: %s", text, report.first->text);
	arena_fini(&arena);
}

static void
run(const char *text, struct sieve_env *env, struct sieve_result *r)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct sieve_code *code;
	struct buf out = { .max = 1 << 20 };
	struct err err;

	compile(text, &out);
	code = sieve_load(buf_slice(&out), &lang, &err);
	assert_non_null(code);
	sieve_result_init(r);
	sieve_run(code, env, r);
	sieve_load_free(&code);
	buf_fini(&out);
}

/* "fileinto A [flags], keep" and so on; "! text" of what failed. */
static void
describe(const struct sieve_result *r, struct buf *b)
{
	if (r->status != SIEVE_DONE)
		buf_addf(b, "! %s, ", r->err.text);
	for (const struct sieve_action *a = r->first; a != NULL; a = a->next) {
		const struct slice what =
		    a->address.n > 0 ? a->address : a->mailbox;

		buf_addf(b, "%s%s%.*s", sieve_result_name(a->kind),
		    what.n > 0 ? " " : "", SLICE_FMT(what));
		if (a->flags.n > 0)
			buf_addf(b, " [%.*s]", SLICE_FMT(a->flags));
		if (a->implicit)
			buf_adds(b, " (implicit)");
		if (a->next != NULL)
			buf_adds(b, ", ");
	}
}

static void
test_actions(void **state)
{
	/* clang-format off */
	static const struct { const char *text, *want; } rows[] = {
		{ "", "keep (implicit)" },
		{ "keep;", "keep" },
		{ "discard;", "" },
		{ "stop; discard;", "keep (implicit)" },
		{ ALL "fileinto \"A\";", "fileinto A" },
		{ ALL "fileinto :copy \"A\";", "fileinto A, keep (implicit)" },
		{ ALL "fileinto \"A\"; fileinto \"A\"; keep;", "fileinto A, keep" },
		{ ALL "redirect \"B <b@Example.org>\";", "redirect b@example.org" },
		{ ALL "setflag \"a \\\\seen\"; keep; fileinto :flags \"b\" \"A\";", "keep [a \\seen], fileinto A [b]" },
		{ ALL "setflag \"a\";", "keep [a] (implicit)" },
		{ ALL "if header :matches \"subject\" \"* *\" { fileinto \"${2}/${1}\"; }", "fileinto world/hello" },
		{ ALL "if false { discard; } elsif true { fileinto \"B\"; } else { stop; } keep;", "fileinto B, keep" },
		{ ALL "reject \"no\";", "reject" },
		/* errors keep the message, and nothing else is done */
		{ ALL "fileinto \"A\"; reject \"no\";", "! reject does not go with fileinto of line 1, keep (implicit)" },
		{ ALL "vacation \"a\"; vacation \"b\";", "! vacation does not go with vacation of line 1, keep (implicit)" },
		{ ALL "redirect \"a@b.c\"; redirect \"b@b.c\"; redirect \"c@b.c\"; redirect \"d@b.c\"; redirect \"e@b.c\";", "! number of redirect actions exceeds policy limit, keep (implicit)" },
		{ ALL "set \"x\" \"\"; fileinto \"${x}\";", "! fileinto: invalid folder name, keep (implicit)" },
		{ ALL "set \"x\" \"nobody\"; redirect \"${x}\";", "! redirect: invalid address 'nobody', keep (implicit)" },
		/* an expression that is none matches nothing */
		{ ALL "set \"x\" \"(\"; if header :regex \"subject\" \"${x}\" { discard; }", "keep (implicit)" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sieve_env env = { .message = slice_str(message),
			.from = SLICE("ann@example.org"),
			.to = SLICE("me@example.net") };
		struct sieve_result r;
		struct buf got = { .max = 4096 };

		run(rows[i].text, &env, &r);
		describe(&r, &got);
		if (strcmp(buf_cstr(&got), rows[i].want) != 0)
			fail_msg("%s\ngave %s\nnot  %s", rows[i].text,
			    buf_cstr(&got), rows[i].want);
		buf_fini(&got);
		sieve_result_fini(&r);
	}
}

/* ---- bounds ---- */

static void
test_steps(void **state)
{
	struct sieve_limits limits = sieve_limits_default;
	struct sieve_env env = { .limits = &limits };
	struct buf subject = { .max = 1 << 20 };
	struct sieve_result r;

	(void)state;
	buf_adds(&subject, "Subject: ");
	for (int i = 0; i < 30000; i++)
		buf_addc(&subject, 'a');
	buf_adds(&subject, "\r\n\r\n");
	env.message = buf_slice(&subject);
	limits.steps = 20000;
	run("if header :matches \"subject\" "
	    "\"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
	    "*\" { discard; }"
	    "if header :matches \"subject\" "
	    "\"*aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"
	    "*\" { discard; }",
	    &env, &r);
	assert_int_equal(r.status, SIEVE_FAILED);
	assert_true(r.first != NULL && r.first->implicit);
	sieve_result_fini(&r);
	/* back-tracking ends by PCRE2's own limits */
	limits.steps = sieve_limits_default.steps;
	run("require \"regex\"; if header :regex \"subject\" \"^(a|aa)+[bc]$\" "
	    "{ discard; }",
	    &env, &r);
	assert_int_equal(r.status, SIEVE_FAILED);
	sieve_result_fini(&r);
	buf_fini(&subject);
}

/* 0 means none, not as many as one likes. */
static void
test_zero(void **state)
{
	struct sieve_limits limits = sieve_limits_default;
	struct sieve_env env = { .limits = &limits,
		.message = slice_str(message) };
	struct sieve_result r;

	(void)state;
	limits.redirects = 0;
	run("redirect \"a@b.c\";", &env, &r);
	assert_int_equal(r.status, SIEVE_FAILED);
	sieve_result_fini(&r);
	limits = sieve_limits_default;
	limits.actions = 0;
	run("keep;", &env, &r);
	assert_int_equal(r.status, SIEVE_FAILED);
	sieve_result_fini(&r);
}

static enum found
no_answer(struct sieve_env *env, struct slice name)
{
	(void)env;
	(void)name;
	return TEMPFAIL;
}

/* Nobody knows: nothing is done, not even kept. */
static void
test_later(void **state)
{
	static const struct sieve_calls calls = { .mailbox = no_answer };
	struct sieve_env env = { .calls = &calls,
		.message = slice_str(message) };
	struct sieve_result r;

	(void)state;
	run(ALL "if mailboxexists \"x\" { keep; }", &env, &r);
	assert_int_equal(r.status, SIEVE_LATER);
	assert_int_equal(r.err.class, ERR_TEMP);
	assert_null(r.first);
	sieve_result_fini(&r);
}

/* ---- edits ---- */

static void
test_edits(void **state)
{
	struct sieve_env env = { .message = slice_str("Subject: a") };
	struct sieve_result r;

	(void)state;
	run(ALL "addheader \"X-B\" \"b\nInjected: c\"; keep;", &env, &r);
	assert_int_equal(r.status, SIEVE_DONE);
	assert_true(slice_starts(r.first->head, SLICE("X-B: b")));
	assert_true(slice_search(r.first->head, SLICE("\r\nInjected")) ==
		    r.first->head.n);
	assert_true(slice_ends(r.first->head, SLICE("Subject: a\r\n\r\n")));
	sieve_result_fini(&r);
}

/* ---- letters ---- */

static void
test_vacation_never(void **state)
{
	/* clang-format off */
	static const struct { const char *from, *head; } rows[] = {
		{ "", "" },
		{ "me@example.net", "" },
		{ "MAILER-DAEMON@example.org", "" },
		{ "no-reply@example.org", "" },
		{ "list-request@example.org", "" },
		{ "owner-list@example.org", "" },
		{ "ann@example.org", "List-Id: <x>\r\n" },
		{ "ann@example.org", "Precedence: bulk\r\n" },
		{ "ann@example.org", "Auto-Submitted: auto-generated\r\n" },
		{ "ann@example.org", "Return-Path: <>\r\n" },
		{ "ann@example.org", "X-Auto-Response-Suppress: DR, OOF\r\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { .max = 4096 };
		struct sieve_env env = { .from = slice_str(rows[i].from),
			.to = SLICE("me@example.net") };
		struct sieve_result r;

		buf_addf(&text, "%sTo: me@example.net\r\n\r\n", rows[i].head);
		env.message = buf_slice(&text);
		run(ALL "vacation \"gone\";", &env, &r);
		assert_int_equal(r.status, SIEVE_DONE);
		assert_int_equal(r.first->kind, SIEVE_VACATION);
		if (!r.first->silent)
			fail_msg(
			    "%s %s is answered", rows[i].from, rows[i].head);
		sieve_result_fini(&r);
		buf_fini(&text);
	}
}

static enum found
own(struct sieve_env *env, struct slice address)
{
	(void)env;
	return slice_is(address, "later@example.net")   ? TEMPFAIL
	       : slice_is(address, "alias@example.net") ? FOUND
							: ABSENT;
}

static enum found
sender(struct sieve_env *env, struct slice address)
{
	return slice_is(address, "boss@example.net") ? FOUND
						     : own(env, address);
}

/* From whom a vacation or a notification is. */
static void
test_senders(void **state)
{
	static const struct sieve_calls calls = { .own = own,
		.sender = sender };
	/* clang-format off */
	static const struct { const char *from, *to, *script, *is; } rows[] = {
		{ "ann@x.org", "me@example.net", "vacation \"a\";", "me@example.net" },
		{ "ann@x.org", "alias@example.net", "vacation \"a\";", "alias@example.net" },
		{ "ann@x.org", "list@example.net", "vacation \"a\";", "" },
		{ "alias@example.net", "me@example.net", "vacation \"a\";", "" },
		{ "ann@x.org", "me@example.net", "vacation :from \"boss@example.net\" \"a\";", "boss@example.net" },
		{ "ann@x.org", "me@example.net", "vacation :from \"B <boss@example.net>\" \"a\";", "B <boss@example.net>" },
		{ "ann@x.org", "alias@example.net", "vacation :from \"ceo@x.org\" \"a\";", "alias@example.net" },
		{ "ann@x.org", "ceo@x.org", "vacation :addresses \"ceo@x.org\" \"a\";", "me@example.net" },
		{ "ann@x.org", "ceo@x.org", "vacation :from \"ceo@x.org\" :addresses \"ceo@x.org\" \"a\";", "me@example.net" },
		{ "ann@x.org", "later@example.net", "vacation \"a\";", NULL },
		{ "ann@x.org", "me@example.net", "vacation :from \"later@example.net\" \"a\";", NULL },
		{ "ann@x.org", "me@example.net", "notify :from \"boss@example.net\" \"mailto:a@x.org\";", "boss@example.net" },
		{ "ann@x.org", "me@example.net", "notify :from \"ceo@x.org\" \"mailto:a@x.org\";", "me@example.net" },
		{ "ann@x.org", "me@example.net", "vacation :mime \"From: ceo@x.org\r\nContent-Type: text/plain\r\n\r\na\";", "me@example.net" },
	};
	/* clang-format on */
	const struct sieve_letter_name name = { SLICE("h"), SLICE("1") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { .max = 4096 };
		struct sieve_env env = { .from = slice_str(rows[i].from),
			.calls = &calls,
			.to = SLICE("me@example.net"),
			.owner = SLICE("me@example.net") };
		struct buf script = { .max = 4096 };
		struct header_field f = { 0 };
		struct sieve_letter l = { 0 };
		struct sieve_result r;
		struct arena arena;

		arena_init(&arena);
		buf_addf(&text, "To: %s\r\n\r\n", rows[i].to);
		env.message = buf_slice(&text);
		buf_adds(&script, ALL "require \"enotify\"; ");
		buf_adds(&script, rows[i].script);
		run(buf_cstr(&script), &env, &r);
		buf_fini(&script);
		assert_int_equal(
		    r.status, rows[i].is == NULL ? SIEVE_LATER : SIEVE_DONE);
		if (r.status == SIEVE_DONE &&
		    sieve_letter_make(&arena, &env, r.first, &name, &l))
			assert_true(header_find(l.head, "From", &f));
		if (!slice_is(slice_trim(f.value),
			rows[i].is != NULL ? rows[i].is : ""))
			fail_msg("row %zu: from %.*s", i, SLICE_FMT(f.value));
		while (l.head.n > 0 && header_next(&l.head, &f))
			assert_false(
			    slice_is(slice_trim(f.value), "ceo@x.org"));
		sieve_result_fini(&r);
		arena_fini(&arena);
		buf_fini(&text);
	}
}

static void
test_redirect_ends_loops(void **state)
{
	const struct sieve_letter_name name = { SLICE("h"), SLICE("1") };
	struct sieve_env env = { .message = slice_str(message),
		.from = SLICE("ann@example.org"),
		.to = SLICE("me@example.net") };
	struct sieve_letter l;
	struct sieve_result r;
	struct arena arena;
	struct buf text = { .max = 65536 };

	(void)state;
	arena_init(&arena);
	run("redirect \"b@example.org\";", &env, &r);
	assert_true(sieve_letter_make(&arena, &env, r.first, &name, &l));
	assert_true(slice_eq(l.sender, env.from));
	assert_int_equal(l.nto, 1);
	buf_add(&text, l.head);
	buf_add(&text, l.body);
	sieve_result_fini(&r);
	/* It comes back: it is kept. */
	env.message = buf_slice(&text);
	run("redirect \"b@example.org\";", &env, &r);
	assert_true(r.first->kind == SIEVE_KEEP && r.first->implicit);
	assert_int_equal(r.nwarnings, 1);
	sieve_result_fini(&r);
	arena_fini(&arena);
	buf_fini(&text);
}

/* ---- code is not trusted ---- */

static void
set_crc(struct buf *b)
{
	sieve_code_set_u32(b, 4, crc32c(0, slice_from(buf_slice(b), 8)));
}

static void
try(struct slice bytes)
{
	const struct sieve_lang lang = SIEVE_LANG_ALL;
	struct sieve_limits limits = sieve_limits_default;
	struct sieve_env env = { .limits = &limits,
		.message = slice_str(message) };
	struct sieve_result r;
	struct err err;
	struct sieve_code *code = sieve_load(bytes, &lang, &err);

	if (code == NULL)
		return;
	limits.steps = 10000;
	sieve_result_init(&r);
	sieve_run(code, &env, &r);
	sieve_result_fini(&r);
	sieve_load_free(&code);
}

static void
test_hostile_code(void **state)
{
	const struct sieve_lang few = { .exts = 0 };
	struct buf good = { .max = 1 << 20 };
	struct err err;

	(void)state;
	compile(ALL
	    "if header :matches \"subject\" \"*\" { set \"x\" \"${1}\"; "
	    "fileinto :flags [\"a\", \"${x}\"] \"${x}\"; } "
	    "foreverypart { if body :text \"x\" { break; } } keep;",
	    &good);
	assert_null(sieve_load(buf_slice(&good), &few, &err));
	assert_int_equal(err.code, ERR_CANNOT);
	for (size_t n = 0; n < good.n; n++) {
		struct buf b = { .max = 1 << 20 };

		assert_null(
		    sieve_load(slice_sub(buf_slice(&good), 0, n), &few, &err));
		/* cut, with a checksum that fits */
		buf_add(&b, slice_sub(buf_slice(&good), 0, n));
		if (n >= 8)
			set_crc(&b);
		try(buf_slice(&b));
		/* each byte another one */
		buf_reset(&b);
		buf_add(&b, buf_slice(&good));
		for (unsigned bit = 0; n >= 8 && bit < 8; bit++) {
			b.p[n] = (char)(good.p[n] ^ (1 << bit));
			set_crc(&b);
			try(buf_slice(&b));
		}
		buf_fini(&b);
	}
	buf_fini(&good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_vacation_never),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_redirect_ends_loops),
		cmocka_unit_test(test_hostile_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
