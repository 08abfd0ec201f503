/* SPDX-License-Identifier: ISC */
#include "store/append_inner.h"

#include <bsd/string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "maildir/filename.h"

/* A flag shows in cur/ only. */
static bool
goes_to_new(const struct append *a)
{
	return a->info.fresh && (a->info.flags & MSG_FLAGS) == 0 &&
	       a->names.n == 0;
}

enum maildir_part
append_part(const struct append *a)
{
	return goes_to_new(a) ? MAILDIR_NEW : MAILDIR_CUR;
}

void
append_name(struct append *a)
{
	const bool new = goes_to_new(a);
	struct filename f;
	struct buf name;

	filename_parse(slice_str(a->tmp), &f);
	if (a->base.n > 0) {
		f.base = buf_slice(&a->base);
		f.email_id = filename_email_id(f.base);
	}
	f.size = a->msg.size;
	f.vsize = a->msg.vsize;
	f.uid = a->uid;
	f.info = !new;
	f.flags = a->info.flags;
	f.letters = keyword_set_letters(&a->keywords);
	f.own_date = a->own_date;
	f.date_s = a->msg.date_s;
	a->msg.email_id = f.email_id;
	buf_init(&name, sizeof a->msg.file - 1);
	filename_format(&name, &f);
	strlcpy(a->msg.file, buf_cstr(&name), sizeof a->msg.file);
	buf_fini(&name);
	a->hot = (struct ix_hot){ .bits = f.flags | HOT_SURE };
	if (new)
		a->hot.bits |= HOT_NEW;
}
