/* SPDX-License-Identifier: ISC */
/* Where an import comes from. */
#ifndef CTL_MOVE_SOURCE_H
#define CTL_MOVE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct move_source {
	bool tls; /* imaps://, else imap:// */
	char *login, *host;
	uint16_t port;
	char *name; /* login@host: what is known of folders is of it */
};

/* imap[s]://LOGIN@HOST[:PORT][/]; %XX stands for a byte of LOGIN, in which @
 * may stand as it is. */
int move_source_parse(struct move_source *s, struct arena *arena,
    struct slice url, struct err *err);

#endif
