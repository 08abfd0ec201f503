/* SPDX-License-Identifier: ISC */
#ifndef CONF_WANTED_H
#define CONF_WANTED_H

/* Open files that master asks for, as root, for itself and the daemons. */
enum { MASTER_FILES_WANTED = 524288 };

#endif
