/* SPDX-License-Identifier: ISC */
#include "table/mapping.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "proto/address.h"

static bool
is_address(struct slice text, unsigned allow)
{
	struct buf out = { .max = ADDRESS_MAX };
	const bool is =
	    !slice_starts(text, SLICE("<")) && address_parse(text, allow, &out);

	buf_fini(&out);
	return is;
}

static bool
is_at_domain(struct slice text)
{
	return slice_starts(text, SLICE("@")) &&
	       address_is_domain(slice_from(text, 1), ADDRESS_UTF8);
}

/* KEY behind "sender=" or "recipient="; false: it has neither. */
static bool
cut_class(struct slice *key)
{
	static const struct slice classes[] = { SLICE(MAPPING_SENDER),
		SLICE(MAPPING_RECIPIENT) };

	for (size_t i = 0; i < 2; i++)
		if (slice_istarts(*key, classes[i])) {
			*key = slice_from(*key, classes[i].n);
			return true;
		}
	return false;
}

int
mapping_check_canonical(struct slice key, struct slice value, struct err *err)
{
	(void)cut_class(&key);
	if (!is_at_domain(key) && !is_address(key, ADDRESS_UTF8 | ADDRESS_BARE))
		return err_set(err, ERR_PERM,
		    "expected NAME@DOMAIN, NAME or @DOMAIN, with sender= or "
		    "recipient= before it where it is for one of them");
	if (!is_at_domain(value) && !is_address(value, ADDRESS_UTF8))
		return err_set(err, ERR_PERM,
		    "expected one address, NAME@DOMAIN, or @DOMAIN");
	return 0;
}

int
mapping_check_masquerade(struct slice key, struct slice value, struct err *err)
{
	const bool is_name = slice_ends(key, SLICE("@"));

	if (is_name ? !is_address(slice_sub(key, 0, key.n - 1),
			  ADDRESS_UTF8 | ADDRESS_BARE)
		    : !address_is_domain(key, ADDRESS_UTF8))
		return err_set(err, ERR_PERM, "expected DOMAIN or NAME@");
	if (slice_iis(value, MAPPING_KEEP) || (!is_name && value.n == 0))
		return 0;
	return err_set(err, ERR_PERM,
	    is_name ? "expected keep behind NAME@"
		    : "expected nothing or keep behind the domain");
}

struct slice
mapping_next_copy(struct slice *list)
{
	struct slice word = SLICE("");

	while (word.n == 0 && list->n > 0)
		word = slice_trim(slice_cut(*list, ',', list));
	return word;
}

int
mapping_check_bcc(struct slice key, struct slice value, struct err *err)
{
	size_t n = 0;
	struct slice word;

	if (!slice_is(key, "*") &&
	    (!cut_class(&key) ||
		(!is_at_domain(key) && !is_address(key, ADDRESS_UTF8))))
		return err_set(err, ERR_PERM,
		    "expected *, or sender= or recipient= before NAME@DOMAIN "
		    "or @DOMAIN");
	while ((word = mapping_next_copy(&value)).n > 0) {
		if (!is_address(word, ADDRESS_UTF8 | ADDRESS_BARE))
			return err_set(err, ERR_PERM,
			    "expected addresses with commas between them, not "
			    "\"%.*s\"",
			    SLICE_FMT(slice_sub(word, 0, 100)));
		n++;
	}
	if (n == 0 || n > MAPPING_COPIES_MAX)
		return err_set(err, ERR_PERM, "expected 1 to %d addresses",
		    MAPPING_COPIES_MAX);
	return 0;
}
