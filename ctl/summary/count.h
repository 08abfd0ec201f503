/* SPDX-License-Identifier: ISC */
/* What an event of the log adds to its day. */
#ifndef CTL_SUMMARY_COUNT_H
#define CTL_SUMMARY_COUNT_H

struct day;
struct logline;

/* An event that is none of those that count adds nothing. */
void count_line(struct day *d, const struct logline *l);

#endif
