/* SPDX-License-Identifier: ISC */
/* What parking is given of a session that idles. */
#ifndef IMAPD_PARK_PARCEL_H
#define IMAPD_PARK_PARCEL_H

#include <stdbool.h>

#include "base/buf.h"

struct session;

struct parcel {
	struct buf state; /* park/state.h */
	struct buf beat;  /* a line for who waits, as the client reads it */
	struct buf bye;   /* the last one, when its time is up */
	struct buf stop;  /* or when there is no place for it */
	int fd;           /* the client; whose it is the caller says */
};

/* Is all of S told, and nothing there that only this process can keep? */
bool parcel_can(const struct session *s);
/* What S keeps of its connection becomes what can be packed, if it can. */
void parcel_rest(struct session *s);
/* False: it cannot be; then there is nothing to be freed. */
bool parcel_make(const struct session *s, struct parcel *p);
/* FD, whose session came back (PACKED: compressed), is sent away: there is no
 * place for it now.  One try. */
void parcel_refuse(int fd, bool packed);
/* But for the fd. */
void parcel_fini(struct parcel *p);

#endif
