/* SPDX-License-Identifier: ISC */
#include "proto/poplang.h"

#include "base/buf.h"

bool
poplang_reply(struct slice arg, struct buf *out)
{
	if (arg.n == 0)
		buf_adds(out, "+OK Languages\r\ni-default Default language\r\n"
			      "en English\r\n.\r\n");
	else if (slice_iis(arg, "*") || slice_iis(arg, "i-default"))
		buf_adds(out, "+OK i-default Texts are English\r\n");
	else if (slice_iis(arg, "en") || slice_istarts(arg, SLICE("en-")))
		buf_adds(out, "+OK en Texts are English\r\n");
	else {
		buf_adds(out, "-ERR No texts in that language\r\n");
		return false;
	}
	return true;
}
