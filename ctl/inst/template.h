/* SPDX-License-Identifier: ISC */
/* The files of a new instance. */
#ifndef CTL_INST_TEMPLATE_H
#define CTL_INST_TEMPLATE_H

#include <stdbool.h>

#include "base/buf.h"

struct template
{
	const struct instance *inst;
	const char *hostname;
	const char *const *domains; /* NULL behind the last */
	const char *base_port;      /* NULL: the usual ports on all addresses */
	unsigned port;
	bool local; /* serve this host only: its users, mail from here */
};

/* Each adds the text of the file NAME of T's instance to OUT. */
typedef void template_fn(
    const struct template *t, const char *name, struct buf *out);

template_fn template_pabal;
template_fn template_master; /* services whose program is there */
/* <daemon>.conf: where its parameters are told, and few settings. */
template_fn template_daemon;
template_fn template_accounts;
template_fn template_scram_secret;
template_fn template_passwords;
template_fn template_app_passwords;
template_fn template_aliases;

#endif
