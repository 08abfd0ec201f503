/* SPDX-License-Identifier: ISC */
#include "lookup/resolve.h"

#include "tests/daemon.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/quota.h"
#include "conf/conf.h"
#include "ipc/lookup.h"
#include "lookup/conf.h"
#include "lookup/usage.h"
#include "sys/durable_file.h"
#include "table/edit.h"

static char dir[32] = "/tmp/pabal-lookup.XXXXXX";
static int tables;
static int ctl_fd;
static struct ipc *ctl;

static bool stopping;

static void
on_usage(struct ipc *peer, struct msg *m)
{
	if (stopping) { /* as main.c does */
		lookup_resolve_stop();
		ev_stop();
		return;
	}
	lookup_usage_set(ipc_uid(peer), m->lookup_usage.account,
	    &(struct quota){ m->lookup_usage.bytes, m->lookup_usage.messages },
	    ev_now_ms());
}

static const struct ipc_table table = {
	.on = {
		[MSG_lookup_address] = lookup_on_address,
		[MSG_lookup_usage] = on_usage,
	},
	.on_gone = lookup_on_gone,
};

static const char accounts[] = "alice@a.test home=a.test/alice quota=1K\n"
			       "bob@a.test uid=1000 gid=1000 home=b\n"
			       "a+b@a.test home=ab\n"
			       "shut@a.test mail=no\n"
			       "both@a.test home=both\n"
			       "alice@b.test home=b.test/alice quota=0\n"
			       "dan@b.test\n"
			       "@b.test quota=2K,7\n";
static const char aliases[] =
    "sales@a.test: alice, bob@b.test, x@far.test\n"
    "both@a.test: both@a.test, alice\n"
    "root: alice\n"
    "cmd@a.test: \"|/bin/cat -n\", :include:/etc/list, /var/x\n"
    "keep@a.test: \\alice\n"
    "@b.test: alice@a.test\n"
    "ring-a@a.test: ring-b\n"
    "ring-b@a.test: ring-c@a.test, Ring-A@a.test\n"
    "ring-c: ring-a+x\n"
    "ring-d@a.test: ring-a, ring-e\n"
    "ring-e@a.test: ring-d, alice\n"
    "into-ring@a.test: ring-a\n"
    "to-nobody@a.test: nobody\n";
static const char transports[] = "routed.test smtp:[10.0.0.1]:2525\n"
				 ".sub.test lmtp:unix:/run/x\n"
				 "sub.test error:5.1.2 moved away\n"
				 "slow.test error:4.4.1\n"
				 "own.test smtp:\n"
				 "text.test error:moved away\n"
				 "retry.test retry:back on Monday\n"
				 "no.test discard:nobody reads it\n"
				 "no@a.test discard:\n"
				 "held.test hold:to be seen\n"
				 "bob+held@a.test hold:\n"
				 "far@a.test lmtp:[::1]:24\n";

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
	char text[200];
	const struct conf_text t = { "lookup.conf",
		{ text, (size_t)snprintf(text, sizeof text,
			    "%spostmaster = postmaster@a.test\n%s",
			    strstr(more, "domains =") != NULL
				? ""
				: "domains = a.test b.test\n",
			    more) } };
	struct conf_errors errors = { 0 };
	void *conf = NULL;
	const int rc = conf_load(&lookup_conf_desc, &t, 1, &conf, &errors);

	conf_errors_fini(&errors);
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
	put("accounts", accounts);
	put("aliases", aliases);
	put("transports", transports);
	ctl_fd = daemon_peer(&ctl, ROLE_CTL, 0);
	return lookup_resolve_start(tables, &err);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "accounts", "accounts.cdb",
		"aliases", "aliases.cdb", "transports", "transports.cdb",
		"domains", "domains.cdb" };
	void *conf;

	(void)state;
	ipc_drop(ctl, NULL);
	lookup_resolve_stop();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(tables, names[i], 0);
	close(tables);
	close(ctl_fd);
	memcpy(&conf, &lookup_conf, sizeof conf);
	conf_free(&conf);
	return rmdir(dir);
}

static struct msg_lookup_found
ask(const char *address, unsigned flags)
{
	const struct msg m = { .type = MSG_lookup_address,
		.lookup_address = {
		    .id = 5, .address = slice_str(address), .flags = flags } };
	struct msg got;

	daemon_tell(ctl_fd, &m);
	got = daemon_hear(ctl_fd);
	assert_int_equal(got.type, MSG_lookup_found);
	assert_int_equal(got.lookup_found.id, 5);
	return got.lookup_found;
}

