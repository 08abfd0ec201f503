/* SPDX-License-Identifier: ISC */
/*
 * Any user of the host who says whatever he likes to master.sock and, through
 * it, to everybody: as tests/probe_ipc.c does from inside a daemon, a channel
 * for each message.  The socket of sendmail, which expects SMTP, gets them all
 * as well.  Prints lines as they stand in the log:
 *
 *   probe.reach   to= got=
 *   probe.message to= name= form= must= got= answer=
 *   probe.stream  form= got=
 *
 * usage: captor RUN
 * RUN is the directory of master.sock.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/must.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "sys/fd.h"
#include "tests/hostile.h"

enum { PATIENCE_MS = 90000, WHY_MAX = 200 };

static const char *run;

static int
dial_path(const char *name, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof un.sun_path, "%s/%s", run, name);
	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&un, sizeof un) == -1)
		err(1, "connect to %s", un.sun_path);
	return fd;
}

/* What comes on SOCK: 1 a message, 0 the end, -1 nothing in time. */
static int
hear(int sock, struct msg *m)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int fd;

	if (poll(&p, 1, PATIENCE_MS) != 1)
		return -1;
	return hostile_hear(sock, 0, m, &fd) == 1;
}

/* A channel to ROLE; -1 and WHY when there is none. */
static int
dial(enum role role, char why[WHY_MAX])
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	struct msg m = { .type = MSG_master_connect,
		.master_connect = { .id = 1, .role = role } };
	int fd = dial_path("master.sock", SOCK_SEQPACKET), none, sock = -1;

	if (role == ROLE_MASTER)
		return fd;
	must(msg_put(&m, &frame, &none));
	(void)hostile_send(fd, buf_slice(&frame), -1);
	snprintf(why, WHY_MAX, "no answer");
	if (hear(fd, &m) == 1 && m.type == MSG_master_connected) {
		(void)slice_copy(m.master_connected.why, why, WHY_MAX);
		if (m.master_connected.ok)
			sock = m.master_connected.sock;
	}
	buf_fini(&frame);
	fd_close(&fd);
	return sock;
}

/* What he is answered, in the end: his own notes, that he changes nothing by.
 */
static const char *
listen_to(int sock, bool must_drop, struct buf *answer)
{
	struct msg m;
	int n;

	while ((n = hear(sock, &m)) == 1) {
		int *fd = msg_fd(&m);

		if (!must_drop && answer->n == 0)
			hostile_describe(&m, answer);
		if (fd != NULL)
			fd_close(fd);
	}
	return n == -1 ? "nothing" : answer->n == 0 ? "dropped" : "answered";
}

static bool
say(enum role to, enum msg_type type, enum hostile_form form)
{
	const bool drop = hostile_must_drop(ROLE_USER, to, type, form);
	struct buf answer = { .max = MSG_MAX_BYTES };
	char why[WHY_MAX];
	int sock = dial(to, why);

	if (sock == -1) {
		printf("- user[0] info: probe.reach to=%s got=\"%s\"\n",
		    role_name(to), why);
		return false;
	}
	(void)hostile_say(sock, type, form);
	if (!drop)
		hostile_goodbye(sock);
	printf("- user[0] info: probe.message to=%s name=%s form=%s must=%s "
	       "got=%s ",
	    role_name(to), msg_name(type), hostile_form_name(form),
	    drop ? "drop" : "any", listen_to(sock, drop, &answer));
	printf("answer=\"%s\"\n", buf_cstr(&answer));
	buf_fini(&answer);
	fd_close(&sock);
	return true;
}

static void
say_all(enum role to)
{
	for (unsigned type = 1; type < MSG_COUNT; type++)
		for (unsigned form = 0; form < FORM_COUNT; form++)
			if (!say(to, (enum msg_type)type,
				(enum hostile_form)form))
				return;
	printf("- user[0] info: probe.reach to=%s got=ok\n", role_name(to));
}

/* SMTP is what is spoken there: the session must come to an end. */
static void
say_all_in_a_stream(enum hostile_form form)
{
	const int sock = dial_path("public/smtpd", SOCK_STREAM);
	struct pollfd p = { .fd = sock, .events = POLLIN };
	char replies[4096];
	ssize_t n = -1;

	for (unsigned type = 1; type < MSG_COUNT; type++) {
		(void)hostile_say(sock, (enum msg_type)type, form);
		(void)hostile_send(sock, SLICE("\r\n"), -1);
	}
	(void)shutdown(sock, SHUT_WR);
	while (poll(&p, 1, PATIENCE_MS) == 1 &&
	       (n = read(sock, replies, sizeof replies)) > 0)
		continue;
	printf("- user[0] info: probe.stream form=%s got=%s\n",
	    hostile_form_name(form),
	    n == 0 || errno == ECONNRESET ? "ended" : "nothing");
	close(sock);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: captor RUN");
	run = argv[1];
	for (unsigned to = 0; to < ROLE_COUNT; to++)
		say_all((enum role)to);
	for (unsigned form = 0; form < FORM_COUNT; form++)
		say_all_in_a_stream((enum hostile_form)form);
	return 0;
}
