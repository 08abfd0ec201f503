/* SPDX-License-Identifier: ISC */
/* How passwords are stored unless a command is told (password_scheme). */
#ifndef CTL_INST_SCHEME_H
#define CTL_INST_SCHEME_H

struct instance;

/* The word of the scheme; that of the default where auth.conf cannot be read.
 */
const char *scheme_configured(const struct instance *in);

#endif
