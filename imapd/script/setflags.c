/* SPDX-License-Identifier: ISC */
/* Flags that scripts set. */
#include "imapd/script/inner.h"
#include "maildir/filename.h"
#include "maildir/keywords.h"
#include "script/verdict.h"
#include "store/change.h"

static size_t
count_names(struct slice names)
{
	struct slice name;
	size_t n = 0;

	while (keywords_next(&names, &name))
		n++;
	return n;
}

static bool
has_name(struct slice names, struct slice want)
{
	struct slice name;

	while (keywords_next(&names, &name))
		if (slice_ieq(name, want))
			return true;
	return false;
}

/* Has the message those flags already? */
bool
event_run_has_flags(const struct event_run *r, const struct verdict_action *a)
{
	const unsigned flags = r->info.flags & ~(unsigned)MSG_PASSED;
	const struct slice now = buf_slice(&r->flags);
	struct slice rest = a->keywords, name;
	size_t system = 0;

	if (flags != a->flags)
		return false;
	for (unsigned f = flags; f != 0; f &= f - 1)
		system++;
	if (count_names(now) != system + count_names(a->keywords))
		return false;
	while (keywords_next(&rest, &name))
		if (!has_name(now, name))
			return false;
	return true;
}

int
event_run_set_flags(struct mailbox *m, uint32_t uid,
    const struct verdict_action *a, struct err *err)
{
	const struct flags_change change = { .op = FLAGS_SET,
		.flags = a->flags,
		.keywords = a->keywords,
		.kept = MSG_PASSED,
		.unchanged_since = UINT64_MAX };
	uint64_t from, to;

	return message_flags(m, &uid, 1, &change, NULL, &from, &to, err);
}

int
event_run_delete(struct event_run *r, struct err *err)
{
	const struct flags_change deleted = { .op = FLAGS_ADD,
		.flags = MSG_DELETED,
		.unchanged_since = UINT64_MAX };
	uint64_t from, to;

	return message_flags(
	    r->mailbox, &r->of.uid, 1, &deleted, NULL, &from, &to, err);
}
