/* SPDX-License-Identifier: ISC */
/* Words of commands, from what strangers once wrote. */
#ifndef SMTP_SESSION_WORDS_H
#define SMTP_SESSION_WORDS_H

#include "base/slice.h"

struct smtp_session;

/* " NAME=VALUE"; nothing for a value that is empty, or could end the line or
 * begin another parameter. */
void smtp_add_param(
    struct smtp_session *s, const char *name, struct slice value);
/* "VERB:<ADDRESS>", as it was written where SMTPUTF8 is asked for, else with
 * A-labels. */
void smtp_add_path(
    struct smtp_session *s, const char *verb, struct slice address);

#endif
