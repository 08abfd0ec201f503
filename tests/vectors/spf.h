/* SPDX-License-Identifier: BSD-3-Clause */
/* The test suite for RFC 7208 (licence: spf-BSD.txt) as rows of C: the zones as
 * text for dns/zone.h, where a TXT record stands for one of the former type SPF
 * and FAIL for no answer. */
#ifndef TESTS_VECTORS_SPF_H
#define TESTS_VECTORS_SPF_H

/* clang-format off */
static const char *const spf_zones[] = {
	/* Initial processing */
	"example.com. FAIL\n"
	"example.net. TXT \"v=spf1 -all exp=exp.example.net\"\n"
	"a.example.net. TXT \"v=spf1 -all exp=exp.example.net\"\n"
	"exp.example.net. TXT \"%{l}\"\n"
	"a12345678901234567890123456789012345678901234567890123456789"
		    "012.example.com. TXT \"v=spf1 -all\"\n"
	"hosed.example.com. TXT \"v=spf1 a:\\239\\187\\191garbage.exa"
		    "mple.net -all\"\n"
	"hosed2.example.com. TXT \"v=spf1 \\128a:example.net -all\"\n"
	"hosed3.example.com. TXT \"v=spf1 a:example.net \\150all\"\n"
	"nothosed.example.com. TXT \"v=spf1 a:example.net -all\"\n"
	"nothosed.example.com. TXT \"\\150\"\n"
	"ctrl.example.com. TXT \"v=spf1 a:ctrl.example.com\\013ptr -a"
		    "ll\"\n"
	"ctrl.example.com. A 192.0.2.3\n"
	"fine.example.com. TXT \"v=spf1 a  -all\"\n"
	"trail.example.com. TXT \"v=spf1 a -all \"\n"
	"null.example.com. TXT \"v=spf1 ip4:\" \"192.0.2.5 -all\"\n"
	"null.example.com. TXT \"\"\n"
	"badip.example.com. TXT \"v=spf1 ip4:192.0.2.5\\010 include:s"
		    "pf.protection.outlook.com ~all\"\n",
	/* Record lookup */
	"both.example.net. TXT \"v=spf1 -all\"\n"
	"txtonly.example.net. TXT \"v=spf1 -all\"\n"
	"spftimeout.example.net. TXT \"v=spf1 -all\"\n"
	"spftimeout.example.net. FAIL\n"
	"txttimeout.example.net. FAIL\n"
	"nospftxttimeout.example.net. FAIL\n"
	"alltimeout.example.net. FAIL\n",
	/* Selecting records */
	"example3.com. TXT \"v=spf10\"\n"
	"example3.com. TXT \"v=spf1 mx\"\n"
	"example3.com. MX 0 mail.example1.com.\n"
	"example1.com. TXT \"v=spf1\"\n"
	"example2.com. TXT \"v=spf1\" \"mx\"\n"
	"mail.example1.com. A 1.2.3.4\n"
	"example4.com. TXT \"v=spf1 -all\"\n"
	"example5.com. TXT \"v=spf1 -all\"\n"
	"example5.com. TXT \"v=spf1 +all\"\n"
	"example6.com. TXT \"v=spf1 -all\"\n"
	"example6.com. TXT \"V=sPf1 +all\"\n"
	"example7.com. TXT \"v=spf1 -all\"\n"
	"example7.com. TXT \"v=spf1 -all\"\n"
	"example8.com. TXT \"v=spf1 +all\"\n"
	"example9.com. TXT \"v=SpF1 ~all\"\n",
	/* Record evaluation */
	"mail.example.com. A 1.2.3.4\n"
	"t1.example.com. TXT \"v=spf1 ip4:1.2.3.4 -all moo\"\n"
	"t2.example.com. TXT \"v=spf1 moo.cow-far_out=man:dog/cat ip4"
		    ":1.2.3.4 -all\"\n"
	"t3.example.com. TXT \"v=spf1 moo.cow/far_out=man:dog/cat ip4"
		    ":1.2.3.4 -all\"\n"
	"t4.example.com. TXT \"v=spf1 moo.cow:far_out=man:dog/cat ip4"
		    ":1.2.3.4 -all\"\n"
	"t5.example.com. TXT \"v=spf1 redirect=t5.example.com ~all\""
		    "\n"
	"t6.example.com. TXT \"v=spf1 ip4:1.2.3.4 redirect=t2.example"
		    ".com\"\n"
	"t7.example.com. TXT \"v=spf1 ip4:1.2.3.4\"\n"
	"t8.example.com. TXT \"v=spf1 ip4:1.2.3.4 redirect:t2.example"
		    ".com\"\n"
	"t9.example.com. TXT \"v=spf1 a:foo-bar -all\"\n"
	"t10.example.com. TXT \"v=spf1 a:mail.example...com -all\"\n"
	"t11.example.com. TXT \"v=spf1 a:a123456789012345678901234567"
		    "890123456789012345678901234567890123.example.com -all\"\n"
	"t12.example.com. TXT \"v=spf1 a:%{H}.bar -all\"\n",
	/* ALL mechanism syntax */
	"mail.example.com. A 1.2.3.4\n"
	"e1.example.com. TXT \"v=spf1 -all.\"\n"
	"e2.example.com. TXT \"v=spf1 -all:foobar\"\n"
	"e3.example.com. TXT \"v=spf1 -all/8\"\n"
	"e4.example.com. TXT \"v=spf1 ?all\"\n"
	"e5.example.com. TXT \"v=spf1 all -all\"\n",
	/* PTR mechanism syntax */
	"mail.example.com. A 1.2.3.4\n"
	"mail.example.com. AAAA 2001:db8::1\n"
	"e1.example.com. TXT \"v=spf1 ptr/0 -all\"\n"
	"e2.example.com. TXT \"v=spf1 ptr:example.com -all\"\n"
	"4.3.2.1.in-addr.arpa. PTR e3.example.com.\n"
	"4.3.2.1.in-addr.arpa. PTR e4.example.com.\n"
	"4.3.2.1.in-addr.arpa. PTR mail.example.com.\n"
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.E.B.A.B.E.F."
		    "A.C.ip6.arpa. PTR e3.example.com.\n"
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.D.0.1.0."
		    "0.2.ip6.arpa. PTR mail.Example.com.\n"
	"e3.example.com. TXT \"v=spf1 ptr -all\"\n"
	"e3.example.com. A 1.2.3.4\n"
	"e3.example.com. AAAA CAFE:BABE::1\n"
	"e4.example.com. TXT \"v=spf1 ptr -all\"\n"
	"e5.example.com. TXT \"v=spf1 ptr:\"\n"
	"e6.example.com. TXT \"v=spf1 ptr:example.Com -all\"\n"
	"loop.example.com. TXT \"v=spf1 ptr\"\n"
	"4.2.0.192.in-addr.arpa. PTR loop4.example.com.\n"
	"loop4.example.com. CNAME CNAME.example.com.\n"
	"cname.example.com. CNAME CNAME.example.com.\n",
	/* A mechanism syntax */
	"mail.example.com. A 1.2.3.4\n"
	"e1.example.com. TXT \"v=spf1 a/0 -all\"\n"
	"e2.example.com. A 1.1.1.1\n"
	"e2.example.com. AAAA 1234::2\n"
	"e2.example.com. TXT \"v=spf1 a/0 -all\"\n"
	"e2a.example.com. AAAA 1234::1\n"
	"e2a.example.com. TXT \"v=spf1 a//0 -all\"\n"
	"e2b.example.com. A 1.1.1.1\n"
	"e2b.example.com. TXT \"v=spf1 a//0 -all\"\n"
	"ipv6.example.com. AAAA 1234::1\n"
	"ipv6.example.com. A 1.1.1.1\n"
	"ipv6.example.com. TXT \"v=spf1 a -all\"\n"
	"e3.example.com. TXT \"v=spf1 a:foo.example.com\\000\"\n"
	"e4.example.com. TXT \"v=spf1 a:111.222.33.44\"\n"
	"e5.example.com. TXT \"v=spf1 a:abc.123\"\n"
	"e5a.example.com. TXT \"v=spf1 a:museum\"\n"
	"e5b.example.com. TXT \"v=spf1 a:museum.\"\n"
	"e6.example.com. TXT \"v=spf1 a//33 -all\"\n"
	"e6a.example.com. TXT \"v=spf1 a/33 -all\"\n"
	"e7.example.com. TXT \"v=spf1 a//129 -all\"\n"
	"e8.example.com. A 1.2.3.5\n"
	"e8.example.com. AAAA 2001:db8:1234::dead:beef\n"
	"e8.example.com. TXT \"v=spf1 a/24//64 -all\"\n"
	"e8e.example.com. A 1.2.3.5\n"
	"e8e.example.com. AAAA 2001:db8:1234::dead:beef\n"
	"e8e.example.com. TXT \"v=spf1 a/24/64 -all\"\n"
	"e8a.example.com. A 1.2.3.5\n"
	"e8a.example.com. AAAA 2001:db8:1234::dead:beef\n"
	"e8a.example.com. TXT \"v=spf1 a/24 -all\"\n"
	"e8b.example.com. A 1.2.3.5\n"
	"e8b.example.com. AAAA 2001:db8:1234::dead:beef\n"
	"e8b.example.com. TXT \"v=spf1 a//64 -all\"\n"
	"e9.example.com. TXT \"v=spf1 a:example.com:8080\"\n"
	"e10.example.com. TXT \"v=spf1 a:foo.example.com/24\"\n"
	"foo.example.com. A 1.1.1.1\n"
	"foo.example.com. A 1.2.3.5\n"
	"e11.example.com. TXT \"v=spf1 a:foo:bar/baz.example.com\"\n"
	"foo:bar/baz.example.com. A 1.2.3.4\n"
	"e12.example.com. TXT \"v=spf1 a:example.-com\"\n"
	"e13.example.com. TXT \"v=spf1 a:\"\n"
	"e14.example.com. TXT \"v=spf1 a:foo.example.xn--zckzah -all"
		    "\"\n"
	"foo.example.xn--zckzah. A 1.2.3.4\n",
	/* Include mechanism semantics and syntax */
	"mail.example.com. A 1.2.3.4\n"
	"ip5.example.com. TXT \"v=spf1 ip4:1.2.3.5 -all\"\n"
	"ip6.example.com. TXT \"v=spf1 ip4:1.2.3.6 ~all\"\n"
	"ip7.example.com. TXT \"v=spf1 ip4:1.2.3.7 ?all\"\n"
	"ip8.example.com. FAIL\n"
	"erehwon.example.com. TXT \"v=spfl am not an SPF record\"\n"
	"e1.example.com. TXT \"v=spf1 include:ip5.example.com ~all\""
		    "\n"
	"e2.example.com. TXT \"v=spf1 include:ip6.example.com all\"\n"
	"e3.example.com. TXT \"v=spf1 include:ip7.example.com -all\""
		    "\n"
	"e4.example.com. TXT \"v=spf1 include:ip8.example.com -all\""
		    "\n"
	"e5.example.com. TXT \"v=spf1 include:e6.example.com -all\"\n"
	"e6.example.com. TXT \"v=spf1 include +all\"\n"
	"e7.example.com. TXT \"v=spf1 include:erehwon.example.com -al"
		    "l\"\n"
	"e8.example.com. TXT \"v=spf1 include: -all\"\n"
	"e9.example.com. TXT \"v=spf1 include:ip5.example.com/24 -all"
		    "\"\n",
	/* MX mechanism syntax */
	"mail.example.com. A 1.2.3.4\n"
	"mail.example.com. MX 0 .\n"
	"mail.example.com. TXT \"v=spf1 mx\"\n"
	"e1.example.com. TXT \"v=spf1 mx/0 -all\"\n"
	"e1.example.com. MX 0 e1.example.com.\n"
	"e2.example.com. A 1.1.1.1\n"
	"e2.example.com. AAAA 1234::2\n"
	"e2.example.com. MX 0 e2.example.com.\n"
	"e2.example.com. TXT \"v=spf1 mx/0 -all\"\n"
	"e2a.example.com. AAAA 1234::1\n"
	"e2a.example.com. MX 0 e2a.example.com.\n"
	"e2a.example.com. TXT \"v=spf1 mx//0 -all\"\n"
	"e2b.example.com. A 1.1.1.1\n"
	"e2b.example.com. MX 0 e2b.example.com.\n"
	"e2b.example.com. TXT \"v=spf1 mx//0 -all\"\n"
	"e3.example.com. TXT \"v=spf1 mx:foo.example.com\\000\"\n"
	"e4.example.com. TXT \"v=spf1 mx\"\n"
	"e4.example.com. A 1.2.3.4\n"
	"e5.example.com. TXT \"v=spf1 mx:abc.123\"\n"
	"e6.example.com. TXT \"v=spf1 mx//33 -all\"\n"
	"e6a.example.com. TXT \"v=spf1 mx/33 -all\"\n"
	"e7.example.com. TXT \"v=spf1 mx//129 -all\"\n"
	"e9.example.com. TXT \"v=spf1 mx:example.com:8080\"\n"
	"e10.example.com. TXT \"v=spf1 mx:foo.example.com/24\"\n"
	"foo.example.com. MX 0 foo1.example.com.\n"
	"foo1.example.com. A 1.1.1.1\n"
	"foo1.example.com. A 1.2.3.5\n"
	"e11.example.com. TXT \"v=spf1 mx:foo:bar/baz.example.com\"\n"
	"foo:bar/baz.example.com. MX 0 foo:bar/baz.example.com.\n"
	"foo:bar/baz.example.com. A 1.2.3.4\n"
	"e12.example.com. TXT \"v=spf1 mx:example.-com\"\n"
	"e13.example.com. TXT \"v=spf1 mx: -all\"\n",
	/* EXISTS mechanism syntax */
	"mail.example.com. A 1.2.3.4\n"
	"mail6.example.com. AAAA CAFE:BABE::4\n"
	"err.example.com. FAIL\n"
	"e1.example.com. TXT \"v=spf1 exists:\"\n"
	"e2.example.com. TXT \"v=spf1 exists\"\n"
	"e3.example.com. TXT \"v=spf1 exists:mail.example.com/24\"\n"
	"e4.example.com. TXT \"v=spf1 exists:mail.example.com\"\n"
	"e5.example.com. TXT \"v=spf1 exists:mail6.example.com -all\""
		    "\n"
	"e6.example.com. TXT \"v=spf1 exists:err.example.com -all\"\n",
	/* IP4 mechanism syntax */
	"mail.example.com. A 1.2.3.4\n"
	"e1.example.com. TXT \"v=spf1 ip4:1.1.1.1/0 -all\"\n"
	"e2.example.com. TXT \"v=spf1 ip4:1.2.3.4/32 -all\"\n"
	"e3.example.com. TXT \"v=spf1 ip4:1.2.3.4/33 -all\"\n"
	"e4.example.com. TXT \"v=spf1 ip4:1.2.3.4/032 -all\"\n"
	"e5.example.com. TXT \"v=spf1 ip4\"\n"
	"e6.example.com. TXT \"v=spf1 ip4:1.2.3.4//32\"\n"
	"e7.example.com. TXT \"v=spf1 -ip4:1.2.3.4 ip6:::FFFF:1.2.3.4"
		    "\"\n"
	"e8.example.com. TXT \"v=spf1 ip4:1.2.3.4:8080\"\n"
	"e9.example.com. TXT \"v=spf1 ip4:1.2.3\"\n",
	/* IP6 mechanism syntax */
	"mail.example.com. A 1.2.3.4\n"
	"e1.example.com. TXT \"v=spf1 -all ip6\"\n"
	"e2.example.com. TXT \"v=spf1 ip6:::1.1.1.1/0\"\n"
	"e3.example.com. TXT \"v=spf1 ip6:::1.1.1.1/129\"\n"
	"e4.example.com. TXT \"v=spf1 ip6:::1.1.1.1//33\"\n"
	"e5.example.com. TXT \"v=spf1 ip6:Cafe:Babe:8000::/33\"\n"
	"e6.example.com. TXT \"v=spf1 ip6::CAFE::BABE\"\n",
	/* Semantics of exp and other modifiers */
	"mail.example.com. A 1.2.3.4\n"
	"e1.example.com. TXT \"v=spf1 exp=exp1.example.com redirect=e"
		    "2.example.com\"\n"
	"e2.example.com. TXT \"v=spf1 -all\"\n"
	"e3.example.com. TXT \"v=spf1 exp=exp1.example.com redirect=e"
		    "4.example.com\"\n"
	"e4.example.com. TXT \"v=spf1 -all exp=exp2.example.com\"\n"
	"exp1.example.com. TXT \"No-see-um\"\n"
	"exp2.example.com. TXT \"See me.\"\n"
	"exp3.example.com. TXT \"Correct!\"\n"
	"exp4.example.com. TXT \"%{l} in implementation\"\n"
	"e5.example.com. TXT \"v=spf1 1up=foo\"\n"
	"e6.example.com. TXT \"v=spf1 =all\"\n"
	"e7.example.com. TXT \"v=spf1 include:e3.example.com -all exp"
		    "=exp3.example.com\"\n"
	"e8.example.com. TXT \"v=spf1 -all exp=exp4.example.com\"\n"
	"e9.example.com. TXT \"v=spf1 -all foo=%abc\"\n"
	"e10.example.com. TXT \"v=spf1 redirect=erehwon.example.com\""
		    "\n"
	"e11.example.com. TXT \"v=spf1 -all exp=e11msg.example.com\""
		    "\n"
	"e11msg.example.com. TXT \"Answer a fool according to his fol"
		    "ly.\"\n"
	"e11msg.example.com. TXT \"Do not answer a fool according to "
		    "his folly.\"\n"
	"e12.example.com. TXT \"v=spf1 exp= -all\"\n"
	"e13.example.com. TXT \"v=spf1 exp=e13msg.example.com -all\""
		    "\n"
	"e13msg.example.com. TXT \"The %{x}-files.\"\n"
	"e14.example.com. TXT \"v=spf1 exp=e13msg.example.com -all ex"
		    "p=e11msg.example.com\"\n"
	"e15.example.com. TXT \"v=spf1 redirect=e12.example.com -all "
		    "redirect=e12.example.com\"\n"
	"e16.example.com. TXT \"v=spf1 exp=-all\"\n"
	"e17.example.com. TXT \"v=spf1 redirect=-all ?all\"\n"
	"e18.example.com. TXT \"v=spf1 ?all redirect=\"\n"
	"e19.example.com. TXT \"v=spf1 default=pass\"\n"
	"e20.example.com. TXT \"v=spf1 default=+\"\n"
	"e21.example.com. TXT \"v=spf1 exp=e21msg.example.com -all\""
		    "\n"
	"e21msg.example.com. FAIL\n"
	"e22.example.com. TXT \"v=spf1 exp=mail.example.com -all\"\n"
	"nonascii.example.com. TXT \"v=spf1 exp=badexp.example.com -a"
		    "ll\"\n"
	"badexp.example.com. TXT \"\\239\\187\\191Explanation\"\n"
	"tworecs.example.com. TXT \"v=spf1 exp=twoexp.example.com -al"
		    "l\"\n"
	"twoexp.example.com. TXT \"one\"\n"
	"twoexp.example.com. TXT \"two\"\n"
	"e23.example.com. TXT \"v=spf1 a:erehwon.example.com a:foobar"
		    ".com exp=nxdomain.com -all\"\n"
	"e24.example.com. TXT \"v=spf1 redirect=testimplicit.example."
		    "com\"\n"
	"e24.example.com. A 192.0.2.1\n"
	"testimplicit.example.com. TXT \"v=spf1 a -all\"\n"
	"testimplicit.example.com. A 192.0.2.2\n",
	/* Macro expansion rules */
	"example.com.d.spf.example.com. TXT \"v=spf1 redirect=a.spf.e"
		    "xample.com\"\n"
	"a.spf.example.com. TXT \"v=spf1 include:o.spf.example.com. ~"
		    "all\"\n"
	"o.spf.example.com. TXT \"v=spf1 ip4:192.168.218.40\"\n"
	"msgbas2x.cos.example.com. A 192.168.218.40\n"
	"example.com. A 192.168.90.76\n"
	"example.com. TXT \"v=spf1 redirect=%{d}.d.spf.example.com.\""
		    "\n"
	"exp.example.com. TXT \"v=spf1 exp=msg.example.com. -all\"\n"
	"msg.example.com. TXT \"This is a test.\"\n"
	"e1.example.com. TXT \"v=spf1 -exists:%(ir).sbl.example.com ?"
		    "all\"\n"
	"e1e.example.com. TXT \"v=spf1 exists:foo%(ir).sbl.example.co"
		    "m ?all\"\n"
	"e1t.example.com. TXT \"v=spf1 exists:foo%.sbl.example.com ?a"
		    "ll\"\n"
	"e1a.example.com. TXT \"v=spf1 a:macro%%percent%_%_space%-url"
		    "-space.example.com -all\"\n"
	"macro%percent\\032\\032space%20url-space.example.com. A 1.2."
		    "3.4\n"
	"e2.example.com. TXT \"v=spf1 -all exp=%{r}.example.com\"\n"
	"e3.example.com. TXT \"v=spf1 -all exp=%{ir}.example.com\"\n"
	"40.218.168.192.example.com. TXT \"Connections from %{c} not "
		    "authorized.\"\n"
	"somewhat.long.exp.example.com. TXT \"v=spf1 -all exp=foobar."
		    "%{o}.%{o}.%{o}.%{o}.%{o}.%{o}.%{o}.%{o}.example.com\"\n"
	"somewhat.long.exp.example.com.somewhat.long.exp.example.com."
		    "somewhat.long.exp.example.com.somewhat.long.exp.example.com."
		    "somewhat.long.exp.example.com.somewhat.long.exp.example.com."
		    "somewhat.long.exp.example.com.somewhat.long.exp.example.com."
		    "example.com. TXT \"Congratulations!  That was tricky.\"\n"
	"e4.example.com. TXT \"v=spf1 -all exp=e4msg.example.com\"\n"
	"e4msg.example.com. TXT \"%{c} is queried as %{ir}.%{v}.arpa"
		    "\"\n"
	"e5.example.com. TXT \"v=spf1 a:%{a}.example.com -all\"\n"
	"e6.example.com. TXT \"v=spf1 -all exp=e6msg.example.com\"\n"
	"e6msg.example.com. TXT \"connect from %{p}\"\n"
	"mx.example.com. A 192.168.218.41\n"
	"mx.example.com. A 192.168.218.42\n"
	"mx.example.com. AAAA CAFE:BABE::2\n"
	"mx.example.com. AAAA CAFE:BABE::3\n"
	"40.218.168.192.in-addr.arpa. PTR mx.example.com.\n"
	"41.218.168.192.in-addr.arpa. PTR mx.example.com.\n"
	"42.218.168.192.in-addr.arpa. PTR mx.example.com.\n"
	"42.218.168.192.in-addr.arpa. PTR mx.e7.example.com.\n"
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.E.B.A.B.E.F."
		    "A.C.ip6.arpa. PTR mx.example.com.\n"
	"3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.E.B.A.B.E.F."
		    "A.C.ip6.arpa. PTR mx.example.com.\n"
	"mx.e7.example.com. A 192.168.218.42\n"
	"mx.e7.example.com.should.example.com. A 127.0.0.2\n"
	"mx.example.com.ok.example.com. A 127.0.0.2\n"
	"e7.example.com. TXT \"v=spf1 exists:%{p}.should.example.com "
		    "~exists:%{p}.ok.example.com\"\n"
	"e8.example.com. TXT \"v=spf1 -all exp=msg8.%{D2}\"\n"
	"msg8.example.com. TXT \"http://example.com/why.html?l=%{L}\""
		    "\n"
	"e9.example.com. TXT \"v=spf1 a:%{H} -all\"\n"
	"e10.example.com. TXT \"v=spf1 -include:_spfh.%{d2} ip4:1.2.3"
		    ".0/24 -all\"\n"
	"_spfh.example.com. TXT \"v=spf1 -a:%{h} +all\"\n"
	"e11.example.com. TXT \"v=spf1 exists:%{i}.%{l2r-}.user.%{d2}"
		    "\"\n"
	"1.2.3.4.gladstone.philip.user.example.com. A 127.0.0.2\n"
	"e12.example.com. TXT \"v=spf1 exists:%{l2r+-}.user.%{d2}\"\n"
	"bar.foo.user.example.com. A 127.0.0.2\n",
	/* Processing limits */
	"mail.example.com. A 1.2.3.4\n"
	"e1.example.com. TXT \"v=spf1 ip4:1.1.1.1 redirect=e1.example"
		    ".com\"\n"
	"e1.example.com. A 1.2.3.6\n"
	"e2.example.com. TXT \"v=spf1 include:e3.example.com\"\n"
	"e2.example.com. A 1.2.3.7\n"
	"e3.example.com. TXT \"v=spf1 include:e2.example.com\"\n"
	"e3.example.com. A 1.2.3.8\n"
	"e4.example.com. TXT \"v=spf1 mx\"\n"
	"e4.example.com. MX 0 mail.example.com.\n"
	"e4.example.com. MX 1 mail.example.com.\n"
	"e4.example.com. MX 2 mail.example.com.\n"
	"e4.example.com. MX 3 mail.example.com.\n"
	"e4.example.com. MX 4 mail.example.com.\n"
	"e4.example.com. MX 5 mail.example.com.\n"
	"e4.example.com. MX 6 mail.example.com.\n"
	"e4.example.com. MX 7 mail.example.com.\n"
	"e4.example.com. MX 8 mail.example.com.\n"
	"e4.example.com. MX 9 mail.example.com.\n"
	"e4.example.com. MX 10 e4.example.com.\n"
	"e4.example.com. A 1.2.3.5\n"
	"e5.example.com. TXT \"v=spf1 ptr\"\n"
	"e5.example.com. A 1.2.3.5\n"
	"5.3.2.1.in-addr.arpa. PTR e1.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e2.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e3.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e4.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e6.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e7.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e8.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e9.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e10.example.com.\n"
	"5.3.2.1.in-addr.arpa. PTR e5.example.com.\n"
	"e6.example.com. TXT \"v=spf1 a mx a mx a mx a mx a ptr ip4:1"
		    ".2.3.4 -all\"\n"
	"e6.example.com. A 1.2.3.8\n"
	"e6.example.com. MX 10 e6.example.com.\n"
	"e7.example.com. TXT \"v=spf1 a mx a mx a mx a mx a ptr a ip4"
		    ":1.2.3.4 -all\"\n"
	"e7.example.com. A 1.2.3.20\n"
	"e8.example.com. TXT \"v=spf1 a include:inc.example.com ip4:1"
		    ".2.3.4 mx -all\"\n"
	"e8.example.com. A 1.2.3.4\n"
	"inc.example.com. TXT \"v=spf1 a a a a a a a a\"\n"
	"inc.example.com. A 1.2.3.10\n"
	"e9.example.com. TXT \"v=spf1 a include:inc.example.com a ip4"
		    ":1.2.3.4 -all\"\n"
	"e9.example.com. A 1.2.3.21\n"
	"e10.example.com. TXT \"v=spf1 a -all\"\n"
	"e10.example.com. A 1.2.3.1\n"
	"e10.example.com. A 1.2.3.2\n"
	"e10.example.com. A 1.2.3.3\n"
	"e10.example.com. A 1.2.3.4\n"
	"e10.example.com. A 1.2.3.5\n"
	"e10.example.com. A 1.2.3.6\n"
	"e10.example.com. A 1.2.3.7\n"
	"e10.example.com. A 1.2.3.8\n"
	"e10.example.com. A 1.2.3.9\n"
	"e10.example.com. A 1.2.3.10\n"
	"e10.example.com. A 1.2.3.11\n"
	"e10.example.com. A 1.2.3.12\n"
	"e11.example.com. TXT \"v=spf1 a:err.example.com a:err1.examp"
		    "le.com a:err2.example.com ?all\"\n"
	"e12.example.com. TXT \"v=spf1 a:err.example.com a:err1.examp"
		    "le.com ?all\"\n",
	/* Test cases from implementation bugs */
	"example.org. TXT \"v=spf1 mx redirect=_spf.example.com\"\n"
	"example.org. MX 10 smtp.example.org.\n"
	"example.org. MX 10 smtp1.example.com.\n"
	"smtp.example.org. A 198.51.100.2\n"
	"smtp.example.org. AAAA 2001:db8:ff0:100::3\n"
	"smtp1.example.com. A 192.0.2.26\n"
	"smtp1.example.com. AAAA 2001:db8:ff0:200::2\n"
	"2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.F.F.0.8.B.D.0.1.0."
		    "0.2.ip6.arpa. PTR smtp6-v.fe.example.org.\n"
	"smtp6-v.fe.example.org. AAAA 2001:db8:ff0:100::2\n"
	"_spf.example.com. TXT \"v=spf1 ptr:fe.example.org ptr:sgp.ex"
		    "ample.com exp=_expspf.example.org -all\"\n"
	"_expspf.example.org. TXT \"Sender domain not allowed from th"
		    "is host. Please see http://www.openspf.org/Why?s=mfrom&id=%{"
		    "S}&ip=%{C}&r=%{R}\"\n"
	"a.example.org. TXT \"Another TXT record.\"\n"
	"a.example.org. TXT \"v=spf1 ip4:192.0.2.225 ?include:webmail"
		    ".pair.com ?include:relay.pair.com -all\"\n"
	"a.example.org. TXT \"More TXT records.\"\n"
	"a.example.org. TXT \"A third TXT record.\"\n"
	"a.example.org. AAAA 2001:db8:ff0:300::4\n"
	"b.example.org. CNAME a.example.org.\n"
	"mail.example.org. TXT \"v=spf1 include:a.example.org include"
		    ":b.example.org -all\"\n"
	"mail.example.org. A 192.0.2.28\n"
	"webmail.pair.com. TXT \"v=spf1 ip4:66.39.3.0/24 ip4:209.68.6"
		    ".94/32\"\n"
	"relay.pair.com. TXT \"v=spf1 ip4:209.68.5.9/32 ip4:209.68.5."
		    "15/32 a -all\"\n"
	"relay.pair.com. A 192.0.2.131\n",
};

