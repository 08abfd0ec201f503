/* SPDX-License-Identifier: ISC */
#include "pop3d/drop.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/slice.h"
#include "maildir/filename.h"
#include "store/account.h"
#include "store/change.h"
#include "store/mailbox.h"
#include "store/message.h"
#include "store/store.h"
#include "store/usage.h"
#include "sys/clock.h"
#include "sys/fd.h"

enum {
	LOAD_MESSAGES = 2000, /* in one turn of the loop */
	READ_MESSAGES = 100,
	CHANGE_MESSAGES = 200,
};

enum mark {
	MARK_DELETED = 1 << 0,
	MARK_SEEN = 1 << 1, /* to be written to the store */
	MARK_READ = 1 << 2, /* fetched whole, or it had \Seen */
	MARK_OLD = 1 << 3,  /* old enough to be expired */
};

/* The time of the last login is that of the lock file; one in the future is of
 * a clock that was wrong. */
static int
note_login(const struct pop3d_drop *d, int64_t delay_s, struct err *err)
{
	const int64_t now = clock_wall_s();
	const struct timespec times[2] = { { .tv_sec = now },
		{ .tv_sec = now } };
	struct stat st;

	if (delay_s == 0)
		return 0;
	if (fstat(d->lockfd, &st) == -1)
		return err_sys(err, ERR_TEMP, "look at pabal-pop3.lock");
	if (st.st_size > 0 && st.st_mtime <= now && now - st.st_mtime < delay_s)
		return err_set_code(err, ERR_TEMP, ERR_TOO_SOON,
		    "wait %lld seconds between logins", (long long)delay_s);
	/* A file that was just made is of no login. */
	if (st.st_size == 0 && fd_write_all(d->lockfd, SLICE("\n"), err) == -1)
		return -1;
	if (futimens(d->lockfd, times) == -1)
		return err_sys(err, ERR_TEMP, "set time of pabal-pop3.lock");
	return 0;
}

int
pop3d_drop_open(struct pop3d_drop *d, struct store *store, const char *home,
    const struct pop3d_policy *policy, struct err *err)
{
	*d = (struct pop3d_drop){ .lockfd = -1,
		.expire_before = policy->expire_s > 0
				     ? clock_wall_s() - policy->expire_s
				     : INT64_MIN };
	*err = (struct err){ .class = ERR_TEMP };
	if (store_account_ensure(store, home, &d->account, err) == FOUND &&
	    account_lock_maildrop(d->account, &d->lockfd, err) == FOUND &&
	    mailbox_open(d->account, SLICE("INBOX"), &d->inbox, err) == FOUND &&
	    note_login(d, policy->login_delay_s, err) == 0)
		return 0;
	pop3d_drop_close(d);
	return -1;
}

/* Take in what lies there; what comes later is not of this session. */
static int
sync_inbox(struct pop3d_drop *d, struct err *why)
{
	struct mailbox_status status;
	bool more;

	if (mailbox_sync_some(d->inbox, false, &more, why) == -1)
		return -1;
	if (more)
		return 0;
	if (mailbox_status(d->inbox, &status, why) == -1)
		return -1;
	d->uidvalidity = status.uidvalidity;
	d->end_uid = status.uidnext;
	d->synced = true;
	return 0;
}

static void
resize(struct pop3d_drop *d, uint32_t cap)
{
	d->cap = cap;
	d->uids = xreallocarray(d->uids, cap, sizeof *d->uids);
	d->sizes = xreallocarray(d->sizes, cap, sizeof *d->sizes);
	d->marks = xreallocarray(d->marks, cap, sizeof *d->marks);
}

static void
add(struct pop3d_drop *d, const struct message_info *info)
{
	if (d->n == d->cap)
		resize(d, d->cap > 0 ? d->cap * 2 : 16);
	d->uids[d->n] = info->uid;
	d->sizes[d->n] = info->vsize;
	d->marks[d->n] =
	    (uint8_t)((info->saved_s <= d->expire_before ? MARK_OLD : 0) |
		      ((info->flags & MSG_SEEN) != 0 ? MARK_READ : 0));
	d->octets += info->vsize;
	d->n++;
}

