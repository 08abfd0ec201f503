/* SPDX-License-Identifier: ISC */
#include "ctl/move/stranger.h"

#include <bsd/unistd.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/cmd/confined.h"
#include "ctl/cmd/ctl.h"
#include "ctl/imap/serve.h"
#include "ctl/inst/sysusers.h"
#include "ctl/move/source.h"
#include "sys/fd.h"
#include "tls/client.h"

/* As whom it runs: connections to other hosts are smtp's trade, too. */
#define STRANGER_USER "pabal-smtp"

enum { CHANNEL_BYTES = 1 << 20 };

/* Nothing but FD, as descriptor 3, and standard error. */
static int
keep_only(int fd, struct err *err)
{
	const int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (none == -1 || dup2(none, 0) == -1 || dup2(none, 1) == -1 ||
	    (fd != 3 && dup2(fd, 3) == -1))
		return err_sys(err, ERR_TEMP, "descriptors");
	closefrom(4);
	return 3;
}

static int
drop_root(struct err *err)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return 0;
	if (sysusers_find(STRANGER_USER, &uid, &gid, err) == -1)
		return -1;
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return err_sys(err, ERR_PERM, "become " STRANGER_USER);
	return 0;
}

static int
confine(void *arg, struct err *err)
{
	const struct move_stranger *s = arg;
	const struct ctl_confined c = { .uid = geteuid(), .gid = getegid() };

	return s->ctl->confine(&c, err);
}

static int
run(struct move_stranger s, int fd)
{
	struct tls_client *client = tls_client_new();
	const struct imap_serve serve = {
		.login = { .host = s.source->host,
		    .port = s.source->port,
		    .name = s.source->login,
		    .password = s.password,
		    .tls = s.source->tls,
		    .cleartext = s.cleartext,
		    .verified = !s.no_verify,
		    .client = client,
		    .timeout_ms = s.timeout_ms },
		.confine = confine,
		.arg = &s,
	};
	struct err err;

	s.forget(s.arg);
	fd = keep_only(fd, &err);
	if (fd == -1 || drop_root(&err) == -1 ||
	    (s.ca.n > 0 && tls_client_trust(client, s.ca, &err) == -1))
		return ctl_fail_err(&err);
	return imap_serve(fd, &serve);
}

pid_t
move_stranger_start(const struct move_stranger *s, int *fd, struct err *err)
{
	const int bytes = CHANNEL_BYTES;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return err_sys(err, ERR_TEMP, "socketpair");
	for (int i = 0; i < 2; i++)
		(void)setsockopt(
		    ends[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	pid = fork();
	if (pid == 0)
		_exit(run(*s, ends[1]));
	fd_close(&ends[1]);
	if (pid == -1) {
		fd_close(&ends[0]);
		return err_sys(err, ERR_TEMP, "fork");
	}
	*fd = ends[0];
	return pid;
}
