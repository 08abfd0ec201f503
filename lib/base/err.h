/* SPDX-License-Identifier: ISC */
/*
 * What went wrong, and of which class.  The class is set where the cause is
 * known, because it decides 4xx or 5xx, retry or bounce; in doubt ERR_TEMP.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_class {
	ERR_NONE,
	ERR_TEMP, /* may work later: retry, 4xx */
	ERR_PERM, /* will not work as asked: bounce, 5xx */
};

struct err {
	enum err_class class;
	char text[256]; /* one line, no final newline; cut when too long */
};

/* The answer of a look-up. */
enum found { FOUND, ABSENT, TEMPFAIL };

/* Fill ERR (which may be NULL) and return -1. */
int err_set(struct err *err, enum err_class class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with ": <text of errno>" behind it. */
int err_sys(struct err *err, enum err_class class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
