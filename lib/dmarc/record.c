/* SPDX-License-Identifier: ISC */
#include "dmarc/record.h"

#include "base/ascii.h"
#include "base/mem.h"

static const char *const policies[] = { DMARC_POLICIES(WORDS_TEXT) };

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	return policies[policy];
}

/* The value of tag NAME, the first of several; p == NULL: it is not there. */
static struct slice
tag(struct slice text, const char *name)
{
	while (text.n > 0) {
		const struct slice spec = slice_cut(text, ';', &text);
		struct slice value, key = slice_cut(spec, '=', &value);

		if (key.n == spec.n || !slice_iis(slice_trim(key), name))
			continue;
		value = slice_trim(value);
		return value.p != NULL ? value : SLICE("");
	}
	return (struct slice){ NULL, 0 };
}

static bool
parse_policy(struct slice value, enum dmarc_policy *policy)
{
	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		if (slice_iis(value, policies[i])) {
			*policy = (enum dmarc_policy)i;
			return true;
		}
	return false;
}

/* Is there an address that reports could go to? */
static bool
has_uri(struct slice rua)
{
	while (rua.n > 0) {
		const struct slice uri = slice_trim(slice_cut(rua, ',', &rua));

		if (slice_istarts(uri, SLICE("mailto:")) &&
		    slice_find(uri, '@') < uri.n)
			return true;
	}
	return false;
}

/* The version comes first, and its value has this case (4.7). */
static bool
has_version(struct slice txt)
{
	const struct slice first = slice_cut(txt, ';', &txt);
	struct slice value;
	const struct slice name = slice_trim(slice_cut(first, '=', &value));

	return slice_iis(name, "v") && slice_is(slice_trim(value), "DMARC1");
}

static void
parse_policies(struct slice txt, struct dmarc_record *r)
{
	const struct slice sp = tag(txt, "sp"), np = tag(txt, "np");
	bool good = parse_policy(tag(txt, "p"), &r->p);

	r->sp = r->p;
	if (sp.p != NULL)
		good &= parse_policy(sp, &r->sp);
	r->np = r->sp;
	r->np_given = np.p != NULL;
	if (np.p != NULL)
		good &= parse_policy(np, &r->np);
	r->usable = good || has_uri(r->rua);
	if (!good)
		r->p = r->sp = r->np = DMARC_POLICY_NONE;
}

bool
dmarc_record_parse(struct slice txt, struct dmarc_record *r)
{
	struct slice psd;

	*r = (struct dmarc_record){ 0 };
	if (!has_version(txt))
		return false;
	r->rua = tag(txt, "rua");
	r->ruf = tag(txt, "ruf");
	r->fo = tag(txt, "fo");
	r->strict_dkim = slice_iis(tag(txt, "adkim"), "s");
	r->strict_spf = slice_iis(tag(txt, "aspf"), "s");
	r->testing = slice_iis(tag(txt, "t"), "y");
	psd = tag(txt, "psd");
	if (slice_iis(psd, "y"))
		r->psd = DMARC_PSD_YES;
	else if (slice_iis(psd, "n"))
		r->psd = DMARC_PSD_NO;
	parse_policies(txt, r);
	return true;
}
