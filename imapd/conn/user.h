/* SPDX-License-Identifier: ISC */
/* An account that has sessions here.  All sessions of an account are in one
 * process, so they share what is open, and hear of each other's changes through
 * the store. */
#ifndef IMAPD_CONN_USER_H
#define IMAPD_CONN_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct account;
struct quota;
struct session;
struct store;
struct user;
struct work_share;

/* Once: where accounts are, and which part of the mail root that is. */
void imapd_users_init(struct store *store, const char *place);
struct store *imapd_store(void);
/* Has an account sessions, or names of files to be written? */
bool imapd_users_busy(void);
/* "* BYE why" to all, before the end of the process. */
void imapd_users_bye(const char *why);

/* The account with HOME (as auth has it), its address NAME and its quota; it
 * lives as long as it has sessions: give it one or call imapd_user_idle.  What
 * a session that comes BACK from parking says of the quota is older than what
 * is known here. */
struct user *imapd_user_open(const char *home, const char *name,
    const struct quota *quota, bool back, struct err *err);
/* Close it if it has no session. */
void imapd_user_idle(struct user *u);
void imapd_user_add(struct user *u, struct session *s);
void imapd_user_remove(struct session *s);
/* The first of its sessions; the next: LIST_NEXT(s, link). */
struct session *imapd_user_sessions(const struct user *u);
/* Of all its sessions. */
struct work_share *imapd_user_share(struct user *u);
struct account *imapd_user_account(const struct user *u);
/* Of its full-text index; of its scripts. */
struct keeper *imapd_user_keeper(const struct user *u);
struct events *imapd_user_events(const struct user *u);
/* Its address, as the log has it; its home and quota, as auth has them. */
const char *imapd_user_name(const struct user *u);
const char *imapd_user_home(const struct user *u);
const struct quota *imapd_user_quota(const struct user *u);
/* Sessions from ADDRESS. */
unsigned imapd_user_count(const struct user *u, struct slice address);
/* Another process said so; _look: all look what there is for them now. */
void imapd_users_changed(const char *home);
void imapd_users_look(void);
/* EACH may end its session. */
void imapd_users_each(void (*each)(struct session *s));

#endif
