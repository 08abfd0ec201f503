/* SPDX-License-Identifier: MIT */
/* Of stalwartlabs/mail-parser: see README.md beside it. */
/* clang-format off */
ROW("audio/basic\n",
    "audio/basic")
ROW("application/postscript \n",
    "application/postscript")
ROW("image/ jpeg\n",
    "image/jpeg")
ROW(" message / rfc822\n",
    "message/rfc822")
ROW("inline\n",
    "inline")
ROW(" text/plain; charset =us-ascii (Plain text)\n",
    "text/plain\ncharset=us-ascii")
ROW("text/plain; charset= \"us-ascii\"\n",
    "text/plain\ncharset=us-ascii")
ROW("text/plain; charset =ISO-8859-1\n",
    "text/plain\ncharset=ISO-8859-1")
ROW("text/foo; charset= bar\n",
    "text/foo\ncharset=bar")
ROW(" text /plain; charset=\"iso-8859-1\"; format=flowed\n",
    "text/plain\ncharset=iso-8859-1\nformat=flowed")
ROW("application/pgp-signature; x-mac-type=70674453;\n    name=PGP.sig\n",
    "application/pgp-signature\nx-mac-type=70674453\nname=PGP.sig")
ROW("multipart/mixed; boundary=gc0p4Jq0M2Yt08j34c0p\n",
    "multipart/mixed\nboundary=gc0p4Jq0M2Yt08j34c0p")
ROW("multipart/mixed; boundary=gc0pJq0M:08jU534c0p\n",
    "multipart/mixed\nboundary=gc0pJq0M:08jU534c0p")
ROW("multipart/mixed; boundary=\"gc0pJq0M:08jU534c0p\"\n",
    "multipart/mixed\nboundary=gc0pJq0M:08jU534c0p")
ROW("multipart/mixed; boundary=\"simple boundary\"\n",
    "multipart/mixed\nboundary=simple boundary")
ROW("multipart/mixed; boundary=\"foo\n bar\"\n",
    "multipart/mixed\nboundary=foo bar")
ROW("multipart/alternative; boundary=boundary42\n",
    "multipart/alternative\nboundary=boundary42")
ROW(" multipart/mixed;\n     boundary=\"---- main boundary ----\"\n",
    "multipart/mixed\nboundary=---- main boundary ----")
ROW("multipart/alternative; boundary=42\n",
    "multipart/alternative\nboundary=42")
ROW("message/partial; id=\"ABC@host.com\";\n",
    "message/partial\nid=ABC@host.com")
ROW("multipart/parallel;boundary=unique-boundary-2\n",
    "multipart/parallel\nboundary=unique-boundary-2")
ROW("message/external-body; name=\"BodyFormats.ps\";\n   site=\"thumper.bellcore.com\"; mode=\"image\";\n  access-type=ANON-FTP; directory=\"pub\";\n  expiration=\"Fri, 14 Jun 1991 19:13:14 -0400 (EDT)\"\n",
    "message/external-body\nname=BodyFormats.ps\nsite=thumper.bellcore.com\nmode=image\naccess-type=ANON-FTP\ndirectory=pub\nexpiration=Fri, 14 Jun 1991 19:13:14 -0400 (EDT)")
ROW("message/external-body; access-type=local-file;\n   name=\"/u/nsb/writing/rfcs/RFC-MIME.ps\";\n    site=\"thumper.bellcore.com\";\n  expiration=\"Fri, 14 Jun 1991 19:13:14 -0400 (EDT)\"\n",
    "message/external-body\naccess-type=local-file\nname=/u/nsb/writing/rfcs/RFC-MIME.ps\nsite=thumper.bellcore.com\nexpiration=Fri, 14 Jun 1991 19:13:14 -0400 (EDT)")
ROW("message/external-body;\n    access-type=mail-server\n     server=\"listserv@bogus.bitnet\";\n     expiration=\"Fri, 14 Jun 1991 19:13:14 -0400 (EDT)\"\n",
    "message/external-body\naccess-type=mail-server\nserver=listserv@bogus.bitnet\nexpiration=Fri, 14 Jun 1991 19:13:14 -0400 (EDT)")
ROW("Message/Partial; number=2; total=3;\n     id=\"oc=jpbe0M2Yt4s@thumper.bellcore.com\"\n",
    "message/partial\nnumber=2\ntotal=3\nid=oc=jpbe0M2Yt4s@thumper.bellcore.com")
