/* SPDX-License-Identifier: ISC */
/* The files of secrets that configuration files name (PARAM_SECRET). */
#ifndef CTL_CHECK_SECRETS_H
#define CTL_CHECK_SECRETS_H

#include <stdbool.h>

struct conf_desc;
struct conf_errors;
struct conf_text;
struct instance;

/* Files of TEXT, the configuration of D, that are not there or no use: each is
 * added to ERRORS. */
void secrets_check(const struct instance *in, const struct conf_desc *d,
    const struct conf_text *text, struct conf_errors *errors);
/* VISIT the file of each secret; OPEN: others than its owner may read it. */
void secrets_each(const struct instance *in,
    void (*visit)(void *arg, const char *path, bool open), void *arg);

#endif
