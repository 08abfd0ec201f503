/* SPDX-License-Identifier: ISC */
/*
 * The milter protocol, version 6, by the names that Sendmail gives it.  A frame
 * is a length of 32 bits in network order, that of a letter and what follows
 * it; text ends with NUL.
 */
#ifndef SMFI_PROTOCOL_H
#define SMFI_PROTOCOL_H

enum {
	SMFI_PROT_VERSION = 6,
	SMFI_PROT_VERSION_MIN = 2,
	SMFI_CHUNK_BYTES = 65535,   /* of a body in one frame */
	SMFI_FRAME_MAX = 128 << 10, /* of a filter's frame, its length apart */
	SMFI_COMMAND_MAX = 65535,   /* of ours: libmilter takes no more */
};

/* What we say. */
enum smfi_command {
	SMFIC_ABORT = 'A',
	SMFIC_BODY = 'B',
	SMFIC_CONNECT = 'C',
	SMFIC_MACRO = 'D',
	SMFIC_BODYEOB = 'E',
	SMFIC_HELO = 'H',
	SMFIC_QUIT_NC = 'K', /* another client's session follows */
	SMFIC_HEADER = 'L',
	SMFIC_MAIL = 'M',
	SMFIC_EOH = 'N',
	SMFIC_OPTNEG = 'O',
	SMFIC_QUIT = 'Q',
	SMFIC_RCPT = 'R',
	SMFIC_DATA = 'T',
	SMFIC_UNKNOWN = 'U',
};

/* What a filter says; SMFIC_OPTNEG as well. */
enum smfi_answer {
	SMFIR_ADDRCPT = '+',
	SMFIR_DELRCPT = '-',
	SMFIR_ADDRCPT_PAR = '2',
	SMFIR_SHUTDOWN = '4',
	SMFIR_ACCEPT = 'a',
	SMFIR_REPLBODY = 'b',
	SMFIR_CONTINUE = 'c',
	SMFIR_DISCARD = 'd',
	SMFIR_CHGFROM = 'e',
	SMFIR_CONN_FAIL = 'f',
	SMFIR_ADDHEADER = 'h',
	SMFIR_INSHEADER = 'i',
	SMFIR_CHGHEADER = 'm',
	SMFIR_PROGRESS = 'p',
	SMFIR_QUARANTINE = 'q',
	SMFIR_REJECT = 'r',
	SMFIR_SKIP = 's',
	SMFIR_TEMPFAIL = 't',
	SMFIR_REPLYCODE = 'y',
};

/* What a filter may do at the end of a message. */
enum {
	SMFIF_ADDHDRS = 0x1,
	SMFIF_CHGBODY = 0x2,
	SMFIF_ADDRCPT = 0x4,
	SMFIF_DELRCPT = 0x8,
	SMFIF_CHGHDRS = 0x10,
	SMFIF_QUARANTINE = 0x20,
	SMFIF_CHGFROM = 0x40,
	SMFIF_ADDRCPT_PAR = 0x80,
	SMFIF_SETSYMLIST = 0x100,
	SMFI_ACTIONS = 0x1ff,
};

/* What it does not want to be told, or does not answer, and what it wants. */
enum {
	SMFIP_NOCONNECT = 0x1,
	SMFIP_NOHELO = 0x2,
	SMFIP_NOMAIL = 0x4,
	SMFIP_NORCPT = 0x8,
	SMFIP_NOBODY = 0x10,
	SMFIP_NOHDRS = 0x20,
	SMFIP_NOEOH = 0x40,
	SMFIP_NR_HDR = 0x80,
	SMFIP_NOUNKNOWN = 0x100,
	SMFIP_NODATA = 0x200,
	SMFIP_SKIP = 0x400,
	SMFIP_RCPT_REJ = 0x800,
	SMFIP_NR_CONN = 0x1000,
	SMFIP_NR_HELO = 0x2000,
	SMFIP_NR_MAIL = 0x4000,
	SMFIP_NR_RCPT = 0x8000,
	SMFIP_NR_DATA = 0x10000,
	SMFIP_NR_UNKN = 0x20000,
	SMFIP_NR_EOH = 0x40000,
	SMFIP_NR_BODY = 0x80000,
	SMFIP_HDR_LEADSPC = 0x100000,
	/* What we offer.  Filters hear of recipients that were accepted. */
	SMFI_STEPS = 0x1fffff & ~SMFIP_RCPT_REJ,
};

/* Stages that have macros of their own, as SETSYMLIST numbers them. */
enum smfi_macro_stage {
	SMFIM_CONNECT,
	SMFIM_HELO,
	SMFIM_ENVFROM,
	SMFIM_ENVRCPT,
	SMFIM_DATA,
	SMFIM_EOM,
	SMFIM_EOH,
	SMFIM_STAGES
};

#endif
