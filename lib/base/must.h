/* SPDX-License-Identifier: ISC */
/*
 * must(expr): a promise the program makes to itself.  Always compiled in;
 * when broken, logs file:line and aborts, and master starts the daemon anew.
 * Nothing a client sends may decide it.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#define must(expr)                                                             \
	((expr) ? (void)0 : must_fail(__FILE__, __LINE__, __func__, #expr))

_Noreturn void must_fail(
    const char *file, int line, const char *func, const char *expr);

/* Called before the abort, so that a log can be written out; may be NULL. */
extern void (*must_hook)(void);

#endif
