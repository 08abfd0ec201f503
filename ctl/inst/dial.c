/* SPDX-License-Identifier: ISC */
#include "ctl/inst/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/cur.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/inst/owner.h"
#include "ctl/view/out.h"
#include "ipc/frame.h"
#include "sys/fd.h"

enum {
	VERB_TIMEOUT_MS = 60000,
	TRIAL_TIMEOUT_MS = 1200000, /* processes start and end meanwhile */
	CONNECT_TIMEOUT_MS = 30000,
};

pid_t
dial_master_pid(const struct instance *in)
{
	char *path = xasprintf("%s/master.pid", in->run);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text = { .max = 64 };
	struct cur c;
	pid_t pid = 0;

	free(path);
	if (fd == -1)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK &&
	    fd_read_file(fd, &text, NULL) == 0) {
		c = cur_of(slice_trim(buf_slice(&text)));
		pid = (pid_t)cur_u64(&c, INT32_MAX);
		if (!cur_end(&c))
			pid = 0;
	}
	buf_fini(&text);
	fd_close(&fd);
	return pid;
}

static int
connect_master(struct dial *d, const struct instance *in, struct err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char *path = xasprintf("%s/master.sock", in->run);
	int rc = -1;

	if (!slice_copy(slice_str(path), un.sun_path, sizeof un.sun_path)) {
		err_set(err, ERR_PERM,
		    "%s is too long for a socket's path: choose a shorter "
		    "directory",
		    path);
		goto out;
	}
	d->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (d->fd == -1)
		err_sys(err, ERR_TEMP, "socket");
	else if (connect(d->fd, (const struct sockaddr *)&un, sizeof un) == 0)
		rc = 0;
	else if (errno == ENOENT || errno == ECONNREFUSED)
		err_set(err, ERR_TEMP,
		    "pabal is not running: \"pabal %sstart\" starts it",
		    instance_flag(in));
	else
		err_sys(err, ERR_TEMP, "connect to %s", path);
out:
	free(path);
	return rc;
}

/* Exchange the channel to master for one to ROLE. */
static int
connect_to(struct dial *d, enum role role, struct err *err)
{
	struct msg m = { .type = MSG_master_connect,
		.master_connect = { .role = role } };

	if (dial_send(d, &m, err) == -1 ||
	    dial_recv(d, &m, CONNECT_TIMEOUT_MS, err) == -1)
		return -1;
	if (m.type != MSG_master_connected)
		return err_set(
		    err, ERR_TEMP, "master answers %s", msg_name(m.type));
	if (!m.master_connected.ok || m.master_connected.sock == -1) {
		fd_close(&m.master_connected.sock);
		return err_set(err, ERR_TEMP, "no way to %s: %.*s",
		    role_name(role), SLICE_FMT(m.master_connected.why));
	}
	fd_close(&d->fd);
	d->fd = m.master_connected.sock;
	return 0;
}

int
dial_open(
    struct dial *d, const struct instance *in, enum role role, struct err *err)
{
	*d = (struct dial){ .fd = -1 };
	buf_init(&d->frame, MSG_MAX_BYTES);
	if (connect_master(d, in, err) == 0 &&
	    (role == ROLE_MASTER || connect_to(d, role, err) == 0))
		return 0;
	dial_close(d);
	return -1;
}

void
dial_close(struct dial *d)
{
	fd_close(&d->fd);
	buf_fini(&d->frame);
}

int
dial_send(struct dial *d, struct msg *m, struct err *err)
{
	struct buf frame = { .max = MSG_MAX_BYTES };
	int fd, rc = 0;

	m->id = ++d->id;
	if (!msg_put(m, &frame, &fd))
		rc = err_set(err, ERR_PERM, "%s is too large to send",
		    msg_name(m->type));
	else if (send(d->fd, frame.p, frame.n, MSG_NOSIGNAL) == -1)
		rc = err_sys(err, ERR_TEMP, "send %s", msg_name(m->type));
	buf_fini(&frame);
	return rc;
}

/* One packet into d->frame; 0 bytes is the end. */
static ssize_t
receive(struct dial *d, int *fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_len = MSG_MAX_BYTES };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	const struct cmsghdr *c;
	ssize_t n;

	buf_reset(&d->frame);
	iov.iov_base = buf_room(&d->frame, MSG_MAX_BYTES);
	do {
		n = recvmsg(d->fd, &h, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	*fd = -1;
	c = CMSG_FIRSTHDR(&h);
	if (n >= 0 && c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	if (n > 0)
		buf_added(&d->frame, (size_t)n);
	return n;
}

int
dial_recv(struct dial *d, struct msg *m, int timeout_ms, struct err *err)
{
	struct pollfd p = { .fd = d->fd, .events = POLLIN };
	int fd, ready;
	ssize_t n;

	do {
		ready = poll(&p, 1, timeout_ms);
	} while (ready == -1 && errno == EINTR);
	if (ready == 0)
		return err_set(err, ERR_TEMP, "no answer in %d seconds",
		    timeout_ms / 1000);
	n = receive(d, &fd);
	if (n == -1)
		return err_sys(err, ERR_TEMP, "receive");
	if (n == 0)
		return err_set(err, ERR_TEMP,
		    "the other side closed the channel (is the caller allowed "
		    "to ask this?)");
	if (!msg_get(buf_slice(&d->frame), fd, m)) {
		fd_close(&fd);
		return err_set(err, ERR_TEMP,
		    "an invalid answer: are pabal and its daemons "
		    "of one version?");
	}
	return 0;
}

static bool
takes_long(const char *verb)
{
	return strcmp(verb, "reload") == 0 || strcmp(verb, "check") == 0;
}

int
dial_verb(const struct instance *in, const char *verb, bool *ok,
    struct buf *text, struct err *err)
{
	struct msg m = { .type = MSG_master_control,
		.master_control = { .verb = slice_str(verb) } };
	const char *owner = owner_other(in);
	const bool is_long = takes_long(verb);
	const int timeout = is_long ? TRIAL_TIMEOUT_MS : VERB_TIMEOUT_MS;
	struct dial d;
	int rc;

	if (owner != NULL)
		return err_set(err, ERR_PERM, "only %s may ask this", owner);
	if (dial_open(&d, in, ROLE_MASTER, err) == -1)
		return -1;
	rc = dial_send(&d, &m, err);
	do {
		if (rc == 0)
			rc = dial_recv(&d, &m, timeout, err);
		if (rc == 0 && m.type != MSG_master_controlled)
			rc = err_set(err, ERR_TEMP, "master answers %s",
			    msg_name(m.type));
		if (rc == 0 && is_long && m.master_controlled.more)
			out_text(stderr, m.master_controlled.text);
		else if (rc == 0)
			buf_add(text, m.master_controlled.text);
	} while (rc == 0 && m.master_controlled.more);
	if (rc == 0)
		*ok = m.master_controlled.ok;
	dial_close(&d);
	return rc;
}
