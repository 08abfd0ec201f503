/* SPDX-License-Identifier: ISC */
/*
 * The secrets of SRS (srs/srs.h), in srs/secrets beneath the directory of keys
 * of mail: a line for each, the first for new addresses.  They are read when
 * they are asked for, and again when the file has changed.
 */
#ifndef KEYS_SRS_H
#define KEYS_SRS_H

#include <stdbool.h>

#include "base/slice.h"
#include "srs/srs.h"

struct buf;

/* From now on the file is beneath DIRFD (-1: there is none). */
void keys_srs_use(int dirfd);

/* ADDRESS in DOMAIN, or (BACK) what it leads back to, to OUT; SRS_RESULTS when
 * there is no secret that can be read. */
enum srs keys_srs_make(struct slice address, struct slice domain, bool back,
    int64_t now_s, struct buf *out);

#endif
