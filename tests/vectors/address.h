/* SPDX-License-Identifier: MIT */
/* Of stalwartlabs/mail-parser: see README.md beside it. */
/* clang-format off */
ROW("John Doe <jdoe@machine.example>\n",
    "John Doe <jdoe@machine.example>")
ROW(" Mary Smith <mary@example.net>\n",
    "Mary Smith <mary@example.net>")
ROW("\"Joe Q. Public\" <john.q.public@example.com>\n",
    "Joe Q. Public <john.q.public@example.com>")
ROW("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>\n",
    "Mary Smith <mary@x.test>\n <jdoe@example.org>\nWho? <one@y.test>")
ROW("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>\n",
    " <boss@nil.test>\nGiant; \"Big\" Box <sysservices@example.net>")
ROW("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;\n",
    "{A Group\nEd Jones <c@a.test>\n <joe@where.test>\nJohn <jdoe@one.test>\n}")
ROW("Undisclosed recipients:;\n",
    "{Undisclosed recipients\n}")
ROW("\"Mary Smith: Personal Account\" <smith@home.example >\n",
    "Mary Smith: Personal Account <smith@home.example>")
ROW("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>\n",
    "Pete (A nice ) chap his account his host) <pete@silly.test>")
ROW("Pete(A nice \n \\\n ) chap) <pete(his\n account)@silly\n .test(his host)>\n",
    "Pete (A nice ) chap his account his host) <pete@silly.test>")
ROW("A Group(Some people)\n        :Chris Jones <c@(Chris's host.)public.example>,\n            joe@example.org,\n     John <jdoe@one.test> (my dear friend); (the end of the group)\n",
    "{A Group (Some people)\nChris Jones (Chris's host.) <c@public.example>\n <joe@example.org>\nJohn (my dear friend) <jdoe@one.test>\n}\nthe end of the group <>")
ROW("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;\n",
    "{Hidden recipients (Empty list start)\nnobody(that I know) <>\n}")
ROW("Joe Q. Public <john.q.public@example.com>\n",
    "Joe Q. Public <john.q.public@example.com>")
ROW("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example\n",
    "Mary Smith <@node.test:mary@example.net>\n <jdoe@test  . example>")
ROW("John Doe <jdoe@machine(comment).  example>\n",
    "John Doe (comment) <jdoe@machine.  example>")
ROW("Mary Smith\n    \n\t<mary@example.net>\n",
    "Mary Smith <mary@example.net>")
ROW("=?US-ASCII*EN?Q?Keith_Moore?= <moore@cs.utk.edu>\n",
    "Keith Moore <moore@cs.utk.edu>")
ROW("John =?US-ASCII*EN?Q?Doe?= <moore@cs.utk.edu>\n",
    "John Doe <moore@cs.utk.edu>")
ROW("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>\n",
    "Keld J\303\270rn Simonsen <keld@dkuug.dk>")
ROW("=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>\n",
    "Andr\303\251 Pirard <PIRARD@vm1.ulg.ac.be>")
ROW("=?ISO-8859-1?Q?Olle_J=E4rnefors?= <ojarnef@admin.kth.se>\n",
    "Olle J\303\244rnefors <ojarnef@admin.kth.se>")
ROW("ietf-822@dimacs.rutgers.edu, ojarnef@admin.kth.se\n",
    " <ietf-822@dimacs.rutgers.edu>\n <ojarnef@admin.kth.se>")
ROW("Nathaniel Borenstein <nsb@thumper.bellcore.com>\n    (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)\n",
    "Nathaniel Borenstein (\327\235\327\225\327\234\327\251 \327\237\327\221 \327\231\327\234\327\230\327\244\327\240) <nsb@thumper.bellcore.com>")
ROW("Greg Vaudreuil <gvaudre@NRI.Reston.VA.US>, Ned Freed\n      <ned@innosoft.com>, Keith Moore <moore@cs.utk.edu>\n",
    "Greg Vaudreuil <gvaudre@NRI.Reston.VA.US>\nNed Freed <ned@innosoft.com>\nKeith Moore <moore@cs.utk.edu>")
ROW("=?ISO-8859-1?Q?a?= <test@test.com>\n",
    "a <test@test.com>")
