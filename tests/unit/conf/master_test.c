/* SPDX-License-Identifier: ISC */
#include "conf/master.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "conf/conf.h"
#include "sys/addr.h"

static struct master_conf *
load(const char *body, struct buf *mistakes)
{
	const struct conf_text t[] = {
		{ "pabal.conf", SLICE("hostname = mx.test\n") },
		{ "master.conf", slice_str(body) },
	};
	struct conf_errors e = { 0 };
	struct master_conf *m = NULL;
	const int rc = master_conf_load(t, 2, &m, &e);

	buf_reset(mistakes);
	conf_errors_format(&e, mistakes);
	assert_int_equal(rc == 0, e.n == 0);
	assert_int_equal(m != NULL, e.n == 0);
	conf_errors_fini(&e);
	return m;
}

static void
test_services(void **state)
{
	static const char text[] =
	    "start_timeout = 5s\n"
	    "[smtp]\ndaemon = smtpd\nprotocol = smtp\n"
	    "listen = 127.0.0.1:25 [::1]:25\n  unix:public/smtpd\n"
	    "processes = 2\nmax_sessions = 500\n"
	    "[qmgr]\ndaemon = qmgr\n";
	const struct service_conf *s;
	struct buf mistakes;
	struct master_conf *m;
	char at[ADDR_TEXT];

	(void)state;
	buf_init(&mistakes, 10000);
	m = load(text, &mistakes);
	assert_string_equal(buf_cstr(&mistakes), "");
	assert_string_equal(m->shared.hostname, "mx.test");
	assert_int_equal(m->start_timeout, 5000);
	/* and the log, which nobody has to name */
	assert_int_equal(m->nservices, 3);
	assert_string_equal(master_conf_find(m, "logger")->daemon, "logger");
	s = master_conf_find(m, "smtp");
	assert_string_equal(s->daemon, "smtpd");
	assert_int_equal(s->protocol, SERVICE_SMTP);
	assert_string_equal(master_protocol_name(s->protocol), "smtp");
	assert_int_equal(s->processes, 2);
	assert_int_equal(s->max_sessions, 500);
	assert_int_equal(s->nlisteners, 3);
	assert_string_equal(addr_format(&s->listeners[1], at), "[::1]:25");
	assert_string_equal(addr_path(&s->listeners[2]), "public/smtpd");
	s = master_conf_find(m, "qmgr");
	assert_int_equal(s->processes, 0);
	assert_int_equal(s->nlisteners, 0);
	assert_null(master_conf_find(m, "x"));
	master_conf_free(&m);
	assert_null(m);
	master_conf_free(&m);
	buf_fini(&mistakes);
}

/* A section for it is taken as it is. */
static void
test_logger_named(void **state)
{
	struct buf mistakes;
	struct master_conf *m;

	(void)state;
	buf_init(&mistakes, 10000);
	m = load("[log]\ndaemon = logger\n", &mistakes);
	assert_string_equal(buf_cstr(&mistakes), "");
	assert_int_equal(m->nservices, 1);
	assert_string_equal(m->services[0].name, "log");
	master_conf_free(&m);
	buf_fini(&mistakes);
}

static void
test_refusals(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		const char *mistake;
	} rows[] = {
		{ "[a]\n", "master.conf:1: [a] lacks daemon = ...\n" },
		{ "[a]\ndaemon = ../x\n", "master.conf:2: daemon: expected a name such as smtpd, without a directory\n" },
		{ "[a]\ndaemon = smtpd\nlisten = *:25\n", "master.conf:1: [a] listens, but protocol does not say what is spoken\n" },
		{ "[a]\ndaemon = smtpd\nprotocol = smtp\nlisten = 25\n",
		  "master.conf:4: listen: expected an address such as 127.0.0.1:25, [::1]:25, *:25 or unix:path, not \"25\"\n" },
		{ "[a]\ndaemon = smtpd\nprotocol = smtp\nlisten = *:25 *:25\n",
		  "master.conf:4: listen: *:25 is an address of [a] already\n" },
		{ "[a]\ndaemon = smtpd\nprotocol = smtp\nlisten = *:25\n[b]\ndaemon = smtpd\nprotocol = smtp\nlisten = *:25\n",
		  "master.conf:8: listen: *:25 is an address of [a] already\n" },
		{ "[a]\ndaemon = x\n[b]\ndaemon = y\n[a]\nprocesses = 2\n",
		  "master.conf:5: there is a section [a] in line 1 already\n" },
		{ "[a]\ndaemon = x\nprocess = 2\n", "master.conf:3: there is no parameter \"process\" here; did you mean processes?\n" },
		{ "[a]\ndaemon = smtpd\nprotocol = ftp\nlisten = *:25\n",
		  "master.conf:3: protocol: expected one of none, smtp, submission, submissions, lmtp, pop3, pop3s, imap, imaps, managesieve, http, https, not \"ftp\"\n"
		  "master.conf:1: [a] listens, but protocol does not say what is spoken\n" },
		{ "[a]\ndaemon = x\nprotocol = ftp\nprocesses = 0\n",
		  "master.conf:3: protocol: expected one of none, smtp, submission, submissions, lmtp, pop3, pop3s, imap, imaps, managesieve, http, https, not \"ftp\"\n"
		  "master.conf:4: processes: expected auto or a number from 1 to 256, not \"0\"\n" },
	};
	/* clang-format on */
	struct buf mistakes;

	(void)state;
	buf_init(&mistakes, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_null(load(rows[i].text, &mistakes));
		assert_string_equal(buf_cstr(&mistakes), rows[i].mistake);
	}
	buf_fini(&mistakes);
}

/* The enum in the header follows the words in service.def. */
static void
test_protocol_names(void **state)
{
	struct slice rest = { NULL, 0 };
	int v = 0;

	(void)state;
	for (size_t i = 0; i < master_service_desc.nparams; i++)
		if (master_service_desc.params[i].type == CONF_ENUM)
			rest = slice_str(master_service_desc.params[i].words);
	for (; rest.n > 0; v++)
		assert_true(slice_is(slice_cut(rest, '|', &rest),
		    master_protocol_name((enum service_protocol)v)));
	assert_int_equal(v, SERVICE_HTTPS + 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_logger_named),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_protocol_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
