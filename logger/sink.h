/* SPDX-License-Identifier: ISC */
/*
 * Where the log goes: the log file, the journal or a terminal.  Lines wait in
 * order while it cannot be written, and are tried again; none is ever written
 * by halves, but for the one at which a disk became full, which is completed
 * (or, in a new file, written anew).
 */
#ifndef LOGGER_SINK_H
#define LOGGER_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum logger_sink {
	SINK_LOG,  /* what must have every line */
	SINK_COPY, /* run's terminal beside it: it may miss some */
	SINK_COUNT
};

void logger_sinks_init(void);
/* Write to FD from now on, which is taken. */
void logger_sink_open(enum logger_sink kind, int fd);
/* FD (taken) is the index of the log file that was opened last. */
void logger_sink_index(int fd);
/* LINES goes to all of them, at the end of this turn. */
void logger_sinks_add(struct slice lines);
/* Write now what can be written. */
void logger_sinks_flush(void);
/* Has the log all it can wait for?  Then ON_ROOM will be called. */
bool logger_sinks_full(void);
extern void (*logger_sinks_on_room)(void);
/* Is everything written, to the log or to the copy? */
bool logger_sink_empty(enum logger_sink kind);
/* Nothing more will be added. */
void logger_sinks_end(void);

#endif
