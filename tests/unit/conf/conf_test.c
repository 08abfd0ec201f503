/* SPDX-License-Identifier: ISC */
#include "conf/conf.h"

#include "tests/unit.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/words.h"
#include "conf/find.h"
#include "conf/param.h"
#include "conf/secret.h"
#include "conf/shared.h"
#include "sys/addr.h"

/* clang-format off */
#define DEMO_TLS(W) \
	W(DEMO_NONE, "none") W(DEMO_MAY, "may") W(DEMO_ENCRYPT, "encrypt")
/* clang-format on */
enum demo_tls { DEMO_TLS(WORDS_ID) };

struct demo_conf {
	struct shared_conf shared;
	bool chatty;
	uint32_t workers;
	uint32_t sessions;
	int64_t limit;
	int64_t timeout;
	const char *greeting;
	enum demo_tls tls;
	struct conf_list names;
	struct conf_nets nets;
	struct conf_ages ages;
	const char *path;
	struct conf_secret secret;
};

/* clang-format off */
#define CONF_STRUCT struct demo_conf
#include "conf/rows.h"
static const struct conf_param params[] = {
PARAM_BOOL(chatty, "no", "Text.")
PARAM_UINT(workers, "16", "1", "1000", "Text.")
PARAM_AUTO(sessions, "auto", "1", "1000", "Text.")
PARAM_SIZE(limit, "50M", "64K", "2G", "Text.")
PARAM_SECS(timeout, "5m", "1s", "1h", "Text.")
PARAM_STR(greeting, "hello", "Text.")
PARAM_ENUM_OF(tls, enum demo_tls, "may", DEMO_TLS(WORD), "Text.")
PARAM_LIST(names, "a b", "Text.")
PARAM_NETS(nets, "127.0.0.0/8 [::1]", "Text.")
PARAM_AGES(ages, "5m 10m 30m", "Text.")
PARAM_PATH(path, "/x", "Text.")
PARAM_SECRET(secret, "Text.")
};
/* clang-format on */

static const struct conf_desc demo = CONF_DESC("demo", params);

static struct demo_conf *
load(const char *body, const char *service, char **mistakes)
{
	const struct conf_text t = { "demo.conf", slice_str(body) };
	struct conf_errors e = { 0 };
	void *conf = NULL;
	struct buf out;

	buf_init(&out, 100000);
	conf_load_service(&demo, service, &t, 1, &conf, &e);
	conf_errors_format(&e, &out);
	assert_int_equal(conf != NULL, e.n == 0);
	if (mistakes != NULL)
		*mistakes = xstrdup(buf_cstr(&out));
	else if (e.n > 0)
		fail_msg("%s", buf_cstr(&out));
	conf_errors_fini(&e);
	buf_fini(&out);
	return conf;
}

static void
drop(struct demo_conf *c)
{
	void *conf = c;

	conf_free(&conf);
	assert_null(conf);
	conf_free(&conf);
}

static void
test_defaults(void **state)
{
	struct demo_conf *c = load("", NULL, NULL);
	struct addr a;

	(void)state;
	assert_false(c->chatty);
	assert_int_equal(c->workers, 16);
	assert_int_equal(c->sessions, 0);
	assert_int_equal(c->limit, 50 << 20);
	assert_int_equal(c->timeout, 300000);
	assert_string_equal(c->greeting, "hello");
	assert_int_equal(c->tls, DEMO_MAY);
	assert_int_equal(c->names.n, 2);
	assert_int_equal(c->ages.n, 3);
	assert_int_equal(c->ages.ms[2], 1800000);
	assert_int_equal(addr_parse(&a, SLICE("127.3.0.1:1"), 0, NULL), 0);
	assert_true(conf_nets_match(&c->nets, &a));
	assert_int_equal(addr_parse(&a, SLICE("[::2]:1"), 0, NULL), 0);
	assert_false(conf_nets_match(&c->nets, &a));
	assert_true(*c->shared.hostname != '\0');
	assert_true(
	    conf_list_has(&c->shared.domains, slice_str(c->shared.hostname)));
	drop(c);
}

