/* SPDX-License-Identifier: ISC */
/* The files of a new instance. */
#ifndef CTL_TEMPLATE_H
#define CTL_TEMPLATE_H

#include "base/buf.h"

struct template
{
	const struct instance *inst;
	const char *hostname;
	const char *const *domains; /* NULL behind the last */
	const char *base_port;      /* NULL: the usual ports on all addresses */
	unsigned port;
};

void template_pabal(const struct template *t, struct buf *out);
/* Services whose program is there. */
void template_master(const struct template *t, struct buf *out);
/* Each daemon's file: a comment that says where its parameters are told. */
void template_daemon(const char *daemon, struct buf *out);
void template_accounts(const struct template *t, struct buf *out);
void template_passwords(const struct template *t, struct buf *out);
void template_aliases(const struct template *t, struct buf *out);

#endif
