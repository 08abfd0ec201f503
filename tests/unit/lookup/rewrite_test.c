/* SPDX-License-Identifier: ISC */
#include "lookup/rewrite.h"

#include "tests/daemon.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "lookup/conf.h"
#include "lookup/copies.h"
#include "lookup/resolve.h"
#include "sys/durable_file.h"
#include "table/edit.h"

static char dir[32] = "/tmp/pabal-lookup.XXXXXX";
static int tables;

static const struct ipc_table table = { .on_gone = lookup_on_gone };

static const char canonical[] = "alice Alice.Smith@a.test\n"
				"bob@a.test robert@b.test\n"
				"bob+exact@a.test exact@b.test\n"
				"@old.test @a.test\n"
				"@one.test only@a.test\n"
				"sender=@lan.test hosts@a.test\n"
				"sender=carol@a.test alice@a.test\n"
				"recipient=nick@a.test \"n k\"@a.test\n"
				"\"q r\"@a.test qr@a.test\n"
				"u@b\xc3\xbc.test \xc3\xbc@c.test\n";
static const char masquerade[] = "a.test\nlab.a.test keep\nx.lab.a.test\n"
				 "root@ keep\n";
static const char bcc[] = "* all@a.test\n"
			  "sender=bob@a.test one@a.test, two@a.test\n"
			  "sender=@a.test out@a.test\n"
			  "recipient=@b.test in@a.test\n";

static void
put(const char *name, const char *text)
{
	assert_int_equal(
	    durable_replace(tables, name, slice_str(text), 0640, NULL), 0);
	assert_int_equal(table_compile(tables, name, NULL, NULL), 0);
}

static int
load_conf(const char *more)
{
	char text[400];
	const struct conf_text t = { "lookup.conf",
		{ text, (size_t)snprintf(text, sizeof text,
			    "domains = a.test b.test\n%s", more) } };
	struct conf_errors errors = { 0 };
	void *conf = NULL, *old;
	const int rc = conf_load(&lookup_conf_desc, &t, 1, &conf, &errors);

	conf_errors_fini(&errors);
	memcpy(&old, &lookup_conf, sizeof old);
	conf_free(&old);
	lookup_conf = conf;
	return rc;
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	if (mkdtemp(dir) == NULL || load_conf("") == -1)
		return -1;
	tables = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ev_init();
	ipc_setup(ROLE_LOOKUP, &table);
	put("canonical", canonical);
	put("masquerade", masquerade);
	put("bcc", bcc);
	if (lookup_rewrite_configure(&err) == -1)
		return -1;
	return lookup_resolve_start(tables, &err);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "canonical", "canonical.cdb",
		"masquerade", "masquerade.cdb", "bcc", "bcc.cdb" };
	void *conf;

	(void)state;
	lookup_resolve_stop();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(tables, names[i], 0);
	close(tables);
	memcpy(&conf, &lookup_conf, sizeof conf);
	conf_free(&conf);
	return rmdir(dir);
}

/* clang-format off */
static const struct { const char *from; char class; const char *to; } rows[] = {
	{ "alice@a.test",         's', "Alice.Smith@a.test" },
	{ "ALICE@b.test",         'r', "Alice.Smith@a.test" },
	{ "alice+x@a.test",       'S', "Alice.Smith+x@a.test" },
	{ "alice@c.test",         's', NULL },
	{ "bob@a.test",           's', "robert@b.test" },
	{ "bob+exact@a.test",     's', "exact@b.test" },
	{ "bob+d@a.test",         's', "robert+d@b.test" },
	{ "x+y@old.test",         'r', "x+y@a.test" },
	{ "x@one.test",           'r', "only@a.test" },
	{ "\"q r\"@a.test",       's', "qr@a.test" },
	{ "\"x y\"@old.test",     's', "\"x y\"@a.test" },
	{ "u@b\xc3\xbc.test",     's', "\xc3\xbc@c.test" },
	{ "u@xn--b-eha.test",     's', "\xc3\xbc@c.test" },
	/* by class, then for all */
	{ "x@lan.test",           's', "hosts@a.test" },
	{ "x@lan.test",           'S', "hosts@a.test" },
	{ "x@lan.test",           'r', NULL },
	{ "carol@a.test",         's', "Alice.Smith@a.test" },
	{ "carol@a.test",         'R', NULL },
	{ "nick@a.test",          'r', "\"n k\"@a.test" },
	{ "nick@a.test",          's', NULL },
	/* hosts, and what is not hidden */
	{ "x@h.a.test",           's', "x@a.test" },
	{ "x+d@i.h.a.test",       'r', "x+d@a.test" },
	{ "x@h.a.test",           'S', "x@a.test" },
	{ "x@h.a.test",           'R', NULL },
	{ "x@a.test",             's', NULL },
	{ "x@ha.test",            's', NULL },
	{ "x@h.lab.a.test",       's', NULL },
	{ "x@lab.a.test",         's', NULL },
	{ "x@h.x.lab.a.test",     's', "x@x.lab.a.test" },
	{ "root@h.a.test",        's', NULL },
	{ "Root+x@h.a.test",      's', NULL },
	{ "x@[192.0.2.1]",        's', NULL },
	{ "1.2.3.4.5.6.7@8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.a.test", 's',
	  "1.2.3.4.5.6.7@a.test" },
	/* no addresses */
	{ "x",                    's', NULL },
	{ "",                     's', NULL },
};
/* clang-format on */

