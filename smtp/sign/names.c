/* SPDX-License-Identifier: ISC */
#include "smtp/sign/names.h"

#include <stdbool.h>

#include "base/mem.h"

enum { OF_A_NAME_MAX = 4 };

/* Lists add Sender and fields of their own (RFC 2369, RFC 8058), so that there
 * are none of these is not signed. */
static const struct {
	const char *name;
	bool once_more;
} fields[] = {
	{ "from", true },
	{ "subject", true },
	{ "date", true },
	{ "to", true },
	{ "cc", true },
	{ "reply-to", true },
	{ "message-id", true },
	{ "in-reply-to", true },
	{ "references", true },
	{ "mime-version", true },
	{ "content-type", true },
	{ "content-transfer-encoding", true },
	{ "sender", false },
	{ "content-id", false },
	{ "content-disposition", false },
	{ "auto-submitted", false },
	{ "resent-from", false },
	{ "resent-to", false },
	{ "resent-date", false },
	{ "list-id", false },
	{ "list-help", false },
	{ "list-unsubscribe", false },
	{ "list-unsubscribe-post", false },
	{ "list-post", false },
};

_Static_assert(ARRAY_LEN(fields) * (OF_A_NAME_MAX + 1) <= SMTP_SIGN_NAMES_MAX,
    "there is room for all");

static size_t
count(const struct dkim_message *m, const char *name)
{
	size_t n = 0;

	for (const struct dkim_head *h = dkim_message_last(m, name);
	     h != NULL && n < OF_A_NAME_MAX; h = h->above)
		n++;
	return n;
}

size_t
smtp_sign_names(
    const struct dkim_message *m, struct slice names[SMTP_SIGN_NAMES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		size_t times = count(m, fields[i].name) + fields[i].once_more;

		while (times-- > 0)
			names[n++] = slice_str(fields[i].name);
	}
	return n;
}
