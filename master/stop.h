/* SPDX-License-Identifier: ISC */
#ifndef MASTER_STOP_H
#define MASTER_STOP_H

/* End all processes in stages, then master itself with STATUS. */
void master_stop(int status);

#endif
