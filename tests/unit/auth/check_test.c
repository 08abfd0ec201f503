/* SPDX-License-Identifier: ISC */
/* The daemon without master: a peer at the other end of a socket pair asks,
 * tables lie in a directory of their own. */
#include "auth/check.h"

#include "tests/daemon.h"

#include <fcntl.h>

#include "auth/conf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "ipc/auth.h"
#include "sasl/password.h"
#include "table/compile.h"

static char dir[32] = "/tmp/pabal-auth.XXXXXX";
static int dirfd_;
static int login_fd, imapd_fd, other_fd;
static struct ipc *peers[3];

static const struct ipc_table table = {
	.on = {
		[MSG_auth_check] = auth_on_check,
		[MSG_auth_redeem] = auth_on_redeem,
	},
	.on_gone = auth_on_gone,
};

static void
put_password(const char *name, const char *secret)
{
	struct buf hash;

	buf_init(&hash, PASSWORD_HASH_MAX);
	assert_int_equal(
	    password_hash("sha512-crypt", slice_str(secret), &hash, NULL), 0);
	assert_int_equal(table_edit(dirfd_, "passwords", TABLE_PUT,
			     slice_str(name), buf_slice(&hash), NULL),
	    0);
	buf_fini(&hash);
}

static void
put_account(const char *name, const char *value)
{
	assert_int_equal(table_edit(dirfd_, "accounts", TABLE_PUT,
			     slice_str(name), slice_str(value), NULL),
	    0);
}

static int
load_conf(void)
{
	static const char text[] = "domains = a.test\n"
				   "unknown_scheme = sha512-crypt\n"
				   "penalty_delay = 50ms\n"
				   "penalty_free = 2\n"
				   "workers = 2\n";
	const struct conf_text t = { "auth.conf", slice_str(text) };
	struct conf_errors errors = { 0 };
	void *conf = NULL;
	const int rc = conf_load(&auth_conf_desc, &t, 1, &conf, &errors);

	conf_errors_fini(&errors);
	auth_conf = conf;
	return rc;
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	if (mkdtemp(dir) == NULL || load_conf() == -1)
		return -1;
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ev_init();
	ipc_setup(ROLE_AUTH, &table);
	put_password("alice@a.test", "sesame");
	put_password("bob@a.test", "sesame");
	put_password("ghost@a.test", "sesame");
	put_account("alice@a.test", "uid=- home=a.test/alice quota=5K");
	put_account("bob@a.test", "home=x login=no");
	put_account("nopass@a.test", "home=y");
	login_fd = daemon_peer(&peers[0], ROLE_LOGIN, 0);
	imapd_fd = daemon_peer(&peers[1], ROLE_IMAPD, 0);
	other_fd = daemon_peer(&peers[2], ROLE_IMAPD, 1234);
	return auth_check_start(dirfd_, &err);
}

static int
teardown(void **state)
{
	static const char *const names[] = { "accounts", "accounts.cdb",
		"passwords", "passwords.cdb" };
	void *conf;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		ipc_drop(peers[i], NULL);
	auth_check_stop();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(dirfd_, names[i], 0);
	close(dirfd_);
	close(login_fd);
	close(imapd_fd);
	close(other_fd);
	memcpy(&conf, &auth_conf, sizeof conf);
	conf_free(&conf);
	return rmdir(dir);
}

static void
ask(uint64_t id, const char *login, const char *secret, const char *authzid,
    const char *client, const char *service)
{
	const struct msg m = { .type = MSG_auth_check,
		.auth_check = { .id = id,
		    .mechanism = SLICE("PLAIN"),
		    .login = slice_str(login),
		    .authzid = slice_str(authzid),
		    .secret = slice_str(secret),
		    .client = slice_str(client),
		    .service = slice_str(service),
		    .tls = true } };

	daemon_tell(login_fd, &m);
}

static struct msg_auth_checked
check(const char *login, const char *secret, const char *authzid,
    const char *service)
{
	static uint64_t id;
	static unsigned host;
	char client[32];
	struct msg m;

	/* another source each time, so that penalties play no part */
	snprintf(client, sizeof client, "10.1.%u.%u", host / 250, host % 250);
	host++;
	ask(++id, login, secret, authzid, client, service);
	m = daemon_hear(login_fd);
	assert_int_equal(m.type, MSG_auth_checked);
	assert_int_equal(m.auth_checked.id, id);
	return m.auth_checked;
}

static void
test_results(void **state)
{
	/* clang-format off */
	static const struct {
		const char *login, *secret, *authzid, *service;
		enum auth_result result;
	} rows[] = {
		{ "alice@a.test", "sesame", "",             "smtp", AUTH_OK },
		{ "Alice@A.test", "sesame", "",             "imap", AUTH_OK },
		{ "alice",        "sesame", "",             "pop3", AUTH_OK },
		{ "alice",        "sesame", "ALICE@a.test", "imap", AUTH_OK },
		{ "alice",        "sesame", "bob@a.test",   "imap", AUTH_DENIED },
		{ "bob",          "sesame", "",             "imap", AUTH_DENIED },
		{ "bob",          "wrong",  "",             "imap", AUTH_REFUSED },
		{ "alice",        "Sesame", "",             "imap", AUTH_REFUSED },
		{ "alice",        "",       "",             "imap", AUTH_REFUSED },
		{ "nobody",       "sesame", "",             "imap", AUTH_REFUSED },
		{ "nobody@b.test", "sesame", "",            "imap", AUTH_REFUSED },
		{ "nopass",       "sesame", "",             "imap", AUTH_REFUSED },
		{ "ghost",        "sesame", "",             "imap", AUTH_REFUSED },
		{ "a b",          "sesame", "",             "imap", AUTH_REFUSED },
		{ "",             "sesame", "",             "imap", AUTH_REFUSED },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct msg_auth_checked a = check(rows[i].login,
		    rows[i].secret, rows[i].authzid, rows[i].service);
		const bool ok = rows[i].result == AUTH_OK;
		const bool session = ok && rows[i].service[0] != 's';

		if (a.result != rows[i].result)
			fail_msg("row %zu: %u", i, a.result);
		assert_true(slice_is(a.account, ok ? "alice@a.test" : ""));
		assert_int_equal(a.ticket.n, session ? AUTH_TICKET_SIZE : 0);
		assert_int_equal(a.why.n > 0, !ok);
	}
}

