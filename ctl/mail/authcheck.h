/* SPDX-License-Identifier: ISC */
/*
 * SPF, DKIM, ARC and DMARC of a message in a file, and what policy's rules say
 * of it.  A stranger has written it,
 * and strangers answer in the DNS: both are read by a child that has only the
 * open files, and the network where it asks the DNS.
 */
#ifndef CTL_MAIL_AUTHCHECK_H
#define CTL_MAIL_AUTHCHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct ctl_confined;
struct dns_config;
struct policy_conf;

struct authcheck {
	int message; /* an open file */
	int zone;    /* one with the answers of the DNS; -1: it is asked */
	const struct dns_config *dns;
	int (*confine)(const struct ctl_confined *c, struct err *err);
	bool has_client;
	uint8_t ip[16];
	struct slice client; /* its text */
	struct slice helo, sender, rcpt, login;
	struct slice mechanism, tls, country; /* empty: not known */
	struct slice id;                      /* this host's name */
	const struct policy_conf *policy;
	bool spf_strict_voids; /* of that */
	unsigned dkim_key_bits_max;
	const char *tables;       /* directory */
	const char *country_file; /* in it; may be empty */
	int64_t now_s;
	bool json;
};

/* Add what is found to OUT: text for people, or an object in JSON. */
int authcheck_run(const struct authcheck *c, struct buf *out, struct err *err);

#endif