static void
test_rewrite(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *letters = LOOKUP_CLASS_LETTERS;
		const enum lookup_class class = (enum lookup_class)(
		    strchr(letters, rows[i].class) - letters);
		struct buf out = { .max = 1000 };
		const enum found found =
		    lookup_rewrite(class, slice_str(rows[i].from), &out);

		if (found != (rows[i].to != NULL ? FOUND : ABSENT) ||
		    strcmp(buf_cstr(&out),
			rows[i].to != NULL ? rows[i].to : "") != 0)
			fail_msg("%s %c: %d %s", rows[i].from, rows[i].class,
			    (int)found, buf_cstr(&out));
		buf_fini(&out);
	}
	assert_int_equal(lookup_rewrite_used(), FOUND);
}

static void
assert_copies(enum lookup_copies by, const char *address, const char *want)
{
	struct buf out = { .max = 1000 };

	assert_int_not_equal(
	    lookup_copies(by, slice_str(address), &out), TEMPFAIL);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static void
test_copies(void **state)
{
	struct buf out = { .max = 1000 };

	(void)state;
	assert_copies(
	    LOOKUP_COPIES_SENDER, "Bob@a.test", "one@a.test\ntwo@a.test\n");
	assert_copies(
	    LOOKUP_COPIES_SENDER, "bob+x@a.test", "one@a.test\ntwo@a.test\n");
	assert_copies(LOOKUP_COPIES_SENDER, "carol@a.test", "out@a.test\n");
	assert_copies(LOOKUP_COPIES_SENDER, "bob@b.test", "");
	assert_copies(LOOKUP_COPIES_SENDER, "", "");
	assert_copies(LOOKUP_COPIES_RECIPIENT, "bob@a.test", "");
	assert_copies(LOOKUP_COPIES_RECIPIENT, "x@b.test", "in@a.test\n");
	assert_int_equal(lookup_copies_always(&out), FOUND);
	assert_string_equal(buf_cstr(&out), "all@a.test\n");
	buf_fini(&out);
}

static void
test_classes(void **state)
{
	struct buf out = { .max = 1000 };
	struct err err;

	(void)state;
	assert_int_equal(
	    load_conf("canonical_classes = header_sender body\n"), 0);
	assert_int_equal(lookup_rewrite_check(&err), -1);
	assert_int_equal(lookup_rewrite_configure(&err), -1);
	assert_int_equal(
	    lookup_rewrite(LOOKUP_ENVELOPE_SENDER, SLICE("alice@a.test"), &out),
	    FOUND); /* as before */
	assert_int_equal(load_conf("canonical_classes = header_sender\n"
				   "masquerade_classes =\n"),
	    0);
	assert_int_equal(lookup_rewrite_configure(&err), 0);
	buf_reset(&out);
	assert_int_equal(
	    lookup_rewrite(LOOKUP_ENVELOPE_SENDER, SLICE("alice@a.test"), &out),
	    ABSENT);
	assert_int_equal(
	    lookup_rewrite(LOOKUP_HEADER_SENDER, SLICE("x@h.a.test"), &out),
	    ABSENT);
	assert_int_equal(
	    lookup_rewrite(LOOKUP_HEADER_SENDER, SLICE("alice@a.test"), &out),
	    FOUND);
	assert_int_equal(
	    load_conf("canonical_classes =\nmasquerade_classes =\n"), 0);
	assert_int_equal(lookup_rewrite_configure(&err), 0);
	assert_int_equal(lookup_rewrite_used(), ABSENT);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rewrite),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
