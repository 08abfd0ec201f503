/* SPDX-License-Identifier: ISC */
#include "master/logpipe.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "log/line.h"
#include "log/log.h"
#include "log/named.h"
#include "master/logindex.h"
#include "sys/fd.h"

enum { PIPE_BYTES = 64 << 10, READ_BYTES = 8 << 10 };

struct logpipe {
	TAILQ_ENTRY(logpipe) link;
	uint64_t id;
	int fd; /* reading end */
	char name[32];
	unsigned index;
	pid_t pid;
};

static struct {
	const char *file;
	bool copy;
	bool ended;
	int std; /* fd 2 of the start, not blocking where that can be */
	int out; /* the log, for the last words */
	struct ipc *logger;
	uint64_t last_id;
	TAILQ_HEAD(, logpipe) all;
} pipes = { .std = -1, .out = -1, .all = TAILQ_HEAD_INITIALIZER(pipes.all) };

/* Not blocking is a matter of the open file, and fd 2 is shared with the shell
 * that started us: so it is opened once more, which a socket cannot be. */
static int
open_std(void)
{
	const int fd = open(
	    "/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);

	return fd != -1 ? fd : fcntl(2, F_DUPFD_CLOEXEC, 3);
}

static int
open_file(void)
{
	return open(pipes.file,
	    O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0640);
}

void
logpipe_try(const char *file, struct buf *why)
{
	const struct slice path = slice_str(file);
	char *dir = xslicedup(slice_sub(path, 0, slice_rfind(path, '/')));
	int fd = open(file, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT && access(dir, W_OK | X_OK) == -1)
		buf_addf(why, "log: %s: %s\n", dir, strerrordesc_np(errno));
	else if (fd == -1 && errno != ENOENT)
		buf_addf(
		    why, "log: open %s: %s\n", file, strerrordesc_np(errno));
	fd_close(&fd);
	free(dir);
}

bool
logpipe_started(void)
{
	return pipes.out != -1;
}

struct logpipe *
logpipe_new(int *fd, struct err *err)
{
	struct logpipe *p;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1) {
		err_sys(err, ERR_TEMP, "pipe");
		return NULL;
	}
	p = xcalloc(1, sizeof *p);
	p->id = ++pipes.last_id;
	p->fd = ends[0];
	*fd = ends[1];
	TAILQ_INSERT_TAIL(&pipes.all, p, link);
	return p;
}

static void
hand_over(const struct logpipe *p)
{
	if (pipes.logger != NULL && p->pid != 0)
		IPC_SEND(pipes.logger, logger_pipe, .pipe = p->id,
		    .name = slice_str(p->name), .index = p->index,
		    .pid = (uint32_t)p->pid, .end = p->fd);
}

void
logpipe_name(struct logpipe *p, const char *daemon, unsigned index, pid_t pid)
{
	strlcpy(p->name, daemon, sizeof p->name);
	p->index = index;
	p->pid = pid;
	hand_over(p);
}

void
logpipe_free(struct logpipe *p)
{
	TAILQ_REMOVE(&pipes.all, p, link);
	fd_close(&p->fd);
	free(p);
}

int
logpipe_start(const char *file, bool copy, struct err *err)
{
	struct logpipe *p;
	int end;

	pipes.file = file;
	pipes.copy = copy && file != NULL;
	pipes.std = open_std();
	if (file != NULL && (pipes.out = open_file()) == -1)
		return err_sys(err, ERR_PERM, "open %s", file);
	if (file == NULL)
		pipes.out = pipes.std;
	p = logpipe_new(&end, err);
	if (p == NULL)
		return -1;
	logpipe_name(p, "master", 0, getpid());
	(void)dup2(end, 2);
	fd_close(&end);
	log_unnamed(true);
	return 0;
}

/* Without an index the log is searched by reading; so that is said, and all
 * goes on. */
static void
send_index(int log)
{
	struct stat st;
	struct err err;
	int fd;

	if (fstat(log, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	fd = logindex_open(pipes.file, log, &err);
	if (fd == -1)
		log_warn("master.log-index-failed", kv_s("file", pipes.file),
		    kv_s("why", err.text));
	else
		IPC_SEND(pipes.logger, logger_index, .file = fd);
	fd_close(&fd);
}

static void
send_files(void)
{
	int fd = pipes.file != NULL ? open_file()
				    : fcntl(pipes.std, F_DUPFD_CLOEXEC, 3);

	if (fd == -1)
		log_warn("master.log-open-failed",
		    kv_s("file", pipes.file != NULL ? pipes.file : "stderr"));
	else if (pipes.logger != NULL)
		IPC_SEND(pipes.logger, logger_file, .copy = false, .file = fd);
	if (fd != -1 && pipes.logger != NULL && pipes.file != NULL)
		send_index(fd);
	if (fd != -1 && pipes.file != NULL)
		(void)dup3(fd, pipes.out, O_CLOEXEC);
	fd_close(&fd);
}

void
logpipe_reopen(void)
{
	if (pipes.file != NULL)
		send_files();
}

void
logpipe_logger(struct ipc *peer)
{
	const struct logpipe *p;

	pipes.logger = peer;
	if (peer == NULL)
		return;
	send_files();
	if (pipes.copy)
		IPC_SEND(peer, logger_file, .copy = true, .file = pipes.std);
	TAILQ_FOREACH(p, &pipes.all, link)
	hand_over(p);
}

void
logpipe_on_closed(struct ipc *peer, struct msg *m)
{
	struct logpipe *p;

	if (peer != pipes.logger)
		return;
	TAILQ_FOREACH(p, &pipes.all, link)
	if (p->id == m->logger_closed.pipe) {
		logpipe_free(p);
		return;
	}
}

bool
logpipe_sync(struct ipc_call *call,
    void (*done)(struct ipc_call *, struct msg *), int64_t timeout_ms)
{
	(void)log_flush();
	if (pipes.logger == NULL)
		return false;
	IPC_CALL(pipes.logger, call, logger_synced, done, timeout_ms,
	    logger_sync, .id = 0);
	return true;
}

void
logpipe_end(void)
{
	if (pipes.ended || pipes.out == -1)
		return;
	pipes.ended = true;
	log_info("master.stopped");
	(void)log_flush();
	(void)dup2(pipes.out, 2);
	log_unnamed(false);
}

static void
write_line(struct slice raw, const struct log_writer *w)
{
	struct buf out = { .max = LOG_NAMED_MAX };

	log_named(raw, w, &out);
	(void)!write(2, out.p, out.n);
	if (pipes.copy)
		(void)!write(pipes.std, out.p, out.n);
	buf_fini(&out);
}

/* What P holds, which is no more than a pipe can. */
static void
write_rest(const struct logpipe *p)
{
	const struct log_writer w = log_writer(
	    p->name[0] != '\0' ? p->name : "pabal", p->index, (int)p->pid);
	struct buf text = { .max = PIPE_BYTES };
	struct slice rest;
	ssize_t n;

	while ((n = read(p->fd, buf_room(&text, READ_BYTES), READ_BYTES)) > 0) {
		buf_added(&text, (size_t)n);
		rest = buf_slice(&text);
		while (slice_find(rest, '\n') < rest.n)
			write_line(slice_cut(rest, '\n', &rest), &w);
		buf_consume(&text, text.n - rest.n);
	}
	if (text.n > 0)
		write_line(buf_slice(&text), &w);
	buf_fini(&text);
}

void
logpipe_last_words(void)
{
	const struct logpipe *p;

	logpipe_end();
	TAILQ_FOREACH(p, &pipes.all, link)
	write_rest(p);
}
