/* SPDX-License-Identifier: ISC */
/* What one message leaves behind for the next in the same process: nothing. */
#include "sieverun/serve.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "conf/conf.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "ipc/sieve.h"
#include "sieve/compile.h"
#include "sieve/emit.h"
#include "sieve/result.h"
#include "sieverun/conf.h"
#include "sieverun/global.h"

enum { AGAIN = 200 };

static struct {
	int fd;
	pid_t pid;
	struct buf text; /* what the last run wanted */
	struct msg_sieve_done done;
} run;

static int
setup(void **state)
{
	const struct conf_text texts[] = {
		{ "pabal.conf", SLICE("hostname = mx.example\n") },
		{ "sieverun.conf", SLICE("") },
	};
	struct conf_errors errors = { 0 };
	struct err err;
	void *conf = NULL;

	(void)state;
	must(conf_load(&sieverun_conf_desc, texts, 2, &conf, &errors) == 0);
	sieverun_conf = conf;
	must(global_load(&err) == 0);
	return 0;
}

static void
begin(void)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	run.pid = fork();
	if (run.pid == 0) {
		close(pair[0]);
		serve(pair[1], ROLE_LOCAL);
		_exit(0);
	}
	close(pair[1]);
	run.fd = pair[0];
}

/* It ends by itself, or when nobody wants anything more. */
static void
end(bool itself)
{
	int status;

	if (!itself)
		shutdown(run.fd, SHUT_WR);
	must(waitpid(run.pid, &status, 0) == run.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(run.fd);
	buf_fini(&run.text);
}

static void
say(const struct msg *m)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	struct iovec iov;
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = -1;

	must(msg_put(m, &frame, &fd));
	iov = (struct iovec){ frame.p, frame.n };
	if (fd != -1) {
		struct cmsghdr *c;

		h.msg_control = &control;
		h.msg_controllen = sizeof control;
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	must(sendmsg(run.fd, &h, MSG_NOSIGNAL) == (ssize_t)frame.n);
	buf_fini(&frame);
}
#define SAY(kind, ...)                                                         \
	say(&(const struct msg){ .type = MSG_##kind, .kind = { __VA_ARGS__ } })

static void
hear(void)
{
	static char frame[MSG_MAX_BYTES];
	const struct msg_sieve_action *a;
	struct msg m;

	buf_fini(&run.text);
	buf_init(&run.text, 4096);
	do {
		const ssize_t n = recv(run.fd, frame, sizeof frame, 0);

		assert_true(n > 0);
		assert_true(msg_get(slice_of(frame, (size_t)n), -1, &m));
		assert_int_not_equal(m.type, MSG_sieve_ask);
		a = &m.sieve_action;
		if (m.type == MSG_sieve_action)
			buf_addf(&run.text, "%s %.*s%s%.*s;",
			    sieve_result_name((enum sieve_action_kind)a->kind),
			    SLICE_FMT(a->mailbox), a->edited ? "edited " : "",
			    SLICE_FMT(a->flags));
	} while (m.type != MSG_sieve_done);
	run.done = m.sieve_done;
}

static void
say_code(const char *script)
{
	struct sieve_source source = { .lang = global_lang(),
		.limits = global_limits() };
	struct sieve_report report;
	struct arena arena;
	struct buf code;
	bool temporary;

	arena_init(&arena);
	buf_init(&code, 1 << 20);
	sieve_report_init(&report, &arena, 1);
	if (!sieve_compile(&source, SLICE("main"), slice_str(script), &code,
		&report, &temporary))
		fail_msg("%s", report.first->text);
	SAY(sieve_piece, .what = SIEVE_PIECE_CODE, .bytes = buf_slice(&code));
	buf_fini(&code);
	arena_fini(&arena);
}

static void
say_run(const char *script)
{
	SAY(sieve_run, .qid = SLICE("q"), .sender = SLICE("s@example.net"),
	    .address = SLICE("a@example.org"),
	    .account = SLICE("a@example.org"), .script = SLICE("main"),
	    .hash = sieve_emit_hash(slice_str(script)));
	hear();
}

static void
decide(const char *script, const char *message)
{
	say_code(script);
	SAY(sieve_piece, .what = SIEVE_PIECE_MESSAGE,
	    .bytes = slice_str(message));
	say_run(script);
}

static void
decides(const char *script, const char *message, const char *want)
{
	decide(script, message);
	assert_int_equal(run.done.status, SIEVE_END_DONE);
	assert_true(run.done.more);
	assert_string_equal(buf_cstr(&run.text), want);
}

static void
test_nothing_is_left(void **state)
{
	static const char leaves[] =
	    "require [\"variables\", \"include\", \"imap4flags\", "
	    "\"editheader\", \"fileinto\"]; global \"g\";"
	    "if not string \"${v}${w}${1}${g}\" \"\" { fileinto \"Leak\"; "
	    "stop; }"
	    "if exists \"x-left\" { fileinto \"Leak\"; stop; }"
	    "if hasflag \"left\" { fileinto \"Leak\"; stop; }"
	    "if header :matches \"subject\" \"*\" { set \"v\" \"${1}\"; }"
	    "set \"g\" \"left\"; set \"w\" \"left\"; addflag \"left\";"
	    "addheader \"X-Left\" \"left\";";
	static const char looks[] =
	    "require [\"variables\", \"include\", \"imap4flags\", "
	    "\"fileinto\", \"body\"]; global \"g\";"
	    "if anyof (not string \"${v}${g}\" \"\", exists \"x-left\", "
	    "hasflag \"left\", header :contains \"subject\" \"secret\", "
	    "body :contains \"secret\") { fileinto \"Leak\"; }";

	(void)state;
	begin();
	decides(
	    leaves, "Subject: secret\r\n\r\nsecret\r\n", "keep edited left;");
	decides(leaves, "Subject: other\r\n\r\nbody\r\n", "keep edited left;");
	decides(looks, "Subject: short\r\n\r\n", "keep ;");
	decides("discard;", "Subject: x\r\n\r\n", "");
	decides(looks, "To: x\r\n\r\n", "keep ;");
	end(false);
}

/* Each has its steps and its memory. */
static void
test_bounds_are_those_of_a_message(void **state)
{
	struct buf s = { .max = 1 << 20 };

	(void)state;
	buf_adds(&s, "require \"variables\"; set \"v\" \"0123456789abcdef\";");
	for (int i = 0; i < 12; i++)
		buf_adds(&s, "set \"v\" \"${v}${v}\";");
	for (int i = 0; i < 200; i++)
		buf_addf(&s, "set \"v%d\" \"${v}\";", i);
	begin();
	for (int i = 0; i < 10; i++)
		decides(buf_cstr(&s), "Subject: x\r\n\r\n", "keep ;");
	end(false);
	buf_fini(&s);
}

static int
count_fds(pid_t pid)
{
	char path[64];
	int n = 0;

	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
		n += access(path, F_OK) == 0;
	}
	return n;
}

static void
test_files_are_closed(void **state)
{
	static const char text[] = "Subject: of a file\r\n\r\nbody\r\n";
	static const char script[] =
	    "require \"fileinto\"; if header \"subject\" \"of a file\" "
	    "{ fileinto \"File\"; }";
	const int file = memfd_create("message", MFD_CLOEXEC);
	int before = 0;

	(void)state;
	must(write(file, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
	begin();
	for (int i = 0; i < AGAIN; i++) {
		say_code(script);
		SAY(sieve_file, .size = (int64_t)sizeof text - 1, .file = file);
		say_run(script);
		assert_string_equal(buf_cstr(&run.text), "fileinto File;");
		if (i == 0)
			before = count_fds(run.pid);
	}
	assert_true(before > 0);
	assert_int_equal(count_fds(run.pid), before);
	end(false);
	close(file);
}

/* What did not end well is the last. */
static void
test_no_more(void **state)
{
	static const char fails[] =
	    "require [\"variables\", \"reject\", \"fileinto\"]; "
	    "fileinto \"${x}\"; reject \"no\";";

	(void)state;
	begin();
	decides("keep;", "Subject: x\r\n\r\n", "keep ;");
	decide(fails, "Subject: x\r\n\r\n");
	assert_int_equal(run.done.status, SIEVE_END_FAILED);
	assert_false(run.done.more);
	end(true);
	/* Its code is of another text. */
	begin();
	say_code("discard;");
	SAY(sieve_piece, .what = SIEVE_PIECE_MESSAGE,
	    .bytes = SLICE("Subject: x\r\n\r\n"));
	say_run("keep;");
	assert_int_equal(run.done.status, SIEVE_END_STALE);
	assert_false(run.done.more);
	end(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_bounds_are_those_of_a_message),
		cmocka_unit_test(test_files_are_closed),
		cmocka_unit_test(test_no_more),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
