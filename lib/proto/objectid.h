/* SPDX-License-Identifier: ISC */
/* EMAILID and THREADID (RFC 8474) as they stand in answers and search keys. */
#ifndef PROTO_OBJECTID_H
#define PROTO_OBJECTID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

void objectid_put_email(struct buf *out, uint64_t id);
void objectid_put_thread(struct buf *out, uint64_t id);
/* False: S is none that the other ones write. */
bool objectid_parse_email(struct slice s, uint64_t *id);
bool objectid_parse_thread(struct slice s, uint64_t *id);

#endif
