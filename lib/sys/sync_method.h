/* SPDX-License-Identifier: ISC */
/* How files are made durable (durable.h), as a parameter says it. */
#ifndef SYS_SYNC_METHOD_H
#define SYS_SYNC_METHOD_H

#include "base/words.h"

/* clang-format off */
#define SYNC_METHODS(W) \
	W(SYNC_AUTO, "auto") W(SYNC_FSYNC, "fsync") W(SYNC_SYNCFS, "syncfs")
/* clang-format on */
enum sync_method { SYNC_METHODS(WORDS_ID) };

#endif