/* What is written in a file, and how it is shown again. */
static void
test_values(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		const char *name;
		const char *shown;
	} rows[] = {
		{ "chatty = yes",                "chatty",   "yes" },
		{ "chatty=ON",                   "chatty",   "yes" },
		{ "workers = 1000 # most",       "workers",  "1000" },
		{ "sessions = auto",             "sessions", "auto" },
		{ "sessions = 7",                "sessions", "7" },
		{ "limit = 65536",               "limit",    "64K" },
		{ "limit = 65537",               "limit",    "65537" },
		{ "limit = 2g",                  "limit",    "2G" },
		{ "timeout = 90",                "timeout",  "90s" },
		{ "timeout = 1500ms",            "timeout",  "1500ms" },
		{ "timeout = 0h59m60s",          "timeout",  "1h" },
		{ "greeting = a  b # c",         "greeting", "a  b" },
		{ "greeting = a#b",              "greeting", "\"a#b\"" },
		{ "greeting = \"x # \\\"y\\\"\"","greeting", "\"x # \\\"y\\\"\"" },
		{ "greeting =",                  "greeting", "" },
		{ "greeting = \" \"",            "greeting", "\" \"" },
		{ "greeting = one\n  two\n# no\n\n\tthree\n", "greeting", "one two three" },
		{ "greeting = one\r\n two\r\n",  "greeting", "one two" },
		{ "\xef\xbb\xbfgreeting = bom",  "greeting", "bom" },
		{ "tls = ENCRYPT",               "tls",      "encrypt" },
		{ "names = a,b , \"c d\"  e",    "names",    "a b \"c d\" e" },
		{ "names =",                     "names",    "" },
		{ "nets = 10.0.0.0/8, fd00::/8 192.0.2.1", "nets", "10.0.0.0/8 [fd00::]/8 192.0.2.1/32" },
		{ "nets = [::ffff:1.2.3.4]",     "nets",     "1.2.3.4/32" },
		{ "nets = 0.0.0.0/0 ::/0",       "nets",     "0.0.0.0/0 [::]/0" },
		{ "ages = 1 2s 30m",             "ages",     "1s 2s 30m" },
		{ "path = /var/x",               "path",     "/var/x" },
		{ "secret = relay.secret",       "secret",   "relay.secret" },
		{ "secret = /run/x/y_1-2",       "secret",   "/run/x/y_1-2" },
		{ "secret =",                    "secret",   "" },
		{ "hostname = mx.test",          "hostname", "mx.test" },
		{ "hostname = B\xc3\xbc" "cher.test", "hostname", "xn--bcher-kva.test" },
		{ "tls_key =",                   "tls_key",  "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct demo_conf *c = load(rows[i].line, NULL, NULL);
		struct buf out;

		buf_init(&out, 1000);
		conf_format(
		    conf_param_find(&demo, slice_str(rows[i].name)), c, &out);
		assert_string_equal(buf_cstr(&out), rows[i].shown);
		buf_fini(&out);
		drop(c);
	}
}

