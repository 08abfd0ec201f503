/* SPDX-License-Identifier: ISC */
#include "dns/zone.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/mem.h"

enum {
	WORDS_MAX = 256, /* of one entry */
	TXT_MAX = 65535, /* bytes of one record */
	ALIASES_MAX = 8,
	TYPE_OTHER = 0,      /* the name is there */
	TYPE_FAIL = 0x10000, /* no type of the DNS */
};

struct zone_record {
	struct zone_record *next;
	const char *owner; /* lower case, no final dot */
	int type;
	struct dns_record record;
};

struct dns_zone {
	struct arena arena;
	struct zone_record *first, **last;
};

struct zone_reader {
	struct dns_zone *zone;
	struct cur in;
	unsigned line;
	const char *origin; /* no final dot; "" is the root */
	const char *owner;  /* of the last entry; NULL: none yet */
	struct slice words[WORDS_MAX];
	bool quoted[WORDS_MAX];
	size_t nwords;
	bool indented; /* the entry begins with a blank: the owner is as before
			*/
	bool joined;   /* within parentheses */
	const char *wrong;
};

/* ---- words ---- */

/* What stands behind a backslash: three digits, or a character. */
static int
escaped(struct cur *c)
{
	const int b = cur_byte(c);
	int value;

	if (b < '0' || b > '9')
		return b;
	value = b - '0';
	for (int i = 0; i < 2; i++) {
		const int digit = cur_byte(c);

		if (digit < '0' || digit > '9')
			return -1;
		value = value * 10 + digit - '0';
	}
	return value <= 255 ? value : -1;
}

static bool
ends_word(int b)
{
	return b == -1 || ascii_isspace((char)b) || b == ';' || b == '(' ||
	       b == ')' || b == '"';
}

static void
take_word(struct zone_reader *r)
{
	struct buf word = { .max = TXT_MAX };
	const bool quoted = cur_try_byte(&r->in, '"');

	while (quoted ? cur_left(&r->in) > 0 && cur_peek(&r->in) != '"' &&
			    cur_peek(&r->in) != '\n'
		      : !ends_word(cur_peek(&r->in))) {
		int b = cur_byte(&r->in);

		if (b == '\\')
			b = escaped(&r->in);
		if (b == -1)
			cur_fail(&r->in);
		else
			buf_addc(&word, (char)b);
	}
	if ((quoted && !cur_try_byte(&r->in, '"')) || !cur_ok(&r->in))
		r->wrong = "a quote or an escape without its end";
	else if (word.failed || r->nwords == WORDS_MAX)
		r->wrong = "too long";
	else {
		r->quoted[r->nwords] = quoted;
		r->words[r->nwords++] =
		    arena_slice(&r->zone->arena, buf_slice(&word));
	}
	buf_fini(&word);
}

/* The words of the next entry; false at the end of the file. */
static bool
take_entry(struct zone_reader *r)
{
	bool start = true;

	r->nwords = 0;
	r->indented = r->joined = false;
	while (r->wrong == NULL && cur_left(&r->in) > 0) {
		const int b = cur_peek(&r->in);

		if (b == '\n') {
			(void)cur_byte(&r->in);
			r->line++;
			if (!r->joined && r->nwords > 0)
				return true;
			if (!r->joined)
				r->indented = false;
			start = !r->joined;
			continue;
		}
		if (b == ';') {
			while (cur_left(&r->in) > 0 && cur_peek(&r->in) != '\n')
				(void)cur_byte(&r->in);
		} else if (b == '(' || b == ')') {
			r->joined = b == '(';
			(void)cur_byte(&r->in);
		} else if (ascii_isspace((char)b)) {
			r->indented |= start;
			(void)cur_byte(&r->in);
		} else {
			take_word(r);
		}
		start = false;
	}
	return r->wrong == NULL && r->nwords > 0;
}

/* ---- entries ---- */

/* A name as we compare it, the origin behind it where it is relative. */
static const char *
name_of(struct zone_reader *r, struct slice word)
{
	struct buf b = { .max = TXT_MAX };
	const char *name;

	if (slice_is(word, "@"))
		return r->origin;
	for (size_t i = 0; i < word.n; i++)
		buf_addc(&b, ascii_lower(word.p[i]));
	if (word.n > 0 && word.p[word.n - 1] == '.') {
		buf_truncate(&b, b.n - 1);
	} else if (r->origin[0] != '\0') {
		buf_addc(&b, '.');
		buf_adds(&b, r->origin);
	}
	name = arena_str(&r->zone->arena, buf_slice(&b));
	buf_fini(&b);
	return name;
}

