/* SPDX-License-Identifier: ISC */
#include "script/imaprule.h"

#include "base/mem.h"
#include "maildir/specialword.h"

static const char *const causes[IMAP_CAUSES] = {
	[IMAP_APPEND] = "APPEND",
	[IMAP_COPY] = "COPY",
	[IMAP_FLAG] = "FLAG",
};

const char *
imaprule_cause_name(enum imap_cause cause)
{
	return causes[cause];
}

/* ---- reading ---- */

/* append+copy+flag; 0: not one of them. */
static unsigned
read_causes(struct slice words)
{
	unsigned all = 0;

	if (slice_ends(words, SLICE("+")))
		return 0;
	do {
		const struct slice word = slice_cut(words, '+', &words);
		unsigned one = 0;

		for (unsigned i = 0; i < IMAP_CAUSES; i++)
			if (slice_iis(word, causes[i]))
				one = 1U << i;
		if (one == 0)
			return 0;
		all |= one;
	} while (words.n > 0);
	return all;
}

static bool
is_special_word(struct slice folder)
{
	for (size_t i = 0; i < SPECIALWORDS; i++)
		if (slice_iis(folder, specialword_all[i].word))
			return true;
	return false;
}

static int
read_folder(struct slice folder, struct slice *out, struct err *err)
{
	if (folder.n == 0 || out->n > 0)
		return err_set(err, ERR_PERM, "expected one folder");
	if (folder.p[0] == '\\' && !is_special_word(folder))
		return err_set(err, ERR_PERM, "%.*s is no special use",
		    SLICE_FMT(slice_sub(folder, 0, 60)));
	*out = folder;
	return 0;
}

static int
read_word(struct slice word, struct imaprule *r, struct err *err)
{
	struct slice value;
	const struct slice key = slice_cut(word, '=', &value);

	if (slice_is(key, "to"))
		return read_folder(value, &r->to, err);
	if (slice_is(key, "from"))
		return read_folder(value, &r->from, err);
	if (!slice_is(key, "cause") || r->causes != 0)
		return err_set(err, ERR_PERM,
		    "expected to=FOLDER, from=FOLDER or cause=WORDS");
	r->causes = read_causes(value);
	if (r->causes == 0)
		return err_set(err, ERR_PERM,
		    "a cause is append, copy or flag, with + between them");
	return 0;
}

int
imaprule_parse(struct slice text, struct imaprule *r, struct err *err)
{
	struct slice rest;

	*r = (struct imaprule){ .name = slice_cut(text, ':', &rest) };
	if (r->name.n == 0)
		return err_set(err, ERR_PERM, "expected NAME:to=FOLDER");
	while (rest.n > 0)
		if (read_word(slice_cut(rest, ':', &rest), r, err) == -1)
			return -1;
	if (r->to.n + r->from.n == 0)
		return err_set(err, ERR_PERM, "expected to= or from=");
	if (r->from.n > 0 && (r->causes & ~(1U << IMAP_COPY)) != 0)
		return err_set(err, ERR_PERM, "with from= the cause is copy");
	if (r->causes == 0)
		r->causes = r->from.n > 0 ? 1U << IMAP_COPY
					  : 1U << IMAP_COPY | 1U << IMAP_APPEND;
	return 0;
}

/* ---- does it run? ---- */

static bool
is_folder(struct slice want, const struct imap_folder *f)
{
	if (slice_is(want, "*"))
		return true;
	if (slice_iis(want, "INBOX"))
		return slice_iis(f->name, "INBOX");
	if (want.p[0] != '\\')
		return slice_eq(want, f->name);
	for (size_t i = 0; i < SPECIALWORDS; i++)
		if (slice_iis(want, specialword_all[i].word))
			return (f->special & specialword_all[i].special) != 0;
	return false;
}

bool
imaprule_fits(const struct imaprule *r, enum imap_cause cause,
    const struct imap_folder *to, const struct imap_folder *from)
{
	if ((r->causes & 1U << cause) == 0)
		return false;
	if (r->to.n > 0 && !is_folder(r->to, to))
		return false;
	if (r->from.n > 0 && (from->name.n == 0 || !is_folder(r->from, from)))
		return false;
	/* Within one mailbox nothing has moved. */
	return from->name.n == 0 || !slice_eq(from->name, to->name);
}
