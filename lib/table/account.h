/* SPDX-License-Identifier: ISC */
/*
 * An entry of the accounts table: who has a mailbox here.
 *
 *     alice@pabal.test uid=- gid=- home=pabal.test/alice quota=100M
 *
 * uid, gid  who owns the mail; "-" (the default) for the owner of virtual mail
 * home      directory of the Maildir beneath the mail root; default DOMAIN/NAME
 * quota     conf/quota.h, 0: no limit; "-" (the default): that of the entry
 *           "@DOMAIN", else the host's
 * login=no    no POP3, IMAP or submission      mail=no    takes no mail
 */
#ifndef TABLE_ACCOUNT_H
#define TABLE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum { ACCOUNT_HOME_MAX = 1024 };
enum { ACCOUNT_NO_LOGIN = 1, ACCOUNT_NO_MAIL = 2 };

#define ACCOUNT_VIRTUAL ((uid_t)-1)

struct account_entry {
	uid_t uid; /* ACCOUNT_VIRTUAL; never 0 */
	gid_t gid; /* (gid_t)-1 with ACCOUNT_VIRTUAL */
	uint64_t quota_bytes, quota_messages; /* 0: no limit */
	bool has_quota;                       /* of its own */
	unsigned flags;
	size_t home_len;
	char home[ACCOUNT_HOME_MAX]; /* relative, no "." or ".." in it */
};

/* Read VALUE, the entry of the account NAME; ERR_PERM says what is wrong. */
int account_parse(struct slice name, struct slice value,
    struct account_entry *a, struct err *err);
/* The entry that account_parse reads as A, to OUT. */
void account_format(const struct account_entry *a, struct buf *out);

/* A new account's values: virtual, DOMAIN/NAME, no limit.  ERR_PERM when NAME
 * is no address with a domain, or cannot be a directory. */
int account_default(
    struct slice name, struct account_entry *a, struct err *err);
/* Set the home; ERR_PERM when PATH leads out of the mail root. */
int account_set_home(
    struct account_entry *a, struct slice path, struct err *err);

/* A quota, or "-", into A; ERR_PERM. */
int account_take_quota(
    struct account_entry *a, struct slice value, struct err *err);
/* The key of the entry that is for all accounts of NAME's domain: "@DOMAIN". */
struct slice account_domain_key(struct slice name);
/* Its value: quota=; ERR_PERM. */
int account_parse_domain(
    struct slice value, struct account_entry *a, struct err *err);

/* For table/kind.h.  A password is a hash as crypt(3) gives it, or has its
 * scheme in braces before it; never plain text. */
int account_check(struct slice name, struct slice value, struct err *err);
int account_check_password(
    struct slice name, struct slice value, struct err *err);

#endif