static void
add(struct zone_reader *r, int type, const struct dns_record *record)
{
	struct zone_record *rr = arena_new(&r->zone->arena, struct zone_record);

	rr->owner = r->owner;
	rr->type = type;
	rr->record = *record;
	*r->zone->last = rr;
	r->zone->last = &rr->next;
}

static bool
put_address(int family, struct slice word, void *to)
{
	char text[INET6_ADDRSTRLEN];

	return slice_copy(word, text, sizeof text) &&
	       inet_pton(family, text, to) == 1;
}

static bool
put_mx(struct zone_reader *r, size_t at, struct dns_record *record)
{
	struct cur c = cur_of(r->words[at]);

	if (r->nwords != at + 2)
		return false;
	record->mx.preference = (uint16_t)cur_u64(&c, UINT16_MAX);
	record->mx.host = name_of(r, r->words[at + 1]);
	return cur_end(&c);
}

static bool
put_txt(struct zone_reader *r, size_t at, struct dns_record *record)
{
	struct buf b = { .max = TXT_MAX };
	bool ok = at < r->nwords;

	for (; at < r->nwords; at++)
		buf_add(&b, r->words[at]);
	ok = ok && !b.failed;
	record->txt = arena_slice(&r->zone->arena, buf_slice(&b));
	buf_fini(&b);
	return ok;
}

static uint16_t
number_of(struct slice word, uint64_t max, bool *ok)
{
	struct cur c = cur_of(word);
	const uint64_t v = cur_u64(&c, max);

	*ok &= cur_end(&c);
	return (uint16_t)v;
}

static bool
put_srv(struct zone_reader *r, size_t at, struct dns_record *record)
{
	bool ok = r->nwords == at + 4;

	if (!ok)
		return false;
	record->mx.preference = number_of(r->words[at], UINT16_MAX, &ok);
	record->mx.weight = number_of(r->words[at + 1], UINT16_MAX, &ok);
	record->mx.port = number_of(r->words[at + 2], UINT16_MAX, &ok);
	record->mx.host = name_of(r, r->words[at + 3]);
	return ok;
}

/* HEX in one word. */
static bool
put_tlsa(struct zone_reader *r, size_t at, struct dns_record *record)
{
	bool ok = r->nwords == at + 4;
	struct slice hex;
	char *data;

	if (!ok)
		return false;
	record->tlsa.usage = (uint8_t)number_of(r->words[at], 255, &ok);
	record->tlsa.selector = (uint8_t)number_of(r->words[at + 1], 255, &ok);
	record->tlsa.matching = (uint8_t)number_of(r->words[at + 2], 255, &ok);
	hex = r->words[at + 3];
	data = arena_alloc(&r->zone->arena, hex.n / 2 + 1);
	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		const int high = hex_digit(hex.p[i]);
		const int low = hex_digit(hex.p[i + 1]);

		ok &= high != -1 && low != -1;
		data[i / 2] = (char)(high << 4 | low);
	}
	record->tlsa.data = slice_of(data, hex.n / 2);
	return ok && hex.n % 2 == 0;
}

/* The data of a record, from word AT on. */
static bool
put_data(struct zone_reader *r, int type, size_t at, struct dns_record *record)
{
	const bool one = r->nwords == at + 1;

	switch (type) {
	case DNS_A:
		return one && put_address(AF_INET, r->words[at], record->a);
	case DNS_AAAA:
		return one && put_address(AF_INET6, r->words[at], record->aaaa);
	case DNS_MX:
		return put_mx(r, at, record);
	case DNS_TXT:
		return put_txt(r, at, record);
	case DNS_SRV:
		return put_srv(r, at, record);
	case DNS_TLSA:
		return put_tlsa(r, at, record);
	case DNS_PTR:
	case DNS_CNAME:
		if (one)
			record->name = name_of(r, r->words[at]);
		return one;
	default:
		return true;
	}
}

static int
type_of(struct slice word)
{
	static const struct {
		const char *word;
		int type;
	} types[] = { { "A", DNS_A }, { "AAAA", DNS_AAAA }, { "MX", DNS_MX },
		{ "TXT", DNS_TXT }, { "SRV", DNS_SRV }, { "TLSA", DNS_TLSA },
		{ "PTR", DNS_PTR }, { "CNAME", DNS_CNAME },
		{ "FAIL", TYPE_FAIL } };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (slice_iis(word, types[i].word))
			return types[i].type;
	return TYPE_OTHER;
}

