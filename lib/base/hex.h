/* SPDX-License-Identifier: ISC */
/* Hexadecimal digits. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/ascii.h"

/* What the hexadecimal digit C stands for; -1: it is none, as "a" is in xtext
 * (RFC 3461 4). */
static inline int
hex_digit_upper(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The same in both cases. */
static inline int
hex_digit(char c)
{
	return hex_digit_upper(ascii_upper(c));
}

#endif
