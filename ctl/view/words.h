/* SPDX-License-Identifier: ISC */
/* What may come next on the command line, for a shell's completion. */
#ifndef CTL_VIEW_WORDS_H
#define CTL_VIEW_WORDS_H

/* Print each word that may follow ARGV, a line each. */
void words_print(int argc, char **argv);

#endif
