/* SPDX-License-Identifier: ISC */
/*
 * Whether an index may be believed.  pabal.index/stamp says during which run
 * of the kernel the index was last written to ("open"), or that it is on disk
 * as it stands ("clean").  An open index of another run may have lost pages in
 * a power cut, and is not even looked at.
 */
#ifndef INDEX_STAMP_H
#define INDEX_STAMP_H

#include <stdbool.h>

#include "base/err.h"

#define STAMP_NAME "stamp"

enum stamp {
	STAMP_NONE,    /* no index, or one of another version */
	STAMP_CURRENT, /* written to since the kernel started */
	STAMP_CLEAN,
	STAMP_DOUBT, /* open when another run ended */
};

/* The stamp of the index in DIRFD, in the run of the kernel BOOT_ID. */
int stamp_read(int dirfd, const char *boot_id, enum stamp *s, struct err *err);
/* BOOT_ID: the index is open in that run; NULL: clean.  _put: not synced, in
 * place of a stamp that says less or of none; _write: on disk. */
int stamp_put(int dirfd, const char *boot_id, struct err *err);
int stamp_write(int dirfd, const char *boot_id, struct err *err);

#endif
