/* SPDX-License-Identifier: ISC */
#include "log/keys.h"

#include "base/ascii.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/utf8_put.h"

enum { ID_MIN = 11, ID_MAX = 14, IP_MAX = 45, VALUE_MAX = LOG_KEY_MAX + 2 };

/* What a byte may be part of. */
enum {
	OF_ID = 1,
	OF_IP = 2,
	DIGIT = 4,
	BLANK = 8,
	AT = 16,
	DOT = 32,
	COLON = 64
};

/* clang-format off */
#define BOTH(c) [c] = OF_ID | OF_IP, [(c) - 32] = OF_ID | OF_IP
#define ID(c)   [c] = OF_ID,         [(c) - 32] = OF_ID
#define NUM(c)  [c] = OF_ID | OF_IP | DIGIT
static const unsigned char classes[256] = {
	NUM('0'), NUM('1'), NUM('2'), NUM('3'), NUM('4'), NUM('5'), NUM('6'),
	NUM('7'), NUM('8'), NUM('9'),
	BOTH('a'), BOTH('b'), BOTH('c'), BOTH('d'), BOTH('e'), BOTH('f'),
	/* the digits of id_new: no I, L, O, U */
	ID('g'), ID('h'), ID('j'), ID('k'), ID('m'), ID('n'), ID('p'), ID('q'),
	ID('r'), ID('s'), ID('t'), ID('v'), ID('w'), ID('x'), ID('y'), ID('z'),
	['@'] = AT, ['.'] = OF_IP | DOT, [':'] = OF_IP | COLON,
	[' '] = BLANK, ['\t'] = BLANK, ['\r'] = BLANK, ['\n'] = BLANK,
};
/* clang-format on */

struct slice
log_key_text(struct slice value)
{
	if (value.n > 0 && value.p[0] == '<')
		value = slice_from(value, 1);
	if (value.n > 0 && value.p[value.n - 1] == '>')
		value.n--;
	return slice_sub(value, 0, LOG_KEY_MAX);
}

bool
log_key_same(struct slice a, struct slice b)
{
	return slice_ieq(log_key_text(a), log_key_text(b));
}

static unsigned char
class_of(char c)
{
	return classes[(unsigned char)c];
}

/* Is S, which holds no "@", an id or an IP address? */
static bool
is_name(struct slice s, unsigned all)
{
	size_t dots = 0, colons = 0;

	if ((all & OF_ID) != 0 && s.n >= ID_MIN && s.n <= ID_MAX)
		return (class_of(s.p[0]) & DIGIT) != 0;
	if ((all & OF_IP) == 0 || s.n > IP_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		dots += s.p[i] == '.';
		colons += s.p[i] == ':';
	}
	return colons >= 2 || (dots == 3 && colons == 0);
}

bool
log_key(struct slice value, uint64_t *hash)
{
	const struct slice s = log_key_text(value);
	char lower[LOG_KEY_MAX];
	unsigned all = 0xff, any = 0;

	for (size_t i = 0; i < s.n; i++) {
		all &= class_of(s.p[i]);
		any |= class_of(s.p[i]);
	}
	if (s.n == 0 || (any & BLANK) != 0 ||
	    ((any & AT) == 0 && !is_name(s, all)))
		return false;
	for (size_t i = 0; i < s.n; i++)
		lower[i] = ascii_lower(s.p[i]);
	*hash = map_hash_fixed(slice_of(lower, s.n));
	return true;
}

/* ---- lines ---- */

struct log_keys
log_keys_of(struct slice line)
{
	const struct slice s = slice_trim(line);
	struct log_keys k = { .p = s.p, .end = s.p + s.n };
	const char *at = k.p;

	if (s.n == 0)
		return (struct log_keys){ 0 };
	if (*k.p == '{') {
		k.json = true;
		return k;
	}
	/* TIME name[pid] level: event key=value ... */
	for (;;) {
		at = memchr(at, ':', (size_t)(k.end - at));
		if (at == NULL || ++at == k.end)
			return (struct log_keys){ 0 };
		if (*at == ' ')
			break;
	}
	at = memchr(at + 1, ' ', (size_t)(k.end - at - 1));
	k.p = at != NULL ? at : k.end;
	return k;
}