/* The answer in one line. */
static const char *
text_of(const struct msg_lookup_found *f)
{
	static struct buf out = { .max = 4000 };

	buf_reset(&out);
	switch (f->kind) {
	case LOOKUP_MAILBOX:
		buf_addf(&out, "mailbox %.*s %.*s uid=%u tag=%.*s",
		    SLICE_FMT(f->address), SLICE_FMT(f->home), f->uid,
		    SLICE_FMT(f->tag));
		break;
	case LOOKUP_ALIAS:
		buf_addf(&out, "alias %.*s", SLICE_FMT(f->targets));
		break;
	case LOOKUP_RELAY:
		buf_addf(&out, "%.*s:%.*s", SLICE_FMT(f->transport),
		    SLICE_FMT(f->nexthop));
		break;
	case LOOKUP_DISCARD:
	case LOOKUP_HOLD:
		buf_addf(&out, "%s %.*s",
		    f->kind == LOOKUP_HOLD ? "hold" : "discard",
		    SLICE_FMT(f->text));
		break;
	default:
		buf_addf(&out, "%s %u %.*s %.*s",
		    f->kind == LOOKUP_REFUSE ? "refuse" : "tempfail", f->code,
		    SLICE_FMT(f->enhanced), SLICE_FMT(f->text));
	}
	return buf_cstr(&out);
}

/* clang-format off */
static const struct {
	const char *address;
	unsigned flags;
	const char *answer;
} rows[] = {
	{ "alice@a.test", 0, "mailbox alice@a.test a.test/alice uid=0 tag=" },
	{ "ALICE@a.test", 0, "mailbox alice@a.test a.test/alice uid=0 tag=" },
	{ "alice+Work@a.test", 0, "mailbox alice@a.test a.test/alice uid=0 tag=work" },
	{ "alice", 0, "mailbox alice@a.test a.test/alice uid=0 tag=" },
	{ "bob@a.test", 0, "mailbox bob@a.test b uid=1000 tag=" },
	/* the whole name before the name without what is behind the + */
	{ "a+b@a.test", 0, "mailbox a+b@a.test ab uid=0 tag=" },
	{ "alice@b.test", 0, "mailbox alice@b.test b.test/alice uid=0 tag=" },
	{ "nobody@a.test", 0, "refuse 550 5.1.1 no such user here" },
	{ "nobody+x@a.test", 0, "refuse 550 5.1.1 no such user here" },
	{ "shut@a.test", 0, "refuse 550 5.2.1 mailbox disabled, not accepting messages" },
	{ "no address", 0, "refuse 550 5.1.3 bad address syntax" },
	{ "", 0, "refuse 550 5.1.3 bad address syntax" },

	{ "sales@a.test", 0, "alias Aalice@a.test\nAbob@b.test\nAx@far.test\n" },
	{ "sales+x@a.test", 0, "alias Aalice@a.test\nAbob@b.test\nAx@far.test\n" },
	{ "root@a.test", 0, "alias Aalice@a.test\n" },
	{ "root@b.test", 0, "alias Aalice@a.test\n" },
	{ "root", 0, "alias Aalice@a.test\n" },
	{ "cmd@a.test", 0, "alias C/bin/cat -n\nI/etc/list\nF/var/x\n" },
	{ "keep@a.test", 0, "alias !alice@a.test\n" },
	{ "any@b.test", 0, "alias Aalice@a.test\n" },
	/* an alias that names itself means the mailbox */
	{ "both@a.test", 0, "alias !both@a.test\nAalice@a.test\n" },
	{ "both@a.test", LOOKUP_NO_ALIAS, "mailbox both@a.test both uid=0 tag=" },
	{ "sales@a.test", LOOKUP_NO_ALIAS, "refuse 550 5.1.1 no such user here" },
	{ "any@b.test", LOOKUP_NO_ALIAS, "refuse 550 5.1.1 no such user here" },

	/* what leads only to itself, by whatever way */
	{ "ring-a@a.test", 0, "refuse 550 5.4.6 the alias expands only to itself" },
	{ "Ring-B@a.test", 0, "refuse 550 5.4.6 the alias expands only to itself" },
	{ "ring-c", 0, "refuse 550 5.4.6 the alias expands only to itself" },
	{ "into-ring@a.test", 0, "refuse 550 5.4.6 the alias expands only to itself" },
	/* with a mailbox in the ring it is a list */
	{ "ring-d@a.test", 0, "alias Aring-a@a.test\nAring-e@a.test\n" },
	{ "ring-e@a.test", 0, "alias Aring-d@a.test\nAalice@a.test\n" },
	{ "to-nobody@a.test", 0, "alias Anobody@a.test\n" },

	{ "postmaster", 0, "mailbox postmaster@a.test a.test/postmaster uid=0 tag=" },
	{ "Postmaster@A.TEST", 0, "mailbox postmaster@a.test a.test/postmaster uid=0 tag=" },
	{ "postmaster@far.test", 0, "smtp:far.test" },

	{ "x@far.test", 0, "smtp:far.test" },
	{ "x@FAR.test", 0, "smtp:far.test" },
	{ "x@[192.0.2.1]", 0, "smtp:[192.0.2.1]" },
	{ "x@routed.test", 0, "smtp:[10.0.0.1]:2525" },
	{ "x@own.test", 0, "smtp:own.test" },
	{ "x@sub.test", 0, "refuse 550 5.1.2 moved away" },
	{ "x@a.sub.test", 0, "lmtp:unix:/run/x" },
	{ "x@b.a.sub.test", 0, "lmtp:unix:/run/x" },
	{ "x@slow.test", 0, "tempfail 450 4.4.1 not reachable" },
	{ "far@a.test", 0, "lmtp:[::1]:24" },
	{ "x@text.test", 0, "refuse 550 5.0.0 moved away" },
	{ "x@retry.test", 0, "tempfail 450 4.0.0 back on Monday" },
	{ "x@no.test", 0, "discard nobody reads it" },
	{ "no@a.test", 0, "discard " },
	{ "x@held.test", 0, "hold to be seen" },
	/* once it was released it goes where it would go without the entry */
	{ "x@held.test", LOOKUP_NO_HOLD, "smtp:held.test" },
	{ "bob+held@a.test", 0, "hold " },
	{ "bob+held@a.test", LOOKUP_NO_HOLD, "mailbox bob@a.test b uid=1000 tag=held" },
};
/* clang-format on */

