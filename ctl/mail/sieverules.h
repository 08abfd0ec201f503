/* SPDX-License-Identifier: ISC */
/* What an instance lets scripts do. */
#ifndef CTL_MAIL_SIEVERULES_H
#define CTL_MAIL_SIEVERULES_H

struct instance;
struct sieve_lang;
struct sieve_limits;

/* A script may be looked at where no pabal is configured: then all that there
 * is, within the usual limits.  -1: IN's configuration is faulty, as was
 * printed. */
int sieverules_take(const struct instance *in, struct sieve_lang *lang,
    struct sieve_limits *limits);

#endif
