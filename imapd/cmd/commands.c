/* SPDX-License-Identifier: ISC */
#include "imapd/cmd/commands.h"

#include <string.h>

#include "base/mem.h"
#include "imapd/acl/commands.h"
#include "imapd/metadata/commands.h"
#include "imapd/notify/commands.h"
#include "imapd/parse/parse.h"
#include "imapd/relay/commands.h"
#include "imapd/relay/relay.h"
#include "imapd/search/commands.h"
#include "maildir/rights.h"

/* As expunging what was copied before (RFC 6851 4.1, RFC 8508 5). */
#define TAKE_OUT (RIGHT_READ | RIGHT_SET_DELETED | RIGHT_EXPUNGE)

/* Of a copy or move to another account (relay/transfer.c). */
#define INNER (S_GUEST | S_GUEST_ONLY)

/* They need nothing of the account. */
#define ALONE (S_ANY | S_ALONE)

/* clang-format off */
static const struct imapd_command commands[] = {
	/* name             allowed in            tells of           needs          handler */
	{ "APPEND",         S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_append, imapd_append_literal },
	{ "CANCELUPDATE",   S_SELECTED | S_GUEST, UPDATE_ALL,        0,             imapd_cmd_cancelupdate, NULL },
	{ "CAPABILITY",     ALONE,                UPDATE_ALL,        0,             imapd_cmd_capability, NULL },
	{ "CHECK",          S_SELECTED | S_GUEST, UPDATE_ALL,        0,             imapd_cmd_check, NULL },
	{ "CLOSE",          S_SELECTED | S_GUEST, UPDATE_NONE,       0,             imapd_cmd_close, NULL },
	{ "COMPRESS",       ALONE,                UPDATE_NONE,       0,             imapd_cmd_compress, NULL },
	{ "COPY",           S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_READ,    imapd_cmd_copy, NULL },
	{ "CREATE",         S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_create, NULL },
	{ "DELETE",         S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_delete, NULL },
	{ "DELETEACL",      S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_deleteacl, NULL },
	{ "ENABLE",         ALONE | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_enable, NULL },
	{ "ESEARCH",        S_ANY,                UPDATE_ALL,        0,             imapd_cmd_esearch, NULL },
	{ "EXAMINE",        S_ANY | S_GUEST,      UPDATE_NONE,       0,             imapd_cmd_examine, NULL },
	{ "EXPUNGE",        S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_EXPUNGE, imapd_cmd_expunge, NULL },
	{ "FETCH",          S_SELECTED | S_GUEST, UPDATE_NO_EXPUNGE, RIGHT_READ,    imapd_cmd_fetch, NULL },
	{ "GETACL",         S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_getacl, NULL },
	{ "GETMETADATA",    S_ANY,                UPDATE_ALL,        0,             imapd_cmd_getmetadata, NULL },
	{ "GETQUOTA",       S_ANY,                UPDATE_ALL,        0,             imapd_cmd_getquota, NULL },
	{ "GETQUOTAROOT",   S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_getquotaroot, NULL },
	{ "ID",             ALONE,                UPDATE_ALL,        0,             imapd_cmd_id, NULL },
	{ "IDLE",           S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_idle, NULL },
	{ "LIST",           S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_list, NULL },
	{ "LISTRIGHTS",     S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_listrights, NULL },
	{ "LOGOUT",         ALONE | S_GUEST,      UPDATE_NONE,       0,             imapd_cmd_logout, NULL },
	{ "LSUB",           S_ANY,                UPDATE_ALL,        0,             imapd_cmd_lsub, NULL },
	{ "MOVE",           S_SELECTED | S_GUEST, UPDATE_ALL,        TAKE_OUT,      imapd_cmd_move, NULL },
	{ "MYRIGHTS",       S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_myrights, NULL },
	{ "NAMESPACE",      ALONE,                UPDATE_ALL,        0,             imapd_cmd_namespace, NULL },
	{ "NOOP",           S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_noop, NULL },
	{ "NOTIFY",         S_ANY,                UPDATE_ALL,        0,             imapd_cmd_notify, NULL },
	{ "RENAME",         S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_rename, NULL },
	{ "REPLACE",        S_SELECTED,           UPDATE_ALL,        TAKE_OUT,      imapd_cmd_replace, imapd_replace_literal },
	{ "SEARCH",         S_SELECTED | S_GUEST, UPDATE_NO_EXPUNGE, RIGHT_READ,    imapd_cmd_search, NULL },
	{ "SELECT",         S_ANY | S_GUEST,      UPDATE_NONE,       0,             imapd_cmd_select, NULL },
	{ "SETACL",         S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_setacl, NULL },
	{ "SETMETADATA",    S_ANY,                UPDATE_ALL,        0,             imapd_cmd_setmetadata, imapd_setmetadata_literal },
	{ "SETQUOTA",       ALONE,                UPDATE_ALL,        0,             imapd_cmd_setquota, NULL },
	{ "SORT",           S_SELECTED | S_GUEST, UPDATE_NO_EXPUNGE, RIGHT_READ,    imapd_cmd_sort, NULL },
	{ "STATUS",         S_ANY | S_GUEST,      UPDATE_ALL,        0,             imapd_cmd_status, NULL },
	{ "STORE",          S_SELECTED | S_GUEST, UPDATE_NO_EXPUNGE, 0,             imapd_cmd_store, NULL },
	{ "SUBSCRIBE",      S_ANY,                UPDATE_ALL,        0,             imapd_cmd_subscribe, NULL },
	{ "THREAD",         S_SELECTED | S_GUEST, UPDATE_NO_EXPUNGE, RIGHT_READ,    imapd_cmd_thread, NULL },
	{ "UID COPY",       S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_READ,    imapd_cmd_copy, NULL },
	{ "UID EXPUNGE",    S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_EXPUNGE, imapd_cmd_uid_expunge, NULL },
	{ "UID FETCH",      S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_READ,    imapd_cmd_fetch, NULL },
	{ "UID MOVE",       S_SELECTED | S_GUEST, UPDATE_ALL,        TAKE_OUT,      imapd_cmd_move, NULL },
	{ "UID REPLACE",    S_SELECTED,           UPDATE_ALL,        TAKE_OUT,      imapd_cmd_replace, imapd_replace_literal },
	{ "UID SEARCH",     S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_READ,    imapd_cmd_search, NULL },
	{ "UID SORT",       S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_READ,    imapd_cmd_sort, NULL },
	{ "UID STORE",      S_SELECTED | S_GUEST, UPDATE_ALL,        0,             imapd_cmd_store, NULL },
	{ "UID THREAD",     S_SELECTED | S_GUEST, UPDATE_ALL,        RIGHT_READ,    imapd_cmd_thread, NULL },
	{ "UID XREMOVE",    S_SELECTED | INNER,   UPDATE_ALL,        TAKE_OUT,      imapd_cmd_xremove, NULL },
	{ "UNAUTHENTICATE", ALONE,                UPDATE_NONE,       0,             imapd_cmd_unauthenticate, NULL },
	{ "UNSELECT",       S_SELECTED | S_GUEST, UPDATE_NONE,       0,             imapd_cmd_unselect, NULL },
	{ "UNSUBSCRIBE",    S_ANY,                UPDATE_ALL,        0,             imapd_cmd_unsubscribe, NULL },
	{ "XCANMOVE",       S_SELECTED | INNER,   UPDATE_NO_EXPUNGE, TAKE_OUT,      imapd_cmd_xcanmove, NULL },
	{ "XCOPY",          S_ANY | INNER,        UPDATE_NONE,       0,             imapd_cmd_xcopy, NULL },
};
/* clang-format on */

const struct imapd_command *
imapd_command_find(struct parse *p)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (parse_try_word(p, commands[i].name))
			return &commands[i];
	return NULL;
}

bool
imapd_command_is_uid(const struct imapd_command *c)
{
	return slice_starts(slice_str(c->name), SLICE("UID "));
}

/* Each of them has a twin for UIDs, as EXPUNGE has, which names none. */
bool
imapd_command_has_numbers(const struct imapd_command *c)
{
	if (strcmp(c->name, "EXPUNGE") == 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (imapd_command_is_uid(&commands[i]) &&
		    strcmp(commands[i].name + strlen("UID "), c->name) == 0)
			return true;
	return false;
}
