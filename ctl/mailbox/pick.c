/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/pick.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/when.h"
#include "ctl/view/progress.h"
#include "maildir/name.h"
#include "mime/fold.h"
#include "mime/header.h"
#include "mime/word.h"
#include "store/keptlist.h"
#include "sys/fd.h"

enum { HEAD_MAX = 64 << 10, VALUE_MAX = 256 << 10 };

/* One of "3,5:9,12:*" off TEXT. */
static bool
next_range(struct slice *text, uint32_t *from, uint32_t *to)
{
	struct cur c = cur_of(slice_cut(*text, ',', text));

	*from = (uint32_t)cur_u64(&c, UINT32_MAX);
	*to = *from;
	if (cur_try(&c, ":"))
		*to = cur_try(&c, "*") ? UINT32_MAX
				       : (uint32_t)cur_u64(&c, UINT32_MAX);
	return cur_end(&c) && *from > 0 && *from <= *to;
}

static bool
are_uids(const char *uids)
{
	struct slice rest = slice_str(uids);
	uint32_t from, to;
	bool ok = rest.n > 0;

	while (ok && rest.n > 0)
		ok = next_range(&rest, &from, &to);
	return ok;
}

static bool
has_uid(const char *uids, uint32_t uid)
{
	struct slice rest = slice_str(uids);
	uint32_t from, to;

	while (rest.n > 0)
		if (next_range(&rest, &from, &to) && uid >= from && uid <= to)
			return true;
	return false;
}

bool
pick_parse(struct pick *p, const struct ctl *ctl)
{
	static const char times[] =
	    "expected an age (90s, 30m, 12h, 2d, 1w) or a time in UTC "
	    "(2026-11-20T21:00), not";

	p->since_s = 0;
	p->before_s = INT64_MAX;
	if (p->since != NULL && !when_parse(p->since, &p->since_s))
		ctl_usage(ctl, "--since: %s \"%s\"", times, p->since);
	else if (p->before != NULL && !when_parse(p->before, &p->before_s))
		ctl_usage(ctl, "--before: %s \"%s\"", times, p->before);
	else if (p->uids != NULL && !are_uids(p->uids))
		ctl_usage(ctl, "--uid: expected UIDs (3,5:9,12:*), not \"%s\"",
		    p->uids);
	else
		return true;
	return false;
}

bool
pick_is_narrow(const struct pick *p)
{
	return p->since != NULL || p->before != NULL || p->uids != NULL ||
	       p->subject != NULL;
}

/* The folder by the name that its owner sees; INBOX in any case. */
static bool
is_folder(struct slice name, const char *wanted)
{
	struct buf normal;
	bool same;

	buf_init(&normal, NAME_LIMIT);
	same = name_normal(&normal, slice_str(wanted)) &&
	       slice_eq(buf_slice(&normal), name);
	buf_fini(&normal);
	return same;
}

static bool
has_subject(
    struct account *a, const struct kept_message *k, const char *subject)
{
	struct buf value, folded, wanted;
	bool has;

	buf_init(&value, VALUE_MAX);
	buf_init(&folded, VALUE_MAX);
	buf_init(&wanted, VALUE_MAX);
	pick_field(a, k, "Subject", &value);
	fold_text(buf_slice(&value), &folded);
	fold_text(slice_str(subject), &wanted);
	has = wanted.n == 0 ||
	      slice_search(buf_slice(&folded), buf_slice(&wanted)) < folded.n;
	buf_fini(&value);
	buf_fini(&folded);
	buf_fini(&wanted);
	return has;
}

bool
pick_wants(
    const struct pick *p, struct account *a, const struct kept_message *k)
{
	if (p->folder != NULL && !is_folder(k->mailbox->name, p->folder))
		return false;
	if (k->expunged_s < p->since_s || k->expunged_s >= p->before_s)
		return false;
	if (p->uids != NULL && !has_uid(p->uids, k->uid))
		return false;
	return p->subject == NULL || has_subject(a, k, p->subject);
}

const struct kept_message **
pick_all(const struct pick *p, struct account *a, const struct kept_list *l,
    size_t *n)
{
	const struct kept_message **v = xcalloc(l->nmessages + 1, sizeof *v);

	*n = 0;
	progress_begin("messages looked at", (int64_t)l->nmessages);
	for (size_t i = 0; i < l->nmessages; i++) {
		progress_at((int64_t)i);
		if (pick_wants(p, a, &l->messages[i]))
			v[(*n)++] = &l->messages[i];
	}
	progress_end();
	return v;
}

void
pick_field(struct account *a, const struct kept_message *k, const char *name,
    struct buf *out)
{
	struct header_field field;
	struct buf head;
	int fd;
	ssize_t n = 0;

	if (keptlist_open(a, k, &fd, NULL) != FOUND)
		return;
	buf_init(&head, HEAD_MAX);
	n = pread(fd, buf_room(&head, HEAD_MAX), HEAD_MAX, 0);
	buf_added(&head, n > 0 ? (size_t)n : 0);
	fd_close(&fd);
	if (header_find(buf_slice(&head), name, &field))
		word_decode(out, slice_trim(field.value));
	buf_fini(&head);
}
