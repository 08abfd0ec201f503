/* SPDX-License-Identifier: ISC */
/* The addresses of this host that a job may go from (table/source.h). */
#ifndef SMTP_ROUTE_SOURCE_H
#define SMTP_ROUTE_SOURCE_H

#include <stdbool.h>

struct mx_list;
struct smtp_job;
struct smtp_target;

/* May T be dialled for JOB: has it an address of T's family, or is any good? */
bool smtp_source_fits(const struct smtp_job *job, const struct smtp_target *t);
/* Drop the addresses of LIST to which JOB has none of the family, and hosts of
 * which none is left. */
void smtp_source_drop(const struct smtp_job *job, struct mx_list *list);
/* And those that are this host, or no better (mxlist_drop_self). */
bool smtp_source_drop_self(struct mx_list *list, bool by_address);
/* Have T dialled from JOB's, if it has one of its family. */
void smtp_source_set(const struct smtp_job *job, struct smtp_target *t);

#endif
