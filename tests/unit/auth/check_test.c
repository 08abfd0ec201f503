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
#include "table/edit.h"

static char dir[32] = "/tmp/pabal-auth.XXXXXX";
static int dirfd_;
static int login_fd, smtpd_fd;
static struct ipc *peers[2];

/* master, who says yes or no to sessions and remembers the last one. */
static struct {
	struct ev_io io;
	bool refuse;
	bool late; /* he takes his time: the test answers */
	unsigned asked;
	struct msg_master_admit last; /* its strings are below */
	char ticket[AUTH_TICKET_SIZE];
	char account[64], home[64];
} master;

static const struct ipc_table table = {
	.on = {
		[MSG_auth_check] = auth_on_check,
		[MSG_auth_forget] = auth_on_forget,
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

static void
on_admit(struct ev_io *io, unsigned events)
{
	static char frame[MSG_MAX_BYTES];
	const ssize_t n = recv(io->fd, frame, sizeof frame, 0);
	struct msg m, reply = { .type = MSG_master_admitted };

	(void)events;
	assert_true(n > 0);
	assert_true(msg_get(slice_of(frame, (size_t)n), -1, &m));
	assert_int_equal(m.type, MSG_master_admit);
	master.asked++;
	master.last = m.master_admit;
	assert_int_equal(master.last.ticket.n, sizeof master.ticket);
	memcpy(master.ticket, master.last.ticket.p, sizeof master.ticket);
	slice_copy(master.last.account, master.account, sizeof master.account);
	slice_copy(master.last.home, master.home, sizeof master.home);
	if (master.late) {
		ev_stop();
		return;
	}
	reply.master_admitted.id = master.last.id;
	reply.master_admitted.ok = !master.refuse;
	reply.master_admitted.why = SLICE("full");
	daemon_tell(io->fd, &reply);
}

static int
start_master(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, pair) == -1)
		return -1;
	(void)ipc_set_master(pair[0]);
	ev_io_init(&master.io, pair[1], on_admit);
	ev_io_set(&master.io, EV_READ);
	return 0;
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
	smtpd_fd = daemon_peer(&peers[1], ROLE_SMTPD, 0);
	if (start_master() == -1)
		return -1;
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
	close(smtpd_fd);
	ev_io_stop(&master.io);
	ipc_drop(ipc_master(), NULL);
	close(master.io.fd);
	memcpy(&conf, &auth_conf, sizeof conf);
	conf_free(&conf);
	return rmdir(dir);
}

static int
asker(const char *service)
{
	return service[0] == 's' ? smtpd_fd : login_fd;
}

static void
ask_as(int fd, uint64_t id, const char *login, const char *secret,
    const char *authzid, const char *client, const char *service)
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

	daemon_tell(fd, &m);
}

