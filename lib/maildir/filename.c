/* SPDX-License-Identifier: ISC */
#include "maildir/filename.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/map.h"
#include "base/mem.h"
#include "maildir/keyword_set.h"
#include "sys/clock.h"
#include "sys/id.h"

/* In the order of the letters, which is the order they stand in. */
static const struct {
	char letter;
	unsigned flag;
} letters[] = {
	{ 'D', MSG_DRAFT },
	{ 'F', MSG_FLAGGED },
	{ 'P', MSG_PASSED },
	{ 'R', MSG_ANSWERED },
	{ 'S', MSG_SEEN },
	{ 'T', MSG_DELETED },
};

enum { YEARS = 8030, DAY_S = 86400 };
static const uint64_t DATE_MAX = UINT64_C(366) * DAY_S * YEARS;

static void
parse_info(struct slice info, struct filename *f)
{
	f->info = slice_starts(info, SLICE("2,"));
	if (!f->info)
		return;
	info = slice_from(info, 2);
	for (size_t i = 0; i < info.n; i++) {
		const char c = info.p[i];

		if (c >= 'a' && c <= 'z')
			f->letters |= 1U << (c - 'a');
		for (size_t k = 0; k < ARRAY_LEN(letters); k++)
			if (letters[k].letter == c)
				f->flags |= letters[k].flag;
	}
}

/* 16 digits as filename_format writes them; 0 when it is something else. */
static uint64_t
parse_hex(struct slice s)
{
	uint64_t v = 0;

	if (s.n != 16)
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (ascii_isdigit(c))
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return 0;
	}
	return v;
}

static uint64_t
parse_number(struct slice s, uint64_t max, uint64_t none)
{
	struct cur c = cur_of(s);
	const uint64_t v = cur_u64(&c, max);

	return cur_end(&c) ? v : none;
}

/* Seconds since 1970, with a minus before; of the years 0 to 9999. */
static bool
parse_date(struct slice s, int64_t *date_s)
{
	struct cur c = cur_of(s);
	const bool before = cur_try_byte(&c, '-');
	const int64_t v = (int64_t)cur_u64(&c, DATE_MAX);

	*date_s = before ? -v : v;
	if (!cur_end(&c))
		*date_s = 0;
	return cur_end(&c);
}

static void
parse_field(struct slice field, struct filename *f)
{
	const struct slice value = slice_from(field, 2);

	if (field.n < 3 || field.p[1] != '=')
		return;
	switch (field.p[0]) {
	case 'S':
		f->size = (int64_t)parse_number(value, INT64_MAX, (uint64_t)-1);
		break;
	case 'W':
		f->vsize =
		    (int64_t)parse_number(value, INT64_MAX, (uint64_t)-1);
		break;
	case 'U':
		f->uid = (uint32_t)parse_number(value, UINT32_MAX, 0);
		break;
	case 'E':
		f->email_id = parse_hex(value);
		break;
	case 'D':
		f->own_date = parse_date(value, &f->date_s);
		break;
	default:
		break;
	}
}

void
filename_parse(struct slice name, struct filename *f)
{
	struct slice info, fields;

	*f = (struct filename){ .size = -1, .vsize = -1 };
	f->stem = slice_cut(name, ':', &info);
	f->base = slice_cut(f->stem, ',', &fields);
	while (fields.n > 0)
		parse_field(slice_cut(fields, ',', &fields), f);
	f->own_id = f->email_id != 0;
	if (!f->own_id)
		f->email_id = filename_email_id(f->base);
	parse_info(info, f);
}

static void
add_number(struct buf *out, const char *name, int64_t value)
{
	buf_adds(out, name);
	buf_addu(out, (uint64_t)value);
}

void
filename_format(struct buf *out, const struct filename *f)
{
	buf_add(out, f->base);
	if (f->size >= 0)
		add_number(out, ",S=", f->size);
	if (f->vsize >= 0)
		add_number(out, ",W=", f->vsize);
	if (f->uid != 0)
		add_number(out, ",U=", f->uid);
	if (f->own_id)
		buf_addf(out, ",E=%016llx", (unsigned long long)f->email_id);
	if (f->own_date)
		buf_addf(out, ",D=%lld", (long long)f->date_s);
	if (!f->info)
		return;
	buf_adds(out, ":2,");
	for (size_t k = 0; k < ARRAY_LEN(letters); k++)
		if (f->flags & letters[k].flag)
			buf_addc(out, letters[k].letter);
	for (int i = 0; i < KEYWORD_LETTERS; i++)
		if (f->letters & 1U << i)
			buf_addc(out, (char)('a' + i));
}

/* What would end a base, or leave the directory, is written in octal. */
static void
add_host(struct buf *out, const char *host)
{
	for (; *host != '\0'; host++)
		if (*host == '/' || *host == ':' || *host == ',')
			buf_addf(out, "\\%03o", (unsigned)*host);
		else
			buf_addc(out, *host);
}

void
filename_unique(struct buf *out, const char *host)
{
	static unsigned count;
	const int64_t now_us = clock_wall_us();

	buf_addf(out, "%lld.M%lldP%dQ%uR%08x.", (long long)(now_us / 1000000),
	    (long long)(now_us % 1000000), (int)id_pid(), count++, id_random());
	add_host(out, host);
}

uint64_t
filename_email_id(struct slice base)
{
	const uint64_t id = map_hash_fixed(base);

	return id != 0 ? id : 1;
}