/* A code of four digits as UTF-8; false: it is none. */
static bool
decode(const char **p, const char *end, char *to, size_t *n)
{
	unsigned c = 0;

	for (int i = 0; i < 4; i++, (*p)++) {
		if (*p == end || hex_digit(**p) == -1)
			return false;
		c = c << 4 | (unsigned)hex_digit(**p);
	}
	*n += utf8_format(to + *n, c);
	return true;
}

/* The rest of a string with a backslash at P, whose begin is in TO already. */
static bool
unescape(struct log_keys *k, const char *p, char *to, size_t *n)
{
	while (p < k->end && *p != '"') {
		char c = *p++;

		if (c == '\\') {
			if (p == k->end)
				break;
			c = *p++;
			if (c == 'u') {
				if (*n > VALUE_MAX)
					*n = VALUE_MAX;
				if (!decode(&p, k->end, to, n))
					return false;
				continue;
			}
			if (c == 'n')
				c = '\n';
		}
		/* what is longer counts by its first bytes */
		if (*n < VALUE_MAX)
			to[(*n)++] = c;
	}
	if (p == k->end)
		return false;
	k->p = p + 1;
	return true;
}

/* A string whose opening quote was read; false: it has no end.  TO has room for
 * one with escapes. */
static bool
take_string(struct log_keys *k, char *to, struct slice *s)
{
	const char *p = k->p;
	size_t n;

	while (p < k->end && *p != '"' && *p != '\\')
		p++;
	if (p == k->end)
		return false;
	*s = slice_of(k->p, (size_t)(p - k->p));
	if (*p == '"') {
		k->p = p + 1;
		return true;
	}
	n = s->n < VALUE_MAX ? s->n : VALUE_MAX;
	memcpy(to, s->p, n);
	if (!unescape(k, p, to, &n))
		return false;
	*s = slice_of(to, n);
	return true;
}

static bool
take_lit(struct log_keys *k, char c)
{
	if (k->p == k->end || *k->p != c)
		return false;
	k->p++;
	return true;
}

/*  key=value */
static bool
next_logfmt(struct log_keys *k, char *room, struct slice *value)
{
	const char *end;

	if (!take_lit(k, ' '))
		return false;
	while (k->p < k->end && *k->p != '=' && *k->p != ' ')
		k->p++;
	if (!take_lit(k, '='))
		return false;
	if (take_lit(k, '"'))
		return take_string(k, room, value);
	end = memchr(k->p, ' ', (size_t)(k->end - k->p));
	if (end == NULL)
		end = k->end;
	*value = slice_of(k->p, (size_t)(end - k->p));
	k->p = end;
	return true;
}

static bool
is_plain(char c)
{
	return c != ' ' && c != ',' && c != '}';
}

/* ,"key":"value" or ,"key":value; "{" begins the first. */
static bool
next_json(struct log_keys *k, char *room, struct slice *value)
{
	const char *p;

	if ((!take_lit(k, ',') && !take_lit(k, '{')) || !take_lit(k, '"') ||
	    !take_string(k, room, value) || !take_lit(k, ':'))
		return false;
	if (take_lit(k, '"'))
		return take_string(k, room, value);
	for (p = k->p; p < k->end && is_plain(*p); p++)
		;
	*value = slice_of(k->p, (size_t)(p - k->p));
	k->p = p;
	return true;
}

bool
log_keys_next(struct log_keys *k, uint64_t *hash)
{
	char room[VALUE_MAX + 4];
	struct slice value;

	while (k->p != k->end && (k->json ? next_json(k, room, &value)
					  : next_logfmt(k, room, &value)))
		if (log_key(value, hash))
			return true;
	k->p = k->end;
	return false;
}

struct slice
log_time_of(struct slice line)
{
	static const char shape[] = "0000-00-00T00:00:00.000000Z";
	static const struct slice json = SLICE("{\"time\":\"");

	if (slice_starts(line, json))
		line = slice_from(line, json.n);
	if (line.n < LOG_TIME_BYTES)
		return (struct slice){ NULL, 0 };
	for (size_t i = 0; i < LOG_TIME_BYTES; i++)
		if (shape[i] == '0' ? !ascii_isdigit(line.p[i])
				    : line.p[i] != shape[i])
			return (struct slice){ NULL, 0 };
	return slice_sub(line, 0, LOG_TIME_BYTES);
}
