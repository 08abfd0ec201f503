/* SPDX-License-Identifier: ISC */
/*
 * logger: writes the log.  Each process has a pipe of its own to it, so none
 * can write in another's name or touch what is written; and a disk or a
 * journal that is slow holds up this process alone.  The log and its index are
 * descriptors for appending that master hands over; there is no other file.
 */
#include <signal.h>
#include <stdint.h>

#include "base/err.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "logger/conf.h"
#include "logger/pipes.h"
#include "logger/sink.h"
#include "proc/sandbox.h"
#include "proc/service.h"

enum {
	LOOK_MS = 20,
	SILENCE_MS = 2000, /* whoever still has a pipe will say no more */
	LAST_MS = 10000,   /* after the end of master */
};

static struct ev_timer ending;
static int64_t ending_since_ms;

static int
on_start(struct err *err)
{
	(void)err;
	logger_sinks_on_room = logger_pipes_resume;
	return 0;
}

/* Master ends this daemon last, or has died, and then all others end.  A
 * terminal that nobody looks at is not waited for long. */
static void
on_ending(struct ev_timer *t)
{
	const int64_t silent_ms = ev_now_ms() - logger_pipes_read_ms();
	const int64_t ending_ms = ev_now_ms() - ending_since_ms;

	if (logger_sink_empty(SINK_LOG) &&
	    (logger_sink_empty(SINK_COPY) || ending_ms >= SILENCE_MS) &&
	    (logger_pipes_done() || silent_ms >= SILENCE_MS)) {
		logger_sinks_end();
		ev_stop();
	} else {
		ev_timer_set(t, LOOK_MS);
	}
}

static void
on_stop(void)
{
	ending_since_ms = ev_now_ms();
	ev_timer_init(&ending, on_ending);
	ev_timer_set(&ending, 0);
}

static void
on_file(struct ipc *peer, struct msg *m)
{
	(void)peer;
	logger_sink_open(
	    m->logger_file.copy ? SINK_COPY : SINK_LOG, m->logger_file.file);
	m->logger_file.file = -1;
}

static void
on_index(struct ipc *peer, struct msg *m)
{
	(void)peer;
	logger_sink_index(m->logger_index.file);
	m->logger_index.file = -1;
}

static void
on_pipe(struct ipc *peer, struct msg *m)
{
	char name[32];
	struct log_writer w;

	(void)peer;
	if (!slice_copy(m->logger_pipe.name, name, sizeof name))
		return;
	w = log_writer(name, m->logger_pipe.index, (int)m->logger_pipe.pid);
	logger_pipe_open(m->logger_pipe.pipe, &w, m->logger_pipe.end);
	m->logger_pipe.end = -1;
}

/* What is in the pipes now is written when this is answered. */
static void
on_sync(struct ipc *peer, struct msg *m)
{
	logger_pipes_drain();
	logger_sinks_flush();
	IPC_SEND(peer, logger_synced, .id = m->id);
}

static const struct ipc_table table = {
	.on = {
		[MSG_logger_sync] = on_sync,
		[MSG_logger_file] = on_file,
		[MSG_logger_index] = on_index,
		[MSG_logger_pipe] = on_pipe,
	},
};

static const struct service logger_service = {
	.name = "logger",
	.role = ROLE_LOGGER,
	.conf = &logger_conf_desc,
	.conf_slot = (const void **)&logger_conf,
	.user = "pabal-log",
	.ipc = &table,
	.start = on_start,
	.stop = on_stop,
	.last_ms = LAST_MS,
};

int
main(int argc, char **argv)
{
	/* a limit of the size of files is an error, not the end */
	(void)signal(SIGXFSZ, SIG_IGN);
	logger_pipes_init();
	logger_sinks_init();
	return service_main(&logger_service, argc, argv);
}
