/* SPDX-License-Identifier: ISC */
#include "tests/hostile.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "ipc/frame.h"
#include "queue/envelope.h"
#include "queue/envelope_text.h"
#include "sys/fd.h"

enum { LONG = 4000 }; /* bytes: nine such fit a frame */

static enum hostile_value (*pick_value)(void);
static int the_fd;

/* By the name of the field.  The targets of aliases and envelopes are commands,
 * accounts are somebody else's. */
/* clang-format off */
static const struct {
	const char *field, *lie, *truth;
} strings[] = {
	{ "envelope",
	  "pabal-queue 1\nid FORGED\nsender a@b\n"
	  "rcpt alice@pabal.test target=|true uid=0\n", NULL },
	{ "recipients",
	  "0 address=alice@pabal.test account=alice@pabal.test "
	  "home=../../../../etc target=|true\n",
	  "0 address=alice@pabal.test account=alice@pabal.test "
	  "home=pabal.test/alice extension=lists\n"
	  "1 address=x@far.test notify=NEVER\n" },
	{ "targets", "C/bin/true\nI/etc/shadow\nAbob@pabal.test\n",
	  "Abob@pabal.test\n" },
	{ "target", "|true", "bob@pabal.test" },
	{ "account", "alice@pabal.test", "alice@pabal.test" },
	{ "login", "alice@pabal.test", "alice@pabal.test" },
	{ "authzid", "bob@pabal.test", "" },
	{ "address", "alice@pabal.test", "bob@pabal.test" },
	{ "home", "../../../../etc", "pabal.test/alice" },
	{ "dir", "../../../etc", "." },
	{ "mechanism", "PLAIN", "PLAIN" },
	{ "secret", "guessed", "secret" },
	{ "client", "127.0.0.1", "192.0.2.1" },
	{ "service", "imap", "smtp" },
	{ "ticket", "0123456789abcdef", "" },
	{ "nexthop", "smtp:[127.0.0.1]:1", "" },
	{ "domain", "[127.0.0.1]", "far.test" },
	{ "uri", "https://127.0.0.1/", "https://far.test/" },
	{ "filter", "state=waiting", "sender=*@b.test" },
	{ "verb", "delete", "list" },
	{ "qid", "../../etc/passwd", "" },
	{ "name", "../../etc/passwd", "far.test" },
	{ "key", "../../etc/shadow", "" },
	{ "tag", "A1 OK\r\nA2", "A1" },
	{ "input", "A1 SELECT INBOX\r\n", "" },
	{ "cursor", "../new", "" },
	{ "path", "../../etc/passwd", "" },
	{ "base", "https://forged.test", "https://mx.pabal.test" },
	{ "dsn", "2.0.0", "4.2.0" },
};
/* clang-format on */

/* As smtpd writes it. */
static struct slice
true_envelope(void)
{
	struct envelope_rcpt rcpts[] = { { .address =
						 SLICE("alice@pabal.test") },
		{ .address = SLICE("x@far.test"), .notify = SLICE("DELAY") } };
	static struct buf text = { .max = 4096 };
	const struct envelope env = {
		.sender = SLICE("a@b.test"),
		.client = SLICE("192.0.2.1"),
		.protocol = SLICE("ESMTP"),
		.rcpts = rcpts,
		.nrcpts = ARRAY_LEN(rcpts),
	};

	if (text.n == 0)
		envelope_format(&env, &text);
	return buf_slice(&text);
}

static void
set_str(struct slice *s, const char *field)
{
	static char octets[LONG];
	const enum hostile_value value = pick_value();

	memset(octets, 0xff, sizeof octets);
	*s = value == HOSTILE_MAX ? slice_of(octets, sizeof octets)
				  : slice_of(NULL, 0);
	if (value == HOSTILE_LIE)
		*s = SLICE("x\r\nforged: y");
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		if (strcmp(field, strings[i].field) != 0)
			continue;
		if (value == HOSTILE_LIE)
			*s = slice_str(strings[i].lie);
		if (value == HOSTILE_TRUE)
			*s = strings[i].truth != NULL
				 ? slice_str(strings[i].truth)
				 : true_envelope();
	}
}

static uint64_t
number(uint64_t most)
{
	const enum hostile_value value = pick_value();

	return value == HOSTILE_ZERO ? 0 : value == HOSTILE_MAX ? most : 1;
}

static void
set_u64(uint64_t *v, const char *field)
{
	(void)field;
	*v = number(UINT64_MAX);
}

static void
set_i64(int64_t *v, const char *field)
{
	const uint64_t n = number(UINT64_MAX);

	(void)field;
	*v = n == UINT64_MAX ? INT64_MIN : (int64_t)n;
}

/* A uid of the lie is root's. */
static void
set_u32(uint32_t *v, const char *field)
{
	*v = (uint32_t)number(UINT32_MAX);
	if (strcmp(field, "uid") == 0 && *v == 1)
		*v = 0;
}

static void
set_bool(bool *v, const char *field)
{
	(void)field;
	*v = number(1) != 0;
}

static void
set_code(enum err_code *v, const char *field)
{
	(void)field;
	*v = (enum err_code)number(ERR_CODES - 1);
}

static void
set_fd(int *fd, const char *field)
{
	(void)field;
	*fd = the_fd;
}