static void
test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct msg_lookup_found f =
		    ask(rows[i].address, rows[i].flags);

		assert_string_equal(text_of(&f), rows[i].answer);
	}
}

/* Whose mail it is, wherever it goes. */
static void
test_ours(void **state)
{
	static const char *const ours[] = { "alice@a.test", "far@a.test",
		"no@a.test", "root" };
	static const char *const theirs[] = { "x@far.test", "x@routed.test",
		"x@no.test" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		assert_true(ask(ours[i], 0).ours);
	for (size_t i = 0; i < ARRAY_LEN(theirs); i++)
		assert_false(ask(theirs[i], 0).ours);
}

/* What it was worth to look a relay up is not forgotten because its site was
 * asked for as well. */
static void
test_relay_may_be_kept(void **state)
{
	const uint32_t keep_ms = ask("alice@a.test", 0).keep_ms;

	(void)state;
	assert_true(keep_ms > 0);
	assert_int_equal(ask("x@routed.test", 0).keep_ms, keep_ms);
	assert_int_equal(ask("x@routed.test", LOOKUP_SITE).keep_ms, keep_ms);
}

/* A captured smtpd does not learn where mail goes. */
static void
test_smtpd_is_told_less(void **state)
{
	static const char *const asked[] = { "bob@a.test", "routed@routed.test",
		"cmd@a.test" };
	struct ipc *smtpd = NULL;
	const int fd = daemon_peer(&smtpd, ROLE_SMTPD, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		const struct msg_lookup_found all = ask(asked[i], 0);
		const size_t has = all.home.n + all.targets.n + all.nexthop.n;
		const uint32_t kind = all.kind;
		const struct msg m = { .type = MSG_lookup_address,
			.lookup_address = {
			    .id = 1, .address = slice_str(asked[i]) } };
		struct msg_lookup_found f;

		assert_true(has > 0);
		daemon_tell(fd, &m);
		f = daemon_hear(fd).lookup_found;
		assert_int_equal(f.kind, kind);
		assert_int_equal(f.uid, 0);
		assert_int_equal(
		    f.home.n + f.targets.n + f.transport.n + f.nexthop.n, 0);
	}
	ipc_drop(smtpd, NULL);
	close(fd);
}

/* An account's own, else its domain's, else the host's. */
static void
test_quota_of_the_domain(void **state)
{
	struct msg_lookup_found f = ask("dan@b.test", 0);

	(void)state;
	assert_int_equal(f.kind, LOOKUP_MAILBOX);
	assert_int_equal(f.quota, 2048);
	assert_int_equal(f.quota_messages, 7);
	f = ask("alice@b.test", 0);
	assert_int_equal(f.quota, 0);
	assert_int_equal(f.quota_messages, 0);
}

/* What is left of the quota, as far as somebody has said. */
static void
test_room(void **state)
{
	struct msg m = { .type = MSG_lookup_usage,
		.lookup_usage = { .account = SLICE("alice@a.test") } };
	struct ipc *local = NULL, *other = NULL;
	const int fd = daemon_peer(&local, ROLE_LOCAL, 0);
	const int other_fd = daemon_peer(&other, ROLE_LOCAL, 1234);

	(void)state;
	assert_int_equal(ask("alice@a.test", 0).quota, 1024);
	assert_int_equal(ask("alice@a.test", 0).room, UINT64_MAX);
	assert_int_equal(ask("alice@b.test", 0).quota, 0);
	m.lookup_usage.bytes = 1000;
	daemon_tell(fd, &m);
	assert_int_equal(ask("alice@a.test", 0).room, 24);
	m.lookup_usage.bytes = 5000;
	daemon_tell(fd, &m);
	assert_int_equal(ask("alice@a.test", 0).room, 0);
	/* a system user's process has nothing to say of her mailbox */
	m.lookup_usage.bytes = 1024;
	daemon_tell(other_fd, &m);
	m.lookup_usage.bytes = 1000;
	daemon_tell(fd, &m);
	assert_int_equal(ask("alice@a.test", 0).room, 24);
	daemon_tell(other_fd, &m);
	assert_int_equal(ask("alice@a.test", 0).room, 24);
	lookup_usage_clear();
	m.lookup_usage.bytes = 1024;
	daemon_tell(other_fd, &m);
	assert_int_equal(ask("alice@a.test", 0).room, UINT64_MAX);
	lookup_usage_clear();
	ipc_drop(local, NULL);
	ipc_drop(other, NULL);
	close(fd);
	close(other_fd);
}

static void
test_usage_is_forgotten(void **state)
{
	const struct slice a = SLICE("a");
	const struct quota q = { .bytes = 15 }, none = { 0 };
	const struct quota few = { .messages = 3 }, both = { 15, 4 };

	(void)state;
	lookup_usage_set(0, a, &(struct quota){ 10, 3 }, 0);
	assert_int_equal(lookup_usage_room(0, a, &q, USAGE_KNOWN_MS), 5);
	assert_int_equal(
	    lookup_usage_room(0, a, &none, USAGE_KNOWN_MS), UINT64_MAX);
	assert_int_equal(lookup_usage_room(0, a, &few, USAGE_KNOWN_MS), 0);
	assert_int_equal(lookup_usage_room(0, a, &both, USAGE_KNOWN_MS), 5);
	assert_int_equal(
	    lookup_usage_room(0, a, &q, USAGE_KNOWN_MS + 1), UINT64_MAX);
	lookup_usage_set(0, a, &(struct quota){ 10, 2 }, 0);
	assert_int_equal(lookup_usage_room(0, a, &few, 5), UINT64_MAX);
	lookup_usage_set(0, a, &(struct quota){ 12, 2 }, 5);
	assert_int_equal(lookup_usage_room(0, a, &q, 5), 3);
	lookup_usage_clear();
}

/* A table that was there and is gone bounces nothing. */
static void
test_table_gone(void **state)
{
	struct msg_lookup_found f;

	(void)state;
	assert_int_equal(unlinkat(tables, "aliases.cdb", 0), 0);
	f = ask("nobody@a.test", 0);
	assert_int_equal(f.kind, LOOKUP_TEMPFAIL);
	assert_int_equal(f.code, 451);
	assert_int_equal(table_compile(tables, "aliases", NULL, NULL), 0);
	assert_int_equal(ask("nobody@a.test", 0).kind, LOOKUP_REFUSE);
	assert_int_equal(unlinkat(tables, "accounts.cdb", 0), 0);
	assert_int_equal(ask("alice@a.test", 0).kind, LOOKUP_TEMPFAIL);
	assert_int_equal(table_compile(tables, "accounts", NULL, NULL), 0);
}

/* No aliases or routes were ever written: that is no trouble.  Accounts that
 * are missing always are. */
static void
test_table_never_written(void **state)
{
	static const char *const names[] = { "aliases", "aliases.cdb",
		"transports", "transports.cdb" };
	struct err err;

	(void)state;
	lookup_resolve_stop();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(unlinkat(tables, names[i], 0), 0);
	assert_int_equal(unlinkat(tables, "accounts.cdb", 0), 0);
	assert_int_equal(unlinkat(tables, "accounts", 0), 0);
	assert_int_equal(lookup_resolve_start(tables, &err), 0);
	assert_int_equal(ask("x@far.test", 0).kind, LOOKUP_RELAY);
	assert_int_equal(ask("alice@a.test", 0).kind, LOOKUP_TEMPFAIL);
	put("accounts", accounts);
	assert_int_equal(ask("alice@a.test", 0).kind, LOOKUP_MAILBOX);
	assert_int_equal(ask("root@a.test", 0).kind, LOOKUP_REFUSE);
	put("aliases", aliases);
	assert_int_equal(ask("root@a.test", 0).kind, LOOKUP_ALIAS);
}

static void
reload(const char *more, int rc)
{
	void *old;
	struct err err;

	memcpy(&old, &lookup_conf, sizeof old);
	assert_int_equal(load_conf(more), 0);
	assert_int_equal(lookup_resolve_configure(&err), rc);
	conf_free(&old);
}

/* Tables that a reload cannot open leave the old ones in place. */
static void
test_reload_that_fails(void **state)
{
	(void)state;
	put("transports", transports);
	for (unsigned i = 0; i < 3; i++) {
		reload("aliases = ldap:x\n", -1);
		assert_int_equal(ask("alice@a.test", 0).kind, LOOKUP_MAILBOX);
		reload("accounts = cdb:../x\n", -1);
		assert_int_equal(ask("root@a.test", 0).kind, LOOKUP_ALIAS);
		reload("transports = text:transports\n", 0);
		assert_int_equal(ask("x@sub.test", 0).kind, LOOKUP_REFUSE);
		reload("", 0);
		assert_int_equal(ask("x@sub.test", 0).kind, LOOKUP_REFUSE);
	}
}

/* Domains in a table, in either form, seen without a reload. */
static void
test_domain_table(void **state)
{
	struct msg_lookup_found f;

	(void)state;
	assert_int_equal(ask("x@in-table.test", 0).kind, LOOKUP_RELAY);
	reload("domains = a.test b.test cdb:domains\n", 0);
	assert_int_equal(ask("x@in-table.test", 0).kind, LOOKUP_TEMPFAIL);
	assert_int_equal(ask("alice@a.test", 0).kind, LOOKUP_MAILBOX);
	put("domains", "in-table.test\nb\xc3\xbc"
		       "cher.test\n");
	assert_int_equal(ask("x@in-table.test", 0).kind, LOOKUP_REFUSE);
	assert_int_equal(ask("x@far.test", 0).kind, LOOKUP_RELAY);
	put("accounts", "alice@a.test\nbob@xn--bcher-kva.test\n");
	f = ask("Bob@B\xc3\x9c"
		"cher.test",
	    0);
	assert_string_equal(text_of(&f),
	    "mailbox bob@xn--bcher-kva.test xn--bcher-kva.test/bob uid=0 tag=");
	put("accounts", accounts);
	reload("", 0);
	assert_int_equal(ask("x@in-table.test", 0).kind, LOOKUP_RELAY);
}

/* A question that comes in the turn in which the daemon stops finds no tables
 * any more: it is left alone (here until the tables are there again). */
static void
test_question_behind_the_stop(void **state)
{
	const struct msg stop = { .type = MSG_lookup_usage,
		.lookup_usage = { .account = SLICE("alice@a.test") } };
	const struct msg question = { .type = MSG_lookup_address,
		.lookup_address = { .address = SLICE("alice@a.test") } };
	struct ipc *local = NULL;
	struct err err;
	const int fd = daemon_peer(&local, ROLE_LOCAL, 0);

	(void)state;
	stopping = true;
	daemon_tell(fd, &stop);
	daemon_tell(ctl_fd, &question);
	ev_run();
	stopping = false;
	assert_int_equal(lookup_resolve_start(tables, &err), 0);
	assert_int_equal(daemon_hear(ctl_fd).lookup_found.kind, LOOKUP_MAILBOX);
	ipc_drop(local, NULL);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_relay_may_be_kept),
		cmocka_unit_test(test_smtpd_is_told_less),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_quota_of_the_domain),
		cmocka_unit_test(test_usage_is_forgotten),
		cmocka_unit_test(test_table_gone),
		cmocka_unit_test(test_table_never_written),
		cmocka_unit_test(test_reload_that_fails),
		cmocka_unit_test(test_domain_table),
		cmocka_unit_test(test_question_behind_the_stop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
