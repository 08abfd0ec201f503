/* SPDX-License-Identifier: ISC */
#include "ctl/check/renew.h"

#include "base/slice.h"
#include "ctl/inst/dial.h"
#include "ipc/frame.h"
#include "ipc/msg.h"
#include "ipc/role.h"

enum { ANSWER_MS = 30000 };

int
renew_tell(const struct instance *in, struct err *err)
{
	struct msg m = { .type = MSG_keys_renew };
	struct dial d;
	int rc = -1;

	if (dial_master_pid(in) == 0)
		return 0;
	if (dial_open(&d, in, ROLE_KEYS, err) == -1)
		return -1;
	if (dial_send(&d, &m, err) == 0 &&
	    dial_recv(&d, &m, ANSWER_MS, err) == 0) {
		if (m.type != MSG_keys_renewed)
			err_set(
			    err, ERR_TEMP, "keys answers %s", msg_name(m.type));
		else if (!m.keys_renewed.ok)
			err_set(err, ERR_PERM, "%.*s",
			    SLICE_FMT(m.keys_renewed.why));
		else
			rc = 1;
	}
	dial_close(&d);
	return rc;
}