ROW("multipart/signed; micalg=pgp-sha1; protocol=\"application/pgp-signature\";\n   boundary=\"=-J1qXPoyGtE2XNN5N6Z6j\"\n",
    "multipart/signed\nmicalg=pgp-sha1\nprotocol=application/pgp-signature\nboundary==-J1qXPoyGtE2XNN5N6Z6j")
ROW("message/external-body;\n    access-type=local-file;\n     name=\"/u/nsb/Me.jpeg\"\n",
    "message/external-body\naccess-type=local-file\nname=/u/nsb/Me.jpeg")
ROW("message/external-body; access-type=URL;\n    URL*0=\"ftp://\";\n    URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"\n",
    "message/external-body\naccess-type=URL\nurl=ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar")
ROW("message/external-body; access-type=URL;\n     URL=\"ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"\n",
    "message/external-body\naccess-type=URL\nurl=ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar")
ROW("application/x-stuff;\n     title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A\n",
    "application/x-stuff\ntitle=This is ***fun***")
ROW("application/x-stuff\n   title*0*=us-ascii'en'This%20is%20even%20more%20\n   title*1*=%2A%2A%2Afun%2A%2A%2A%20\n   title*2=\"isn't it!\"\n",
    "application/x-stuff\ntitle=This is even more ***fun*** isn't it!")
ROW("application/pdf\n   filename*0*=iso-8859-1'es'%D1and%FA\n   filename*1*=iso-8859-1'%20r%E1pido\n   filename*2*=\"iso-8859-1' (versi%F3n \\'99 \\\"oficial\\\").pdf\"\n",
    "application/pdf\nfilename=\303\221and\303\272 r\303\241pido (versi\303\263n '99 \"oficial\").pdf")
ROW(" image/png;\n   name=\"=?utf-8?q?=E3=83=8F=E3=83=AD=E3=83=BC=E3=83=BB=E3=83=AF=E3=83=BC=E3=83=AB=E3=83=89?=.png\"\n",
    "image/png\nname=\343\203\217\343\203\255\343\203\274\343\203\273\343\203\257\343\203\274\343\203\253\343\203\211.png")
ROW(" image/gif;\n   name==?iso-8859-6?b?5dHNyMcgyMfk2cfk5Q==?=.gif\n",
    "image/gif\nname=\331\205\330\261\330\255\330\250\330\247 \330\250\330\247\331\204\330\271\330\247\331\204\331\205.gif")
ROW("image/jpeg;\n   name=\"=?iso-8859-1?B?4Q==?= =?utf-8?B?w6k=?= =?iso-8859-1?q?=ED?=.jpeg\"\n",
    "image/jpeg\nname=\303\241 \303\251 \303\255.jpeg")
ROW("image/jpeg;\n   name==?iso-8859-1?B?4Q==?= =?utf-8?B?w6k=?= =?iso-8859-1?q?=ED?=.jpeg\n",
    "image/jpeg\nname=\303\241\303\251\303\255.jpeg")
ROW("image/gif;\n   name==?iso-8859-6?b?5dHNyMcgyMfk2cfk5S5naWY=?=\n",
    "image/gif\nname=\331\205\330\261\330\255\330\250\330\247 \330\250\330\247\331\204\330\271\330\247\331\204\331\205.gif")
ROW(" image/gif;\n   name=\"=?iso-8859-6?b?5dHNyMcgyMfk2cfk5S5naWY=?=\"\n",
    "image/gif\nname=\331\205\330\261\330\255\330\250\330\247 \330\250\330\247\331\204\330\271\330\247\331\204\331\205.gif")
ROW(" inline; filename=\"  best \\\"file\\\" ever with \\\\ escaped ' stuff.  \"\n",
    "inline\nfilename=  best \"file\" ever with \\ escaped ' stuff.  ")
ROW("test/\n",
    "test")
ROW("/invalid\n",
    NULL)
ROW("/\n",
    NULL)
ROW(";\n",
    NULL)
ROW("/ ; name=value\n",
    NULL)
ROW("text/plain;\n",
    "text/plain")
ROW("text/plain;;\n",
    "text/plain")
ROW("text/plain ;;;;; = ;; name=\"value\"\n",
    "text/plain\nname=value")
ROW("=\n",
    "=")
ROW("name=value\n",
    "name=value")
ROW("text/plain; name=  \n",
    "text/plain")
ROW("a/b; = \n",
    "a/b")
ROW("a/b; = \n \n",
    "a/b")
ROW("a/b; =value\n",
    "a/b")
ROW("test/test; =\"value\"\n",
    "test/test")
ROW("\303\241/\303\251; \303\241=\303\251\n",
    "\303\241/\303\251\n\303\241=\303\251")
ROW("inva/lid; name=\"   \n",
    "inva/lid\nname=   ")