ROW("\"=?ISO-8859-1?Q?a?= b\" <test@test.com>\n",
    "a b <test@test.com>")
ROW("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?= <test@test.com>\n",
    "ab <test@test.com>")
ROW("=?ISO-8859-1?Q?a?=\n   =?ISO-8859-1?Q?b?= <test@test.com>\n",
    "ab <test@test.com>")
ROW("=?ISO-8859-1?Q?a?= \"=?ISO-8859-2?Q?_b?=\" <test@test.com>\n",
    "a b <test@test.com>")
ROW(" <test@test.com>\n",
    " <test@test.com>")
ROW("=? <name@domain.com>\n",
    "=? <name@domain.com>")
ROW("\"  James Smythe\" <james@example.com>, Friends:\n  jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\n   <john@example.com>;\n",
    "  James Smythe <james@example.com>\n{Friends\n <jane@example.com>\nJohn Sm\303\256th <john@example.com>\n}")
ROW("List 1: addr1@test.com, addr2@test.com; List 2: addr3@test.com, addr4@test.com; addr5@test.com, addr6@test.com\n",
    "{List 1\n <addr1@test.com>\n <addr2@test.com>\n}\n{List 2\n <addr3@test.com>\n <addr4@test.com>\n}\n <addr5@test.com>\n <addr6@test.com>")
ROW("\"List 1\": addr1@test.com, addr2@test.com; \"List 2\": addr3@test.com, addr4@test.com; addr5@test.com, addr6@test.com\n",
    "{List 1\n <addr1@test.com>\n <addr2@test.com>\n}\n{List 2\n <addr3@test.com>\n <addr4@test.com>\n}\n <addr5@test.com>\n <addr6@test.com>")
ROW("\"=?utf-8?b?VGjDrXMgw61zIHbDoWzDrWQgw5pURjg=?=\": addr1@test.com, addr2@test.com; =?utf-8?b?VGjDrXMgw61zIHbDoWzDrWQgw5pURjg=?=: addr3@test.com, addr4@test.com; addr5@test.com, addr6@test.com\n",
    "{Th\303\255s \303\255s v\303\241l\303\255d \303\232TF8\n <addr1@test.com>\n <addr2@test.com>\n}\n{Th\303\255s \303\255s v\303\241l\303\255d \303\232TF8\n <addr3@test.com>\n <addr4@test.com>\n}\n <addr5@test.com>\n <addr6@test.com>")
ROW("NO (posting not allowed on this list)\n",
    "posting not allowed on this list <NO>")
ROW("\"\\\\\\\\\\\\\\\\S. NIG\\\\\\\\\\\\\\\\\" <first.last@host.com>",
    "\\\\\\\\S. NIG\\\\\\\\ <first.last@host.com>")
ROW("\"phil@example.com\" <phil@example.com>\n",
    "phil@example.com <phil@example.com>")
ROW("\"<phil@example.com>\" <phil@example.com>\n",
    "<phil@example.com> <phil@example.com>")
ROW("phil@example.com <phil@example.com>\n",
    "phil@example.com <phil@example.com>")
ROW("\"John\r\n Doe\" <a@b.com>\n",
    "John Doe <a@b.com>")
ROW("\"Serge B, Chair, HR\" =?utf-8?b?U3ltcG9zaXVtL1hwb+KEog==?= conference <a@b.com>\n",
    "Serge B, Chair, HR Symposium/Xpo\342\204\242 conference <a@b.com>")
ROW("\"John\" =?utf-8?q?Doe?= <a@b.com>\n",
    "John Doe <a@b.com>")
ROW("<a@b.com> =?utf-8?q?Doe?=\n",
    "Doe <a@b.com>")
ROW("Name (comment) =?utf-8?q?Doe?= <a@b.com>\n",
    "Name Doe (comment) <a@b.com>")
ROW("=?utf-8?q?a?= =?utf-8?q?b?= <a@b.com>\n",
    "ab <a@b.com>")
ROW("=?utf-8?q?Hello?= <a@b.com>\n",
    "Hello <a@b.com>")
ROW("\"foo =?utf-8?q?bar?=\" <a@b.com>\n",
    "foo bar <a@b.com>")
/* clang-format on */
