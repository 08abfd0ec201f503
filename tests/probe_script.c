/* SPDX-License-Identifier: ISC */
/*
 * The process in which a script runs, taken over by what it reads: linked into
 * the daemons of build/probe, and of use in sieverun's.  While a file of its
 * configuration has the line "# captured: runner", each such process says what
 * is next in turn and runs nothing: every message that sieverun may say, and
 * one that only the daemon may, in each form (hostile.h), with a keep behind
 * it; then the attempts below.  The last word is that of a run, so that what is
 * believed is done.  When all was said they work as ever.
 *
 *   probe.runner   attempts=
 *
 * tests/flow/test_capture_runner.py delivers messages to it, and looks at what
 * has become of them.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "ipc/sieve.h"
#include "log/log.h"
#include "sieve/result.h"
#include "sys/fd.h"
#include "tests/hostile.h"
#include "tests/probe.h"

/* Only sieverun has it. */
void __real_serve(int fd, enum role peer) __attribute__((weak));
void __wrap_serve(int fd, enum role peer);

struct attempt {
	const char *head; /* of the message as edited; NULL: none */
	bool ranged;
	struct msg_sieve_range range;
	struct msg_sieve_action action;
};

#define LETTER(from)                                                           \
	"From: " from "\r\nTo: x@far.test\r\nSubject: forged\r\n\r\n"

static unsigned *turn; /* of all processes; NULL: nothing is captured */

/* ---- what is tried ---- */

static const enum msg_type types[] = { MSG_sieve_piece, MSG_sieve_range,
	MSG_sieve_ask, MSG_sieve_action, MSG_sieve_done, MSG_sieve_compiled,
	MSG_sieve_ended, MSG_sieve_told, MSG_lookup_found };

enum { ATTEMPTS = 24 };

/* The N-th of them. */
static struct attempt
attempt_of(unsigned n)
{
	/* clang-format off */
	const struct attempt all[] = {
		/* places that are none of the account's */
		{ .action = { .kind = SIEVE_FILEINTO, .create = true, .mailbox = SLICE("../../bob"), .body_from = -1 } },
		{ .action = { .kind = SIEVE_FILEINTO, .create = true, .mailbox = SLICE("a/../../../bob/new"), .body_from = -1 } },
		{ .action = { .kind = SIEVE_FILEINTO, .create = true, .mailbox = SLICE("/etc/pabal-forged"), .body_from = -1 } },
		{ .action = { .kind = SIEVE_FILEINTO, .create = true, .mailbox = SLICE("."), .body_from = -1 } },
		{ .action = { .kind = SIEVE_FILEINTO, .create = true, .mailbox = SLICE("a\r\nb"), .body_from = -1 } },
		{ .action = { .kind = SIEVE_FILEINTO, .create = true, .mailbox = SLICE("x"), .mailbox_id = SLICE("../../bob"), .body_from = -1 } },
		{ .action = { .kind = SIEVE_FILEINTO, .create = true, .mailbox = SLICE("x"), .special_use = SLICE("\\Junk\r\n"), .body_from = -1 } },
		/* bytes that are none of the message's */
		{ .head = LETTER("a@b"), .action = { .kind = SIEVE_KEEP, .edited = true, .body_from = INT64_MAX } },
		{ .head = LETTER("a@b"), .action = { .kind = SIEVE_KEEP, .edited = true, .body_from = -2 } },
		{ .head = LETTER("a@b"), .ranged = true, .range = { .from = -4096, .size = 8192 }, .action = { .kind = SIEVE_KEEP, .edited = true, .body_from = -1 } },
		{ .head = LETTER("a@b"), .ranged = true, .range = { .from = 0, .size = INT64_MAX }, .action = { .kind = SIEVE_KEEP, .edited = true, .body_from = -1 } },
		{ .head = LETTER("a@b"), .ranged = true, .range = { .from = 1, .size = 1 }, .action = { .kind = SIEVE_REDIRECT, .edited = true, .to = SLICE("x@far.test"), .body_from = -1 } },
		/* commands, files and other senders */
		{ .head = LETTER("a@b"), .action = { .kind = SIEVE_REDIRECT, .edited = true, .to = SLICE("|touch /tmp/forged"), .body_from = 0 } },
		{ .head = LETTER("a@b"), .action = { .kind = SIEVE_REDIRECT, .edited = true, .to = SLICE("/etc/passwd"), .body_from = 0 } },
		{ .head = LETTER("a@b"), .action = { .kind = SIEVE_REDIRECT, .edited = true, .to = SLICE("x@far.test\r\nDATA"), .body_from = 0 } },
		{ .head = LETTER("bob@pabal.test"), .action = { .kind = SIEVE_NOTIFY, .edited = true, .to = SLICE("x@far.test"), .body_from = -1 } },
		{ .head = LETTER("bob@pabal.test"), .action = { .kind = SIEVE_VACATION, .edited = true, .to = SLICE("x@far.test"), .handle = SLICE("x"), .body_from = -1 } },
		{ .head = "no header at all", .action = { .kind = SIEVE_NOTIFY, .edited = true, .to = SLICE("x@far.test"), .body_from = -1 } },
		{ .head = "From: alice@pabal.test\r\nFrom: bob@pabal.test\r\n\r\n", .action = { .kind = SIEVE_NOTIFY, .edited = true, .to = SLICE("x@far.test"), .body_from = -1 } },
		/* what is no action */
		{ .action = { .kind = SIEVE_DISCARD, .body_from = -1 } },
		{ .action = { .kind = UINT32_MAX, .body_from = -1 } },
		{ .action = { .kind = SIEVE_REDIRECT, .to = SLICE("x@far.test"), .body_from = -1 } },
		{ .action = { .kind = SIEVE_KEEP, .seconds = UINT32_MAX, .body_from = -1 } },
		{ .action = { .kind = SIEVE_KEEP, .flagged = true, .flags = SLICE("\\Seen) BODY (\r\n ../../x \\Recent"), .body_from = -1 } },
	};
	/* clang-format on */

	_Static_assert(ARRAY_LEN(all) == ATTEMPTS, "count them");
	return all[n];
}