static void
ask(uint64_t id, const char *login, const char *secret, const char *authzid,
    const char *client, const char *service)
{
	ask_as(asker(service), id, login, secret, authzid, client, service);
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
	m = daemon_hear(asker(service));
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

/* master hears of it before login does, and may say no. */
static void
test_ticket(void **state)
{
	struct msg_auth_checked a;

	(void)state;
	a = check("alice", "sesame", "", "imap");
	assert_memory_equal(a.ticket.p, master.ticket, AUTH_TICKET_SIZE);
	assert_int_equal(master.last.role, ROLE_IMAPD);
	assert_int_equal(master.last.login, 0);
	assert_int_equal(master.last.uid, 0);
	assert_int_equal(master.last.quota, 5 * 1024);
	assert_string_equal(master.account, "alice@a.test");
	assert_string_equal(master.home, "a.test/alice");
	(void)check("alice", "sesame", "", "pop3");
	assert_int_equal(master.last.role, ROLE_POP3D);
	master.refuse = true;
	a = check("alice", "sesame", "", "imap");
	master.refuse = false;
	assert_int_equal(a.result, AUTH_TEMPFAIL);
	assert_int_equal(a.ticket.n, 0);
}

/* The right password of somebody who logs in over smtpd opens no mailbox there,
 * and none is had by calling it another service at login. */
static void
test_others_service(void **state)
{
	/* clang-format off */
	static const struct {
		enum role role;
		const char *service;
	} rows[] = {
		{ ROLE_SMTPD, "imap" }, { ROLE_SMTPD, "pop3" },
		{ ROLE_LOGIN, "smtp" }, { ROLE_LOGIN, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ipc *peer = NULL;
		const int fd = daemon_peer(&peer, rows[i].role, 0);
		char byte;

		ask_as(
		    fd, 1, "alice", "sesame", "", "10.6.6.6", rows[i].service);
		daemon_run(fd, EV_READ);
		assert_int_equal(recv(fd, &byte, 1, 0), 0);
		close(fd);
	}
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

static const char *
address(char text[32], unsigned net, unsigned host)
{
	snprintf(text, 32, "10.%u.%u.%u", net, host / 250, host % 250);
	return text;
}

/* The answers that come on login's channel before that to ID, which is OK. */
static unsigned
answers_before(uint64_t id)
{
	for (unsigned n = 0;; n++) {
		const struct msg m = daemon_hear(login_fd);

		if (m.auth_checked.id != id)
			continue;
		assert_int_equal(m.auth_checked.result, AUTH_OK);
		return n;
	}
}

/* 600 guesses of 600 sources wait; the owner, who was right from his address
 * before, waits for the hashes that are under way, and no more: one for each
 * of the two workers, and what they take until his login has been read. */
static void
test_owner_goes_first(void **state)
{
	enum { GUESSES = 600 };
	char text[32];

	(void)state;
	ask(1, "alice", "sesame", "", "10.8.8.8", "imap");
	(void)answers_before(1);
	put_password("alice@a.test", "changed"); /* not from the cache */
	for (unsigned i = 0; i < GUESSES; i++)
		ask(2000 + i, "nobody", "wrong", "", address(text, 20, i),
		    "imap");
	ask(6000, "alice", "changed", "", "10.8.8.8", "imap");
	assert_true(answers_before(6000) < GUESSES / 2);
	for (unsigned i = 0; i < GUESSES; i++) {
		const struct msg m = { .type = MSG_auth_forget,
			.auth_forget = { .check = 2000 + i } };

		daemon_tell(login_fd, &m);
	}
	ask(6001, "alice", "changed", "", "10.8.8.8", "imap");
	(void)answers_before(6001);
	put_password("alice@a.test", "sesame");
}

/* Clients that left are not checked any more: a stranger who comes after them
 * is the next. */
static void
test_forgotten(void **state)
{
	enum { GUESSES = 600 };
	char text[32];

	(void)state;
	for (unsigned i = 0; i < GUESSES; i++)
		ask(3000 + i, "nobody", "wrong", "", address(text, 21, i),
		    "imap");
	for (unsigned i = 0; i < GUESSES; i++) {
		const struct msg m = { .type = MSG_auth_forget,
			.auth_forget = { .check = 3000 + i } };

		daemon_tell(login_fd, &m);
	}
	ask(7000, "alice", "sesame", "", "10.22.0.1", "imap");
	assert_true(answers_before(7000) < GUESSES / 2);
}

/* A client who leaves while master is being told is forgotten like others. */
static void
test_forgotten_at_the_door(void **state)
{
	const struct msg left = { .type = MSG_auth_forget,
		.auth_forget = { .check = 8000 } };
	struct msg late = { .type = MSG_master_admitted,
		.master_admitted = { .ok = true } };

	(void)state;
	master.late = true;
	ask(8000, "alice", "sesame", "", "10.23.0.1", "imap");
	ev_run();
	master.late = false;
	late.master_admitted.id = master.last.id;
	daemon_tell(login_fd, &left);
	ask(8001, "alice", "sesame", "", "10.23.0.1", "imap");
	assert_int_equal(answers_before(8001), 0);
	daemon_tell(master.io.fd, &late);
	ask(8002, "alice", "sesame", "", "10.23.0.1", "imap");
	assert_int_equal(answers_before(8002), 0);
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
		cmocka_unit_test(test_others_service),
		cmocka_unit_test(test_changed_password),
		cmocka_unit_test(test_owner_goes_first),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_forgotten_at_the_door),
		cmocka_unit_test(test_table_gone),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_peer_gone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