/* "3600", "1h30m". */
static bool
is_ttl(struct slice word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_isdigit(word.p[i]) &&
		    (i == 0 || strchr("smhdwSMHDW", word.p[i]) == NULL))
			return false;
	return word.n > 0;
}

static void
entry(struct zone_reader *r)
{
	struct dns_record record = { 0 };
	size_t at = 0;
	int type;

	if (!r->indented)
		r->owner = name_of(r, r->words[at++]);
	while (at < r->nwords && !r->quoted[at] &&
	       (is_ttl(r->words[at]) || slice_iis(r->words[at], "IN")))
		at++;
	if (r->owner == NULL || at == r->nwords) {
		r->wrong = "no name or no type";
		return;
	}
	type = type_of(r->words[at++]);
	if (put_data(r, type, at, &record))
		add(r, type, &record);
	else
		r->wrong = "these are not the data of its type";
}

static void
directive(struct zone_reader *r)
{
	if (slice_iis(r->words[0], "$ORIGIN") && r->nwords == 2)
		r->origin = name_of(r, r->words[1]);
	else if (!slice_iis(r->words[0], "$TTL"))
		r->wrong = "only $ORIGIN and $TTL are understood";
}

struct dns_zone *
dns_zone_parse(struct slice text, struct err *err)
{
	struct dns_zone *zone = xcalloc(1, sizeof *zone);
	struct zone_reader *r = xcalloc(1, sizeof *r);
	unsigned line = 1;

	arena_init(&zone->arena);
	zone->last = &zone->first;
	*r = (struct zone_reader){
		.zone = zone, .in = cur_of(text), .line = 1, .origin = ""
	};
	while (take_entry(r)) {
		if (r->words[0].n > 0 && r->words[0].p[0] == '$')
			directive(r);
		else
			entry(r);
		if (r->wrong != NULL)
			break;
		line = r->line;
	}
	if (r->wrong != NULL) {
		err_set(err, ERR_PERM, "line %u: %s", line, r->wrong);
		dns_zone_free(&zone);
	}
	free(r);
	return zone;
}

void
dns_zone_free(struct dns_zone **zone)
{
	if (*zone == NULL)
		return;
	arena_fini(&(*zone)->arena);
	xfree(zone);
}

/* ---- answers ---- */

/* NAME, or a name beneath it: it is there then. */
static bool
is_at(const char *owner, const char *name)
{
	const size_t n = strlen(owner), k = strlen(name);

	return n >= k && strcmp(owner + n - k, name) == 0 &&
	       (n == k || owner[n - k - 1] == '.');
}

static void
look_up(const struct dns_zone *zone, const char *name, enum dns_type type,
    struct dns_record *records, struct dns_answer *answer)
{
	bool fails = false, there = false;
	const char *alias = NULL;

	for (const struct zone_record *rr = zone->first; rr != NULL;
	     rr = rr->next) {
		there |= is_at(rr->owner, name);
		if (strcmp(rr->owner, name) != 0)
			continue;
		fails |= rr->type == TYPE_FAIL;
		if (rr->type == (int)type && answer->n < DNS_RECORDS_MAX)
			records[answer->n++] = rr->record;
		else if (rr->type == DNS_CNAME)
			alias = rr->record.name;
	}
	answer->name = alias != NULL && answer->n == 0 ? alias : name;
	answer->nxdomain = !there;
	if (answer->n > 0)
		answer->found = FOUND;
	else
		answer->found = fails ? TEMPFAIL : ABSENT;
	if (answer->found == TEMPFAIL)
		answer->why = "FAIL in the zone file";
}

void
dns_zone_answer(const struct dns_zone *zone, struct dns_answers *answers)
{
	struct dns_record *records = xcalloc(DNS_RECORDS_MAX, sizeof *records);
	enum dns_type type;
	const char *name;

	while (dns_answers_wanted(answers, &name, &type)) {
		struct dns_answer answer = { .name = name };
		const char *at = name;

		for (int i = 0; i <= ALIASES_MAX; i++) {
			answer = (struct dns_answer){ .records = records };
			look_up(zone, at, type, records, &answer);
			if (answer.found != ABSENT ||
			    strcmp(answer.name, at) == 0)
				break;
			at = answer.name;
		}
		dns_answers_put(answers, slice_str(name), type, &answer);
	}
	free(records);
}
