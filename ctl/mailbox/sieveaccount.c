/* SPDX-License-Identifier: ISC */
/* The account is read by a process of its owner's, which leaves what it has
 * found in memory that it has from here: "SPECIAL ID NAME", each with a NUL
 * behind it, and behind an empty one the four numbers of the quota. */
#include "ctl/mailbox/sieveaccount.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/asowner.h"
#include "ctl/mailbox/folders.h"
#include "maildir/specialword.h"
#include "store/mailbox.h"
#include "store/usage.h"
#include "sys/fd.h"

enum { FOUND_MAX = 64 << 20 };

/* ---- its owner's process ---- */

static int
put_mailbox(struct asowner *o, const struct folder *f, struct buf *out)
{
	struct mailbox_status st = { 0 };
	struct err err;
	enum found found = FOUND;

	if (f->used)
		found = folders_status(o->account, f->name, &st, &err);
	if (found == TEMPFAIL)
		return asowner_fail(o, &err);
	if (found == FOUND) {
		buf_addf(out, "%u %s %.*s", f->special, f->used ? st.id : "",
		    SLICE_FMT(f->name));
		buf_addc(out, '\0');
	}
	return CTL_OK;
}

static int
put_quota(struct asowner *o, struct buf *out)
{
	struct account_usage u;
	struct err err;

	if (account_usage(o->account, &u, &err) == -1)
		return asowner_fail(o, &err);
	buf_addc(out, '\0');
	buf_addf(out, "%llu %llu %llu %llu", (unsigned long long)u.used.bytes,
	    (unsigned long long)u.used.messages,
	    (unsigned long long)u.max.bytes,
	    (unsigned long long)u.max.messages);
	return CTL_OK;
}

static int
look(struct asowner *o)
{
	const int *fd = o->arg;
	struct buf out = { .max = FOUND_MAX };
	struct folders l;
	struct err err;
	int rc = CTL_OK;

	if (folders_read(&l, o->account, &err) == -1)
		rc = asowner_fail(o, &err);
	for (size_t i = 0; i < l.n && rc == CTL_OK; i++)
		rc = put_mailbox(o, &l.v[i], &out);
	folders_fini(&l);
	if (rc == CTL_OK)
		rc = put_quota(o, &out);
	if (rc == CTL_OK && fd_write_all(*fd, buf_slice(&out), &err) == -1)
		rc = asowner_fail(o, &err);
	buf_fini(&out);
	return rc;
}

/* ---- what it has left ---- */

static bool
read_found(struct sieveaccount *a, struct slice text)
{
	struct slice one;
	struct cur c;

	while ((one = slice_cut(text, '\0', &text)).n > 0) {
		struct sieveaccount_mailbox m = { 0 };

		c = cur_of(slice_cut(one, ' ', &one));
		m.special = (unsigned)cur_u64(&c, UINT32_MAX);
		m.id = slice_cut(one, ' ', &m.name);
		if (!cur_end(&c))
			return false;
		a->v = xreallocarray(a->v, a->n + 1, sizeof *a->v);
		a->v[a->n++] = m;
	}
	c = cur_of(text);
	a->used.bytes = cur_u64(&c, UINT64_MAX);
	cur_lit(&c, " ");
	a->used.messages = cur_u64(&c, UINT64_MAX);
	cur_lit(&c, " ");
	a->max.bytes = cur_u64(&c, UINT64_MAX);
	cur_lit(&c, " ");
	a->max.messages = cur_u64(&c, UINT64_MAX);
	return cur_end(&c);
}

static int
take_in(struct sieveaccount *a, int fd, const char *who)
{
	struct buf text = { .max = FOUND_MAX };
	struct err err;
	int rc = CTL_OK;

	if (fd_read_file(fd, &text, &err) == -1)
		rc = ctl_fail_err(&err);
	else if (!read_found(a, arena_slice(&a->arena, buf_slice(&text))))
		rc = ctl_fail("%s: its mailboxes cannot be read", who);
	buf_fini(&text);
	return rc;
}

int
sieveaccount_read(struct sieveaccount *a, struct ctl *ctl, const char *who)
{
	int fd = memfd_create("mailboxes", MFD_CLOEXEC);
	const struct asowner_task task = { .run = look, .arg = &fd };
	int rc;

	*a = (struct sieveaccount){ .v = NULL };
	arena_init(&a->arena);
	if (fd == -1)
		return ctl_fail("memfd_create failed");
	rc = asowner_run(ctl, who, &task);
	if (rc == CTL_OK)
		rc = take_in(a, fd, who);
	fd_close(&fd);
	return rc;
}

void
sieveaccount_fini(struct sieveaccount *a)
{
	xfree(&a->v);
	a->n = 0;
	arena_fini(&a->arena);
}

/* ---- questions ---- */

const struct sieveaccount_mailbox *
sieveaccount_named(const struct sieveaccount *a, struct slice name)
{
	const bool inbox = slice_iis(name, "INBOX");

	for (size_t i = 0; i < a->n; i++)
		if (slice_eq(a->v[i].name, inbox ? SLICE("INBOX") : name))
			return &a->v[i];
	return NULL;
}

const struct sieveaccount_mailbox *
sieveaccount_id(const struct sieveaccount *a, struct slice id)
{
	for (size_t i = 0; i < a->n && id.n > 0; i++)
		if (slice_eq(a->v[i].id, id))
			return &a->v[i];
	return NULL;
}

const struct sieveaccount_mailbox *
sieveaccount_used_as(
    const struct sieveaccount *a, struct slice name, struct slice word)
{
	unsigned special = 0;

	for (size_t i = 0; i < SPECIALWORDS; i++)
		if (slice_iis(word, specialword_all[i].word))
			special = specialword_all[i].special;
	for (size_t i = 0; i < a->n; i++)
		if ((a->v[i].special & special) != 0 &&
		    (name.n == 0 || slice_eq(a->v[i].name, name)))
			return &a->v[i];
	return NULL;
}
