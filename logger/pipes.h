/* SPDX-License-Identifier: ISC */
/* The pipes of the processes, one each; master says whose each is. */
#ifndef LOGGER_PIPES_H
#define LOGGER_PIPES_H

#include <stdbool.h>
#include <stdint.h>

#include "log/line.h"

void logger_pipes_init(void);
/* Read FD (taken), which is W's; ID is master's name for it, told when its last
 * writer has gone and everything in it was read. */
void logger_pipe_open(uint64_t id, const struct log_writer *w, int fd);
/* There is room again: go on reading. */
void logger_pipes_resume(void);
/* Read what is in them now. */
void logger_pipes_drain(void);
/* Has everything been read, and is nobody else left who could write? */
bool logger_pipes_done(void);
/* When something was last read (of ev_now_ms). */
int64_t logger_pipes_read_ms(void);

#endif
