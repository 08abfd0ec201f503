/* SPDX-License-Identifier: ISC */
/* A run of pabal check, and what its checks say. */
#ifndef CTL_CHECK_RUN_H
#define CTL_CHECK_RUN_H

#include "ctl/view/out.h"

struct ctl;
struct shared_conf;

struct check_run {
	struct ctl *ctl;
	struct out out;
	const struct shared_conf *shared;
	unsigned failed;
};

enum check_verdict { CHECK_GOOD, CHECK_WARN, CHECK_BAD };

/* A line about WHAT; CHECK_BAD counts as failed. */
__attribute__((format(printf, 4, 5))) void check_tell(struct check_run *c,
    enum check_verdict v, const char *what, const char *fmt, ...);

/* Hosts of xclient_hosts and proxy_protocol_hosts that are strangers; who may
 * relay; aliases, and commands in them; the table commands; the secret of
 * srs_domain; rules for mail that comes in; filters that cannot be reached; a
 * master.conf older than parking; the authorities of other hosts. */
void check_vouched(struct check_run *c);
void check_relay(struct check_run *c);
void check_aliases(struct check_run *c);
void check_commands(struct check_run *c);
void check_srs(struct check_run *c);
void check_policy(struct check_run *c);
void check_filters(struct check_run *c);
void check_parking(struct check_run *c);
void check_sts(struct check_run *c);
void check_cafiles(struct check_run *c);

#endif
