/* SPDX-License-Identifier: ISC */
/* The end of master: its processes end in stages, those that others need last,
 * the logger behind all. */
#ifndef MASTER_STOP_H
#define MASTER_STOP_H

/* End all processes, then the loop, with STATUS (master_stop_status).  Nothing
 * when that is under way already. */
void master_stop(int status);
/* A process has ended meanwhile: the next stage, or the end, may have come. */
void master_stop_go_on(void);
/* What master_stop said; 0 before. */
int master_stop_status(void);

#endif
