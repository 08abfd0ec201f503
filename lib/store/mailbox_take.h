/* SPDX-License-Identifier: ISC */
/* A mailbox that comes from another server keeps its numbers. */
#ifndef STORE_MAILBOX_TAKE_H
#define STORE_MAILBOX_TAKE_H

#include <stdint.h>

#include "base/err.h"

struct mailbox;

/*
 * M, in which no message has ever been, gets UIDVALIDITY; and what comes into M
 * brings its UID along (struct append_info) from here on, in ascending order,
 * until _end, whatever is killed in between.  A message that brings none, or
 * one that is spent, gives M another UIDVALIDITY: by one that is another
 * server's no message ever has a UID that it has not there.
 *
 * On disk when FOUND comes back.  ABSENT: M has another UIDVALIDITY and has
 * been used, or the numbers are none that can be taken.
 */
enum found mailbox_take_begin(
    struct mailbox *m, uint32_t uidvalidity, struct err *err);
/* Any UID but those below UIDNEXT may be given to any message. */
enum found mailbox_take_end(
    struct mailbox *m, uint32_t uidvalidity, uint32_t uidnext, struct err *err);

#endif