void
hostile_fill(struct msg *m, enum hostile_value (*pick)(void), int fd)
{
	pick_value = pick;
	the_fd = fd;
	switch (m->type) {
#define F(kind, name) set_##kind(&x->name, #name);
#define MSG(name, from, to, fields)                                            \
	case MSG_##name: {                                                     \
		struct msg_##name *x = &m->name;                               \
		fields break;                                                  \
	}
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
#undef F
	case MSG_none:
	case MSG_COUNT:
	default:
		break;
	}
}

/* ---- what came back ---- */

static void
say_str(struct buf *out, const char *name, struct slice v)
{
	buf_addf(out, "%s:%zu ", name, v.n);
}

static void
say_u64(struct buf *out, const char *name, uint64_t v)
{
	buf_addf(out, "%s=%llu ", name, (unsigned long long)v);
}

static void
say_u32(struct buf *out, const char *name, uint32_t v)
{
	say_u64(out, name, v);
}

static void
say_i64(struct buf *out, const char *name, int64_t v)
{
	say_u64(out, name, (uint64_t)v);
}

static void
say_bool(struct buf *out, const char *name, bool v)
{
	say_u64(out, name, v);
}

static void
say_code(struct buf *out, const char *name, enum err_code v)
{
	say_u64(out, name, v);
}

static void
say_fd(struct buf *out, const char *name, int v)
{
	buf_addf(out, "%s:%s ", name, v == -1 ? "none" : "fd");
}

void
hostile_describe(const struct msg *m, struct buf *out)
{
	buf_addf(out, "%s ", msg_name(m->type));
	switch (m->type) {
#define F(kind, name) say_##kind(out, #name, x->name);
#define MSG(name, from, to, fields)                                            \
	case MSG_##name: {                                                     \
		const struct msg_##name *x = &m->name;                         \
		fields break;                                                  \
	}
#define REPLY(name, from, to, fields) MSG(name, from, to, fields)
#include "ipc/all.def" // IWYU pragma: keep
#undef MSG
#undef REPLY
#undef F
	case MSG_none:
	case MSG_COUNT:
	default:
		break;
	}
}

bool
hostile_send(int sock, struct slice frame, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_len = frame.n };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	/* sendmsg only reads; its struct knows no const. */
	memcpy(&iov.iov_base, &frame.p, sizeof iov.iov_base);
	if (fd != -1) {
		struct cmsghdr *c;

		h.msg_control = control.room;
		h.msg_controllen = sizeof control.room;
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT) != -1;
}

int
hostile_hear(int sock, int flags, struct msg *m, int *with)
{
	static char frame[MSG_MAX_BYTES];
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { frame, sizeof frame };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room };
	const ssize_t n = recvmsg(sock, &h, flags | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c;

	*with = -1;
	if (n <= 0)
		return (int)n;
	c = CMSG_FIRSTHDR(&h);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(with, CMSG_DATA(c), sizeof *with);
	must(msg_get(slice_of(frame, (size_t)n), *with, m));
	return 1;
}

/* ---- forms ---- */

const char *
hostile_form_name(enum hostile_form form)
{
	static const char *const names[] = { "zero", "max", "lie", "short",
		"long", "fd" };

	return names[form];
}

static enum hostile_value value_of_form;

static enum hostile_value
the_same(void)
{
	return value_of_form;
}

bool
hostile_say(int sock, enum msg_type type, enum hostile_form form)
{
	struct msg m = { .type = type };
	struct buf frame = { .max = MSG_MAX_BYTES + 1024 };
	int fd = -1;
	bool ok;

	value_of_form = form == FORM_ZERO  ? HOSTILE_ZERO
			: form == FORM_MAX ? HOSTILE_MAX
					   : HOSTILE_LIE;
	/* A socket is as good as any: nothing may be taken for granted. */
	if (msg_fd(&m) != NULL && form != FORM_FD)
		fd = fcntl(sock, F_DUPFD_CLOEXEC, 3);
	hostile_fill(&m, the_same, fd);
	must(msg_put(&m, &frame, &fd));
	if (form == FORM_SHORT)
		frame.n--;
	if (form == FORM_LONG)
		buf_add(&frame, SLICE("x"));
	if (form == FORM_FD && msg_fd(&m) == NULL)
		fd = fcntl(sock, F_DUPFD_CLOEXEC, 3);
	ok = hostile_send(sock, buf_slice(&frame), fd);
	fd_close(&fd);
	buf_fini(&frame);
	return ok;
}

void
hostile_goodbye(int sock)
{
	(void)hostile_send(sock, SLICE("\xff\xff"), -1);
}

static bool
may_say(enum role self, enum role to, enum msg_type type)
{
	return msg_may_send(self, type) && msg_may_receive(to, type);
}

/* An fd that is not there is the handler's to notice. */
bool
hostile_must_drop(
    enum role self, enum role to, enum msg_type type, enum hostile_form form)
{
	struct msg m = { .type = type };

	if (!may_say(self, to, type))
		return true;
	if (form == FORM_FD)
		return msg_fd(&m) == NULL;
	return form >= FORM_SHORT;
}

/* A request's reply stands behind it in the .def file (job_result is between
 * job_start and its own). */
bool
hostile_has_answer(enum role self, enum role to, enum msg_type type)
{
	if (msg_is_reply(type) || type == MSG_queue_part ||
	    type == MSG_queue_abort || type == MSG_report_part ||
	    type == MSG_sts_part)
		return false;
	for (unsigned t = type + 1; t < MSG_COUNT && t <= type + 2U; t++)
		if (msg_is_reply((enum msg_type)t) &&
		    may_say(to, self, (enum msg_type)t))
			return true;
	return false;
}