ROW("inva/lid; name=\"   \n    \n",
    "inva/lid\nname=       ")
ROW("inva/lid; name=\"   \n    \"; test=test\n",
    "inva/lid\nname=       \ntest=test")
ROW("text/plain; name*=\"iso-8859-1''HasenundFr%F6sche.txt\"\n",
    "text/plain\nname=HasenundFr\303\266sche.txt")
ROW(";charset=us-ascii\n",
    NULL)
ROW(" ;charset=us-ascii\n",
    NULL)
ROW("/;charset=us-ascii\n",
    NULL)
ROW("/ ;charset=us-ascii\n",
    NULL)
ROW("text/\n",
    "text")
ROW("text/;charset=us-ascii\n",
    "text\ncharset=us-ascii")
ROW("text/ ;charset=us-ascii\n",
    "text\ncharset=us-ascii")
ROW("/plain\n",
    NULL)
ROW("/plain;charset=us-ascii\n",
    NULL)
ROW("/plain ;charset=us-ascii\n",
    NULL)
ROW("text/plain\n",
    "text/plain")
ROW("text/plain;charset=us-ascii\n",
    "text/plain\ncharset=us-ascii")
ROW("text/plain ;charset=us-ascii\n",
    "text/plain\ncharset=us-ascii")
ROW("text/plain/format\n",
    "text/plain/format")
ROW("text/plain/format;charset=us-ascii\n",
    "text/plain/format\ncharset=us-ascii")
ROW("text/plain/format ;charset=us-ascii\n",
    "text/plain/format\ncharset=us-ascii")
ROW("application/ld+json\n",
    "application/ld+json")
ROW("application/ld+json;charset=us-ascii\n",
    "application/ld+json\ncharset=us-ascii")
ROW("application/ld+json ;charset=us-ascii\n",
    "application/ld+json\ncharset=us-ascii")
ROW("application/x-magic-cap-package-1.0\n",
    "application/x-magic-cap-package-1.0")
ROW("application/x-magic-cap-package-1.0;charset=us-ascii\n",
    "application/x-magic-cap-package-1.0\ncharset=us-ascii")
ROW("application/x-magic-cap-package-1.0 ;charset=us-ascii\n",
    "application/x-magic-cap-package-1.0\ncharset=us-ascii")
ROW("application/pro_eng\n",
    "application/pro_eng")
ROW("application/pro_eng;charset=us-ascii\n",
    "application/pro_eng\ncharset=us-ascii")
ROW("application/pro_eng ;charset=us-ascii\n",
    "application/pro_eng\ncharset=us-ascii")
ROW("application/wordperfect6.1\n",
    "application/wordperfect6.1")
ROW("application/wordperfect6.1;charset=us-ascii\n",
    "application/wordperfect6.1\ncharset=us-ascii")
ROW("application/wordperfect6.1 ;charset=us-ascii\n",
    "application/wordperfect6.1\ncharset=us-ascii")
ROW("application/vnd.openxmlformats-officedocument.wordprocessingml.template\n",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template")
ROW("application/vnd.openxmlformats-officedocument.wordprocessingml.template;charset=us-ascii\n",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template\ncharset=us-ascii")
ROW("application/vnd.openxmlformats-officedocument.wordprocessingml.template ;charset=us-asii\n",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template\ncharset=us-asii")
ROW("(hello) text (plain) / (world) plain (eod)\n",
    "text/plain")
ROW("(hello) text (plain) / (world) plain (eod);charset=us-ascii\n",
    "text/plain\ncharset=us-ascii")
ROW("(hello) text (plain) / (world) plain (eod); charset=us-ascii\n",
    "text/plain\ncharset=us-ascii")
ROW("message/rfc822\r\n\n",
    "message/rfc822")
ROW(" \t\r message/rfc822 \t\r\n\n",
    "message/rfc822")
ROW(" \t\r message/rfc822 \t ;charset=us-ascii\r\n\n",
    "message/rfc822\ncharset=us-ascii")
ROW(" \t\r message/rfc822 \t ; charset=us-ascii\r\n",
    "message/rfc822\ncharset=us-ascii")
ROW("attachment;\r\n\tfilename=\"=?utf-8?Q?Auftragsbest=C3=A4tigung_Xxxxx_Xxxxxx_XXXXXXXXXX=2EPD?=\r\n =?utf-8?Q?F?=\"\r\n",
    "attachment\nfilename=Auftragsbest\303\244tigung Xxxxx Xxxxxx XXXXXXXXXX.PDF")
ROW("\n text/plain\r\n",
    "text/plain")
/* clang-format on */
