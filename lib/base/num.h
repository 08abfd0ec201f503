/* SPDX-License-Identifier: ISC */
/* Sums and products of foreign numbers: false, and *OUT untouched by use, when
 * the result does not fit its type. */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#define add_ok(a, b, out) (!__builtin_add_overflow((a), (b), (out)))
#define mul_ok(a, b, out) (!__builtin_mul_overflow((a), (b), (out)))

#endif