static const struct spf_row {
	const char *name;
	unsigned zone; /* of spf_zones */
	const char *ip, *helo, *sender;
	const char *results;     /* any of these, by "|" */
	const char *explanation; /* NULL: not looked at; "": none */
} spf_rows[] = {
	{ "toolonglabel", 0, "1.2.3.5", "mail.example.net",
	    "lyme.eater@A123456789012345678901234567890123456789012345678"
		    "901234567890123.example.com", "none",
	    NULL },
	{ "longlabel", 0, "1.2.3.5", "mail.example.net",
	    "lyme.eater@A123456789012345678901234567890123456789012345678"
		    "90123456789012.example.com", "fail",
	    NULL },
	{ "emptylabel", 0, "1.2.3.5", "mail.example.net",
	    "lyme.eater@A...example.com", "none",
	    NULL },
	{ "helo-not-fqdn", 0, "1.2.3.5", "A2345678",
	    "", "none",
	    NULL },
	{ "helo-domain-literal", 0, "1.2.3.5", "[1.2.3.5]",
	    "", "none",
	    NULL },
	{ "nolocalpart", 0, "1.2.3.4", "mail.example.net",
	    "@example.net", "fail",
	    "postmaster" },
	{ "domain-literal", 0, "1.2.3.5", "OEMCOMPUTER",
	    "foo@[1.2.3.5]", "none",
	    NULL },
	{ "non-ascii-policy", 0, "1.2.3.4", "hosed",
	    "foobar@hosed.example.com", "permerror",
	    NULL },
	{ "non-ascii-mech", 0, "1.2.3.4", "hosed",
	    "foobar@hosed2.example.com", "permerror",
	    NULL },
	{ "non-ascii-result", 0, "1.2.3.4", "hosed",
	    "foobar@hosed3.example.com", "permerror",
	    NULL },
	{ "non-ascii-non-spf", 0, "1.2.3.4", "hosed",
	    "foobar@nothosed.example.com", "fail",
	    "" },
	{ "control-char-policy", 0, "192.0.2.3", "hosed",
	    "foobar@ctrl.example.com", "permerror",
	    NULL },
	{ "two-spaces", 0, "1.2.3.4", "hosed",
	    "actually@fine.example.com", "fail",
	    NULL },
	{ "trailing-space", 0, "192.0.2.5", "hosed",
	    "silly@trail.example.com", "fail",
	    NULL },
	{ "null-text", 0, "192.0.2.5", "hosed",
	    "silly@null.example.com", "pass",
	    NULL },
	{ "badip4", 0, "192.0.2.5", "foobar",
	    "oops@badip.example.com", "permerror",
	    NULL },
	{ "both", 1, "1.2.3.4", "mail.example.net",
	    "foo@both.example.net", "fail",
	    NULL },
	{ "txtonly", 1, "1.2.3.4", "mail.example.net",
	    "foo@txtonly.example.net", "fail",
	    NULL },
	{ "spfonly", 1, "1.2.3.4", "mail.example.net",
	    "foo@spfonly.example.net", "none",
	    NULL },
	{ "spftimeout", 1, "1.2.3.4", "mail.example.net",
	    "foo@spftimeout.example.net", "fail",
	    NULL },
	{ "txttimeout", 1, "1.2.3.4", "mail.example.net",
	    "foo@txttimeout.example.net", "temperror",
	    NULL },
	{ "nospftxttimeout", 1, "1.2.3.4", "mail.example.net",
	    "foo@nospftxttimeout.example.net", "temperror",
	    NULL },
	{ "alltimeout", 1, "1.2.3.4", "mail.example.net",
	    "foo@alltimeout.example.net", "temperror",
	    NULL },
	{ "nospace1", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example2.com", "none",
	    NULL },
	{ "empty", 2, "1.2.3.4", "mail1.example1.com",
	    "foo@example1.com", "neutral",
	    NULL },
	{ "nospace2", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example3.com", "pass",
	    NULL },
	{ "spfoverride", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example4.com", "fail",
	    NULL },
	{ "multitxt1", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example5.com", "permerror",
	    NULL },
	{ "multitxt2", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example6.com", "permerror",
	    NULL },
	{ "multispf1", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example7.com", "permerror|fail",
	    NULL },
	{ "multispf2", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example8.com", "pass",
	    NULL },
	{ "nospf", 2, "1.2.3.4", "mail.example1.com",
	    "foo@mail.example1.com", "none",
	    NULL },
	{ "case-insensitive", 2, "1.2.3.4", "mail.example1.com",
	    "foo@example9.com", "softfail",
	    NULL },
	{ "detect-errors-anywhere", 3, "1.2.3.4", "mail.example.com",
	    "foo@t1.example.com", "permerror",
	    NULL },
	{ "modifier-charset-good", 3, "1.2.3.4", "mail.example.com",
	    "foo@t2.example.com", "pass",
	    NULL },
	{ "modifier-charset-bad1", 3, "1.2.3.4", "mail.example.com",
	    "foo@t3.example.com", "permerror",
	    NULL },
	{ "modifier-charset-bad2", 3, "1.2.3.4", "mail.example.com",
	    "foo@t4.example.com", "permerror",
	    NULL },
	{ "redirect-after-mechanisms1", 3, "1.2.3.4", "mail.example.com",
	    "foo@t5.example.com", "softfail",
	    NULL },
	{ "redirect-after-mechanisms2", 3, "1.2.3.5", "mail.example.com",
	    "foo@t6.example.com", "fail",
	    NULL },
	{ "default-result", 3, "1.2.3.5", "mail.example.com",
	    "foo@t7.example.com", "neutral",
	    NULL },
	{ "redirect-is-modifier", 3, "1.2.3.4", "mail.example.com",
	    "foo@t8.example.com", "permerror",
	    NULL },
	{ "invalid-domain", 3, "1.2.3.4", "mail.example.com",
	    "foo@t9.example.com", "permerror",
	    NULL },
	{ "invalid-domain-empty-label", 3, "1.2.3.4", "mail.example.com",
	    "foo@t10.example.com", "fail|permerror",
	    NULL },
	{ "invalid-domain-long", 3, "1.2.3.4", "mail.example.com",
	    "foo@t11.example.com", "fail|permerror",
	    NULL },
	{ "invalid-domain-long-via-macro", 3, "1.2.3.4", "%%%%%%%%%%%%%%%%%%%%%%",
	    "foo@t12.example.com", "fail|permerror",
	    NULL },
	{ "all-dot", 4, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "permerror",
	    NULL },
	{ "all-arg", 4, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "permerror",
	    NULL },
	{ "all-cidr", 4, "1.2.3.4", "mail.example.com",
	    "foo@e3.example.com", "permerror",
	    NULL },
	{ "all-neutral", 4, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "neutral",
	    NULL },
	{ "all-double", 4, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "pass",
	    NULL },
	{ "ptr-cidr", 5, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "permerror",
	    NULL },
	{ "ptr-match-target", 5, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "pass",
	    NULL },
	{ "ptr-match-implicit", 5, "1.2.3.4", "mail.example.com",
	    "foo@e3.example.com", "pass",
	    NULL },
	{ "ptr-nomatch-invalid", 5, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "fail",
	    NULL },
	{ "ptr-match-ip6", 5, "CAFE:BABE::1", "mail.example.com",
	    "foo@e3.example.com", "pass",
	    NULL },
	{ "ptr-empty-domain", 5, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "permerror",
	    NULL },
	{ "ptr-case-change", 5, "2001:db8::1", "mail.example.com",
	    "bar@e6.example.com", "pass",
	    NULL },
	{ "ptr-cname-loop", 5, "192.0.2.4", "loop.example.com",
	    "postmaster@loop.example.com", "neutral",
	    NULL },
	{ "a-cidr6", 6, "1.2.3.4", "mail.example.com",
	    "foo@e6.example.com", "fail",
	    NULL },
	{ "a-bad-cidr4", 6, "1.2.3.4", "mail.example.com",
	    "foo@e6a.example.com", "permerror",
	    NULL },
	{ "a-bad-cidr6", 6, "1.2.3.4", "mail.example.com",
	    "foo@e7.example.com", "permerror",
	    NULL },
	{ "a-dual-cidr-ip4-match", 6, "1.2.3.4", "mail.example.com",
	    "foo@e8.example.com", "pass",
	    NULL },
	{ "a-dual-cidr-ip4-err", 6, "1.2.3.4", "mail.example.com",
	    "foo@e8e.example.com", "permerror",
	    NULL },
	{ "a-dual-cidr-ip6-match", 6, "2001:db8:1234::cafe:babe", "mail.example.com",
	    "foo@e8.example.com", "pass",
	    NULL },
	{ "a-dual-cidr-ip4-default", 6, "1.2.3.4", "mail.example.com",
	    "foo@e8b.example.com", "fail",
	    NULL },
	{ "a-dual-cidr-ip6-default", 6, "2001:db8:1234::cafe:babe", "mail.example.com",
	    "foo@e8a.example.com", "fail",
	    NULL },
	{ "a-multi-ip1", 6, "1.2.3.4", "mail.example.com",
	    "foo@e10.example.com", "pass",
	    NULL },
	{ "a-multi-ip2", 6, "1.2.3.4", "mail.example.com",
	    "foo@e10.example.com", "pass",
	    NULL },
	{ "a-bad-domain", 6, "1.2.3.4", "mail.example.com",
	    "foo@e9.example.com", "permerror",
	    NULL },
	{ "a-nxdomain", 6, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "fail",
	    NULL },
	{ "a-cidr4-0", 6, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "pass",
	    NULL },
	{ "a-cidr4-0-ip6", 6, "1234::1", "mail.example.com",
	    "foo@e2.example.com", "fail",
	    NULL },
	{ "a-cidr6-0-ip4", 6, "1.2.3.4", "mail.example.com",
	    "foo@e2a.example.com", "fail",
	    NULL },
	{ "a-cidr6-0-ip4mapped", 6, "::FFFF:1.2.3.4", "mail.example.com",
	    "foo@e2a.example.com", "fail",
	    NULL },
	{ "a-cidr6-0-ip6", 6, "1234::1", "mail.example.com",
	    "foo@e2a.example.com", "pass",
	    NULL },
	{ "a-ip6-dualstack", 6, "1234::1", "mail.example.com",
	    "foo@ipv6.example.com", "pass",
	    NULL },
	{ "a-cidr6-0-nxdomain", 6, "1234::1", "mail.example.com",
	    "foo@e2b.example.com", "fail",
	    NULL },
	{ "a-null", 6, "1.2.3.5", "mail.example.com",
	    "foo@e3.example.com", "permerror",
	    NULL },
	{ "a-numeric", 6, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "permerror",
	    NULL },
	{ "a-numeric-toplabel", 6, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "permerror",
	    NULL },
	{ "a-dash-in-toplabel", 6, "1.2.3.4", "mail.example.com",
	    "foo@e14.example.com", "pass",
	    NULL },
	{ "a-bad-toplabel", 6, "1.2.3.4", "mail.example.com",
	    "foo@e12.example.com", "permerror",
	    NULL },
	{ "a-only-toplabel", 6, "1.2.3.4", "mail.example.com",
	    "foo@e5a.example.com", "permerror",
	    NULL },
	{ "a-only-toplabel-trailing-dot", 6, "1.2.3.4", "mail.example.com",
	    "foo@e5b.example.com", "permerror",
	    NULL },
	{ "a-colon-domain", 6, "1.2.3.4", "mail.example.com",
	    "foo@e11.example.com", "pass",
	    NULL },
	{ "a-colon-domain-ip4mapped", 6, "::FFFF:1.2.3.4", "mail.example.com",
	    "foo@e11.example.com", "pass",
	    NULL },
	{ "a-empty-domain", 6, "1.2.3.4", "mail.example.com",
	    "foo@e13.example.com", "permerror",
	    NULL },
	{ "include-fail", 7, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "softfail",
	    NULL },
	{ "include-softfail", 7, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "pass",
	    NULL },
	{ "include-neutral", 7, "1.2.3.4", "mail.example.com",
	    "foo@e3.example.com", "fail",
	    NULL },
	{ "include-temperror", 7, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "temperror",
	    NULL },
	{ "include-permerror", 7, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "permerror",
	    NULL },
	{ "include-syntax-error", 7, "1.2.3.4", "mail.example.com",
	    "foo@e6.example.com", "permerror",
	    NULL },
	{ "include-cidr", 7, "1.2.3.4", "mail.example.com",
	    "foo@e9.example.com", "permerror",
	    NULL },
	{ "include-none", 7, "1.2.3.4", "mail.example.com",
	    "foo@e7.example.com", "permerror",
	    NULL },
	{ "include-empty-domain", 7, "1.2.3.4", "mail.example.com",
	    "foo@e8.example.com", "permerror",
	    NULL },
	{ "mx-cidr6", 8, "1.2.3.4", "mail.example.com",
	    "foo@e6.example.com", "fail",
	    NULL },
	{ "mx-bad-cidr4", 8, "1.2.3.4", "mail.example.com",
	    "foo@e6a.example.com", "permerror",
	    NULL },
	{ "mx-bad-cidr6", 8, "1.2.3.4", "mail.example.com",
	    "foo@e7.example.com", "permerror",
	    NULL },
	{ "mx-multi-ip1", 8, "1.2.3.4", "mail.example.com",
	    "foo@e10.example.com", "pass",
	    NULL },
	{ "mx-multi-ip2", 8, "1.2.3.4", "mail.example.com",
	    "foo@e10.example.com", "pass",
	    NULL },
	{ "mx-bad-domain", 8, "1.2.3.4", "mail.example.com",
	    "foo@e9.example.com", "permerror",
	    NULL },
	{ "mx-nxdomain", 8, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "fail",
	    NULL },
	{ "mx-cidr4-0", 8, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "pass",
	    NULL },
	{ "mx-cidr4-0-ip6", 8, "1234::1", "mail.example.com",
	    "foo@e2.example.com", "fail",
	    NULL },
	{ "mx-cidr6-0-ip4", 8, "1.2.3.4", "mail.example.com",
	    "foo@e2a.example.com", "fail",
	    NULL },
	{ "mx-cidr6-0-ip4mapped", 8, "::FFFF:1.2.3.4", "mail.example.com",
	    "foo@e2a.example.com", "fail",
	    NULL },
	{ "mx-cidr6-0-ip6", 8, "1234::1", "mail.example.com",
	    "foo@e2a.example.com", "pass",
	    NULL },
	{ "mx-cidr6-0-nxdomain", 8, "1234::1", "mail.example.com",
	    "foo@e2b.example.com", "fail",
	    NULL },
	{ "mx-null", 8, "1.2.3.5", "mail.example.com",
	    "foo@e3.example.com", "permerror",
	    NULL },
	{ "mx-numeric-top-label", 8, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "permerror",
	    NULL },
	{ "mx-colon-domain", 8, "1.2.3.4", "mail.example.com",
	    "foo@e11.example.com", "pass",
	    NULL },
	{ "mx-colon-domain-ip4mapped", 8, "::FFFF:1.2.3.4", "mail.example.com",
	    "foo@e11.example.com", "pass",
	    NULL },
	{ "mx-bad-toplab", 8, "1.2.3.4", "mail.example.com",
	    "foo@e12.example.com", "permerror",
	    NULL },
	{ "mx-empty", 8, "1.2.3.4", "mail.example.com",
	    "", "neutral",
	    NULL },
	{ "mx-implicit", 8, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "neutral",
	    NULL },
	{ "mx-empty-domain", 8, "1.2.3.4", "mail.example.com",
	    "foo@e13.example.com", "permerror",
	    NULL },
	{ "exists-empty-domain", 9, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "permerror",
	    NULL },
	{ "exists-implicit", 9, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "permerror",
	    NULL },
	{ "exists-cidr", 9, "1.2.3.4", "mail.example.com",
	    "foo@e3.example.com", "permerror",
	    NULL },
	{ "exists-ip4", 9, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "pass",
	    NULL },
	{ "exists-ip6", 9, "CAFE:BABE::3", "mail.example.com",
	    "foo@e4.example.com", "pass",
	    NULL },
	{ "exists-ip6only", 9, "CAFE:BABE::3", "mail.example.com",
	    "foo@e5.example.com", "fail",
	    NULL },
	{ "exists-dnserr", 9, "CAFE:BABE::3", "mail.example.com",
	    "foo@e6.example.com", "temperror",
	    NULL },
	{ "cidr4-0", 10, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "pass",
	    NULL },
	{ "cidr4-32", 10, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "pass",
	    NULL },
	{ "cidr4-33", 10, "1.2.3.4", "mail.example.com",
	    "foo@e3.example.com", "permerror",
	    NULL },
	{ "cidr4-032", 10, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "permerror",
	    NULL },
	{ "bare-ip4", 10, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "permerror",
	    NULL },
	{ "bad-ip4-port", 10, "1.2.3.4", "mail.example.com",
	    "foo@e8.example.com", "permerror",
	    NULL },
	{ "bad-ip4-short", 10, "1.2.3.4", "mail.example.com",
	    "foo@e9.example.com", "permerror",
	    NULL },
	{ "ip4-dual-cidr", 10, "1.2.3.4", "mail.example.com",
	    "foo@e6.example.com", "permerror",
	    NULL },
	{ "ip4-mapped-ip6", 10, "::FFFF:1.2.3.4", "mail.example.com",
	    "foo@e7.example.com", "fail",
	    NULL },
	{ "bare-ip6", 11, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "permerror",
	    NULL },
	{ "cidr6-0-ip4", 11, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "neutral",
	    NULL },
	{ "cidr6-ip4", 11, "::FFFF:1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "neutral",
	    NULL },
	{ "cidr6-0", 11, "DEAF:BABE::CAB:FEE", "mail.example.com",
	    "foo@e2.example.com", "pass",
	    NULL },
	{ "cidr6-129", 11, "1.2.3.4", "mail.example.com",
	    "foo@e3.example.com", "permerror",
	    NULL },
	{ "cidr6-bad", 11, "1.2.3.4", "mail.example.com",
	    "foo@e4.example.com", "permerror",
	    NULL },
	{ "cidr6-33", 11, "CAFE:BABE:8000::", "mail.example.com",
	    "foo@e5.example.com", "pass",
	    NULL },
	{ "cidr6-33-ip4", 11, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "neutral",
	    NULL },
	{ "ip6-bad1", 11, "1.2.3.4", "mail.example.com",
	    "foo@e6.example.com", "permerror",
	    NULL },
	{ "redirect-none", 12, "1.2.3.4", "mail.example.com",
	    "foo@e10.example.com", "permerror",
	    NULL },
	{ "redirect-cancels-exp", 12, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "fail",
	    "" },
	{ "redirect-syntax-error", 12, "1.2.3.4", "mail.example.com",
	    "foo@e17.example.com", "permerror",
	    NULL },
	{ "include-ignores-exp", 12, "1.2.3.4", "mail.example.com",
	    "foo@e7.example.com", "fail",
	    "Correct!" },
	{ "redirect-cancels-prior-exp", 12, "1.2.3.4", "mail.example.com",
	    "foo@e3.example.com", "fail",
	    "See me." },
	{ "invalid-modifier", 12, "1.2.3.4", "mail.example.com",
	    "foo@e5.example.com", "permerror",
	    NULL },
	{ "empty-modifier-name", 12, "1.2.3.4", "mail.example.com",
	    "foo@e6.example.com", "permerror",
	    NULL },
	{ "dorky-sentinel", 12, "1.2.3.4", "mail.example.com",
	    "Macro Error@e8.example.com", "fail",
	    "Macro Error in implementation" },
	{ "exp-multiple-txt", 12, "1.2.3.4", "mail.example.com",
	    "foo@e11.example.com", "fail",
	    "" },
	{ "exp-no-txt", 12, "1.2.3.4", "mail.example.com",
	    "foo@e22.example.com", "fail",
	    "" },
	{ "exp-dns-error", 12, "1.2.3.4", "mail.example.com",
	    "foo@e21.example.com", "fail",
	    "" },
	{ "exp-empty-domain", 12, "1.2.3.4", "mail.example.com",
	    "foo@e12.example.com", "permerror",
	    NULL },
	{ "explanation-syntax-error", 12, "1.2.3.4", "mail.example.com",
	    "foo@e13.example.com", "fail",
	    "" },
	{ "exp-syntax-error", 12, "1.2.3.4", "mail.example.com",
	    "foo@e16.example.com", "permerror",
	    NULL },
	{ "exp-twice", 12, "1.2.3.4", "mail.example.com",
	    "foo@e14.example.com", "permerror",
	    NULL },
	{ "redirect-empty-domain", 12, "1.2.3.4", "mail.example.com",
	    "foo@e18.example.com", "permerror",
	    NULL },
	{ "redirect-twice", 12, "1.2.3.4", "mail.example.com",
	    "foo@e15.example.com", "permerror",
	    NULL },
	{ "unknown-modifier-syntax", 12, "1.2.3.4", "mail.example.com",
	    "foo@e9.example.com", "permerror",
	    NULL },
	{ "default-modifier-obsolete", 12, "1.2.3.4", "mail.example.com",
	    "foo@e19.example.com", "neutral",
	    NULL },
	{ "default-modifier-obsolete2", 12, "1.2.3.4", "mail.example.com",
	    "foo@e20.example.com", "neutral",
	    NULL },
	{ "non-ascii-exp", 12, "1.2.3.4", "hosed",
	    "foobar@nonascii.example.com", "fail",
	    "" },
	{ "two-exp-records", 12, "1.2.3.4", "hosed",
	    "foobar@tworecs.example.com", "fail",
	    "" },
	{ "exp-void", 12, "1.2.3.4", "mail.example.com",
	    "foo@e23.example.com", "fail",
	    NULL },
	{ "redirect-implicit", 12, "192.0.2.2", "e24.example.com",
	    "bar@e24.example.com", "pass",
	    NULL },
	{ "trailing-dot-domain", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@example.com", "pass",
	    NULL },
	{ "trailing-dot-exp", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@exp.example.com", "fail",
	    "This is a test." },
	{ "exp-only-macro-char", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e2.example.com", "permerror",
	    NULL },
	{ "invalid-macro-char", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e1.example.com", "permerror",
	    NULL },
	{ "invalid-embedded-macro-char", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e1e.example.com", "permerror",
	    NULL },
	{ "invalid-trailing-macro-char", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e1t.example.com", "permerror",
	    NULL },
	{ "macro-mania-in-domain", 13, "1.2.3.4", "mail.example.com",
	    "test@e1a.example.com", "pass",
	    NULL },
	{ "exp-txt-macro-char", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e3.example.com", "fail",
	    "Connections from 192.168.218.40 not authorized." },
	{ "domain-name-truncation", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@somewhat.long.exp.example.com", "fail",
	    "Congratulations!  That was tricky." },
	{ "v-macro-ip4", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e4.example.com", "fail",
	    "192.168.218.40 is queried as 40.218.168.192.in-addr.arpa" },
	{ "v-macro-ip6", 13, "CAFE:BABE::1", "msgbas2x.cos.example.com",
	    "test@e4.example.com", "fail",
	    "cafe:babe::1 is queried as 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
		    ".0.0.0.0.0.0.0.E.B.A.B.E.F.A.C.ip6.arpa" },
	{ "undef-macro", 13, "CAFE:BABE::192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e5.example.com", "permerror",
	    NULL },
	{ "p-macro-ip4-novalid", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e6.example.com", "fail",
	    "connect from unknown" },
	{ "p-macro-ip4-valid", 13, "192.168.218.41", "msgbas2x.cos.example.com",
	    "test@e6.example.com", "fail",
	    "connect from mx.example.com" },
	{ "p-macro-ip6-novalid", 13, "CAFE:BABE::1", "msgbas2x.cos.example.com",
	    "test@e6.example.com", "fail",
	    "connect from unknown" },
	{ "p-macro-ip6-valid", 13, "CAFE:BABE::3", "msgbas2x.cos.example.com",
	    "test@e6.example.com", "fail",
	    "connect from mx.example.com" },
	{ "p-macro-multiple", 13, "192.168.218.42", "msgbas2x.cos.example.com",
	    "test@e7.example.com", "pass|softfail",
	    NULL },
	{ "upper-macro", 13, "192.168.218.42", "msgbas2x.cos.example.com",
	    "~jack&jill=up-a_b3.c@e8.example.com", "fail",
	    "http://example.com/why.html?l=~jack%26jill%3Dup-a_b3.c" },
	{ "hello-macro", 13, "192.168.218.40", "msgbas2x.cos.example.com",
	    "test@e9.example.com", "pass",
	    NULL },
	{ "invalid-hello-macro", 13, "192.168.218.40", "JUMPIN' JUPITER",
	    "test@e9.example.com", "fail",
	    NULL },
	{ "hello-domain-literal", 13, "192.168.218.40", "[192.168.218.40]",
	    "test@e9.example.com", "fail",
	    NULL },
	{ "require-valid-helo", 13, "1.2.3.4", "OEMCOMPUTER",
	    "test@e10.example.com", "fail",
	    NULL },
	{ "macro-reverse-split-on-dash", 13, "1.2.3.4", "mail.example.com",
	    "philip-gladstone-test@e11.example.com", "pass",
	    NULL },
	{ "macro-multiple-delimiters", 13, "1.2.3.4", "mail.example.com",
	    "foo-bar+zip+quux@e12.example.com", "pass",
	    NULL },
	{ "redirect-loop", 14, "1.2.3.4", "mail.example.com",
	    "foo@e1.example.com", "permerror",
	    NULL },
	{ "include-loop", 14, "1.2.3.4", "mail.example.com",
	    "foo@e2.example.com", "permerror",
	    NULL },
	{ "mx-limit", 14, "1.2.3.5", "mail.example.com",
	    "foo@e4.example.com", "permerror",
	    NULL },
	{ "ptr-limit", 14, "1.2.3.5", "mail.example.com",
	    "foo@e5.example.com", "neutral|pass",
	    NULL },
	{ "false-a-limit", 14, "1.2.3.12", "mail.example.com",
	    "foo@e10.example.com", "pass",
	    NULL },
	{ "mech-at-limit", 14, "1.2.3.4", "mail.example.com",
	    "foo@e6.example.com", "pass",
	    NULL },
	{ "mech-over-limit", 14, "1.2.3.4", "mail.example.com",
	    "foo@e7.example.com", "permerror",
	    NULL },
	{ "include-at-limit", 14, "1.2.3.4", "mail.example.com",
	    "foo@e8.example.com", "pass",
	    NULL },
	{ "include-over-limit", 14, "1.2.3.4", "mail.example.com",
	    "foo@e9.example.com", "permerror",
	    NULL },
	{ "void-at-limit", 14, "1.2.3.4", "mail.example.com",
	    "foo@e12.example.com", "neutral",
	    NULL },
	{ "void-over-limit", 14, "1.2.3.4", "mail.example.com",
	    "foo@e11.example.com", "permerror",
	    NULL },
	{ "bytes-bug", 15, "2001:db8:ff0:100::2", "example.org",
	    "test@example.org", "pass",
	    NULL },
	{ "cname-aliasing", 15, "192.0.2.27", "mail.example.org",
	    "test@mail.example.org", "fail",
	    NULL },
};
/* clang-format on */

#endif
