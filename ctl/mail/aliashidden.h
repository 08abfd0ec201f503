/* SPDX-License-Identifier: ISC */
/* Aliases without a domain that do not apply to an address, because an account
 * has it: lookup asks for accounts before them (lookup/resolve.h). */
#ifndef CTL_MAIL_ALIASHIDDEN_H
#define CTL_MAIL_ALIASHIDDEN_H

#include "base/slice.h"
#include "ctl/inst/tables.h"

/* Who is told: ALIAS does not apply to ACCOUNT. */
struct aliashidden_report {
	void (*found)(struct aliashidden_report *r, struct slice alias,
	    struct slice account);
};
/* Of the alias KEY, in each local domain. */
void aliashidden_one(
    const struct tables *t, struct slice key, struct aliashidden_report *r);
/* Of the one that would be ACCOUNT's, were it not one. */
void aliashidden_account(
    const struct tables *t, struct slice account, struct aliashidden_report *r);
/* Of all aliases. */
void aliashidden_all(const struct tables *t, struct aliashidden_report *r);

#endif