static void
test_refusals(void **state)
{
	/* clang-format off */
#define SECRET "demo.conf:1: secret: expected the name of a file beside this " \
	"one, or a path, of mode 0600 with the secret in it, or nothing; never " \
	"the secret itself\n"
	static const struct {
		const char *text;
		const char *mistake;
	} rows[] = {
		{ "chatty = maybe",     "demo.conf:1: chatty: expected yes or no, not \"maybe\"\n" },
		{ "workers = 0",        "demo.conf:1: workers: expected a number from 1 to 1000, not \"0\"\n" },
		{ "workers = 1001",     "demo.conf:1: workers: expected a number from 1 to 1000, not \"1001\"\n" },
		{ "workers = -1",       "demo.conf:1: workers: expected a number from 1 to 1000, not \"-1\"\n" },
		{ "workers = 5 5",      "demo.conf:1: workers: expected a number from 1 to 1000, not \"5 5\"\n" },
		{ "workers =",          "demo.conf:1: workers: expected a number from 1 to 1000, not \"\"\n" },
		{ "sessions = 0",       "demo.conf:1: sessions: expected auto or a number from 1 to 1000, not \"0\"\n" },
		{ "limit = 3G",         "demo.conf:1: limit: expected a size in bytes or with K, M, G, T from 64K to 2G, not \"3G\"\n" },
		{ "limit = 64KB",       "demo.conf:1: limit: expected a size in bytes or with K, M, G, T from 64K to 2G, not \"64KB\"\n" },
		{ "limit = 9999999999T","demo.conf:1: limit: expected a size in bytes or with K, M, G, T from 64K to 2G, not \"9999999999T\"\n" },
		{ "timeout = 5 m",      "demo.conf:1: timeout: expected a time with ms, s, m, h, d, w from 1s to 1h, not \"5 m\"\n" },
		{ "timeout = 5y",       "demo.conf:1: timeout: expected a time with ms, s, m, h, d, w from 1s to 1h, not \"5y\"\n" },
		{ "timeout = m",        "demo.conf:1: timeout: expected a time with ms, s, m, h, d, w from 1s to 1h, not \"m\"\n" },
		{ "timeout = 99999999999999w", "demo.conf:1: timeout: expected a time with ms, s, m, h, d, w from 1s to 1h, not \"99999999999999w\"\n" },
		{ "greeting = \"open",  "demo.conf:1: greeting: expected text, in quotes closed at its end where it begins with one, not \"\"open\"\n" },
		{ "greeting = \"a\" b", "demo.conf:1: greeting: expected text, in quotes closed at its end where it begins with one, not \"\"a\" b\"\n" },
		{ "tls = always",       "demo.conf:1: tls: expected one of none, may, encrypt, not \"always\"\n" },
		{ "tls =",              "demo.conf:1: tls: expected one of none, may, encrypt, not \"\"\n" },
		{ "names = \"a",        "demo.conf:1: names: expected words with blanks or commas between them, not \"\"a\"\n" },
		{ "nets = 10.0.0.1/8",  "demo.conf:1: nets: \"10.0.0.1/8\" has bits set beyond its prefix: expected 10.0.0.0/8\n" },
		{ "nets = 10.0.0.0/33", "demo.conf:1: nets: expected a network such as 10.0.0.0/8 or [fd00::]/8, not \"10.0.0.0/33\"\n" },
		{ "nets = local",       "demo.conf:1: nets: expected a network such as 10.0.0.0/8 or [fd00::]/8, not \"local\"\n" },
		{ "ages =",             "demo.conf:1: ages: expected one or more times such as 5m 30m 2h, not \"\"\n" },
		{ "ages = 5m 0",        "demo.conf:1: ages: expected one or more times such as 5m 30m 2h, not \"5m 0\"\n" },
		{ "path = x",           "demo.conf:1: path: expected a path that begins with /, not \"x\"\n" },
		{ "path =",             "demo.conf:1: path: expected a path that begins with /, not \"\"\n" },
		{ "tls_key = x",        "demo.conf:1: tls_key: expected a path that begins with /, or nothing, not \"x\"\n" },
		/* never with the value: it may be the secret itself */
		{ "secret = u:p",       SECRET },
		{ "secret = pass word", SECRET },
		{ "secret = s3cret!",   SECRET },
		{ "secret = ../shadow", SECRET },
		{ "secret = \"open",    SECRET },
		{ "worker = 1",         "demo.conf:1: there is no parameter \"worker\" here; did you mean workers?\n" },
		{ "xyzzyplugh = 1",     "demo.conf:1: there is no parameter \"xyzzyplugh\" here; see \"pabal conf show demo\"\n" },
		{ "workers = 1\nworkers = 2", "demo.conf:2: workers is set a second time; the first is in line 1\n" },
		{ "workers",            "demo.conf:1: expected name = value, [section] or # comment, not \"workers\"\n" },
		{ "Workers = 1",        "demo.conf:1: expected name = value, [section] or # comment, not \"Workers = 1\"\n" },
		{ "= 1\n more",         "demo.conf:1: expected name = value, [section] or # comment, not \"= 1\"\n" },
		{ " workers 1",         "demo.conf:1: this line begins with a blank, but there is no value before it to continue\n" },
		{ "names = a\n workers = 1", "demo.conf:2: a line that begins with a blank continues the value above: remove the blank before the parameter's name\n" },
		{ "[smtp",              "demo.conf:1: expected [section] with letters, digits, - _ . between the brackets\n" },
		{ "[]",                 "demo.conf:1: expected [section] with letters, digits, - _ . between the brackets\n" },
		{ "[a b]",              "demo.conf:1: expected [section] with letters, digits, - _ . between the brackets\n" },
		{ "greeting = a\x01",   "demo.conf:1: unexpected control character\n" },
		{ "greeting = a\rb",     "demo.conf:1: unexpected control character\n" },
		{ "hostname = a b",     "pabal.conf: hostname: expected a domain such as mail.example, not \"a b\"\n" },
		{ "hostname = \xe0\xdd.b", "pabal.conf: hostname: \xe0\xdd.b is no internationalised domain\n" },
		{ "hostname = a..b",    "pabal.conf: hostname: expected a domain such as mail.example, not \"a..b\"\n" },
		{ "domains = a.test ../x", "pabal.conf: domains: expected a domain such as mail.example, not \"../x\"\n" },
		/* All of them, not only the first. */
		{ "chatty = x\n\nworkers = x\n[smtp]\nchatty = x\n",
		  "demo.conf:1: chatty: expected yes or no, not \"x\"\n"
		  "demo.conf:3: workers: expected a number from 1 to 1000, not \"x\"\n"
		  "demo.conf:5: chatty: expected yes or no, not \"x\"\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *mistakes;

		assert_null(load(rows[i].text, NULL, &mistakes));
		assert_string_equal(mistakes, rows[i].mistake);
		free(mistakes);
	}
}

/* The line of the file, and nothing else is a secret. */
static void
test_secrets(void **state)
{
	static const struct {
		struct slice body;
		const char *text; /* NULL: refused */
	} rows[] = {
		{ SLICE("user:pass word"), "user:pass word" },
		{ SLICE(" user:x\r\n\n"), "user:x" },
		{ SLICE(""), NULL },
		{ SLICE("\n"), NULL },
		{ SLICE("one\ntwo\n"), NULL },
		{ SLICE("a\0b"), NULL },
	};
	const struct conf_param *p = conf_param_find(&demo, SLICE("secret"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct demo_conf *c = load("secret = x\n", NULL, NULL);
		struct err err;

		assert_string_equal(c->secret.text, "");
		assert_int_equal(conf_secret_fill(p, c, rows[i].body, &err),
		    rows[i].text != NULL ? 0 : -1);
		assert_string_equal(
		    c->secret.text, rows[i].text != NULL ? rows[i].text : "");
		drop(c);
	}
}

static void
test_sections(void **state)
{
	static const char text[] = "[submission]\nworkers = 3\nchatty = yes\n"
				   "[smtp]\nworkers = 4\n";
	struct demo_conf *c = load(text, NULL, NULL);

	(void)state;
	assert_int_equal(c->workers, 16);
	drop(c);
	c = load(text, "submission", NULL);
	assert_int_equal(c->workers, 3);
	assert_true(c->chatty);
	drop(c);
	c = load(text, "smtp", NULL);
	assert_int_equal(c->workers, 4);
	assert_false(c->chatty);
	drop(c);
}

/* pabal.conf has the shared facts only; the daemon's own file may set one of
 * them differently for this daemon. */
static void
test_shared_file(void **state)
{
	struct conf_text t[] = {
		{ "etc/pabal.conf", SLICE("hostname = a.test\n"
					  "log_level = warn\n") },
		{ "etc/demo.conf", SLICE("log_level = debug\nworkers = 2\n") },
	};
	struct conf_errors e = { 0 };
	void *conf;
	struct demo_conf *c;

	(void)state;
	assert_int_equal(conf_load(&demo, t, 2, &conf, &e), 0);
	c = conf;
	assert_string_equal(c->shared.hostname, "a.test");
	assert_string_equal(c->shared.domains.v[0], "a.test");
	assert_string_equal(c->shared.postmaster, "postmaster@a.test");
	assert_int_equal(c->shared.log_level, LOG_LVL_DEBUG);
	assert_int_equal(c->workers, 2);
	conf_free(&conf);
	t[0].body = SLICE("workers = 2\n[x]\n");
	assert_int_equal(conf_load(&demo, t, 2, &conf, &e), -1);
	assert_null(conf);
	assert_int_equal(e.n, 2);
	conf_errors_fini(&e);
}

static void *
load_shared(const char *body, struct conf_errors *e)
{
	const struct conf_text t = { "pabal.conf", slice_str(body) };
	void *conf = NULL;

	(void)conf_load(&shared_conf_desc, &t, 1, &conf, e);
	return conf;
}

/* Ten thousand domains, one a line: copied once or twice, not ten thousand
 * times, and found at any length of the list. */
static void
test_many_domains(void **state)
{
	enum { MANY = 10000, ROOM = 16 << 20 };
	struct buf text = { .max = 1 << 20 };
	struct conf_errors e = { 0 };
	struct mallinfo2 before, after;
	struct shared_conf *s;
	void *conf;

	(void)state;
	buf_adds(&text, "domains = a.test\n");
	for (unsigned i = 0; i < MANY; i++)
		buf_addf(&text, " Domain%u.example  # note\n", i);
	before = mallinfo2();
	conf = load_shared(buf_cstr(&text), &e);
	after = mallinfo2();
	assert_non_null(conf);
	assert_true(after.uordblks + after.hblkhd <
		    before.uordblks + before.hblkhd + ROOM);
	s = conf;
	assert_int_equal(s->domains.n, MANY + 1);
	for (unsigned i = 0; i < MANY; i++) {
		char name[40];

		snprintf(name, sizeof name, "domAin%u.example", i);
		assert_true(shared_is_local(s, slice_str(name)));
	}
	assert_true(shared_is_local(s, SLICE("A.test")));
	assert_false(shared_is_local(s, SLICE("domain10000.example")));
	assert_false(shared_is_local(s, SLICE("domain1")));
	assert_false(shared_is_local(s, SLICE("")));
	conf_free(&conf);
	buf_fini(&text);
}

static void
test_domains(void **state)
{
	/* clang-format off */
	static const struct {
		const char *domains;
		const char *first; /* NULL: a mistake */
	} rows[] = {
		{ "b.test a.test",                "b.test" },
		{ "",                             "h.test" },
		{ "cdb:domains",                  "h.test" },
		{ "cdb:domains A.test text:more", "a.test" },
		{ "b\xc3\xbc" "cher.test",        "xn--bcher-kva.test" },
		{ "cdb:",                         NULL },
		{ "cdb:../x",                     NULL },
		{ "dbm:x",                        NULL },
		{ "cdb:a cdb:b cdb:c cdb:d cdb:e", NULL },
		{ "a..test",                      NULL },
		{ "\xe2\x98\x83\xe2\x98\x83\xef\xbf\xbd.test", NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = xasprintf(
		    "hostname = h.test\ndomains = %s\n", rows[i].domains);
		struct conf_errors e = { 0 };
		void *conf = load_shared(text, &e);

		if ((conf != NULL) != (rows[i].first != NULL))
			fail_msg("%s", rows[i].domains);
		if (conf != NULL) {
			assert_string_equal(shared_domain(conf), rows[i].first);
			assert_true(
			    shared_is_local(conf, slice_str(rows[i].first)));
		}
		conf_errors_fini(&e);
		conf_free(&conf);
		free(text);
	}
}

/* A file of another kind: the first mistakes, and how many more. */
static void
test_mistakes_are_counted(void **state)
{
	struct buf text = { .max = 1 << 20 }, out = { .max = 1 << 20 };
	struct conf_errors e = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		buf_adds(&text, "nonsense\n");
	assert_null(load_shared(buf_cstr(&text), &e));
	conf_errors_format(&e, &out);
	assert_non_null(strstr(buf_cstr(&out), "\nand 950 more\n"));
	/* those beyond the first are mistakes as well */
	assert_null(load_shared("nonsense\n", &e));
	conf_errors_fini(&e);
	assert_int_equal(e.more, 0);
	buf_fini(&text);
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_shared_file),
		cmocka_unit_test(test_many_domains),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_mistakes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
