/* SPDX-License-Identifier: ISC */
/* Times as an administrator writes and reads them. */
#ifndef CTL_MAILBOX_WHEN_H
#define CTL_MAILBOX_WHEN_H

#include <stdbool.h>
#include <stdint.h>

struct out;

/* TEXT as seconds since 1970: an age ("30m", "12h", "2d") before now, or the
 * beginning of a time in UTC ("2026-11-20", "2026-11-20T21:00:05").  False:
 * neither. */
bool when_parse(const char *text, int64_t *time_s);
/* A cell with the time; 0: none. */
void when_put(struct out *out, int64_t time_s);

#endif