/* Up to READ_MESSAGES more; false at the end of the list. */
static bool
read_some(struct pop3d_drop *d, struct err *why)
{
	const uint32_t from = d->n > 0 ? d->uids[d->n - 1] + 1 : 1;
	struct message_info info[READ_MESSAGES];
	size_t got;

	if (message_read(d->inbox, from, info, READ_MESSAGES, &got, why) == -1)
		return false;
	for (size_t i = 0; i < got; i++) {
		if (info[i].uid >= d->end_uid)
			return false;
		add(d, &info[i]);
	}
	return got == READ_MESSAGES;
}

int
pop3d_drop_load(struct pop3d_drop *d, bool *more, struct err *err)
{
	const uint32_t stop = d->n + LOAD_MESSAGES;

	*more = true;
	*err = (struct err){ .class = ERR_NONE };
	if (!d->synced && sync_inbox(d, err) == -1)
		return -1;
	if (!d->synced)
		return 0;
	while (*more && d->n < stop)
		*more = read_some(d, err);
	if (err->class != ERR_NONE)
		return -1;
	if (!*more && d->n > 0 && d->n < d->cap)
		resize(d, d->n);
	return 0;
}

void
pop3d_drop_unlock(struct pop3d_drop *d)
{
	if (d->account != NULL)
		fd_close(&d->lockfd);
}

void
pop3d_drop_close(struct pop3d_drop *d)
{
	pop3d_drop_unlock(d);
	if (d->inbox != NULL)
		mailbox_close(&d->inbox);
	if (d->account != NULL)
		account_close(&d->account);
	xfree(&d->uids);
	xfree(&d->sizes);
	xfree(&d->marks);
	d->n = d->cap = 0;
}

/* ---- the list ---- */

static bool
has(const struct pop3d_drop *d, uint32_t i, enum mark mark)
{
	return (d->marks[i] & mark) != 0;
}

uint32_t
pop3d_drop_count(const struct pop3d_drop *d)
{
	return d->n - d->ndeleted;
}

int64_t
pop3d_drop_octets(const struct pop3d_drop *d)
{
	return d->octets - d->octets_deleted;
}

const char *
pop3d_drop_why_not(const struct pop3d_drop *d, uint32_t number)
{
	if (number < 1 || number > d->n)
		return "no such message";
	if (has(d, number - 1, MARK_DELETED))
		return "message already deleted";
	return NULL;
}

int64_t
pop3d_drop_size(const struct pop3d_drop *d, uint32_t number)
{
	return d->sizes[number - 1];
}

uint32_t
pop3d_drop_uid(const struct pop3d_drop *d, uint32_t number)
{
	return d->uids[number - 1];
}

void
pop3d_drop_delete(struct pop3d_drop *d, uint32_t number)
{
	must(pop3d_drop_why_not(d, number) == NULL);
	d->marks[number - 1] |= MARK_DELETED;
	d->ndeleted++;
	d->octets_deleted += d->sizes[number - 1];
}

void
pop3d_drop_fetched(struct pop3d_drop *d, uint32_t number, bool seen)
{
	d->marks[number - 1] |= MARK_READ | (seen ? MARK_SEEN : 0);
}

void
pop3d_drop_reset(struct pop3d_drop *d)
{
	for (uint32_t i = 0; i < d->n; i++)
		d->marks[i] &= (uint8_t)~MARK_DELETED;
	d->ndeleted = 0;
	d->octets_deleted = 0;
}

uint32_t
pop3d_drop_next(const struct pop3d_drop *d, uint32_t from)
{
	while (from <= d->n && has(d, from - 1, MARK_DELETED))
		from++;
	return from <= d->n ? from : 0;
}

/* ---- messages ---- */

