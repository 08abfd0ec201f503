/* SPDX-License-Identifier: ISC */
/*
 * The process is the leader of its group, so that the time limit ends all that
 * it started.  It is waited for by its own number and its group is killed only
 * before that, while the number cannot belong to anybody else.
 */
#include "pipe/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bsd/sys/queue.h>

#include "base/mem.h"
#include "base/slice.h"
#include "sys/fd.h"

enum { READ_CHUNK = 4096, READS_A_TURN = 16 };

static TAILQ_HEAD(, command) running = TAILQ_HEAD_INITIALIZER(running);

/* Read what is there, keep the beginning, and throw the rest away, so that a
 * command never waits for us. */
static void
read_output(struct command *c)
{
	for (int i = 0; i < READS_A_TURN && c->output.fd != -1; i++) {
		char piece[READ_CHUNK];
		const ssize_t n = read(c->output.fd, piece, sizeof piece);
		const size_t room = c->printed.max - c->printed.n;

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			ev_io_stop(&c->output);
			fd_close(&c->output.fd);
			return;
		}
		buf_add(&c->printed,
		    slice_sub(slice_of(piece, (size_t)n), 0, room));
	}
}

static void
on_output(struct ev_io *io, unsigned events)
{
	(void)events;
	read_output(OUTER(io, struct command, output));
}

/* It has no group of its own before it has come to setsid. */
static void
kill_group(const struct command *c)
{
	if (kill(-c->pid, SIGKILL) == -1)
		(void)kill(c->pid, SIGKILL);
}

static void
on_feed_error(struct feed *f)
{
	kill_group(OUTER(f, struct command, feed));
}

static void
on_limit(struct ev_timer *t)
{
	struct command *c = OUTER(t, struct command, limit);

	c->timed_out = true;
	kill_group(c);
}

static void
ended(struct command *c, int wait_status)
{
	TAILQ_REMOVE(&running, c, link);
	c->pid = 0;
	c->wait_status = wait_status;
	ev_timer_stop(&c->limit);
	/* Its children may hold the pipe open: what is there now counts. */
	read_output(c);
	c->on_end(c);
}

static void
on_child(int signo)
{
	struct command *c, *tmp;
	int status;

	(void)signo;
	TAILQ_FOREACH_SAFE(c, &running, link, tmp)
	if (waitpid(c->pid, &status, WNOHANG) == c->pid)
		ended(c, status);
}

void
command_init(void)
{
	ev_signal(SIGCHLD, on_child);
}

struct pipes {
	int in[2];
	int out[2];
};

static void
pipes_close(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		fd_close(&p->in[i]);
		fd_close(&p->out[i]);
	}
}

static int
pipes_open(struct pipes *p, struct err *err)
{
	*p = (struct pipes){ { -1, -1 }, { -1, -1 } };
	if (pipe2(p->in, O_CLOEXEC) == -1 || pipe2(p->out, O_CLOEXEC) == -1) {
		err_sys(err, ERR_TEMP, "pipe");
		goto fail;
	}
	/* Our ends only: the command's must block as programs expect it. */
	if (fd_nonblock(p->in[1], err) == -1 ||
	    fd_nonblock(p->out[0], err) == -1)
		goto fail;
	return 0;
fail:
	pipes_close(p);
	return -1;
}

int
command_start(struct command *c, char *const argv[], char *const envp[],
    struct command_input *in, const struct command_limits *limits,
    void (*on_end)(struct command *c), struct err *err)
{
	struct pipes p;

	*c = (struct command){ .on_end = on_end, .output = { .fd = -1 } };
	if (pipes_open(&p, err) == 0) {
		const int fds[] = { p.in[0], p.out[1], p.out[1] };

		c->pid = spawn_guest(argv[0], argv, envp, fds, ARRAY_LEN(fds),
		    &limits->spawn, err);
	} else
		c->pid = -1;
	if (c->pid == -1) {
		pipes_close(&p);
		return -1;
	}
	buf_init(&c->printed, limits->output_max);
	feed_start(&c->feed, p.in[1], in->head, in->file, in->offset, in->size,
	    on_feed_error);
	ev_io_init(&c->output, p.out[0], on_output);
	ev_io_set(&c->output, EV_READ);
	p.in[1] = p.out[0] = -1;
	pipes_close(&p);
	ev_timer_init(&c->limit, on_limit);
	ev_timer_set(&c->limit, limits->timeout_ms);
	TAILQ_INSERT_TAIL(&running, c, link);
	return 0;
}

void
command_fini(struct command *c)
{
	feed_stop(&c->feed);
	ev_timer_stop(&c->limit);
	ev_io_stop(&c->output);
	fd_close(&c->output.fd);
	buf_fini(&c->printed);
}

void
command_kill_all(void)
{
	const struct command *c;

	TAILQ_FOREACH(c, &running, link)
	kill_group(c);
}
