/* SPDX-License-Identifier: ISC */
/* What the strings of a script name: mailboxes, fields, addresses, variables.
 * False, and reported, when they cannot be such; what depends on variables is
 * looked at when it runs. */
#ifndef SIEVE_NAMES_H
#define SIEVE_NAMES_H

#include <stdbool.h>

struct sieve_arg;
struct sieve_check;

bool sieve_names_mailbox(struct sieve_check *c, const struct sieve_arg *a);
bool sieve_names_field(struct sieve_check *c, const struct sieve_arg *a);
/* WHAT is it the address of?  A may be NULL. */
bool sieve_names_address(
    struct sieve_check *c, const struct sieve_arg *a, const char *what);
/* Special uses (RFC 6154). */
bool sieve_names_uses(struct sieve_check *c, const struct sieve_arg *list);
/* A variable that is given a value. */
bool sieve_names_variable(struct sieve_check *c, const struct sieve_arg *a);
/* The options of notify; T may be NULL. */
bool sieve_names_options(struct sieve_check *c, const struct sieve_arg *t);

/* These are tested for only, so it is a warning. */
void sieve_names_mailboxes(struct sieve_check *c, const struct sieve_arg *list);
void sieve_names_annotations(
    struct sieve_check *c, const struct sieve_arg *list);
bool sieve_names_fields(struct sieve_check *c, const struct sieve_arg *list);

#endif
