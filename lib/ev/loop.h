/* SPDX-License-Identifier: ISC */
/*
 * The event loop: one in each process, so it needs no handle.  Watchers are
 * embedded in what they serve; a callback gets its watcher and finds the owner
 * with OUTER().  A callback may stop or free any watcher, its own included.
 * No callback blocks.
 */
#ifndef EV_LOOP_H
#define EV_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/heap.h"

enum { EV_READ = 1, EV_WRITE = 2, EV_HUP = 4 /* error or both ends shut */ };

struct ev_io {
	void (*on_ready)(struct ev_io *io, unsigned events);
	int fd;
	unsigned events; /* what is watched now; 0: not in the loop */
	bool added;
	bool exclusive; /* wake one of several processes (listeners) */
	bool edge;      /* wake when it becomes ready, not while it is */
};

struct ev_timer {
	struct heap_node node;
	void (*on_time)(struct ev_timer *t);
};

/* Runs once at the end of this turn (or of the next, when set by a task). */
struct ev_task {
	TAILQ_ENTRY(ev_task) link;
	void (*run)(struct ev_task *task);
	bool queued, last;
};

/* Before anything else; after a fork, the child calls it again. */
void ev_init(void);
/* Until ev_stop is called; may be called again then. */
void ev_run(void);
/* From here on only tasks are called: what others need may be gone. */
void ev_stop(void);
/* Milliseconds of the monotonic clock, read once a turn. */
int64_t ev_now_ms(void);
/* The number of this turn, for what is looked at once in each; 0: no loop runs.
 */
uint64_t ev_turn(void);

void ev_io_init(
    struct ev_io *io, int fd, void (*on_ready)(struct ev_io *, unsigned));
bool ev_takes(int fd); /* handed in by others: is it a socket? */
/* Watch for EVENTS (EV_READ | EV_WRITE); 0 keeps only EV_HUP. */
void ev_io_set(struct ev_io *io, unsigned events);
/* The same for an fd that others handed in: false where none can be watched. */
bool ev_io_try(struct ev_io *io, unsigned events);
/* Out of the loop; the fd stays open. */
void ev_io_stop(struct ev_io *io);

void ev_timer_init(struct ev_timer *t, void (*on_time)(struct ev_timer *));
/* Once, DELAY_MS from now; a running timer is moved. */
void ev_timer_set(struct ev_timer *t, int64_t delay_ms);
void ev_timer_stop(struct ev_timer *t);
bool ev_timer_running(const struct ev_timer *t);

void ev_task_init(struct ev_task *task, void (*run)(struct ev_task *));
void ev_task_queue(struct ev_task *task);
void ev_task_queue_last(struct ev_task *task); /* behind all of this turn */
void ev_task_cancel(struct ev_task *task);

/* Call ON_SIGNAL in the loop for SIGNO, which is blocked from now on. */
void ev_signal(int signo, void (*on_signal)(int signo));

#endif
