/* SPDX-License-Identifier: ISC */
/* What lies in a Maildir by other hands: file names, names of directories,
 * lists of UIDs, keywords and subscriptions. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"
#include "maildir/boxfile.h"
#include "maildir/filename.h"
#include "maildir/foreign.h"
#include "maildir/keptdir.h"
#include "maildir/keywords.h"
#include "maildir/name.h"
#include "maildir/seenfile.h"
#include "maildir/uidset.h"
#include "proto/mutf7.h"
#include "store/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that was written is read as it was meant. */
static void
fuzz_filename(struct slice s)
{
	struct filename f, g;
	struct buf out;

	buf_init(&out, s.n + 200);
	filename_parse(s, &f);
	must(f.flags <= MSG_FLAGS && f.letters < 1U << KEYWORD_LETTERS);
	must(f.size >= -1 && f.vsize >= -1 && f.email_id != 0);
	filename_format(&out, &f);
	must(!out.failed);
	filename_parse(buf_slice(&out), &g);
	must(slice_eq(f.base, g.base) && f.size == g.size &&
	     f.vsize == g.vsize && f.uid == g.uid && f.info == g.info &&
	     f.email_id == g.email_id && f.own_date == g.own_date &&
	     f.date_s == g.date_s);
	must(!f.info || (f.flags == g.flags && f.letters == g.letters));
	buf_fini(&out);
}

/* What is kept has all that bringing it back needs. */
static void
fuzz_kept(struct slice s)
{
	char file[KEPT_NAME_SIZE], kept[KEPT_NAME_SIZE];
	struct keptname k;
	struct filename f;

	if (!slice_copy(s, file, sizeof file))
		return;
	(void)keptdir_parse_name(s, &k);
	(void)keptdir_parse_day(file);
	filename_parse(slice_str(file), &f);
	keptdir_name(kept, file, 7, 5);
	must(strlen(kept) < sizeof kept);
	must(keptdir_parse_name(slice_str(kept), &k) == (f.base.n > 0));
	if (f.base.n > 0)
		must(k.expunged_s == 7 && k.saved_s == 5 && k.f.uid == f.uid &&
		     k.f.email_id == f.email_id && k.f.flags == f.flags &&
		     k.f.own_date == f.own_date && k.f.date_s == f.date_s);
}

/* A directory's name is a mailbox's, in its one spelling, or nobody's. */
static void
fuzz_name(struct slice s)
{
	struct buf name, normal, dir;

	buf_init(&name, NAME_LIMIT);
	buf_init(&normal, NAME_LIMIT);
	buf_init(&dir, NAME_DIR_LIMIT);
	if (name_from_dir(&name, s)) {
		must(name_normal(&normal, buf_slice(&name)) ||
		     name.n > NAME_LIMIT);
		must(utf8_valid(buf_slice(&name)));
	}
	buf_reset(&name);
	buf_reset(&normal);
	if (name_normal(&normal, s) && name_to_dir(&dir, buf_slice(&normal)) &&
	    name_from_dir(&name, buf_slice(&dir)))
		must(slice_eq(buf_slice(&name), buf_slice(&normal)));
	buf_fini(&name);
	buf_fini(&normal);
	buf_fini(&dir);
}

static void
fuzz_lists(struct slice s)
{
	struct slice rest = s, stem;
	struct boxfile box;
	struct uidlist u;
	struct buf name;
	uint64_t mask;
	uint32_t uid;
	struct keyword_table table = { 0 };
	int version = 0;

	if (foreign_uidlist(s, &u))
		while (foreign_uidlist_next(&u, &uid, &stem))
			must(uid != 0 && stem.n > 0);
	keywords_parse(&table, s, KEYWORDS_MAX);
	for (unsigned n = 0; n < table.size; n++) {
		const char *text = keywords_name(&table, n);

		must(text == NULL ||
		     (keywords_check(slice_str(text), NULL) == 0 &&
			 keywords_find(&table, slice_str(text)) >= 0));
	}
	keywords_fini(&table);
	rest = s;
	while (foreign_courier_keyword_next(&rest, &stem))
		must(stem.n > 0);
	while (foreign_courier_message_next(&rest, &stem, &mask))
		must(stem.n > 0);
	buf_init(&name, NAME_LIMIT);
	rest = s;
	while (foreign_subscription_next(&rest, &version, &name))
		must(utf8_valid(buf_slice(&name)));
	rest = s;
	while (foreign_courier_subscription_next(&rest, &name))
		must(utf8_valid(buf_slice(&name)));
	if (boxfile_parse(s, &box))
		must(box.uidvalidity != 0 && box.ceiling != 0);
	buf_fini(&name);
}

static void
fuzz_mutf7(struct slice s)
{
	struct buf text, wire, again;

	buf_init(&text, s.n * 4 + 10);
	buf_init(&wire, s.n * 16 + 10);
	buf_init(&again, s.n * 16 + 10);
	if (mutf7_decode(&text, s)) {
		must(mutf7_encode(&wire, buf_slice(&text), NULL));
		must(mutf7_decode(&again, buf_slice(&wire)));
		must(slice_eq(buf_slice(&text), buf_slice(&again)));
	}
	buf_fini(&text);
	buf_fini(&wire);
	buf_fini(&again);
}

/* A set that is written is read as it was. */
static void
fuzz_seen(struct slice s)
{
	struct uidset set = { .n = 0 }, again = { .n = 0 };
	bool valid, torn;
	struct buf out;

	buf_init(&out, 1 << 24);
	seenfile_parse(s, 9, &valid, &torn, &set);
	must(valid || set.n == 0);
	uidset_put(&set, &out);
	must(set.n == 0 || uidset_apply(&again, '+', buf_slice(&out)));
	must(again.n == set.n);
	buf_reset(&out);
	(void)seenfile_guest(s, &out);
	uidset_fini(&set);
	uidset_fini(&again);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice s = slice_of(data, size);

	fuzz_kept(s);
	fuzz_filename(s);
	fuzz_name(s);
	fuzz_lists(s);
	fuzz_mutf7(s);
	fuzz_seen(s);
	return 0;
}
