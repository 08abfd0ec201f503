/* SPDX-License-Identifier: ISC */
#include "ctl/dns/dnsround.h"

#include <string.h>

#include "proto/domain.h"

enum { NAME_BYTES = 400, TEXT_BYTES = 8192, SHOWN = 200 };

struct dnscheck_row *
dnsround_row(struct dnsround *r, const char *what, const char *name)
{
	struct dnscheck_row *row;

	if (r->c->n == DNSCHECK_ROWS_MAX)
		r->c->n--; /* there are never so many */
	row = &r->c->rows[r->c->n++];
	row->what = what;
	row->verdict = DNSCHECK_GOOD;
	buf_init(&row->name, NAME_BYTES);
	buf_init(&row->detail, TEXT_BYTES);
	buf_init(&row->publish, TEXT_BYTES);
	buf_adds(&row->name, name);
	return row;
}

const struct dns_answer *
dnsround_get(struct dnsround *r, const char *name, enum dns_type type)
{
	const struct dns_answer *a =
	    dns_answers_get(r->answers, slice_str(name), type);

	r->waits |= a == NULL;
	return a;
}

bool
dnsround_has_answer(struct dnscheck_row *row, const struct dns_answer *a)
{
	if (a == NULL || a->found == TEMPFAIL) {
		row->verdict = DNSCHECK_UNKNOWN;
		buf_adds(&row->detail,
		    a != NULL && a->why != NULL ? a->why : "no answer");
		return false;
	}
	if (a->found == FOUND)
		return true;
	row->verdict = DNSCHECK_MISSING;
	buf_adds(&row->detail, "there is none");
	return false;
}

void
dnsround_say(struct dnscheck_row *row, struct slice text)
{
	buf_adds(&row->detail, row->detail.n > 0 ? ", " : "");
	buf_add(&row->detail, slice_sub(text, 0, SHOWN));
}

bool
dnsround_is_host(const struct dnsround *r, const char *name)
{
	return domain_same(slice_str(name), slice_str(r->host->hostname));
}

bool
dnsround_has_address(const struct dns_answer *a, const uint8_t ip[16], bool v6)
{
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(v6 ? (const void *)a->records[i].aaaa
			      : (const void *)a->records[i].a,
			v6 ? ip : ip + 12, v6 ? 16 : 4) == 0)
			return true;
	return false;
}
