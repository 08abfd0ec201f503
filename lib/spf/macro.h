/* SPDX-License-Identifier: ISC */
/* Macros of SPF (RFC 7208 7). */
#ifndef SPF_MACRO_H
#define SPF_MACRO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Where a macro string stands. */
enum spf_macro_place {
	SPF_MACRO_TERM,
	SPF_MACRO_EXP, /* an explanation: blanks, and %{c}, %{r}, %{t} too */
};

/* What the letters stand for. */
struct spf_macro_values {
	struct slice sender; /* local@domain */
	struct slice local;
	struct slice sender_domain;
	struct slice domain; /* that is evaluated now */
	struct slice helo;
	struct slice receiver;
	struct slice valid; /* %{p} */
	const uint8_t *ip;  /* 16 bytes, IPv4 mapped */
	int64_t now_s;
};

/* Is TEXT a macro string? */
bool spf_macro_is(struct slice text, enum spf_macro_place place);
/* Is TEXT a domain-spec: a macro string that ends in a macro or in a dot and a
 * top label? */
bool spf_macro_is_domain(struct slice text);
/* Does TEXT have the macro LETTER, in either case? */
bool spf_macro_uses(struct slice text, char letter);
/* Expand TEXT, which is a macro string, into OUT. */
void spf_macro_expand(
    struct slice text, const struct spf_macro_values *v, struct buf *out);

#endif