/* ---- how it is said ---- */

/* With FD where it is not -1. */
static void
say(int sock, const struct msg *m, int fd)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	int none;

	must(msg_put(m, &frame, &none));
	if (fd != -1)
		(void)hostile_send(sock, buf_slice(&frame), fd);
	else
		(void)send(sock, frame.p, frame.n, MSG_NOSIGNAL);
	buf_fini(&frame);
}

#define SAY(sock, name, ...)                                                   \
	say((sock),                                                            \
	    &(const struct msg){                                               \
		.type = MSG_##name, .name = { __VA_ARGS__ } },                 \
	    -1)

static void
say_attempt(int sock, const struct attempt *a)
{
	struct msg m = { .type = MSG_sieve_action, .sieve_action = a->action };

	if (a->action.kind > SIEVE_FILEINTO)
		SAY(sock, sieve_action, .kind = SIEVE_KEEP, .body_from = -1);
	if (a->head != NULL)
		SAY(sock, sieve_piece, .what = SIEVE_PIECE_HEAD,
		    .bytes = slice_str(a->head));
	if (a->ranged) {
		struct msg range = { .type = MSG_sieve_range,
			.sieve_range = a->range };

		say(sock, &range, -1);
	}
	say(sock, &m, -1);
}

/* False: all is said. */
static bool
say_next(int sock)
{
	const unsigned forms = ARRAY_LEN(types) * FORM_COUNT;
	const unsigned n = __atomic_fetch_add(turn, 1, __ATOMIC_SEQ_CST);

	if (n >= forms + ATTEMPTS)
		return false;
	if (n < forms) {
		(void)hostile_say(sock, types[n / FORM_COUNT],
		    (enum hostile_form)(n % FORM_COUNT));
		SAY(sock, sieve_action, .kind = SIEVE_KEEP, .body_from = -1);
	} else {
		const struct attempt a = attempt_of(n - forms);

		say_attempt(sock, &a);
	}
	SAY(sock, sieve_done, .status = SIEVE_END_DONE);
	return true;
}

/* What is said to it is read, or its own words would be lost with that. */
static void
read_to_the_end(int sock)
{
	struct msg m;
	int fd;

	while (hostile_hear(sock, 0, &m, &fd) == 1)
		fd_close(&fd);
}

void
__wrap_serve(int fd, enum role peer)
{
	if (turn != NULL && say_next(fd))
		read_to_the_end(fd);
	else
		__real_serve(fd, peer);
}

void
probe_runner(struct slice text)
{
	const struct slice mark = SLICE("# captured: runner\n");
	void *p;

	if (turn != NULL || slice_search(text, mark) == text.n)
		return;
	p = mmap(NULL, sizeof *turn, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	turn = p;
	log_info("probe.runner",
	    kv_u("attempts", ARRAY_LEN(types) * FORM_COUNT + ATTEMPTS));
}