int
pop3d_drop_fetch(struct pop3d_drop *d, uint32_t number, int *fd,
    int64_t *file_size, struct err *err)
{
	struct message_info info;
	const enum found f =
	    message_open(d->inbox, d->uids[number - 1], fd, &info, err);

	if (f == ABSENT)
		return err_set_code(err, ERR_TEMP, ERR_NOT_FOUND,
		    "message was removed by another program");
	if (f == TEMPFAIL)
		return -1;
	if (info.vsize != d->sizes[number - 1]) {
		/* Said once; from now on its size is the new one. */
		fd_close(fd);
		d->octets += info.vsize - d->sizes[number - 1];
		d->sizes[number - 1] = info.vsize;
		return err_set_code(err, ERR_TEMP, ERR_CANNOT,
		    "message was changed by another program");
	}
	*file_size = info.size;
	(void)posix_fadvise(*fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

/* The next messages that carry MARK; true when there are more behind them. */
static bool
collect(struct pop3d_drop *d, enum mark mark, uint32_t uids[CHANGE_MESSAGES],
    size_t *n)
{
	*n = 0;
	for (; d->done < d->n; d->done++) {
		if (!has(d, d->done, mark))
			continue;
		if (*n == CHANGE_MESSAGES)
			return true;
		uids[(*n)++] = d->uids[d->done];
	}
	d->done = 0;
	return false;
}

uint32_t
pop3d_drop_expire(struct pop3d_drop *d)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		if (!has(d, i, MARK_OLD) || !has(d, i, MARK_READ) ||
		    has(d, i, MARK_DELETED))
			continue;
		pop3d_drop_delete(d, i + 1);
		n++;
	}
	return n;
}

int
pop3d_drop_update(
    struct pop3d_drop *d, uint32_t *total, bool *more, struct err *err)
{
	uint32_t uids[CHANGE_MESSAGES];
	size_t n;

	*more = collect(d, MARK_DELETED, uids, &n);
	if (n > 0 && message_expunge(d->inbox, uids, n, true, err) == -1) {
		d->done = 0;
		return -1;
	}
	*total += (uint32_t)n;
	return 0;
}

int
pop3d_drop_write_seen(struct pop3d_drop *d, bool *more, struct err *err)
{
	const struct flags_change seen = { .op = FLAGS_ADD,
		.flags = MSG_SEEN,
		.unchanged_since = UINT64_MAX };
	uint32_t uids[CHANGE_MESSAGES];
	uint64_t from, to;
	size_t n;

	*more = collect(d, MARK_SEEN, uids, &n);
	if (n == 0 ||
	    message_flags(d->inbox, uids, n, &seen, NULL, &from, &to, err) == 0)
		return 0;
	d->done = 0;
	return -1;
}

int
pop3d_drop_flush(struct pop3d_drop *d, bool *more)
{
	return account_flush(d->account, more, NULL);
}

bool
pop3d_drop_usage(struct pop3d_drop *d, struct quota *used)
{
	struct account_usage usage;

	if (account_usage(d->account, &usage, NULL) == -1)
		return false;
	*used = usage.used;
	return true;
}

void
pop3d_uidl_put(struct buf *out, enum pop3d_uidl_format format, uint32_t uid,
    uint32_t uidvalidity)
{
	switch (format) {
	case POP3D_UIDL_COURIER:
		buf_addf(out, "UID%u-%u", uid, uidvalidity);
		break;
	case POP3D_UIDL_CYRUS:
		buf_addf(out, "%u.%u", uidvalidity, uid);
		break;
	case POP3D_UIDL_UW:
		buf_addf(out, "%08x%08x", uidvalidity, uid);
		break;
	case POP3D_UIDL_UID:
		buf_addf(out, "%u", uid);
		break;
	case POP3D_UIDL_DOVECOT:
	default:
		buf_addf(out, "%08x%08x", uid, uidvalidity);
		break;
	}
}