/* A name that does not exist is not told from a wrong password. */
static void
test_same_words(void **state)
{
	struct buf unknown;

	(void)state;
	buf_init(&unknown, 200);
	buf_add(&unknown, check("nobody", "x", "", "imap").why);
	assert_true(
	    slice_eq(check("alice", "x", "", "imap").why, buf_slice(&unknown)));
	buf_fini(&unknown);
}

static struct msg_auth_redeemed
redeem(int fd, struct slice ticket)
{
	const struct msg m = { .type = MSG_auth_redeem,
		.auth_redeem = { .id = 7, .ticket = ticket } };
	struct msg got;

	daemon_tell(fd, &m);
	got = daemon_hear(fd);
	assert_int_equal(got.type, MSG_auth_redeemed);
	assert_int_equal(got.auth_redeemed.id, 7);
	return got.auth_redeemed;
}

static void
test_ticket(void **state)
{
	char ticket[AUTH_TICKET_SIZE];
	struct msg_auth_redeemed r;

	(void)state;
	memcpy(ticket, check("alice", "sesame", "", "imap").ticket.p,
	    sizeof ticket);
	r = redeem(imapd_fd, slice_of(ticket, sizeof ticket));
	assert_true(r.ok);
	assert_true(slice_is(r.account, "alice@a.test"));
	assert_true(slice_is(r.home, "a.test/alice"));
	assert_int_equal(r.quota, 5 * 1024);
	assert_int_equal(r.uid, 0);
	assert_false(redeem(imapd_fd, slice_of(ticket, sizeof ticket)).ok);
	/* an imapd of another uid, and a ticket for POP3 */
	memcpy(ticket, check("alice", "sesame", "", "imap").ticket.p,
	    sizeof ticket);
	assert_false(redeem(other_fd, slice_of(ticket, sizeof ticket)).ok);
	memcpy(ticket, check("alice", "sesame", "", "pop3").ticket.p,
	    sizeof ticket);
	assert_false(redeem(imapd_fd, slice_of(ticket, sizeof ticket)).ok);
}

/* A changed password counts at once, though the old one was cached. */
static void
test_changed_password(void **state)
{
	(void)state;
	assert_int_equal(check("alice", "sesame", "", "smtp").result, AUTH_OK);
	put_password("alice@a.test", "new");
	assert_int_equal(
	    check("alice", "sesame", "", "smtp").result, AUTH_REFUSED);
	assert_int_equal(check("alice", "new", "", "smtp").result, AUTH_OK);
	put_password("alice@a.test", "sesame");
}

/* Many guesses at once from one place: a few are looked at, most are refused
 * without; the owner elsewhere gets in meanwhile. */
static void
test_flood(void **state)
{
	enum { GUESSES = 300 };
	unsigned refused = 0, limited = 0;

	(void)state;
	for (uint64_t i = 0; i < GUESSES; i++)
		ask(1000 + i, "alice", "wrong", "", "10.9.9.9", "imap");
	ask(5000, "alice", "sesame", "", "10.8.8.8", "imap");
	for (unsigned i = 0; limited == 0 || refused < 3; i++) {
		const struct msg m = daemon_hear(login_fd);

		assert_true(i < GUESSES);
		if (m.auth_checked.id == 5000)
			assert_int_equal(m.auth_checked.result, AUTH_OK);
		else if (m.auth_checked.result == AUTH_LIMITED)
			limited++;
		else if (m.auth_checked.result == AUTH_REFUSED)
			refused++;
	}
	assert_true(refused < 20);
}

static void
test_table_gone(void **state)
{
	(void)state;
	assert_int_equal(unlinkat(dirfd_, "passwords.cdb", 0), 0);
	assert_int_equal(
	    check("alice", "sesame", "", "smtp").result, AUTH_TEMPFAIL);
	assert_int_equal(table_compile(dirfd_, "passwords", NULL, NULL), 0);
	assert_int_equal(check("alice", "sesame", "", "smtp").result, AUTH_OK);
}

/* A peer that goes away amid its questions takes them with it. */
static void
test_peer_gone(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 50; i++)
		ask(9000 + i, "nobody", "x", "", "10.7.7.7", "imap");
	close(login_fd);
	login_fd = daemon_peer(&peers[0], ROLE_LOGIN, 0);
	assert_int_equal(check("alice", "sesame", "", "smtp").result, AUTH_OK);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_same_words),
		cmocka_unit_test(test_ticket),
		cmocka_unit_test(test_changed_password),
		cmocka_unit_test(test_table_gone),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_peer_gone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
