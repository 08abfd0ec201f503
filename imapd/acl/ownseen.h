/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_ACL_OWNSEEN_H
#define IMAPD_ACL_OWNSEEN_H

#include "base/err.h"
#include "base/slice.h"

struct mailbox;
struct session;

/* The mailbox NAME as S's user has it: with a guest's own \Seen, where the
 * configuration says so. */
enum found ownseen_open(const struct session *s, struct slice name,
    struct mailbox **m, struct err *err);

#endif
