/* SPDX-License-Identifier: ISC */
/* The commands that search: SEARCH's is with the others (cmd/commands.h). */
#ifndef IMAPD_SEARCH_COMMANDS_H
#define IMAPD_SEARCH_COMMANDS_H

#include "imapd/cmd/commands.h"

IMAPD_COMMAND(cancelupdate);
IMAPD_COMMAND(esearch);
IMAPD_COMMAND(sort);
IMAPD_COMMAND(thread);

#endif
